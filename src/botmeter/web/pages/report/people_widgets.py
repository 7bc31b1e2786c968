"""What comes after the splits: versions of bots side by side, customers with most sessions, tickets over time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from botmeter.reports.overview import Overview
from botmeter.web import text
from botmeter.web.asking import Question
from botmeter.web.charts.stacked import SERIES_MAX, Stack, Stacks, stacked_drawn
from botmeter.web.pages.report.places import Places
from botmeter.web.parts import Key, Tools

if TYPE_CHECKING:
    from botmeter.reports.customers import CustomerUsage
    from botmeter.reports.versions import VersionUsage

VERSIONS_MAX: Final = 40
# Up to so many days a column is a day; beyond it is a week, then a month.
_DAYS_MAX: Final = 35
_WEEKS_DAYS_MAX: Final = 240
OTHER: Final = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell with its number; without an address it leads nowhere."""

    value: str
    href: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version of one bot."""

    bot: Cell
    version: str
    sessions: Cell
    opened: str
    conversations: str
    tickets: str
    handoffs: str
    handoff_share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsWidget:
    """Versions of bots side by side."""

    tools: Tools
    lines: tuple[VersionLine, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """One customer."""

    customer: Cell
    sessions: Cell
    conversations: str
    last_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersWidget:
    """The customers with most sessions."""

    tools: Tools
    zone: str
    lines: tuple[CustomerLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTrendWidget:
    """Tickets over time by type: what customers come for, and when."""

    tools: Tools
    sub: str
    keys: tuple[Key, ...]
    drawing: Markup
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


def versions_widget(versions: Sequence["VersionUsage"], question: Question, *, places: Places) -> VersionsWidget:
    """Which version works: sessions, conversations per session, tickets and hand-offs of each."""
    address = question.address
    shown = versions[:VERSIONS_MAX]
    left_out = len(versions) - len(shown)
    return VersionsWidget(
        tools=Tools(rows_href=places.rows(address), expand_href=places.widget("versions", address)),
        lines=tuple(_version_line(one, question, places=places) for one in shown),
        note=f"{text.counted(left_out, 'further version')} not shown; filter by a bot to see its versions alone."
        if left_out
        else "",
    )


def _version_line(one: "VersionUsage", question: Question, *, places: Places) -> VersionLine:
    address = question.address.only("bot", one.bot_id)
    rows = address if one.bot_version is None else address.only("bot_version", one.bot_version)
    return VersionLine(
        bot=Cell(value=one.bot_name, href=places.report(address)),
        version=one.bot_version or text.DASH,
        sessions=Cell(
            value=text.count_text(one.session_count),
            number=one.session_count,
            href=places.rows(rows) if one.bot_version is not None else "",
        ),
        opened=text.count_text(one.opened_count),
        conversations=text.ratio_text(one.conversation_count, one.session_count, decimals=2),
        tickets=text.count_text(one.ticket_count),
        handoffs=text.count_text(one.handoff_count),
        handoff_share=text.share_text(one.handoff_count, whole=one.conversation_count),
    )


def customers_widget(customers: Sequence["CustomerUsage"], question: Question, *, places: Places) -> CustomersWidget:
    """Who had most sessions."""
    address = question.address
    return CustomersWidget(
        tools=Tools(rows_href=places.rows(address, sort="customer"), expand_href=places.widget("customers", address)),
        zone=question.zone,
        lines=tuple(
            CustomerLine(
                customer=Cell(value=one.customer_id, href=places.customer(one.customer_id)),
                sessions=Cell(
                    value=text.count_text(one.session_count),
                    number=one.session_count,
                    href=places.rows(address.only("customer", one.customer_id)),
                ),
                conversations=text.count_text(one.conversation_count),
                last_at=text.row_instant_text(
                    one.last_started_us, zone=question.zone, now_us=question.now_us, seconds=False
                ),
            )
            for one in customers
        ),
    )


def ticket_trend_widget(overview: Overview, question: Question, *, places: Places) -> TicketTrendWidget:
    """Tickets over time; the types after the seventh are put together."""
    address, period = question.address, question.ask.period
    kinds = [one.ticket_type for one in overview.report.by_ticket_type]
    named = kinds if len(kinds) <= SERIES_MAX else kinds[: SERIES_MAX - 1]
    columns = named if len(named) == len(kinds) else [*named, OTHER]
    starts = _starts(period.first_on, period.last_on)
    counts = {start_on: [0] * len(columns) for start_on in starts}
    place_of = {kind: place for place, kind in enumerate(named)}
    for day in overview.ticket_trend:
        start_on = starts[bisect_right(starts, day.on) - 1]
        for kind, ticket_count in day.by_type:
            counts[start_on][place_of.get(kind, len(columns) - 1)] += ticket_count
    every = max(1, -(-len(starts) // 9))
    stacks = tuple(
        Stack(
            label=text.day_text(start_on, year=False) if place % every == 0 else "",
            counts=tuple(counts[start_on]),
            title=f"{text.day_text(start_on)}: {text.counted(sum(counts[start_on]), 'ticket')}",
        )
        for place, start_on in enumerate(starts)
    )
    sub = (
        "by day"
        if len(starts) == period.day_count
        else "by week"
        if period.day_count <= _WEEKS_DAYS_MAX
        else "by month"
    )
    return TicketTrendWidget(
        tools=Tools(
            rows_href=places.rows(address, sort="-tickets"), expand_href=places.widget("ticket-trend", address)
        ),
        sub=sub,
        keys=tuple(Key(label=column, kind=f"s{place + 1}") for place, column in enumerate(columns)),
        drawing=stacked_drawn(Stacks(name=f"Tickets {sub} and type, {text.days_text(period)}.", columns=stacks))
        if columns
        else Markup(),
        columns=tuple(columns),
        lines=tuple(
            (text.day_text(start_on), tuple(text.count_text(count) for count in counts[start_on]))
            for start_on in starts
        ),
    )


def _starts(first_on: date, last_on: date) -> list[date]:
    """The first day of each column: every day, else Mondays, else firsts of months; the first day in any case."""
    day_count = (last_on - first_on).days + 1
    days = [first_on + timedelta(days=number) for number in range(day_count)]
    if day_count <= _DAYS_MAX:
        return days
    if day_count <= _WEEKS_DAYS_MAX:
        return [on for on in days if on.weekday() == 0 or on == first_on]
    return [on for on in days if on.day == 1 or on == first_on]
