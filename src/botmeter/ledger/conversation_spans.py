"""Spans of conversations: first and last instant, in rows that are merged by least and greatest.

A commit adds rows, as finding earlier ones would mean reading all; now and then they are folded.
"""

from contextlib import suppress

import duckdb
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.ledger.duckdb_calls import events_table, execute_with, parsed, row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import meta_value, set_meta

sql = statements_of(__name__)

# Folding the last 60,000 of ten million rows takes 25 ms, most of it to read them, so few commits do it.
TAIL_ROWS = 60_000
STEP_ROWS = 20_000
# Folding ten million rows takes seconds, so it waits until there are this many per conversation.
ROWS_A_CONVERSATION_MAX = 4
# For fewer conversations, counting them is not worth its cost.
CONVERSATIONS_MIN = 10_000

_COUNT = "conversation_count"
"""In `meta`: the approximate number of conversations when they were last counted. It never shrinks."""


def update_spans(ledger: Ledger, *, append_no: int, new_events: pa.Table | None = None) -> None:
    """Add a row per conversation of a commit; fold them if there are many. In a transaction."""
    if ledger.unfolded_span_rows >= STEP_ROWS:
        _fold(ledger, after=row_of(ledger.connection, sql("last_row"))[0] - TAIL_ROWS)
        ledger.unfolded_span_rows = 0
    added = insert_spans(ledger.connection, append_no=append_no, new_events=new_events)
    ledger.unfolded_span_rows += added
    # Each of these rows is another conversation, so a large import gives their number without a count.
    if added > 2 * CONVERSATIONS_MIN and added > 2 * _known_count(ledger):
        _set_count(ledger, added)


def insert_spans(connection: duckdb.DuckDBPyConnection, *, append_no: int, new_events: pa.Table | None = None) -> int:
    """Add a row per conversation from that append on; return their number."""
    statement = sql("insert_spans", events=events_table(new_events))
    added = execute_with(connection, statement, input_rows=new_events, values={"append_no": append_no})
    return int(added.fetchall()[0][0])


def fold_if_many(ledger: Ledger) -> None:
    """Fold a closing ledger's spans if there are many; leave a failure to the next writer."""
    if ledger.lake is not None:
        # They are a view of files, and counting ten million takes a second.
        return
    with suppress(Unavailable, duckdb.Error):
        rows = row_of(ledger.connection, sql("span_count"))[0]
        if rows <= ROWS_A_CONVERSATION_MAX * max(_known_count(ledger), CONVERSATIONS_MIN):
            return
        with ledger.transaction(is_acknowledged=False):
            count = row_of(ledger.connection, sql("conversation_count"))[0]
            if rows > ROWS_A_CONVERSATION_MAX * count:
                _fold(ledger, after=-1)
            _set_count(ledger, count)


def _fold(ledger: Ledger, *, after: int) -> None:
    for step in ("repeated_spans", "delete_repeated_spans"):
        ledger.connection.execute(parsed(sql(step)), {"after": after})
    for step in ("insert_folded_spans", "drop_folded_spans"):
        ledger.connection.execute(parsed(sql(step)))


def _known_count(ledger: Ledger) -> int:
    return int(meta_value(ledger.connection, _COUNT) or 0)


def _set_count(ledger: Ledger, count: int) -> None:
    set_meta(ledger.connection, _COUNT, value=str(count))
