"""One moment of a ledger, shared by a report's statements."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.touchpoints import Touchpoint

Parameters = dict[str, Any]

_ROWS_A_BATCH = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Transaction that sees one moment and is never committed.

    Attributes:
        touchpoints: Index i has the number i.
        footprints: Those of several touchpoints; index i has the number -1 - i.
    """

    connection: "duckdb.DuckDBPyConnection"
    touchpoints: "list[Touchpoint]"
    footprints: list[tuple[int, ...]]

    def run(self, statement: str, parameters: Parameters) -> None:
        self.connection.execute(statement, _bound(statement, parameters))

    def rows(self, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, _bound(statement, parameters)).fetchall()

    def table(self, statement: str, parameters: Parameters) -> pa.Table:
        return self.batches(statement, parameters).read_all()

    def batches(self, statement: str, parameters: Parameters) -> pa.RecordBatchReader:
        """Stream rows; no other statement can run until all are read."""
        return self.connection.sql(statement, params=_bound(statement, parameters)).to_arrow_reader(_ROWS_A_BATCH)


@contextmanager
def open_snapshot(ledger: "ReadableLedger") -> Iterator[Snapshot]:
    """Open the ledger as of now; later appends are not seen."""
    with ledger.read_transaction() as connection:
        yield Snapshot(connection=connection, touchpoints=ledger.touchpoints.all(), footprints=ledger.footprints.all())


def _bound(statement: str, parameters: Parameters) -> Parameters:
    """Only the statement's values; DuckDB refuses others."""
    return {key: parameters[key] for key in _parameters(statement)}


# A statement varies with the filters that are set; each has less than 10 KB.
@lru_cache(maxsize=500)
def _parameters(text: str) -> tuple[str, ...]:
    uncommented = re.sub(r"--[^\n]*", "", text)
    return tuple(sorted(set(re.findall(r"\$([a-z_]+)", uncommented))))
