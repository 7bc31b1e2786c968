"""One customer: a year in a row, and the list of sessions."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse, HttpResponseRedirect

from botmeter.domain import text
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import Period, checked_timezone, day_of_us, month_last_on
from botmeter.ledger.customers import counted_customer, other_ids
from botmeter.people.rights import Right
from botmeter.reports.customers import customer_calendar
from botmeter.reports.explanation_sentences import escaped_text
from botmeter.reports.presets import Preset
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Pager, count_cell
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
# Of one month; more are counted.
_DAYS_NAMED_MAX: Final = 8
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
class MonthCell:
    """Month of the strip; `href` is empty without sessions.

    Attributes:
        days: On which sessions began, from 0.
    """

    name: str
    count: str
    href: str
    title: str
    days: tuple[int, ...]
    is_now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """Strip's year; a link is empty without sessions beyond it."""

    name: str
    months: tuple[MonthCell, ...]
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
    """Requested customer; `query_zone` is empty for the account's time zone."""

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
            crumbs=section_links(visit.account, "customers"),
        ),
        customer_id=customer_id,
        display_id=escaped_text(customer_id),
        answer=_answer(calendar, request.zone),
        aliases=listed([id_word(alias) for alias in aliases], most=_ALIASES_MAX),
        merge_href=request.urls.merge_customers(customer_id) if visit.may(Right.MERGE_CUSTOMERS) else "",
        zone=request.zone,
        utc_href="" if request.zone == "UTC" else request.urls.customer(customer_id, timezone="UTC", year=str(year)),
        year=_strip(calendar, request, year=year, today_on=today_on),
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


def _strip(calendar: "CustomerCalendar", request: _Request, *, year: int, today_on: date) -> Year:
    first, last = request.year_of(calendar.first_started_us), request.year_of(calendar.last_started_us)
    months = (date(year, month, 1) for month in range(1, 13))
    return Year(
        name=str(year),
        months=tuple(_month(first_on, calendar, request=request, today_on=today_on) for first_on in months),
        session_count=text.counted(sum(calendar.days.values()), "session"),
        before_href=request.href(year=str(year - 1)) if first is not None and year > first else "",
        after_href=request.href(year=str(year + 1)) if last is not None and year < last else "",
    )


def _month(first_on: date, calendar: "CustomerCalendar", *, request: _Request, today_on: date) -> MonthCell:
    last_on = month_last_on(first_on)
    counts = {on.day: count for on, count in calendar.days.items() if count and first_on <= on <= last_on}
    count = sum(counts.values())
    return MonthCell(
        name=f"{first_on:%b}",
        count=text.count_text(count) if count else "",
        href=_month_href(first_on, calendar, request=request, count=count),
        title=f"{first_on:%B %Y}: {text.counted(count, 'session')}{_on_days(counts)}" if count else "",
        days=tuple(day - 1 for day in counts),
        is_now=first_on <= today_on <= last_on,
    )


def _month_href(first_on: date, calendar: "CustomerCalendar", *, request: _Request, count: int) -> str:
    last_on = month_last_on(first_on)
    if count == 1:
        for one in calendar.sessions:
            if first_on <= day_of_us(one.started_us, timezone=request.zone) <= last_on:
                return request.urls.session(one.session_id)
    return request.rows_href(ReportAddress(timezone=request.zone).between(first_on, last_on)) if count else ""


def _on_days(counts: dict[int, int]) -> str:
    if len(counts) > _DAYS_NAMED_MAX:
        return f" on {len(counts)} days"
    *others, last = [f"{day} (×{text.count_text(count)})" if count > 1 else str(day) for day, count in counts.items()]
    return f" on {', '.join(others)} and {last}" if others else f" on {last}"


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
