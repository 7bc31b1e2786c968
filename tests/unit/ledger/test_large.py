"""A ledger larger than the row groups that DuckDB keeps rows in: what is small enough for one proves nothing of it."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from tests.support.ledgers import NOW_US, append_events, event

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import DAY_US
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements
from botmeter.ledger.statements import statements_of
from botmeter.ledger.verify import verify
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch

pytestmark = pytest.mark.slow

CUSTOMERS = 20_000
DAYS = 8
# More than one row group of sessions, in batches that do not fit it.
BATCH_ROWS = 70_001


def batches(*, days: int = DAYS) -> Iterator[EventBatch]:
    """A customer's message and the bot's answer, for each customer on each day before the present one."""
    number = np.arange(CUSTOMERS * days * 2)
    day, within_day = np.divmod(number, CUSTOMERS * 2)
    customer, is_answer = np.divmod(within_day, 2)
    first_us = NOW_US // DAY_US * DAY_US - DAYS * DAY_US
    count = len(number)
    text = {
        "event_id": np.char.add("e", number.astype(str)),
        "conversation_id": np.char.add("v", (customer * DAYS + day).astype(str)),
        "customer_id": np.char.add("c", customer.astype(str)),
        "bot_id": np.char.add("b", (customer % 3).astype(str)),
        "channel": np.full(count, "web"),
    }
    columns = {name: pa.array(values.tolist(), pa.string()) for name, values in text.items()}
    columns |= {name: columns[name].dictionary_encode() for name in ("bot_id", "channel")}
    columns["occurred_at"] = pa.array(first_us + day * DAY_US + customer * 1_000_000 + is_answer)
    columns["actor"] = pa.array(is_answer.astype(np.uint8))
    columns["kind"] = pa.array(np.zeros(count, np.uint8))
    table = pa.table([columns.get(f.name, pa.nulls(count, f.type)) for f in EVENTS_SCHEMA], schema=EVENTS_SCHEMA)
    for start in range(0, count, BATCH_ROWS):
        rows = table.slice(start, BATCH_ROWS)
        yield EventBatch(events=rows, positions=pa.array(np.arange(start, start + len(rows))))


def count(ledger: Ledger, query: str) -> int:
    return int(ledger.connection.execute(query).fetchall()[0][0])


def test_every_session_of_a_large_import_is_stored_and_counted(ledger: Ledger) -> None:
    (receipt,) = append(ledger, [Submission(source="s", batches=batches(), label="large")], now_us=NOW_US)
    assert receipt.accepted == CUSTOMERS * DAYS * 2
    assert count(ledger, "SELECT count(*) FROM session") == CUSTOMERS * DAYS
    assert count(ledger, "SELECT count(*) FROM participation") == CUSTOMERS * DAYS
    assert count(ledger, "SELECT sum(session_count) FROM session_usage") == CUSTOMERS * DAYS
    assert count(ledger, "SELECT sum(conversation_count) FROM conversation_usage") == CUSTOMERS * DAYS
    assert verify(ledger).is_clean


def test_sessions_are_stored_in_order_of_time_so_that_a_period_is_read_alone(ledger: Ledger) -> None:
    append(ledger, [Submission(source="s", batches=batches(days=7), label="large")], now_us=NOW_US)
    started = ledger.connection.execute("SELECT started_at FROM session ORDER BY rowid").fetchnumpy()["started_at"]
    assert np.all(np.diff(started) >= 0)


@pytest.mark.parametrize("table", ["session", "participation"])
def test_a_staging_table_has_the_columns_of_its_table(ledger: Ledger, table: str) -> None:
    ledger.connection.execute(statements_of("botmeter.ledger.remeter")(f"stage_{table}s"))
    columns = (
        "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
    )
    staged = ledger.connection.execute(columns, [f"staged_{table}"]).fetchall()
    assert staged == ledger.connection.execute(columns, [table]).fetchall()


def test_numbers_that_do_not_add_up_are_not_committed(ledger: Ledger) -> None:
    append(ledger, [Submission(source="s", batches=list(batches(days=1)), label="one day")], now_us=NOW_US)
    ledger.connection.execute("INSERT INTO session_usage VALUES (DATE '2026-01-01', 0, 0, false, 1)")
    late = next(iter(batches(days=2)))
    one = EventBatch(events=late.events.slice(len(late.events) - 1), positions=late.positions.slice(0, 1))
    with pytest.raises(Unavailable, match="must be equal") as refused:
        append(ledger, [Submission(source="s", batches=[one], label="one event")], now_us=NOW_US)
    assert refused.value.code == "ledger_unbalanced"
    assert count(ledger, "SELECT count(*) FROM event") == CUSTOMERS * 2


def test_many_events_of_each_restated_day_need_little_memory(ledger: Ledger) -> None:
    """Each event can be the cause of every day of its customer; as sets in memory they took over 90 MB."""
    append_events(ledger, event("known", "2026-04-01T10:00"))
    ledger.connection.execute("SET memory_limit = '60MB'")
    past = [
        event(
            f"an event with a longer id {number}",
            f"2026-03-{1 + number % 28:02}T{number // 28 % 24:02}:{number % 60:02}",
            customer_id=f"c{number % 50}",
            conversation_id=f"v{number % 50}",
        )
        for number in range(40_000)
    ]
    assert append_events(ledger, *past).accepted == 40_000
    assert {each.because_count for each in restatements(ledger)} == {20_000}
