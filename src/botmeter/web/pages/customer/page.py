"""One customer: calendar and list of sessions."""

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import Period, checked_timezone, day_of_us
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.people.rights import Right
from botmeter.reports.customers import customer_calendar
from botmeter.reports.explanation_sentences import escaped_text
from botmeter.reports.presets import Preset
from botmeter.web.access import Visit, for_member
from botmeter.web.components import CalendarDay, Pager, heat_step
from botmeter.web.entity_urls import EntityUrls
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_query import ReportAddress
from botmeter.web.rich_text import Words, id_word, linked, listed, name_word

if TYPE_CHECKING:
    from botmeter.reports.customers import CustomerCalendar, CustomerSession

SESSIONS_A_PAGE: Final = 100
YEARS: Final = (2, 9998)
_BOTS_NAMED: Final = 3
_ALIASES_NAMED: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfDays:
    """A calendar month in weeks; quiet ones have no sessions."""

    name: str
    days: tuple[CalendarDay, ...]
    is_quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The calendar's year; a link is empty without sessions beyond it."""

    name: str
    months: tuple[MonthOfDays, ...]
    session_count: str
    before_href: str
    after_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """A session of the customer."""

    session: Words
    started: str
    ended: str
    bots: Words
    channels: Words
    conversation_count: str
    event_count: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """One customer; `cut` notes unlisted sessions."""

    frame: Frame
    customer_id: str
    shown_id: str
    answer: str
    aliases: Words
    merge_href: str
    zone: str
    utc_href: str
    year: Year
    sessions: tuple[SessionLine, ...]
    pager: Pager | None
    cut: str
    rows_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    urls: EntityUrls
    customer_id: str
    zone: str
    chosen_zone: str
    first: int

    def href(self, **more: str) -> str:
        zone = {"timezone": self.chosen_zone} if self.chosen_zone else {}
        return self.urls.customer(self.customer_id, **zone, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    counts: dict[date, int]
    session_of: dict[date, str]
    most: int
    today_on: date


@for_member(Right.SEE_REPORTS)
def customer_page(visit: Visit) -> HttpResponse:
    """Show the customer with the query's `id`."""
    parameters = visit.request.GET
    look = _Look(
        urls=EntityUrls(account=visit.account),
        customer_id=parameters.get("id", ""),
        zone=checked_timezone(parameters.get("timezone") or preferred_zone(visit.account)),
        chosen_zone=parameters.get("timezone", ""),
        first=_number(parameters.get("from", "0"), name="from", within=(0, 10**9)),
    )
    asked_year = _number(parameters["year"], name="year", within=YEARS) if parameters.get("year") else None
    with visit.reading() as ledger:
        who = counted_customer(ledger, look.customer_id)
        if who != look.customer_id:
            return HttpResponseRedirect(replace(look, customer_id=who).href())
        aliases = other_ids(ledger, who)
        today_on = day_of_us(present_us(), timezone=look.zone)
        year = asked_year or today_on.year
        calendar = customer_calendar(ledger, look.customer_id, period=_year(year, look.zone))
        last_year = _year_of(calendar.last_started_us, look.zone)
        if asked_year is None and last_year is not None and last_year != year:
            year = last_year
            calendar = customer_calendar(ledger, look.customer_id, period=_year(year, look.zone))
    title = f"Customer {escaped_text(look.customer_id[:60])}"
    page = CustomerPage(
        frame=frame(visit, title=title, current="customers", crumbs=_crumbs(look.urls)),
        customer_id=look.customer_id,
        shown_id=escaped_text(look.customer_id),
        answer=_answer(calendar, look.zone),
        aliases=listed([id_word(alias) for alias in aliases], most=_ALIASES_NAMED),
        merge_href=look.urls.merge_customers(look.customer_id) if visit.may(Right.MERGE_CUSTOMERS) else "",
        zone=look.zone,
        utc_href="" if look.zone == "UTC" else look.urls.customer(look.customer_id, timezone="UTC", year=str(year)),
        year=_calendar(calendar, look, year=year, today_on=today_on),
        sessions=tuple(_line(one, look) for one in calendar.sessions[look.first : look.first + SESSIONS_A_PAGE]),
        pager=_pager(calendar, look, year=year),
        cut=_cut(calendar),
        rows_href=_rows(look, ReportAddress(preset=Preset.ALL)),
    )
    return rendered(visit.request, "customer.html", page=page)


def _number(parameters: str, *, name: str, within: tuple[int, int]) -> int:
    least, most = within
    if parameters.isascii() and parameters.isdigit() and len(parameters) < 10 and least <= int(parameters) <= most:
        return int(parameters)
    raise Refused("parameter_invalid", f"{name} can't be {parameters[:40]!r}; it is a number from {least} to {most}.")


def _year(year: int, zone: str) -> Period:
    return Period(first_on=date(year, 1, 1), last_on=date(year, 12, 31), timezone=zone)


def _year_of(at_us: int | None, zone: str) -> int | None:
    return None if at_us is None else day_of_us(at_us, timezone=zone).year


def _crumbs(urls: EntityUrls) -> tuple[Crumb, ...]:
    return (Crumb(label="Reports", href=urls.reports()), Crumb(label="Customers", href=urls.customers()))


def _rows(look: _Look, address: ReportAddress) -> str:
    return reverse("rows", args=(look.urls.account,)) + address.only("customer", look.customer_id).query()


def _answer(calendar: "CustomerCalendar", zone: str) -> str:
    if calendar.first_started_us is None or calendar.last_started_us is None:
        return "No sessions yet."
    first = text.day_text(day_of_us(calendar.first_started_us, timezone=zone))
    last = text.instant_text(calendar.last_started_us, zone=zone, seconds=False)
    if calendar.session_count == 1:
        return f"1 session, opened on {last} {zone}."
    return f"{text.counted(calendar.session_count, 'session')} since {first}, the last opened on {last} {zone}."


def _calendar(calendar: "CustomerCalendar", look: _Look, *, year: int, today_on: date) -> Year:
    counts = {day.on: day.session_count for day in calendar.days}
    days_shown = _Days(
        counts=counts,
        session_of=_only_sessions(calendar, look.zone),
        most=max(counts.values(), default=0),
        today_on=today_on,
    )
    months = []
    for month in range(1, 13):
        first_on = date(year, month, 1)
        days = [CalendarDay(day=0, is_outside=True)] * first_on.weekday()
        for number in range(1, monthrange(year, month)[1] + 1):
            days.append(_day(first_on.replace(day=number), days_shown, look=look))
        days += [CalendarDay(day=0, is_outside=True)] * (-len(days) % 7)
        months.append(MonthOfDays(name=f"{first_on:%B}", days=tuple(days), is_quiet=not any(day.href for day in days)))
    first, last = _year_of(calendar.first_started_us, look.zone), _year_of(calendar.last_started_us, look.zone)
    return Year(
        name=str(year),
        months=tuple(months),
        session_count=text.counted(sum(counts.values()), "session"),
        before_href=look.href(year=str(year - 1)) if first is not None and year > first else "",
        after_href=look.href(year=str(year + 1)) if last is not None and year < last else "",
    )


def _only_sessions(calendar: "CustomerCalendar", zone: str) -> dict[date, str]:
    days = [(day_of_us(one.started_us, timezone=zone), one.session_id) for one in calendar.sessions]
    counts = Counter(on for on, _ in days)
    return {on: session_id for on, session_id in days if counts[on] == 1}


def _day(on: date, days: _Days, *, look: _Look) -> CalendarDay:
    session_count, session_id = days.counts[on], days.session_of.get(on)
    if not session_count:
        return CalendarDay(day=on.day, is_today=on == days.today_on)
    if session_count == 1 and session_id is not None:
        href = look.urls.session(session_id)
    else:
        href = _rows(look, ReportAddress(timezone=look.zone).between(on, on))
    return CalendarDay(
        day=on.day,
        # Days with several sessions show a number, one session only a shade.
        count=f"×{text.count_text(session_count)}" if session_count > 1 else "",
        step=max(2, heat_step(session_count, most=max(days.most, 3))),
        href=href,
        title=f"{text.day_text(on)}: {text.counted(session_count, 'session')}",
        is_today=on == days.today_on,
    )


def _line(one: "CustomerSession", look: _Look) -> SessionLine:
    ended = "Open"
    if one.ended_us is not None:
        ended = "After 9998"
        if one.ended_us < INSTANT_END_US:
            ended = text.instant_text(one.ended_us, zone=look.zone, seconds=False)
    return SessionLine(
        session=(linked(text.instant_text(one.started_us, zone=look.zone), look.urls.session(one.session_id)),),
        started=one.session_id,
        ended=ended,
        bots=listed([name_word(name) for name in one.bot_names], most=_BOTS_NAMED),
        channels=listed([name_word(channel) for channel in one.channels], most=_BOTS_NAMED),
        conversation_count=text.count_text(one.conversation_count),
        event_count=text.count_text(one.event_count),
        tag="Preview" if one.is_preview else "",
    )


def _pager(calendar: "CustomerCalendar", look: _Look, *, year: int) -> Pager | None:
    listed_count = len(calendar.sessions)
    if listed_count <= SESSIONS_A_PAGE:
        return None
    last = min(look.first + SESSIONS_A_PAGE, listed_count)
    newer = max(0, look.first - SESSIONS_A_PAGE)
    return Pager(
        range=f"{look.first + 1:,} {text.DASH} {last:,} of {text.count_text(calendar.session_count)}",
        newer_href=look.href(year=str(year), **{"from": str(newer)}) if look.first else "",
        older_href=look.href(year=str(year), **{"from": str(last)}) if last < listed_count else "",
    )


def _cut(calendar: "CustomerCalendar") -> str:
    hidden = calendar.session_count - len(calendar.sessions)
    if hidden <= 0:
        return ""
    return f"The newest {len(calendar.sessions):,} sessions are listed. For all of them see"
