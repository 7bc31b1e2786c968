"""Formatted sessions and rows of the underlying data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.domain.session import ClosedBy
from botmeter.reports.row_pages import SessionLine, UnderlyingRow
from botmeter.web.pages.report.report_urls import ReportUrls

COLUMN_LABELS: Final = {
    "session_id": "Session",
    "session_start": "Started",
    "session_end": "Ends",
    "customer": "Customer",
    "customer_id": "Customer",
    "bots": "Bots",
    "channels": "Channels",
    "conversations": "Conversations",
    "tickets": "Tickets",
    "events": "Events",
    "closed_by": "Closed by",
    "conversation_id": "Conversation",
    "bot_id": "Bot id",
    "bot_name": "Bot",
    "bot_version": "Version",
    "channel": "Channel",
    "conversation_created_at": "Created",
    "conversation_updated_at": "Updated",
    "ticket_ids": "Tickets",
    "ticket_types": "Ticket types",
    "preview": "Preview",
}
NUMBERS: Final = frozenset({"conversations", "tickets", "events"})
_CLOSED_BY_WORDS: Final = {
    ClosedBy.DURATION: "Time window ended",
    ClosedBy.IDLE: "Inactivity",
    ClosedBy.CALENDAR: "Calendar day or month ended",
    ClosedBy.TURNS: "Turn limit",
    ClosedBy.END: "End event",
    ClosedBy.OPEN: "Open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A table cell.

    Attributes:
        variant: `id`, `num` for numbers and instants, `wrap` for lists, `zero` for 0.
        title: Full text of a cut value.
    """

    value: str
    href: str = ""
    variant: str = ""
    title: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A session or flat row; a flat row has no `anchor`."""

    cells: tuple[Cell, ...]
    anchor: str = ""
    opener_name: str = ""
    opener_href: str = ""
    is_open: bool = False
    session_href: str = ""
    inner_title: str = ""
    inner: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Time zone and present instant (µs UTC)."""

    zone: str
    now_us: int


def session_cells(line: SessionLine, columns: tuple[str, ...], *, times: Times, urls: ReportUrls) -> tuple[Cell, ...]:
    """Format a session."""
    made: dict[str, Callable[[], Cell]] = {
        "session_id": lambda: _id(
            line.session_id, urls.session(line.session_id), tag="preview" if line.is_preview else ""
        ),
        "session_start": lambda: _instant(line.started_us, times),
        "session_end": lambda: _instant(line.ended_us, times),
        "customer": lambda: _id(line.customer_id, urls.customer(line.customer_id)),
        "bots": lambda: Cell(value=", ".join(line.bot_names) or text.DASH, variant="wrap"),
        "channels": lambda: Cell(value=", ".join(line.channels), variant="wrap"),
        "conversations": lambda: _count(line.conversation_count),
        "tickets": lambda: _count(line.ticket_count),
        "events": lambda: _count(line.event_count),
        "closed_by": lambda: _closed_by(line, times),
    }
    return tuple(made[name]() for name in columns)


def row_cells(row: UnderlyingRow, columns: tuple[str, ...], *, times: Times, urls: ReportUrls) -> tuple[Cell, ...]:
    """Format a row."""
    made: dict[str, Callable[[], Cell]] = {
        "session_id": lambda: _id(row.session_id, urls.session(row.session_id)),
        "session_start": lambda: _instant(row.session_start_us, times),
        "session_end": lambda: _instant(row.session_end_us, times),
        "customer_id": lambda: _id(row.customer_id, urls.customer(row.customer_id)),
        "conversation_id": lambda: _id(row.conversation_id, urls.conversation(row.conversation_id)),
        "bot_id": lambda: Cell(value=row.bot_id or text.DASH, variant="id"),
        "bot_name": lambda: Cell(value=row.bot_name or text.DASH),
        "bot_version": lambda: Cell(value=row.bot_version or text.DASH),
        "channel": lambda: Cell(value=row.channel),
        "conversation_created_at": lambda: _instant(row.conversation_created_us, times),
        "conversation_updated_at": lambda: _instant(row.conversation_updated_us, times),
        "ticket_ids": lambda: Cell(value=", ".join(row.ticket_ids) or text.DASH, variant="wrap"),
        "ticket_types": lambda: Cell(value=", ".join(dict.fromkeys(row.ticket_types)) or text.DASH, variant="wrap"),
        "events": lambda: _count(row.event_count),
        "preview": lambda: Cell(value="yes" if row.is_preview else "no"),
    }
    return tuple(made[name]() for name in columns)


def _id(value: str, href: str, *, tag: str = "") -> Cell:
    return Cell(value=text.short_id(value), href=href, variant="id", title=value, tag=tag)


def _instant(instant_us: int | None, times: Times) -> Cell:
    if instant_us is None:
        return Cell(value=text.DASH, variant="num")
    return Cell(value=text.row_instant_text(instant_us, zone=times.zone, now_us=times.now_us), variant="num")


def _count(count: int) -> Cell:
    return Cell(value=text.count_text(count), variant="r num" if count else "r num zero")


def _closed_by(line: SessionLine, times: Times) -> Cell:
    if not line.is_running(times.now_us):
        return Cell(value=_CLOSED_BY_WORDS[line.closed_by], variant="dim2")
    if line.ended_us is None:
        return Cell(value="Open")
    until = text.row_instant_text(line.ended_us, zone=times.zone, now_us=times.now_us, seconds=False)
    return Cell(value=f"Open until {until}")
