"""One conversation: customer, sessions, facts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse

from botmeter.domain import text
from botmeter.domain.period import checked_timezone
from botmeter.people.rights import Right
from botmeter.reports.conversation import conversation
from botmeter.reports.explanation_sentences import escaped_text
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link, count_cell
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.session.facts import Facts
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.rich_text import Words, id_word, listed, name_word, plain, with_detail

if TYPE_CHECKING:
    from botmeter.reports.conversation import ConversationOverview, ConversationSession

_NAMES_MAX: Final = 20
_COLUMNS: Final = (
    Column(label="Opened", variant="sticky"),
    Column(label="Ends"),
    Column(label="Events", variant="r"),
    Column(label="Role"),
    Column(label="Notes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """One conversation."""

    frame: Frame
    conversation_id: str
    display_id: str
    answer: Words
    zone: str
    utc_href: str
    columns: tuple[Column, ...]
    sessions: tuple[tuple[Cell, ...], ...]
    facts: Facts


@for_member(Right.SEE_REPORTS)
def conversation_page(visit: Visit) -> HttpResponse:
    """Show the conversation with the query's `id`."""
    parameters = visit.request.GET
    urls = ReportUrls(owner=visit.account)
    zone = checked_timezone(parameters.get("timezone") or preferred_zone(visit.account))
    conversation_id = parameters.get("id", "")
    with visit.reading() as ledger:
        facts = conversation(ledger, conversation_id)
    page = ConversationPage(
        frame=frame(
            visit,
            title=f"Conversation {escaped_text(conversation_id[:60])}",
            current="customers",
            crumbs=(*section_links(visit.account, "customers"), *_customer_crumb(facts, urls)),
        ),
        conversation_id=conversation_id,
        display_id=escaped_text(conversation_id),
        answer=_answer(facts, urls, zone=zone),
        zone=zone,
        utc_href="" if zone == "UTC" else urls.conversation(conversation_id, timezone="UTC"),
        columns=_COLUMNS,
        sessions=tuple(_session_line(one, urls, zone=zone) for one in facts.sessions),
        facts=_facts(facts, urls, zone=zone),
    )
    return rendered(visit.request, "conversation.html", page=page)


def _customer_crumb(facts: "ConversationOverview", urls: ReportUrls) -> tuple[Link, ...]:
    return tuple(
        Link(label=f"Customer {escaped_text(text.short_id(customer_id))}", href=urls.customer(customer_id))
        for customer_id in facts.customer_ids[:1]
    )


def _answer(facts: "ConversationOverview", urls: ReportUrls, *, zone: str) -> Words:
    customer_id, *others = facts.customer_ids
    more = f" and {text.counted(len(others), 'other')}" if others else ""
    created = f"{text.instant_text(facts.created_us, zone=zone, seconds=False)} {zone}"
    sessions = text.counted(len(facts.sessions), "session") if facts.sessions else "no session"
    return (
        plain("Of customer "),
        id_word(customer_id, urls.customer(customer_id)),
        plain(f"{more}, created on {created}. It is part of {sessions}."),
    )


def _session_line(one: "ConversationSession", urls: ReportUrls, *, zone: str) -> tuple[Cell, ...]:
    return (
        Cell(
            value=text.instant_text(one.started_us, zone=zone),
            href=urls.session(one.session_id),
            title=f"Session {one.session_id}",
            variant="sticky num",
        ),
        Cell(value=text.end_text(one.ended_us, zone=zone), variant="num"),
        count_cell(one.event_count),
        Cell(value="Opened the session" if one.opened_it else "Part of the session"),
        Cell(value="", tag="Preview" if one.is_preview else ""),
    )


def _facts(facts: "ConversationOverview", urls: ReportUrls, *, zone: str) -> Facts:
    customers = [id_word(customer_id, urls.customer(customer_id)) for customer_id in facts.customer_ids]
    bots = [name_word(name, urls.bot(bot_id)) for bot_id, name in facts.bots]
    events = ", ".join(f"{text.count_text(count)} {actor}" for actor, count in facts.event_counts.items() if count)
    tickets = tuple(with_detail(id_word(ticket), kind) for ticket, kind in facts.tickets)
    entries: Facts = (
        ("Customer", (listed(customers, most=_NAMES_MAX),)),
        ("Created", ((plain(f"{text.instant_text(facts.created_us, zone=zone)} {zone}"),),)),
        ("Updated", ((plain(f"{text.instant_text(facts.updated_us, zone=zone)} {zone}"),),)),
        ("Bots", (listed(bots, most=_NAMES_MAX),) if bots else ()),
        ("Channels", (listed([name_word(channel) for channel in facts.channels], most=_NAMES_MAX),)),
        ("Events", ((plain(events),),)),
        ("Tickets", tickets[:_NAMES_MAX]),
    )
    return tuple((label, lines) for label, lines in entries if lines)
