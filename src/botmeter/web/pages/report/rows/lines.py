"""Formatted lines of the underlying data."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from botmeter.domain import text
from botmeter.domain.session import ClosedBy
from botmeter.reports import row_lines
from botmeter.reports.row_lines import ConversationLine, SessionLine, TicketLine
from botmeter.reports.rows import UnderlyingRow
from botmeter.web.components import Cell, Opener
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question

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
    """Formatted line; only sessions open, and rows lead nowhere."""

    cells: tuple[Cell, ...]
    href: str = ""
    anchor: str = ""
    opener: Opener | None = None
    inner_title: str = ""
    inner: tuple[tuple[Cell, ...], ...] = ()


_Cells = Mapping[str, Callable[[], Cell]]


def line_cells(
    line: row_lines.Line, columns: tuple[str, ...], *, question: Question, urls: ReportUrls
) -> tuple[Cell, ...]:
    """Format a line in these columns of its grain."""
    match line:
        case SessionLine():
            cells = _session_cells(line, question=question, urls=urls)
        case ConversationLine():
            cells = _conversation_cells(line, question=question, urls=urls)
        case TicketLine():
            cells = _ticket_cells(line, question=question, urls=urls)
        case UnderlyingRow():
            cells = _row_cells(line, question=question, urls=urls)
        case _:
            assert_never(line)
    return tuple(cells[name]() for name in columns)


def line_href(line: row_lines.Line, urls: ReportUrls) -> str:
    """Page of a line's only session or conversation, else empty."""
    match line:
        case SessionLine():
            return urls.session(line.session_id)
        case ConversationLine():
            return urls.conversation(line.conversation_id)
        case TicketLine() if line.conversation_count == 1:
            return urls.conversation(line.conversation_ids[0])
        case _:
            return ""


def _session_cells(line: SessionLine, *, question: Question, urls: ReportUrls) -> _Cells:
    return {
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


def _conversation_cells(line: ConversationLine, *, question: Question, urls: ReportUrls) -> _Cells:
    return {
        "conversation_id": lambda: _id(line.conversation_id, urls.conversation(line.conversation_id)),
        "conversation_created_at": lambda: _instant(line.created_us, question),
        "conversation_updated_at": lambda: _instant(line.updated_us, question),
        "last_session_start": lambda: _instant(line.last_started_us, question),
        "customer_ids": lambda: _ids(line.customer_ids, line.customer_count, href_of=urls.customer),
        "bots": lambda: _list(line.bot_names),
        "channels": lambda: _list(line.channels),
        "ticket_ids": lambda: _ids(line.ticket_ids, line.ticket_count),
        "tickets": lambda: _count(line.ticket_count),
        "sessions": lambda: _count(line.session_count),
        "events": lambda: _count(line.event_count),
    }


def _ticket_cells(line: TicketLine, *, question: Question, urls: ReportUrls) -> _Cells:
    return {
        "ticket_id": lambda: Cell(value=text.short_id(line.ticket_id), variant="id", title=line.ticket_id),
        "ticket_types": lambda: _list(line.ticket_types),
        "last_session_start": lambda: _instant(line.last_started_us, question),
        "conversation_ids": lambda: _ids(line.conversation_ids, line.conversation_count, href_of=urls.conversation),
        "conversations": lambda: _count(line.conversation_count),
        "customer_ids": lambda: _ids(line.customer_ids, line.customer_count, href_of=urls.customer),
        "bots": lambda: _list(line.bot_names),
        "channels": lambda: _list(line.channels),
        "sessions": lambda: _count(line.session_count),
    }


def _row_cells(row: UnderlyingRow, *, question: Question, urls: ReportUrls) -> _Cells:
    return {
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


def _id(value: str, href: str, *, tag: str = "") -> Cell:
    return Cell(value=text.short_id(value), href=href, variant="id", title=value, tag=tag)


def _list(values: Iterable[str]) -> Cell:
    return Cell(value=", ".join(values) or text.DASH, variant="wrap")


def _instant(at_us: int | None, question: Question) -> Cell:
    return Cell(value=text.DASH if at_us is None else question.row_instant(at_us), variant="num")


def _count(count: int) -> Cell:
    return Cell(value=text.count_text(count), variant="r num" if count else "r num zero")


def _ids(ids: tuple[str, ...], count: int, *, href_of: Callable[[str], str] | None = None) -> Cell:
    if not ids:
        return Cell(value=text.DASH, variant="id")
    if count > 1:
        return Cell(
            value=text.short_id(ids[0]),
            variant="id",
            title=", ".join(ids),
            note=f"and {text.count_text(count - 1)} more",
        )
    return _id(ids[0], href_of(ids[0]) if href_of is not None else "")


def _closed_by(line: SessionLine, question: Question) -> Cell:
    if not line.is_running(question.now_us):
        return Cell(value=_CLOSED_BY_LABELS[line.closed_by], variant="dim2")
    if line.ended_us is None:
        return Cell(value="Open")
    return Cell(value=f"Open until {question.row_instant(line.ended_us, seconds=False)}")
