"""Pages of the underlying data, of any grain."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from botmeter.domain.session import ClosedBy
from botmeter.reports.bot_names import bot_names
from botmeter.reports.charges import Charges
from botmeter.reports.conditions import bounds_between
from botmeter.reports.matching import filter_matching, run_matching
from botmeter.reports.page_lines import GroupedLines, PageSessions, SortedSession
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_cursor import Cursor, RowKey, cursor_from_text, text_of_cursor
from botmeter.reports.row_lines import Line, RowPage, SessionLine
from botmeter.reports.row_options import Grain, RowOptions
from botmeter.reports.rows import UnderlyingRow, matching_rows, row_parameters
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot
from botmeter.reports.stored_session import stored_session

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def row_page(
    ledger: "ReadableLedger",
    query: UsageQuery,
    *,
    options: RowOptions,
    cursor: str | None = None,
    charges: Charges | None = None,
) -> RowPage:
    """Page of what the report counts.

    Args:
        cursor: From another page, of any `limit`; None for the first.
        charges: Of the period; needed with a charge in `options`.

    Raises:
        Refused: `cursor_invalid`, also for another account, grain or order.
    """
    at = None if cursor is None else cursor_from_text(cursor, account=ledger.account.name, options=options)
    read = _grouped if options.grain in (Grain.CONVERSATION, Grain.TICKET) else _of_sessions
    with open_snapshot(ledger) as snapshot:
        parameters = row_parameters(snapshot, query, search=options.search, charge=options.charge, charges=charges)
        part = read(snapshot, parameters, options=options, at=at)
    previous, following = _cursors(part.positions, at=at, has_more=part.has_more)
    to_text = partial(text_of_cursor, account=ledger.account.name, options=options)
    return RowPage(
        query=query,
        options=options,
        lines=part.lines,
        line_count=part.line_count,
        row_count=part.row_count,
        session_count=part.session_count,
        next_cursor=None if following is None else to_text(following),
        previous_cursor=None if previous is None else to_text(previous),
    )


def session_rows(
    ledger: "ReadableLedger", query: UsageQuery, *, session_id: str, search: str = ""
) -> list[UnderlyingRow]:
    """One session's rows that the report counts; empty if excluded.

    Raises:
        Missing: `session_unknown`.
    """
    with open_snapshot(ledger) as snapshot:
        session = stored_session(snapshot, session_id, account=ledger.account.name)
        start_us = session.started_us
        if not query.start_us <= start_us < query.end_us:
            return []
        parameters = {**row_parameters(snapshot, query, search=search), **bounds_between(start_us, start_us + 1)}
        run_matching(snapshot, parameters)
        filter_matching(snapshot, [session.session_id])
        return matching_rows(snapshot, parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    key: int | str
    line_id: str
    row: UnderlyingRow | None = None

    def cursor(self, *, is_backward: bool) -> Cursor:
        row = None if self.row is None else _key(self.row)
        return Cursor(key=self.key, line_id=self.line_id, row=row, is_backward=is_backward)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    positions: list[_Position]
    has_more: bool
    lines: tuple[Line, ...]
    line_count: int
    row_count: int
    session_count: int


def _grouped(snapshot: Snapshot, parameters: Parameters, *, options: RowOptions, at: Cursor | None) -> _Part:
    grouped = GroupedLines(snapshot, parameters, options=options)
    counts = grouped.counts()
    beside = [_Position(key=one.key, line_id=one.line_id) for one in grouped.from_cursor(at) if not one.is_at(at)]
    positions = _page(beside, at=at, limit=options.limit)
    return _Part(
        positions=positions,
        has_more=len(beside) > options.limit,
        lines=grouped.lines([position.line_id for position in positions]),
        line_count=counts.line_count,
        row_count=counts.row_count,
        session_count=counts.session_count,
    )


def _of_sessions(snapshot: Snapshot, parameters: Parameters, *, options: RowOptions, at: Cursor | None) -> _Part:
    sessions = PageSessions(snapshot, parameters, options=options)
    row_count, session_count = sessions.counts()
    candidates = sessions.from_cursor(at)
    is_of_rows = options.grain is Grain.ROW
    if is_of_rows:
        beside = _row_positions(snapshot, sessions, candidates=candidates, at=at)
    else:
        beside = [_Position(key=one.key, line_id=one.session_id) for one in candidates if not one.is_at(at)]
    positions = _page(beside, at=at, limit=options.limit)
    rows = tuple(position.row for position in positions if position.row is not None)
    return _Part(
        positions=positions,
        has_more=len(beside) > options.limit,
        lines=rows if is_of_rows else _lines(snapshot, sessions, candidates=candidates, positions=positions),
        line_count=row_count if is_of_rows else session_count,
        row_count=row_count,
        session_count=session_count,
    )


def _page(beside: list[_Position], *, at: Cursor | None, limit: int) -> list[_Position]:
    positions = beside[:limit]
    return positions[::-1] if at is not None and at.is_backward else positions


def _cursors(positions: list[_Position], *, at: Cursor | None, has_more: bool) -> tuple[Cursor | None, Cursor | None]:
    if at is not None and at.is_backward:
        has_previous, has_next = has_more, True
    else:
        has_previous, has_next = at is not None, has_more
    # Without lines on that side, the other side remains.
    previous = following = None if at is None else msgspec.structs.replace(at, is_backward=not at.is_backward)
    if positions:
        previous, following = positions[0].cursor(is_backward=True), positions[-1].cursor(is_backward=False)
    return previous if has_previous else None, following if has_next else None


def _row_positions(
    snapshot: Snapshot, sessions: PageSessions, *, candidates: list[SortedSession], at: Cursor | None
) -> list[_Position]:
    if not candidates:
        return []
    own: dict[str, list[UnderlyingRow]] = {session.session_id: [] for session in candidates}
    for row in matching_rows(snapshot, sessions.filter_rows(candidates)):
        own[row.session_id].append(row)
    positions: list[_Position] = []
    for session in candidates:
        rows = own[session.session_id]
        if at is not None and at.row is not None and session.is_at(at):
            edge = _order(at.row)
            rows = [row for row in rows if (_order(_key(row)) < edge if at.is_backward else _order(_key(row)) > edge)]
        if at is not None and at.is_backward:
            rows.reverse()
        positions += [_Position(key=session.key, line_id=session.session_id, row=row) for row in rows]
    return positions


def _key(row: UnderlyingRow) -> RowKey:
    return (row.conversation_id, row.bot_id, row.bot_version, row.channel)


def _order(key: RowKey) -> tuple[tuple[bool, str], ...]:
    """Sort key as in SQL: null first, text by code point."""
    return tuple((part is not None, part or "") for part in key)


def _lines(
    snapshot: Snapshot, sessions: PageSessions, *, candidates: list[SortedSession], positions: list[_Position]
) -> tuple[SessionLine, ...]:
    if not positions:
        return ()
    shown = {position.line_id for position in positions}
    names = bot_names(snapshot)
    lines: dict[str, SessionLine] = {}
    for session_id, started_us, ended_us, customer_id, touchpoints, *counts, closed_by, preview in sessions.lines(
        [session for session in candidates if session.session_id in shown]
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
    return tuple(lines[position.line_id] for position in positions)
