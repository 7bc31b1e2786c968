"""Lines of the underlying data, by grain; rows are `UnderlyingRow`."""

from dataclasses import dataclass
from typing import Final, TypeVar

from botmeter.domain.session import ClosedBy
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import RowOptions
from botmeter.reports.rows import UnderlyingRow

IDS_MAX: Final = 10
"""Ids that a line lists; an id that many conversations share would fill the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLine:
    """One matching session, with bots, channels and counts of its matching rows."""

    session_id: str
    started_us: int
    ended_us: int | None
    customer_id: str
    bot_names: tuple[str, ...]
    channels: tuple[str, ...]
    conversation_count: int
    ticket_count: int
    event_count: int
    closed_by: ClosedBy
    is_preview: bool

    def is_running(self, now_us: int) -> bool:
        return self.ended_us is None or self.ended_us > now_us


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLine:
    """One conversation, with what its matching rows have.

    Attributes:
        customer_ids: At most `IDS_MAX`, as `ticket_ids`; the counts are of all.
        last_started_us: Start of its latest session.
    """

    conversation_id: str
    created_us: int | None
    updated_us: int | None
    customer_ids: tuple[str, ...]
    customer_count: int
    bot_names: tuple[str, ...]
    channels: tuple[str, ...]
    ticket_ids: tuple[str, ...]
    ticket_count: int
    session_count: int
    event_count: int
    last_started_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLine:
    """One ticket, with the matching rows of its conversations; else as `ConversationLine`."""

    ticket_id: str
    ticket_types: tuple[str, ...]
    conversation_ids: tuple[str, ...]
    conversation_count: int
    customer_ids: tuple[str, ...]
    customer_count: int
    bot_names: tuple[str, ...]
    channels: tuple[str, ...]
    session_count: int
    last_started_us: int


Line = SessionLine | ConversationLine | TicketLine | UnderlyingRow
_OfGrain = TypeVar("_OfGrain", SessionLine, ConversationLine, TicketLine, UnderlyingRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """Page at one moment; its lines are of the options' grain.

    Attributes:
        line_count: On all pages, as all counts.
        row_count: All that match, also of sessions without a ticket.
        session_count: Of the lines.
    """

    query: UsageQuery
    options: RowOptions
    lines: tuple[Line, ...]
    line_count: int
    row_count: int
    session_count: int
    next_cursor: str | None
    previous_cursor: str | None

    def lines_of(self, kind: type[_OfGrain]) -> tuple[_OfGrain, ...]:
        return tuple(line for line in self.lines if isinstance(line, kind))
