"""Sessions before and after a change, counted by the days on which they started."""

from dataclasses import dataclass

import duckdb

from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """Effect of a change on sessions.

    Attributes:
        difference: Sessions after minus before.
        day_count: UTC days with a session that came or went.
        restated_day_count: Those that were over, and whose number of sessions changed.
    """

    difference: int
    day_count: int
    restated_day_count: int


def note_sessions(connection: duckdb.DuckDBPyConnection) -> None:
    """Copy the sessions' ids into a temporary table. In a transaction."""
    connection.execute(sql("sessions_before"))
    connection.execute(sql("restatement_count_before"))


def session_change(connection: duckdb.DuckDBPyConnection) -> SessionChange:
    """Compare with the copy, which is dropped."""
    difference, day_count, restated_day_count = row_of(connection, sql("session_change"))
    for step in ("drop_sessions_before", "drop_restatement_count_before"):
        connection.execute(sql(step))
    return SessionChange(difference=difference, day_count=day_count, restated_day_count=restated_day_count)
