"""Append of a large import while live events of the same account are appended.

The import has the queue of writers, so nothing but `live_append` commits meanwhile. Its append numbers are reserved,
and both sides insert only, except into quarantine and `meta`, which the import changes at its end. There live events
pause. If an event or an entry of quarantine came on both sides, or both numbered touchpoints, the import is rolled back
and done again during the pause. Otherwise all is as if the live events had come after it.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pyarrow as pa

from botmeter.domain.errors import BotmeterError, Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.ledger.append import Submission, append, append_within, note_in_quarantine
from botmeter.ledger.duckdb_calls import execute_with, row_of
from botmeter.ledger.known_keys import Keys, KnownKeys
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

BESIDE_FROM_BYTES = 1 << 20
"""From this size on. A smaller file takes about a second, even if it is compressed."""

LivePause = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAccess:
    """Ledger open for an import.

    Attributes:
        live_pause: No live events are appended during its `with`; None: none are at all.
    """

    ledger: Ledger
    live_pause: LivePause | None


class _Changed(Exception):
    """Live events and the import don't fit together."""


def append_import(
    access: ImportAccess, submissions: Callable[[], Sequence[Submission]], *, now_us: int
) -> list[Receipt]:
    """Append and meter files as `append`; `submissions` reads them, a second time if live events came between."""
    ledger, live_pause = access.ledger, access.live_pause
    if live_pause is None:
        return append(ledger, submissions(), now_us=now_us)
    # Most of it before the pause.
    settle(ledger, now_us=now_us)
    try:
        return _append_meanwhile(ledger, submissions(), live_pause=live_pause, now_us=now_us)
    except _Changed:
        pass
    except BotmeterError as problem:
        if not isinstance(problem.__cause__, duckdb.TransactionException):
            raise
    # A commit that fails has ended the transaction already, and so is not undone in memory.
    ledger.reload()
    with live_pause():
        return append(ledger, submissions(), now_us=now_us)


class _Since(NamedTuple):
    """Additions of live events since the import began, and the state of earlier entries of quarantine."""

    keys: Keys
    entries: pa.Table
    touchpoint_count: int
    earlier: int


class _Own(NamedTuple):
    first_append_no: int
    last_append_no: int
    keys: Keys
    touchpoint_count: int


def _append_meanwhile(
    ledger: Ledger, submissions: Sequence[Submission], *, live_pause: LivePause, now_us: int
) -> list[Receipt]:
    shared_keys = ledger.keys
    with ExitStack() as pause:
        pause.enter_context(live_pause())
        ledger.catch_up()
        settle(ledger, now_us=now_us)
        if ledger.mark is not None:
            ledger.mark.begin(ledger.connection)
        first_append_no = ledger.next_append_no()
        ledger.reserved.last = first_append_no + len(submissions) - 1
        try:
            # Live events change the row of the last commit meanwhile, so this one is not numbered.
            with ledger.transaction(is_acknowledged=False) as connection:
                # It sees no commit after this statement.
                stored_count = _touchpoint_count(connection)
                ledger.keys = shared_keys.copy(connection)
                pause.close()
                appended = append_within(ledger, submissions, now_us=now_us)
                own = _Own(
                    first_append_no=first_append_no,
                    last_append_no=ledger.reserved.last,
                    keys=_keys(connection, sql("keys_from"), values={"append_no": first_append_no}),
                    touchpoint_count=len(ledger.touchpoints) - stored_count,
                )
                pause.enter_context(live_pause())
                since = _since(connection, own, stored_count=stored_count)
                _check(connection, own, since=since)
                earlier = _earlier_entries(connection, own)
                if note_in_quarantine(ledger, appended, first_append_no=first_append_no) and earlier != since.earlier:
                    raise _Changed
                _renumber_entries(connection, own, since=since)
                # A commit that fails may be on disk all the same.
                known = shared_keys.take()
        finally:
            ledger.keys = shared_keys
        if known is not None:
            known.add(own.keys)
        shared_keys.put(known)
        ledger.catch_up()
        _acknowledge(ledger, own)
    return [each.receipt for each in appended]


def _since(connection: duckdb.DuckDBPyConnection, own: _Own, *, stored_count: int) -> _Since:
    with closing(connection.cursor()) as now:
        values = {"append_no": own.last_append_no}
        return _Since(
            keys=_keys(now, sql("arrived_keys")),
            entries=now.sql(sql("entries_after"), params=values).to_arrow_table(),
            touchpoint_count=_touchpoint_count(now) - stored_count,
            earlier=_earlier_entries(now, own),
        )


def _check(connection: duckdb.DuckDBPyConnection, own: _Own, *, since: _Since) -> None:
    """Raise `_Changed` unless the live events can come after the import."""
    if own.touchpoint_count and since.touchpoint_count:
        raise _Changed
    if len(own.keys) and KnownKeys(own.keys).suspects(since.keys).known.any():
        raise _Changed
    values = {"first": own.first_append_no, "last": own.last_append_no}
    [(is_common,)] = execute_with(
        connection, sql("has_common_entries"), input_rows=since.entries, values=values
    ).fetchall()
    if is_common:
        raise _Changed


def _renumber_entries(connection: duckdb.DuckDBPyConnection, own: _Own, *, since: _Since) -> None:
    if len(since.entries):
        values = {"first": own.first_append_no, "last": own.last_append_no, "count": len(since.entries)}
        connection.execute(sql("renumber_entries"), values)


def _acknowledge(ledger: Ledger, own: _Own) -> None:
    try:
        with ledger.transaction():
            ledger.note_receipt(own.last_append_no)
    except BotmeterError as problem:
        raise Unavailable(
            problem.code,
            "The import is stored, but the mark of its commit could not be written. Import the file again; nothing is "
            "counted twice.",
        ) from problem


def _earlier_entries(connection: duckdb.DuckDBPyConnection, own: _Own) -> int:
    # DuckDB replaces a row whose list changes, and finds no conflict if another transaction changes the old row.
    return int(row_of(connection, sql("earlier_entries"), values={"append_no": own.first_append_no})[0])


def _touchpoint_count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(row_of(connection, sql("touchpoint_count"))[0])


def _keys(connection: duckdb.DuckDBPyConnection, query: str, *, values: dict[str, int] | None = None) -> Keys:
    return connection.sql(query, params=values).to_arrow_table()["event_key"].to_numpy()
