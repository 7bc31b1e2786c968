"""One session: its charge, explained, and its events."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import reverse

from botmeter.charts.timeline import timeline_chart
from botmeter.domain import text
from botmeter.domain.instant import INSTANT_END_US
from botmeter.domain.period import checked_timezone, day_of_us
from botmeter.metering.policy_text import policy_as_toml
from botmeter.people.public_address import public_address
from botmeter.people.rights import Right
from botmeter.reports.compared_period import Compare
from botmeter.reports.explain import explain
from botmeter.reports.explanation_json import text_with_charges
from botmeter.reports.explanation_sentences import restatement_sentences
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Key, Link
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.session.correction import ChargeCard, charge_card, charges_of, fundings_shown
from botmeter.web.pages.session.event_list import EVENTS_A_PAGE, EventList, all_events, summarized_events
from botmeter.web.pages.session.export import FORMATS
from botmeter.web.pages.session.facts import Facts, answer, arrivals, facts
from botmeter.web.pages.session.window import legend_of, window_of, window_title
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, number_named
from botmeter.web.rich_text import Word, Words, id_word
from botmeter.web.zones import zone_name, zones_offered

if TYPE_CHECKING:
    from botmeter.charts.plane import Chart
    from botmeter.reports.explanation import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """Times of the session as label, UTC and local time; charges stay in UTC."""

    zone: str
    zones: tuple[str, ...]
    lines: tuple[tuple[str, str, str], ...]
    action: str
    hidden_fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPager:
    """Links within the event list; empty if not offered."""

    toggle: str = ""
    toggle_href: str = ""
    earlier_href: str = ""
    later_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Addresses of this page for members, of a new share link for anyone; empty if not allowed."""

    page_url: str
    share_href: str
    share_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """One session; `words` is the explanation as in the CLI and API, `charge` None without a plan."""

    frame: Frame
    sharing: Sharing
    exports: tuple[Link, ...]
    session_id: str
    customer: Word
    tags: tuple[str, ...]
    answer: Words
    window_title: str
    legend: tuple[Key, ...]
    window: "Chart"
    events: EventList
    pager: EventPager
    facts: Facts
    charge: ChargeCard | None
    restatements: tuple[str, ...]
    arrivals: tuple[Words, ...]
    local: LocalTime
    policy_label: str
    rule: str
    policy_text: str
    words: str


@for_member(Right.SEE_REPORTS)
def session_page(visit: Visit, *, session: str) -> HttpResponse:
    """Show the session."""
    parameters = visit.request.GET
    urls = ReportUrls(owner=visit.account)
    zone = checked_timezone(parameters.get("timezone") or preferred_zone(visit.account))
    first = number_named(parameters.get("from", "0"), "from", within=(0, 10**9))
    with visit.reading() as ledger:
        explanation = explain(ledger, session)
        fundings = fundings_shown(visit, ledger, explanation=explanation)
        charge = charge_card(visit, ledger, session_id=explanation.session_id, fundings=fundings)
    is_all = "all" in parameters
    events = all_events(explanation, urls=urls, first=first) if is_all else summarized_events(explanation, urls=urls)
    chosen = {"timezone": parameters["timezone"]} if parameters.get("timezone") else {}
    page = SessionPage(
        frame=frame(visit, title=_title(charge), current="reports", crumbs=_crumbs(explanation, urls)),
        sharing=_sharing(visit, explanation, urls=urls),
        exports=_exports(visit, explanation),
        session_id=explanation.session_id,
        customer=id_word(explanation.customer_id, urls.customer(explanation.customer_id)),
        tags=_tags(explanation, charge),
        answer=answer(explanation, urls),
        window_title=window_title(explanation),
        legend=legend_of(explanation),
        window=timeline_chart(window_of(explanation)),
        events=events,
        pager=_pager(explanation, urls, first=first if is_all else None, chosen=chosen)
        if is_all or events.is_summarized
        else EventPager(),
        facts=facts(explanation, urls),
        charge=charge,
        restatements=tuple(restatement_sentences(explanation)),
        arrivals=arrivals(explanation),
        local=_local(explanation, urls, zone=zone, is_all=is_all),
        policy_label=explanation.policy.label,
        rule=policy_sentence(explanation.policy),
        policy_text=policy_as_toml(explanation.policy),
        words=text_with_charges(explanation, charges_of(fundings)),
    )
    return rendered(visit.request, "session.html", page=page)


def _crumbs(explanation: "Explanation", urls: ReportUrls) -> tuple[Link, ...]:
    on = day_of_us(explanation.started_at_us)
    return (
        *section_links(urls.owner, "reports"),
        Link(label="Bot session consumption", href=urls.report(ReportAddress())),
        Link(label=f"Sessions of {text.day_text(on)}", href=urls.rows_of_day(on)),
    )


def _sharing(visit: Visit, explanation: "Explanation", *, urls: ReportUrls) -> Sharing:
    on = day_of_us(explanation.started_at_us)
    day = ReportAddress(timezone="UTC", compare=Compare.NONE).between(on, on).only("customer", explanation.customer_id)
    return Sharing(
        page_url=public_address(visit.request, urls.session(explanation.session_id)),
        share_href=reverse("shares", args=(visit.account,)) + day.query() if visit.may(Right.SHARE) else "",
        share_label=f"Share link to this customer's sessions of {text.day_text(on)}",
    )


def _exports(visit: Visit, explanation: "Explanation") -> tuple[Link, ...]:
    if not visit.may(Right.EXPORT):
        return ()
    session = (visit.account, explanation.session_id)
    return tuple(
        Link(label=label, href=reverse("session-export", args=(*session, name))) for name, label in FORMATS.items()
    )


def _title(charge: ChargeCard | None) -> str:
    return f"Why was this session {'charged' if charge is None or charge.is_charged else 'counted'}?"


def _tags(explanation: "Explanation", charge: ChargeCard | None) -> tuple[str, ...]:
    is_charged = charge is None or charge.is_charged
    states = (
        (True, "Charged once" if is_charged else "Counted once"),
        (not is_charged, "Not charged"),
        (explanation.is_running, "Open"),
        (explanation.is_preview, "Preview"),
        (bool(explanation.restatements), "Restated"),
    )
    return tuple(tag for holds, tag in states if holds)


def _pager(explanation: "Explanation", urls: ReportUrls, *, first: int | None, chosen: dict[str, str]) -> EventPager:
    session_id, count = explanation.session_id, len(explanation.events)
    if first is None:
        label = f"Show all {text.counted(count, 'event')}"
        return EventPager(toggle=label, toggle_href=urls.session(session_id, all="1", **chosen))
    before, after = max(0, first - EVENTS_A_PAGE), first + EVENTS_A_PAGE
    pages = {"all": "1", **chosen}
    return EventPager(
        toggle="Show summary",
        toggle_href=urls.session(session_id, **chosen),
        earlier_href=urls.session(session_id, **pages, **{"from": str(before)}) if first > 0 else "",
        later_href=urls.session(session_id, **pages, **{"from": str(after)}) if after < count else "",
    )


def _local(explanation: "Explanation", urls: ReportUrls, *, zone: str, is_all: bool) -> LocalTime:
    end_us, following = explanation.ended_at_us, explanation.next_event
    instants = (
        ("Opened", explanation.started_at_us),
        ("Ends" if explanation.is_running else "Ended", end_us),
        ("Next message", None if following is None else following.at_us),
    )
    return LocalTime(
        zone=zone,
        zones=zones_offered(zone),
        lines=tuple(
            (label, _on_clock(at_us, "UTC"), "" if zone == "UTC" else _on_clock(at_us, zone))
            for label, at_us in instants
            if at_us is not None and at_us < INSTANT_END_US
        ),
        action=urls.session(explanation.session_id),
        hidden_fields=(("all", "1"),) if is_all else (),
    )


def _on_clock(at_us: int, zone: str) -> str:
    at = text.in_zone(at_us, zone)
    return f"{at:%H:%M} {zone_name(at)}, {text.day_text(at.date(), year=False)}"
