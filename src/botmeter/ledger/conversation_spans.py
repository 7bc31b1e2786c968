"""When conversations began and were last updated, kept in rows that add up, and few of them.

A commit adds one row for each conversation that it touches, as to find the earlier rows would cost a look at all. Rows
of one conversation are folded into one: at the end of the table, where those that still run stand, every few thousand
rows; in the whole table when a ledger is closed and there are many to a conversation. Reports add the rows up, so
folding changes none of them.
"""

from contextlib import suppress

import duckdb

from botmeter.domain.errors import Unavailable
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.meta import meta_value, set_meta
from botmeter.ledger.rows import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# Folding the last 50,000 of ten million rows takes 25 ms, most of it reading them; so it is done now and then.
TAIL_ROWS = 50_000
STEP_ROWS = 5_000
# To fold ten million rows takes seconds, so it is left until there are this many to a conversation.
ROWS_A_CONVERSATION_MAX = 4
# Fewer conversations than this are not worth a look at how many there are.
CONVERSATIONS_MIN = 10_000

_COUNT = "conversation_count"
"""In `meta`: how many conversations there were, about, when they were last counted. There are never fewer."""


def keep_spans(ledger: Ledger, *, append_no: int) -> None:
    """Adds the spans of a commit's events, after folding the last ones if many were added since that was done.

    Args:
        ledger: In a transaction.
        append_no: The commit's first submission.
    """
    if ledger.loose_span_rows >= STEP_ROWS:
        _fold(ledger, after=_last_row(ledger) - TAIL_ROWS)
        ledger.loose_span_rows = 0
    added = add_spans(ledger.connection, append_no=append_no)
    ledger.loose_span_rows += added
    # Each of these rows is of another conversation, so a large import tells how many there are without a count.
    if added > 2 * max(_known_count(ledger), CONVERSATIONS_MIN):
        _keep_count(ledger, added)


def add_spans(connection: duckdb.DuckDBPyConnection, *, append_no: int) -> int:
    """Add a row for each conversation of the events from that submission on; return how many."""
    return int(row_of(connection, sql("keep_spans"), values={"append_no": append_no})[0])


def fold_if_many(ledger: Ledger) -> None:
    """Folds the spans of a ledger that is about to be closed, if there are too many to a conversation.

    It is housekeeping, so a full disk or a broken file is no failure here: whoever needs the file is told.
    """
    with suppress(Unavailable, duckdb.Error):
        rows = row_of(ledger.connection, sql("span_count"))[0]
        if rows <= ROWS_A_CONVERSATION_MAX * max(_known_count(ledger), CONVERSATIONS_MIN):
            return
        with ledger.transaction():
            count = row_of(ledger.connection, sql("conversation_count"))[0]
            if rows > ROWS_A_CONVERSATION_MAX * count:
                _fold(ledger, after=-1)
            _keep_count(ledger, count)


def _fold(ledger: Ledger, *, after: int) -> None:
    """Leaves one row of each conversation among the rows past the row `after`."""
    for step in ("repeated_spans", "drop_repeated_spans", "keep_folded_spans"):
        ledger.connection.execute(sql(step), {"after": after} if step != "keep_folded_spans" else None)
    ledger.connection.execute(sql("drop_folded_spans"))


def _last_row(ledger: Ledger) -> int:
    return int(row_of(ledger.connection, sql("last_row"))[0])


def _known_count(ledger: Ledger) -> int:
    return int(meta_value(ledger.connection, _COUNT) or 0)


def _keep_count(ledger: Ledger, count: int) -> None:
    set_meta(ledger.connection, _COUNT, value=str(count))
