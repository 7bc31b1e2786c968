"""The sessions next to a cursor: selected by few columns, then read in full."""

from typing import Any, Final, NamedTuple

from botmeter.ledger.statements import statements_of
from botmeter.reports.conditions import bounds_between, of_customers
from botmeter.reports.matching import filter_matching, run_matching
from botmeter.reports.row_cursor import Cursor
from botmeter.reports.row_options import RowOptions, SortKey
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


class SortedSession(NamedTuple):
    """A session with its sort key."""

    key: int | str
    session_id: str
    started_us: int
    customer_id: str

    def is_at(self, cursor: Cursor | None) -> bool:
        return cursor is not None and (self.key, self.session_id) == (cursor.key, cursor.session_id)


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

    def ticket_count(self) -> int:
        """Count tickets of matching rows; if filtered, call before `filter_rows`."""
        count: int = self._snapshot.rows(sql("tickets_of_matching", **self._conditions), self._parameters)[0][0]
        return count

    def from_cursor(self, at: Cursor | None) -> list[SortedSession]:
        """Find sessions from the cursor on, two more than a page's lines."""
        is_rising = self._options.descending == (at is not None and at.is_backward)
        key = None if at is None else at.key
        bounds = {
            "low_key": key if is_rising else None,
            "high_key": None if is_rising else key,
            "at_key": key,
            "at_session": None if at is None else at.session_id,
            "is_rising": is_rising,
            "line_count": self._options.limit + 2,
        }
        order = {"key": _COLUMNS[self._options.sort], "order": _RISING if is_rising else _FALLING}
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
