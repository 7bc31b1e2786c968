"""Formatted sessions and rows of the underlying data."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.domain.session import ClosedBy
from botmeter.reports.row_pages import SessionLine
from botmeter.reports.rows import UnderlyingRow
from botmeter.web.components import Cell, Opener
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question

# Of columns whose label is not their name.
_LABELS: Final = {
    "session_id": "Session",
    "session_start": "Started",
    "session_end": "Ends",
    "customer_id": "Customer",
    "conversation_id": "Conversation",
    "bot_name": "Bot",
    "bot_version": "Version",
    "conversation_created_at": "Created",
    "conversation_updated_at": "Updated",
    "ticket_ids": "Tickets",
}
NUMBERS: Final = frozenset({"conversations", "tickets", "events"})
_CLOSED_BY_LABELS: Final = {
    ClosedBy.DURATION: "Time window ended",
    ClosedBy.IDLE: "Inactivity",
    ClosedBy.CALENDAR: "Calendar day or month ended",
    ClosedBy.TURNS: "Turn limit",
    ClosedBy.END: "End event",
    ClosedBy.OPEN: "Open",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A session or flat row; a flat row has cells only."""

    cells: tuple[Cell, ...]
    anchor: str = ""
    opener: Opener | None = None
    session_href: str = ""
    inner_title: str = ""
    inner: tuple[tuple[Cell, ...], ...] = ()


def column_label(name: str) -> str:
    """Label of a column of sessions or rows."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def session_cells(
    line: SessionLine, columns: tuple[str, ...], *, question: Question, urls: ReportUrls
) -> tuple[Cell, ...]:
    """Format a session."""
    cells: dict[str, Callable[[], Cell]] = {
        "session_id": lambda: _id(
            line.session_id, urls.session(line.session_id), tag="preview" if line.is_preview else ""
        ),
        "session_start": lambda: _instant(line.started_us, question),
        "session_end": lambda: _instant(line.ended_us, question),
        "customer": lambda: _id(line.customer_id, urls.customer(line.customer_id)),
        "bots": lambda: _list(line.bot_names),
        "channels": lambda: _list(line.channels),
        "conversations": lambda: _count(line.conversation_count),
        "tickets": lambda: _count(line.ticket_count),
        "events": lambda: _count(line.event_count),
        "closed_by": lambda: _closed_by(line, question),
    }
    return tuple(cells[name]() for name in columns)


def row_cells(
    row: UnderlyingRow, columns: tuple[str, ...], *, question: Question, urls: ReportUrls
) -> tuple[Cell, ...]:
    """Format a row."""
    cells: dict[str, Callable[[], Cell]] = {
        "session_id": lambda: _id(row.session_id, urls.session(row.session_id)),
        "session_start": lambda: _instant(row.session_start, question),
        "session_end": lambda: _instant(row.session_end, question),
        "customer_id": lambda: _id(row.customer_id, urls.customer(row.customer_id)),
        "conversation_id": lambda: _id(row.conversation_id, urls.conversation(row.conversation_id)),
        "bot_id": lambda: Cell(value=row.bot_id or text.DASH, variant="id"),
        "bot_name": lambda: Cell(value=row.bot_name or text.DASH),
        "bot_version": lambda: Cell(value=row.bot_version or text.DASH),
        "channel": lambda: Cell(value=row.channel),
        "conversation_created_at": lambda: _instant(row.conversation_created_at, question),
        "conversation_updated_at": lambda: _instant(row.conversation_updated_at, question),
        "ticket_ids": lambda: _list(row.ticket_ids),
        "ticket_types": lambda: _list(dict.fromkeys(row.ticket_types)),
        "events": lambda: _count(row.events),
        "preview": lambda: Cell(value="yes" if row.preview else "no"),
    }
    return tuple(cells[name]() for name in columns)


def _id(value: str, href: str, *, tag: str = "") -> Cell:
    return Cell(value=text.short_id(value), href=href, variant="id", title=value, tag=tag)


def _list(values: Iterable[str]) -> Cell:
    return Cell(value=", ".join(values) or text.DASH, variant="wrap")


def _instant(at_us: int | None, question: Question) -> Cell:
    return Cell(value=text.DASH if at_us is None else question.row_instant(at_us), variant="num")


def _count(count: int) -> Cell:
    return Cell(value=text.count_text(count), variant="r num" if count else "r num zero")


def _closed_by(line: SessionLine, question: Question) -> Cell:
    if not line.is_running(question.now_us):
        return Cell(value=_CLOSED_BY_LABELS[line.closed_by], variant="dim2")
    if line.ended_us is None:
        return Cell(value="Open")
    return Cell(value=f"Open until {question.row_instant(line.ended_us, seconds=False)}")
