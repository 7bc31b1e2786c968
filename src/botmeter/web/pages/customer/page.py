"""One customer: calendar and list of sessions."""

from calendar import monthcalendar
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect

from botmeter.domain import text
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import Period, checked_timezone, day_of_us
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.people.rights import Right
from botmeter.reports.customers import customer_calendar
from botmeter.reports.explanation_sentences import escaped_text
from botmeter.reports.presets import Preset
from botmeter.web.access import Visit, for_member
from botmeter.web.components import CalendarDay, Cell, Column, Pager, count_cell, heat_step
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, number_named
from botmeter.web.rich_text import Words, id_word, listed, name_word, text_of

if TYPE_CHECKING:
    from botmeter.reports.customers import CustomerCalendar, CustomerSession

SESSIONS_A_PAGE: Final = 100
YEARS: Final = (2, 9998)
_NAMES_MAX: Final = 3
_ALIASES_MAX: Final = 20
_COLUMNS: Final = (
    Column(label="Opened", variant="sticky"),
    Column(label="Ends"),
    Column(label="Bots"),
    Column(label="Channels"),
    Column(label="Conversations", variant="r"),
    Column(label="Events", variant="r"),
    Column(label="Notes"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOfDays:
    """A calendar month in weeks, None for days of other months; quiet ones have no sessions."""

    name: str
    days: tuple[CalendarDay | None, ...]
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
class CustomerPage:
    """One customer; `cut` notes unlisted sessions."""

    frame: Frame
    customer_id: str
    display_id: str
    answer: str
    aliases: Words
    merge_href: str
    zone: str
    utc_href: str
    year: Year
    columns: tuple[Column, ...]
    sessions: tuple[tuple[Cell, ...], ...]
    pager: Pager | None
    cut: str
    rows_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The requested customer; `query_zone` is empty for the account's time zone."""

    urls: ReportUrls
    customer_id: str
    zone: str
    query_zone: str
    first: int

    def href(self, **more: str) -> str:
        zone = {"timezone": self.query_zone} if self.query_zone else {}
        return self.urls.customer(self.customer_id, **zone, **more)

    def rows_href(self, address: ReportAddress) -> str:
        return self.urls.rows(address.only("customer", self.customer_id))

    def year_of(self, at_us: int | None) -> int | None:
        return None if at_us is None else day_of_us(at_us, timezone=self.zone).year


@for_member(Right.SEE_REPORTS)
def customer_page(visit: Visit) -> HttpResponse:
    """Show the customer with the query's `id`."""
    parameters = visit.request.GET
    query_zone = parameters.get("timezone", "")
    request = _Request(
        urls=ReportUrls(owner=visit.account),
        customer_id=parameters.get("id", ""),
        zone=checked_timezone(query_zone or preferred_zone(visit.account)),
        query_zone=query_zone,
        first=number_named(parameters.get("from", "0"), "from", within=(0, 10**9)),
    )
    query_year = number_named(parameters["year"], "year", within=YEARS) if parameters.get("year") else None
    today_on = day_of_us(present_us(), timezone=request.zone)
    with visit.reading() as ledger:
        customer_id = counted_customer(ledger, request.customer_id)
        if customer_id != request.customer_id:
            return HttpResponseRedirect(replace(request, customer_id=customer_id).href())
        aliases = other_ids(ledger, customer_id)
        year = query_year or today_on.year
        calendar = customer_calendar(ledger, customer_id, period=_year(year, request.zone))
        last_year = request.year_of(calendar.last_started_us)
        if query_year is None and last_year is not None and last_year != year:
            year = last_year
            calendar = customer_calendar(ledger, customer_id, period=_year(year, request.zone))
    page = CustomerPage(
        frame=frame(
            visit,
            title=f"Customer {escaped_text(customer_id[:60])}",
            current="customers",
            crumbs=section_links(visit.account, "reports", "customers"),
        ),
        customer_id=customer_id,
        display_id=escaped_text(customer_id),
        answer=_answer(calendar, request.zone),
        aliases=listed([id_word(alias) for alias in aliases], most=_ALIASES_MAX),
        merge_href=request.urls.merge_customers(customer_id) if visit.may(Right.MERGE_CUSTOMERS) else "",
        zone=request.zone,
        utc_href="" if request.zone == "UTC" else request.urls.customer(customer_id, timezone="UTC", year=str(year)),
        year=_calendar(calendar, request, year=year, today_on=today_on),
        columns=_COLUMNS,
        sessions=tuple(
            _line(one, request) for one in calendar.sessions[request.first : request.first + SESSIONS_A_PAGE]
        ),
        pager=_pager(calendar, request, year=year),
        cut=_cut(calendar),
        rows_href=request.rows_href(ReportAddress(preset=Preset.ALL)),
    )
    return rendered(visit.request, "customer.html", page=page)


def _year(year: int, zone: str) -> Period:
    return Period(first_on=date(year, 1, 1), last_on=date(year, 12, 31), timezone=zone)


def _answer(calendar: "CustomerCalendar", zone: str) -> str:
    if calendar.first_started_us is None or calendar.last_started_us is None:
        return "No sessions yet."
    first = text.day_text(day_of_us(calendar.first_started_us, timezone=zone))
    last = text.instant_text(calendar.last_started_us, zone=zone, seconds=False)
    if calendar.session_count == 1:
        return f"1 session, opened on {last} {zone}."
    return f"{text.counted(calendar.session_count, 'session')} since {first}, the last opened on {last} {zone}."


def _calendar(calendar: "CustomerCalendar", request: _Request, *, year: int, today_on: date) -> Year:
    days = _days(calendar, request, today_on=today_on)
    months = []
    for month in range(1, 13):
        # 0 is a day of another month.
        numbers = chain.from_iterable(monthcalendar(year, month))
        days_of_month = tuple(days[date(year, month, number)] if number else None for number in numbers)
        is_quiet = not any(day and day.href for day in days_of_month)
        months.append(MonthOfDays(name=f"{date(year, month, 1):%B}", days=days_of_month, is_quiet=is_quiet))
    first, last = request.year_of(calendar.first_started_us), request.year_of(calendar.last_started_us)
    return Year(
        name=str(year),
        months=tuple(months),
        session_count=text.counted(sum(calendar.days.values()), "session"),
        before_href=request.href(year=str(year - 1)) if first is not None and year > first else "",
        after_href=request.href(year=str(year + 1)) if last is not None and year < last else "",
    )


def _days(calendar: "CustomerCalendar", request: _Request, *, today_on: date) -> dict[date, CalendarDay]:
    session_ids = {day_of_us(one.started_us, timezone=request.zone): one.session_id for one in calendar.sessions}
    most = max(calendar.days.values(), default=0)
    days = {}
    for on, count in calendar.days.items():
        href = request.rows_href(ReportAddress(timezone=request.zone).between(on, on)) if count else ""
        if count == 1 and on in session_ids:
            href = request.urls.session(session_ids[on])
        days[on] = CalendarDay(
            day=on.day,
            # Days with several sessions show a number, one session only a shade.
            count=f"×{text.count_text(count)}" if count > 1 else "",
            step=max(2, heat_step(count, most=max(most, 3))) if count else 0,
            href=href,
            title=f"{text.day_text(on)}: {text.counted(count, 'session')}" if count else "",
            is_today=on == today_on,
        )
    return days


def _line(one: "CustomerSession", request: _Request) -> tuple[Cell, ...]:
    return (
        Cell(
            value=text.instant_text(one.started_us, zone=request.zone),
            href=request.urls.session(one.session_id),
            title=f"Session {one.session_id}",
            variant="sticky num",
        ),
        Cell(value=text.end_text(one.ended_us, zone=request.zone), variant="num"),
        _names(one.bot_names),
        _names(one.channels),
        count_cell(one.conversation_count),
        count_cell(one.event_count),
        Cell(value="", tag="Preview" if one.is_preview else ""),
    )


def _names(names: tuple[str, ...]) -> Cell:
    return Cell(value=text_of(listed([name_word(name) for name in names], most=_NAMES_MAX)), variant="wrap")


def _pager(calendar: "CustomerCalendar", request: _Request, *, year: int) -> Pager | None:
    listed_count, first = len(calendar.sessions), request.first
    if listed_count <= SESSIONS_A_PAGE:
        return None
    last = min(first + SESSIONS_A_PAGE, listed_count)
    newer = max(0, first - SESSIONS_A_PAGE)
    return Pager(
        range=f"{first + 1:,} {text.DASH} {last:,} of {text.count_text(calendar.session_count)}",
        newer_href=request.href(year=str(year), **{"from": str(newer)}) if first else "",
        older_href=request.href(year=str(year), **{"from": str(last)}) if last < listed_count else "",
    )


def _cut(calendar: "CustomerCalendar") -> str:
    hidden = calendar.session_count - len(calendar.sessions)
    if hidden <= 0:
        return ""
    return f"The newest {len(calendar.sessions):,} sessions are listed. For all of them see"
