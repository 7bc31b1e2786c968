"""Imported files: who imported what and when, and whether it was undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import duckdb

from botmeter.domain.errors import Missing
from botmeter.ledger.duckdb_calls import records_of
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


class ImportKind(IntEnum):
    """Kind of an import, stored as a number that never changes."""

    FILE = 0
    SAMPLE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """File to import.

    Attributes:
        size_bytes: None: unknown, as of a pipe.
        mapping: Text of the mapping file.
    """

    name: str
    size_bytes: int | None = None
    mapping: str | None = None
    kind: ImportKind = ImportKind.FILE
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecord:
    """Imported file, with the counts of its receipt.

    Attributes:
        number: From 1.
        append_no: The submission of its events.
        imported_at: µs UTC.
        undone_at: µs UTC; None: in force.
    """

    number: int
    append_no: int
    kind: ImportKind
    source: str
    file_name: str
    size_bytes: int | None
    mapping: str | None
    imported_at: int
    imported_by: str | None
    accepted: int
    duplicates: int
    conflicts: int
    rejected: int
    undone_at: int | None
    undone_by: str | None
    undone_for: str | None


def imports(ledger: ReadableLedger, *, before: int | None = None, limit: int | None = None) -> list[ImportRecord]:
    """Return imports, newest first."""
    values = {"number": None, "before": before, "limit": limit}
    return records_of(ImportRecord, ledger.connection.execute(sql("imports"), values).fetchall())


def import_numbered(ledger: ReadableLedger, number: int) -> ImportRecord:
    """Import of that number.

    Raises:
        Missing: `import_unknown`.
    """
    values = {"number": number, "before": None, "limit": 1}
    found = records_of(ImportRecord, ledger.connection.execute(sql("imports"), values).fetchall())
    if not found:
        raise Missing("import_unknown", f"Account {ledger.account.name} has no import {number}.")
    return found[0]


def sample_imports(ledger: ReadableLedger) -> list[ImportRecord]:
    """Imports of sample data in force, newest first."""
    numbers = [number for (number,) in ledger.connection.execute(sql("samples")).fetchall()]
    return [import_numbered(ledger, number) for number in numbers]


def import_origins(ledger: ReadableLedger) -> dict[int, int]:
    """Return, by append number, the import that its events come from, if any."""
    return dict(ledger.connection.execute(sql("origins")).fetchall())


def insert_import(connection: duckdb.DuckDBPyConnection, file: ImportedFile, *, append_no: int) -> None:
    """Record an import, within its transaction."""
    values: Sequence[object] = (append_no, int(file.kind), file.name, file.size_bytes, file.mapping, file.by)
    connection.execute(sql("insert_import"), values)
