"""Unfinished erasures.

A row of `meta` holds the ids until other stores have forgotten them; a flag file saves opening all ledgers to find it.
"""

import json
from collections.abc import Callable
from contextlib import closing, suppress

import duckdb

from botmeter.domain.durable_files import durable_file, is_disk_full
from botmeter.domain.errors import Unavailable
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import erasure_flag
from botmeter.ledger.ledger_files import connected, new_ledger_draft, replace_ledger, unlink_ledger
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import UNFINISHED_ERASURES, meta_value, set_meta
from botmeter.ledger.traces import remove_traces_of

sql = statements_of(__name__)

Forget = Callable[[str, ErasedIds], int]
"""Removes a customer of an account from another store, and returns the number of changed rows; can be repeated."""


def flag_unfinished(folder: Folder, name: str) -> None:
    """Flag the account, before anything is erased.

    Raises:
        Unavailable: `disk_full`.
    """
    try:
        with durable_file(erasure_flag(folder.path, name)):
            pass
    except OSError as problem:
        reason = "The disk is full" if is_disk_full(problem) else f"The data folder can't be used: {problem.strerror}"
        raise Unavailable("disk_full", f"{reason}; nothing was erased. Try again.") from problem


def note_unfinished(connection: duckdb.DuckDBPyConnection, ids: ErasedIds) -> None:
    """Record an erasure, in its transaction."""
    noted = [*_noted(meta_value(connection, UNFINISHED_ERASURES)), ids]
    set_meta(connection, UNFINISHED_ERASURES, value=json.dumps([each.to_json() for each in noted]))


def finish_erasures(folder: Folder, name: str, *, forget: Forget) -> None:
    """Finish the account's erasures, if any.

    Raises:
        Unavailable: `erase_unfinished`; the ids are still recorded.
    """
    while (record := _record(folder, name)) is not None:
        for ids in _noted(record):
            forget(name, ids)
            remove_traces_of(ids, folder=folder.path)
        if _is_rewritten(folder, name, record=record):
            break
    with suppress(OSError):
        erasure_flag(folder.path, name).unlink()


def _record(folder: Folder, name: str) -> str | None:
    with folder.reading(name) as ledger:
        return meta_value(ledger.connection, UNFINISHED_ERASURES)


def _noted(record: str | None) -> list[ErasedIds]:
    # Before erasures were recorded with their ids, the value was `yes`.
    return [] if record in {None, "yes"} else [ErasedIds.from_json(each) for each in json.loads(str(record))]


def _is_rewritten(folder: Folder, name: str, *, record: str) -> bool:
    file, draft = folder.file_of(name), new_ledger_draft(folder.path)
    try:
        with folder.exclusively(name):
            with closing(connected(draft, folder=folder.path)) as connection:
                connection.execute(sql("old_file", file=str(file).replace("'", "''")))
                if row_of(connection, sql("old_meta"), values={"name": UNFINISHED_ERASURES})[0] != record:
                    return False
                _copy_without_record(connection)
            replace_ledger(draft, file, folder=folder.path)
    except (duckdb.Error, OSError, Unavailable) as problem:
        raise Unavailable(
            "erase_unfinished",
            f"The identifiers are removed from the tables of account {name}, but its file could not be rewritten and "
            "can still contain them. Make room on the disk: the server, or the next command without one, finishes "
            f"the erasure. The reason: {str(problem).splitlines()[0][:200]}",
        ) from problem
    finally:
        with suppress(OSError):
            unlink_ledger(draft)
    return True


def _copy_without_record(connection: duckdb.DuckDBPyConnection) -> None:
    # Copy row by row: a row that is deleted afterwards would stay in a free page.
    connection.execute(sql("new_tables", into=row_of(connection, sql("present_database"))[0]))
    connection.execute(sql("insert_meta"), {"without": UNFINISHED_ERASURES})
    for (table,) in connection.execute(sql("other_tables")).fetchall():
        connection.execute(sql("insert_rows", table=table))
    connection.execute(sql("detach_old_file"))
