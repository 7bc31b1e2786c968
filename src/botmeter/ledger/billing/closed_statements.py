"""Closed statements with their session lists. Rows are only added, all of one closing in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import pyarrow as pa

from botmeter.domain.errors import Missing
from botmeter.ledger.duckdb_calls import execute_with, records_of, row_of, table_from
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.restatements import Cause
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

_FACTS: Final = ("appends", "plan_terms", "purchases", "removals", "opening_balances", "corrections")
_LISTED: Final = ("meter", "policy", "opening_key", "started_at", "bot_id", "channel", "funding")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStatement:
    """Closed statement.

    Attributes:
        cycle_start, cycle_end, closed_at: µs UTC.
        closed_by: None: the server.
        fingerprints: Per closed cycle, its start as text, a hash of its sessions as of then.
    """

    statement_no: int
    number: str
    cycle_start: int
    cycle_end: int
    closed_at: int
    closed_by: str | None
    currency: str
    document: bytes
    sha256: str
    fingerprints: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOrigin:
    """Append of a session's opening event (None: no event any more), and causes of its day's restatements."""

    append_no: int | None
    causes: frozenset[Cause]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSessions:
    """Sessions of a cycle to keep with a statement."""

    cycle_start: int
    rows: pa.Table


def closed_statements(ledger: ReadableLedger) -> list[ClosedStatement]:
    """Statements in order of closing."""
    rows = ledger.connection.execute(sql("statements")).fetchall()
    return records_of(ClosedStatement, [(*row[:-1], msgspec.json.decode(row[-1])) for row in rows])


def closed_statement(ledger: ReadableLedger, number: str) -> ClosedStatement:
    """Return one by its number; raises Missing `statement_unknown`."""
    for each in closed_statements(ledger):
        if each.number == number.upper():
            return each
    raise Missing("statement_unknown", f"Account {ledger.account.name} has no statement {number[:60]!r}.")


def closed_spans(ledger: ReadableLedger) -> list[tuple[int, int]]:
    """Start and end of each closed cycle (µs UTC), ascending."""
    return ledger.connection.execute(sql("closed_ends")).fetchall()


def insert_statement(ledger: Ledger, statement: ClosedStatement, *, sessions: Sequence[StatedSessions]) -> None:
    """Add a statement and its session lists; the caller commits."""
    fingerprints = msgspec.json.encode(statement.fingerprints, order="sorted").decode()
    values = [getattr(statement, name) for name in ClosedStatement.__annotations__][:-1]
    ledger.connection.execute(sql("insert_statement"), [*values, fingerprints])
    for each in sessions:
        execute_with(
            ledger.connection,
            sql("insert_sessions"),
            input_rows=each.rows,
            values={"statement_no": statement.statement_no, "cycle_start": each.cycle_start},
        )


def statement_sessions(ledger: ReadableLedger, statement_no: int) -> pa.Table:
    """Session list of a statement's own cycle, by meter in rating order."""
    return _sessions(ledger, statement_no, cycle_start=None, is_own=True).select(_LISTED)


def adjusted_sessions(ledger: ReadableLedger, statement_no: int, *, cycle_start: int | None = None) -> pa.Table:
    """Sessions of earlier cycles, or of one, whose charge a statement changes."""
    return _sessions(ledger, statement_no, cycle_start=cycle_start, is_own=False)


def stated_sessions(ledger: ReadableLedger, cycle_start: int) -> pa.Table:
    """Session list of a closed cycle by its statement and later adjustments."""
    return ledger.connection.sql(sql("stated_sessions"), params={"cycle_start": cycle_start}).to_arrow_table()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFunding:
    """Funding of one session by one meter, and the last statement that has it."""

    statement_no: int
    meter: int
    funding: str


def stated_funding(
    ledger: ReadableLedger, cycle_start: int, *, started_at: int, opening_key: int, policy: str
) -> list[StatedFunding]:
    """Funding of a session of a closed cycle, by meter; none: no statement has it yet."""
    values = {"cycle_start": cycle_start, "started_at": started_at, "opening_key": opening_key, "policy": policy}
    return records_of(StatedFunding, ledger.connection.execute(sql("stated_funding"), values).fetchall())


def last_numbers(ledger: ReadableLedger) -> dict[str, int]:
    """Last number of each kind of fact."""
    return dict(zip(_FACTS, row_of(ledger.connection, sql("last_numbers")), strict=True))


def changed_from_us(ledger: ReadableLedger, known: Mapping[str, int]) -> int | None:
    """Earliest instant (µs UTC) of a fact recorded after the known ones; None: none."""
    values = {name: known[name] for name in _FACTS if name != "appends"}
    at_us: int | None = row_of(ledger.connection, sql("changed_from"), values=values)[0]
    return at_us


def fingerprints(ledger: ReadableLedger, spans: Sequence[tuple[int, int]]) -> dict[str, str]:
    """Hash of the sessions of each cycle, by its start as text."""
    # One scan per cycle: those of a cycle stand together in the file, and others are skipped.
    return {
        str(start): row_of(ledger.connection, sql("fingerprint"), values={"start": start, "end": end})[0]
        for start, end in spans
    }


def session_origins(ledger: ReadableLedger, sessions: pa.Table, *, since_us: int) -> list[SessionOrigin]:
    """Origin of each session by `opening_key` and `started_at`; causes are those since an instant."""
    keys = sessions.select(["opening_key", "started_at"])
    found = table_from(ledger.connection, sql("session_origins"), input_rows=keys, values={"since": since_us})
    numbers, causes = (found.column(at).to_pylist() for at in (0, 1))
    return [
        SessionOrigin(append_no=number, causes=frozenset(map(Cause, each)))
        for number, each in zip(numbers, causes, strict=True)
    ]


def _sessions(ledger: ReadableLedger, statement_no: int, *, cycle_start: int | None, is_own: bool) -> pa.Table:
    values = {"statement_no": statement_no, "cycle_start": cycle_start, "is_own": is_own}
    return ledger.connection.sql(sql("statement_sessions"), params=values).to_arrow_table()
