import threading

import duckdb
import pyarrow as pa
import pytest
from tests.support.ledgers import ledger_in_memory

from botmeter.domain.errors import Refused, Unavailable
from botmeter.ledger.ledger import Ledger

COUNT = "SELECT count(*)::INTEGER FROM number"


@pytest.fixture
def ledger() -> Ledger:
    ledger = ledger_in_memory()
    ledger.connection.execute("CREATE TABLE number (number INTEGER CHECK (number <> 13))")
    return ledger


def insert(connection: duckdb.DuckDBPyConnection, input_rows: pa.Table) -> None:
    connection.execute("INSERT INTO number SELECT number FROM input_rows")


def numbers(first: int, count: int = 300_000) -> pa.Table:
    return pa.table({"number": pa.array(range(first, first + count), pa.int32())})


def test_who_uses_the_connection_waits_for_the_running_insert(ledger: Ledger) -> None:
    with ledger.transaction(), ledger.inserting_in_background():
        ledger.insert(insert, numbers(14))
        assert ledger.free_connection.execute("SELECT 1").fetchall() == [(1,)]
        ledger.insert(insert, numbers(1_000_000))
        assert ledger.connection.execute(COUNT).fetchall() == [(600_000,)]
        ledger.insert(insert, numbers(2_000_000))
    assert ledger.connection.execute(COUNT).fetchall() == [(900_000,)]
    assert ledger.free_connection is ledger.connection


@pytest.mark.parametrize("use", ["the next insert", "the connection", "the end"])
def test_an_insert_that_fails_is_raised_at_the_next_use_and_undoes_everything(ledger: Ledger, use: str) -> None:
    def insert_and_use() -> None:
        with ledger.transaction(), ledger.inserting_in_background():
            ledger.insert(insert, numbers(14))
            ledger.insert(insert, numbers(0))
            if use == "the next insert":
                ledger.insert(insert, numbers(14))
            elif use == "the connection":
                ledger.connection.execute(COUNT)

    with pytest.raises(Unavailable) as failed:
        insert_and_use()
    assert failed.value.code == "ledger_failed"
    assert ledger.connection.execute(COUNT).fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("first", "fault", "raised"),
    [
        (14, Refused("file_damaged", "Damaged."), Refused),
        (14, KeyboardInterrupt(), KeyboardInterrupt),
        # Its rows came before what is refused.
        (0, Refused("file_damaged", "Damaged."), Unavailable),
        (0, KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_after_a_fault_no_insert_runs_and_nothing_is_stored(
    ledger: Ledger, first: int, fault: BaseException, raised: type[BaseException]
) -> None:
    def insert_and_fail() -> None:
        with ledger.transaction(), ledger.inserting_in_background():
            ledger.insert(insert, numbers(first))
            raise fault

    with pytest.raises(raised):
        insert_and_fail()
    assert not [each for each in threading.enumerate() if each.name.startswith("insert")]
    assert ledger.connection.execute(COUNT).fetchall() == [(0,)]
    with ledger.transaction(), ledger.inserting_in_background():
        ledger.insert(insert, numbers(14))
    assert ledger.connection.execute(COUNT).fetchall() == [(300_000,)]
