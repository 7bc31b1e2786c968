"""Pages of the underlying data, as sessions or flat rows."""

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from botmeter.domain.errors import Missing
from botmeter.domain.session import ClosedBy
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import bot_names
from botmeter.reports.conditions import bounds_between
from botmeter.reports.matching import filter_matching, run_matching
from botmeter.reports.page_sessions import PageSessions, SortedSession
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_cursor import Cursor, RowKey, cursor_from_text, text_of_cursor
from botmeter.reports.row_options import Grouping, RowOptions, SortKey
from botmeter.reports.rows import matching_rows, row_parameters
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

__all__ = ["Grouping", "RowOptions", "RowPage", "SessionLine", "SortKey", "UnderlyingRow", "row_page", "session_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderlyingRow:
    """One row: session × conversation × bot × version × channel.

    Attributes:
        session_end_us: None while no limit ends the session.
        ticket_types: In the order of `ticket_ids`.
    """

    session_id: str
    session_start_us: int
    session_end_us: int | None
    customer_id: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    conversation_created_us: int | None
    conversation_updated_us: int | None
    ticket_ids: list[str]
    ticket_types: list[str]
    event_count: int
    is_preview: bool

    @property
    def key(self) -> RowKey:
        return (self.conversation_id, self.bot_id, self.bot_version, self.channel)


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
class RowPage:
    """A page at one moment: `lines` for sessions, `rows` for flat rows.

    Counts cover all pages; `ticket_count` is None unless tickets are filtered.
    """

    query: UsageQuery
    options: RowOptions
    lines: tuple[SessionLine, ...]
    rows: tuple[UnderlyingRow, ...]
    row_count: int
    session_count: int
    ticket_count: int | None
    next_cursor: str | None
    previous_cursor: str | None


def row_page(ledger: "ReadableLedger", query: UsageQuery, *, options: RowOptions, cursor: str | None = None) -> RowPage:
    """Return a page of the rows that the report counts.

    Args:
        cursor: From another page, of any `limit`; None for the first.

    Raises:
        Refused: `cursor_invalid`, also for another account, grouping or order.
    """
    at = None if cursor is None else cursor_from_text(cursor, account=ledger.account.name, options=options)
    with open_snapshot(ledger) as snapshot:
        sessions = PageSessions(snapshot, row_parameters(snapshot, query, search=options.search), options=options)
        row_count, session_count = sessions.counts()
        ticket_count = sessions.ticket_count() if query.filters.selects_tickets else None
        candidates = sessions.from_cursor(at)
        if options.grouping is Grouping.SESSION:
            found = [_Position(session=session) for session in candidates if not session.is_at(at)]
        else:
            found = _row_positions(snapshot, sessions, candidates=candidates, at=at)
        positions = found[: options.limit]
        if at is not None and at.is_backward:
            positions.reverse()
        lines = () if options.grouping is Grouping.CONVERSATION else _lines(snapshot, sessions, positions=positions)
    previous, following = _cursors(positions, at=at, has_more=len(found) > options.limit)
    to_text = partial(text_of_cursor, account=ledger.account.name, options=options)
    return RowPage(
        query=query,
        options=options,
        lines=lines,
        rows=tuple(position.row for position in positions if position.row is not None),
        row_count=row_count,
        session_count=session_count,
        ticket_count=ticket_count,
        next_cursor=None if following is None else to_text(following),
        previous_cursor=None if previous is None else to_text(previous),
    )


def session_rows(
    ledger: "ReadableLedger", query: UsageQuery, *, session_id: str, search: str = ""
) -> tuple[UnderlyingRow, ...]:
    """Return one session's rows that the report counts; empty if excluded.

    Raises:
        Missing: `session_unknown` for an unknown session.
    """
    unknown = Missing("session_unknown", f"Account {ledger.account.name} has no session {session_id[:60]!r}.")
    try:
        checked_id = str(UUID(session_id))
    except ValueError:
        raise unknown from None
    with open_snapshot(ledger) as snapshot:
        started = snapshot.rows(sql("session_start"), {"session_id": checked_id})
        if not started:
            raise unknown
        started_us: int = started[0][0]
        if not query.start_us <= started_us < query.end_us:
            return ()
        parameters = {**row_parameters(snapshot, query, search=search), **bounds_between(started_us, started_us + 1)}
        run_matching(snapshot, parameters)
        filter_matching(snapshot, [checked_id])
        return _rows(snapshot, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Position of a line: its session and, in a list of rows, its row."""

    session: SortedSession
    row: UnderlyingRow | None = None

    def cursor(self, *, is_backward: bool) -> Cursor:
        row = None if self.row is None else self.row.key
        return Cursor(key=self.session.key, session_id=self.session.session_id, row=row, is_backward=is_backward)


def _cursors(positions: list[_Position], *, at: Cursor | None, has_more: bool) -> tuple[Cursor | None, Cursor | None]:
    """Cursors of the previous and the next page; None if there is none."""
    if at is not None and at.is_backward:
        has_previous, has_next = has_more, True
    else:
        has_previous, has_next = at is not None, has_more
    # Without lines on that side, the other side remains.
    previous = following = None if at is None else replace(at, is_backward=not at.is_backward)
    if positions:
        previous, following = positions[0].cursor(is_backward=True), positions[-1].cursor(is_backward=False)
    return previous if has_previous else None, following if has_next else None


def _row_positions(
    snapshot: Snapshot, sessions: PageSessions, *, candidates: list[SortedSession], at: Cursor | None
) -> list[_Position]:
    """Rows on the cursor's side, nearest first."""
    if not candidates:
        return []
    own: dict[str, list[UnderlyingRow]] = {session.session_id: [] for session in candidates}
    for row in _rows(snapshot, sessions.filter_rows(candidates)):
        own[row.session_id].append(row)
    positions: list[_Position] = []
    for session in candidates:
        rows = own[session.session_id]
        if at is not None and at.row is not None and session.is_at(at):
            edge = _order(at.row)
            rows = [row for row in rows if (_order(row.key) < edge if at.is_backward else _order(row.key) > edge)]
        if at is not None and at.is_backward:
            rows.reverse()
        positions += [_Position(session=session, row=row) for row in rows]
    return positions


def _order(key: RowKey) -> tuple[tuple[bool, str], ...]:
    """Sort key as in SQL: null first, text by code point."""
    return tuple((part is not None, part or "") for part in key)


def _rows(snapshot: Snapshot, parameters: Parameters) -> tuple[UnderlyingRow, ...]:
    rows = matching_rows(snapshot, parameters)
    return tuple(UnderlyingRow(**dict(zip(_FIELDS, row, strict=True))) for row in rows)


_FIELDS = tuple(field.name for field in fields(UnderlyingRow))


def _lines(snapshot: Snapshot, sessions: PageSessions, *, positions: list[_Position]) -> tuple[SessionLine, ...]:
    if not positions:
        return ()
    names = bot_names(snapshot)
    lines: dict[str, SessionLine] = {}
    for session_id, started_us, ended_us, customer_id, touchpoints, *counts, closed_by, preview in sessions.lines(
        [position.session for position in positions]
    ):
        own = [snapshot.touchpoints[number] for number in touchpoints]
        lines[session_id] = SessionLine(
            session_id=session_id,
            started_us=started_us,
            ended_us=ended_us,
            customer_id=customer_id,
            bot_names=names.at(own),
            channels=tuple(sorted({each.channel for each in own})),
            conversation_count=counts[0],
            ticket_count=counts[1],
            event_count=counts[2],
            closed_by=ClosedBy(closed_by),
            is_preview=preview,
        )
    return tuple(lines[position.session.session_id] for position in positions)
