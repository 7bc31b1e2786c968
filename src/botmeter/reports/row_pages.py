"""Pages of the underlying data, as sessions or flat rows."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from botmeter.domain.session import ClosedBy
from botmeter.reports.bot_names import bot_names
from botmeter.reports.conditions import bounds_between
from botmeter.reports.matching import filter_matching, run_matching
from botmeter.reports.page_sessions import PageSessions, SortedSession
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_cursor import Cursor, RowKey, cursor_from_text, text_of_cursor
from botmeter.reports.row_options import Grouping, RowOptions
from botmeter.reports.rows import UnderlyingRow, matching_rows, row_parameters
from botmeter.reports.snapshot import Snapshot, open_snapshot
from botmeter.reports.stored_session import stored_session

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


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
            beside = [_Position(session=session) for session in candidates if not session.is_at(at)]
        else:
            beside = _row_positions(snapshot, sessions, candidates=candidates, at=at)
        positions = beside[: options.limit]
        if at is not None and at.is_backward:
            positions.reverse()
        lines = () if options.grouping is Grouping.CONVERSATION else _lines(snapshot, sessions, positions=positions)
    previous, following = _cursors(positions, at=at, has_more=len(beside) > options.limit)
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
) -> list[UnderlyingRow]:
    """Return one session's rows that the report counts; empty if excluded.

    Raises:
        Missing: `session_unknown` for an unknown session.
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
    """Position of a line: its session and, in a list of rows, its row."""

    session: SortedSession
    row: UnderlyingRow | None = None

    def cursor(self, *, is_backward: bool) -> Cursor:
        row = None if self.row is None else _key(self.row)
        return Cursor(key=self.session.key, session_id=self.session.session_id, row=row, is_backward=is_backward)


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
        positions += [_Position(session=session, row=row) for row in rows]
    return positions


def _key(row: UnderlyingRow) -> RowKey:
    return (row.conversation_id, row.bot_id, row.bot_version, row.channel)


def _order(key: RowKey) -> tuple[tuple[bool, str], ...]:
    """Sort key as in SQL: null first, text by code point."""
    return tuple((part is not None, part or "") for part in key)


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
