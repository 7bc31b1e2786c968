"""Lines next to a cursor: selected by few columns, then read in full."""

from typing import Any, Final, NamedTuple

from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import bounds_between, of_customers
from botmeter.reports.matching import filter_matching, run_matching
from botmeter.reports.row_cursor import Cursor, cursor_bounds
from botmeter.reports.row_lines import IDS_MAX, ConversationLine, TicketLine
from botmeter.reports.row_options import Grain, RowOptions, SortKey
from botmeter.reports.rows import Rows
from botmeter.reports.snapshot import Parameters, Snapshot

sql = statements_of(__name__)

_COLUMNS: Final[dict[SortKey, str]] = {
    SortKey.SESSION_START: "started_at",
    SortKey.SESSION_END: "ended_at",
    SortKey.CUSTOMER: "customer_id",
    SortKey.CONVERSATIONS: "conversation_count",
    SortKey.TICKETS: "ticket_count",
    SortKey.EVENTS: "event_count",
}
_RISING = "sort_key ASC, line_session ASC"
_FALLING = "sort_key DESC, line_session DESC"
_LINES_RISING = "sort_key ASC, line_id ASC"
_LINES_FALLING = "sort_key DESC, line_id DESC"
# Longer than any list of ids.
_ALL_LINES: Final = {"line_ids": None, "ids_max": 2**31 - 1}
_FROM_CURSOR: Final = {Grain.CONVERSATION: "conversations_from_cursor", Grain.TICKET: "tickets_from_cursor"}
_COUNTS: Final = {Grain.CONVERSATION: "conversation_counts", Grain.TICKET: "ticket_counts"}


class SortedSession(NamedTuple):
    """Session with its sort key."""

    key: int | str
    session_id: str
    started_us: int
    customer_id: str

    def is_at(self, cursor: Cursor | None) -> bool:
        return cursor is not None and (self.key, self.session_id) == (cursor.key, cursor.line_id)


class PageSessions:
    """Sessions of a query in a view's order, at one moment."""

    def __init__(self, snapshot: Snapshot, parameters: Parameters, *, options: RowOptions) -> None:
        self._snapshot = snapshot
        self._parameters = parameters
        self._options = options
        self._conditions = parameters["conditions"]
        is_sorted_by_rows = options.sort in (SortKey.CONVERSATIONS, SortKey.TICKETS) or (
            options.sort is SortKey.EVENTS and parameters["touchpoints"] is not None
        )
        self._is_from_rows = is_sorted_by_rows or not parameters["is_in_sessions"]
        if self._is_from_rows:
            run_matching(snapshot, parameters)

    def counts(self) -> tuple[int, int]:
        """Call before `filter_rows`."""
        if self._is_from_rows:
            row_count, session_count = self._snapshot.rows(sql("matching_counts"), {})[0]
            return row_count, session_count
        rows = self._snapshot.rows(sql("row_count", **self._conditions), self._parameters)
        sessions = self._snapshot.rows(sql("session_count", **self._conditions), self._parameters)
        return rows[0][0], sessions[0][0]

    def from_cursor(self, at: Cursor | None) -> list[SortedSession]:
        """Find sessions from the cursor on, two more than a page's."""
        bounds = cursor_bounds(at, options=self._options)
        order = {"key": _COLUMNS[self._options.sort], "order": _RISING if bounds["is_rising"] else _FALLING}
        statement = sql("page_from_rows" if self._is_from_rows else "page_from_sessions", **order, **self._conditions)
        rows = self._snapshot.rows(statement, {**self._parameters, **bounds})
        return [SortedSession(*row) for row in rows]

    def filter_rows(self, sessions: list[SortedSession]) -> Parameters:
        """Keep only these sessions' rows in `matching`; return parameters bounded by their starts."""
        starts_us = [session.started_us for session in sessions]
        bounds = bounds_between(min(starts_us), max(starts_us) + 1)
        if not self._is_from_rows:
            # Customers narrow the scan if a page's sessions start far apart.
            customers = sorted({session.customer_id for session in sessions})
            run_matching(self._snapshot, of_customers({**self._parameters, **bounds}, customers))
        filter_matching(self._snapshot, [session.session_id for session in sessions])
        return {**self._parameters, **bounds}

    def lines(self, sessions: list[SortedSession]) -> list[tuple[Any, ...]]:
        return self._snapshot.rows(sql("session_lines", **self._conditions), self.filter_rows(sessions))


class SortedLine(NamedTuple):
    """Line's id with its sort key."""

    key: int | str
    line_id: str

    def is_at(self, cursor: Cursor | None) -> bool:
        return cursor is not None and (self.key, self.line_id) == (cursor.key, cursor.line_id)


class GroupedCounts(NamedTuple):
    """Lines, all matching rows, and sessions of the lines."""

    line_count: int
    row_count: int
    session_count: int


class GroupedLines:
    """Conversations or tickets of a query's rows, at one moment."""

    def __init__(self, snapshot: Snapshot, parameters: Parameters, *, options: RowOptions) -> None:
        self._snapshot = snapshot
        self._parameters = parameters
        self._options = options
        self._conditions = parameters["conditions"]
        run_matching(snapshot, parameters)

    def counts(self) -> GroupedCounts:
        return GroupedCounts(*self._rows(_COUNTS[self._options.grain], {})[0])

    def from_cursor(self, at: Cursor | None) -> list[SortedLine]:
        """Find lines from the cursor on, two more than a page's."""
        bounds = cursor_bounds(at, options=self._options)
        order = {
            "key": _COLUMNS[self._options.sort],
            "order": _LINES_RISING if bounds["is_rising"] else _LINES_FALLING,
        }
        return [SortedLine(*row) for row in self._rows(_FROM_CURSOR[self._options.grain], bounds, **order)]

    def lines(self, line_ids: list[str]) -> tuple[ConversationLine, ...] | tuple[TicketLine, ...]:
        ids = {"line_ids": line_ids, "ids_max": IDS_MAX}
        if self._options.grain is Grain.TICKET:
            tickets = {line.ticket_id: line for line in map(_ticket, self._rows("ticket_lines", ids))}
            return tuple(tickets[line_id] for line_id in line_ids)
        conversations = {
            line.conversation_id: line for line in map(_conversation, self._rows("conversation_lines", ids))
        }
        return tuple(conversations[line_id] for line_id in line_ids)

    def _rows(self, name: str, parameters: Parameters, **order: str) -> list[tuple[Any, ...]]:
        return self._snapshot.rows(sql(name, **order, **self._conditions), {**self._parameters, **parameters})


def _conversation(row: tuple[Any, ...]) -> ConversationLine:
    line_id, created_us, updated_us, customer_ids, customer_count, bots, channels, *rest = row
    ticket_ids, ticket_count, session_count, event_count, last_started_us = rest
    return ConversationLine(
        conversation_id=line_id,
        created_us=created_us,
        updated_us=updated_us,
        customer_ids=tuple(customer_ids),
        customer_count=customer_count,
        bot_names=tuple(bots),
        channels=tuple(channels),
        ticket_ids=tuple(ticket_ids),
        ticket_count=ticket_count,
        session_count=session_count,
        event_count=event_count,
        last_started_us=last_started_us,
    )


def _ticket(row: tuple[Any, ...]) -> TicketLine:
    line_id, ticket_types, conversation_ids, conversation_count, customer_ids, customer_count, *rest = row
    bots, channels, session_count, last_started_us = rest
    return TicketLine(
        ticket_id=line_id,
        ticket_types=tuple(ticket_types),
        conversation_ids=tuple(conversation_ids),
        conversation_count=conversation_count,
        customer_ids=tuple(customer_ids),
        customer_count=customer_count,
        bot_names=tuple(bots),
        channels=tuple(channels),
        session_count=session_count,
        last_started_us=last_started_us,
    )


def line_batches(snapshot: Snapshot, parameters: Parameters, *, grain: Grain) -> Rows:
    """Generate all conversations or tickets, with all their ids."""
    # Not a few days at a time, since a conversation can have sessions on any day.
    run_matching(snapshot, parameters)
    name = "ticket_lines" if grain is Grain.TICKET else "conversation_lines"
    yield from snapshot.batches(sql(name, **parameters["conditions"]), {**parameters, **_ALL_LINES})
