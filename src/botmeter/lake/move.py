"""Moves of an account: its ledger becomes a lake, and a lake's record an ordinary ledger.

What people decide (plans, purchases, corrections, statements) stays in the account's file both times. A move that was
killed can be repeated.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from botmeter.domain.durable_files import FILE_MODE
from botmeter.domain.errors import Conflict
from botmeter.lake.delta import LakeFile
from botmeter.lake.engine import Here
from botmeter.lake.files import repeated, write_rows
from botmeter.lake.instructed import apply_waiting
from botmeter.lake.lake_ledger import LEDGER_ROWS, keep_rows, rows_of_ledger, serve_record
from botmeter.lake.land import event_keys, key_buckets, scope_buckets, text_buckets
from botmeter.lake.record import (
    LakeRecord,
    commit_record,
    create_lake,
    is_lake,
    newest_record,
    policy_terms,
    tables_for_writing,
)
from botmeter.lake.root import LakeRoot, storage_refused
from botmeter.lake.serving import create_lake_account, follow
from botmeter.ledger.lake_account import lake_flag, set_served_record
from botmeter.ledger.partitions import SharedKey

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger

FILE_ROWS_MAX: Final = 500_000
"""Rows of a file, which are in memory together."""

# The run that the moved rows have: as those of a first one.
_RUN = 1
_BY_SCOPE = ("event", "session", "participation")
_BY_CONVERSATION = ("conversation_day", "session_ticket", "conversation_span", "conversation_ticket")


def import_from_ledger(folder: "Folder", name: str, *, root: LakeRoot, now_us: int) -> LakeRecord:
    """Write an account's events and sessions to a lake, which the account serves from then on.

    Raises:
        Conflict: `account_in_lake`, `lake_in_use`, `lake_account_differs`, `lake_run_superseded`.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    with folder.ledger(name) as ledger:
        if ledger.lake is not None:
            raise Conflict(
                "account_in_lake", f"Account {ledger.account.name} is in the lake at {ledger.lake.uri} already."
            )
        with storage_refused(root):
            record = _written(ledger, root, now_us=now_us)
        # Before the file: one too many does no harm.
        lake_flag(folder.path, ledger.account.name).touch(mode=FILE_MODE)
        with ledger.transaction(keeps_facts=True) as connection:
            set_served_record(connection, serve_record(connection, root, record=record))
            ledger.reload()
        ledger.forget_events()
    return record


def export_to_ledger(folder: "Folder", name: str, *, root: LakeRoot, now_us: int) -> LakeRecord:
    """Write the newest record of a lake to the file of its account, which leaves the lake; create it if it is missing.

    Raises:
        Conflict: `account_not_in_lake`, `lake_account_differs`.
        Missing: `lake_missing`.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    record = newest_record(root)
    if not folder.file_of(name).exists():
        account = replace(record.as_account, name=name)
        create_lake_account(folder, account, policy=record.schedule[0].policy, root=root, now_us=now_us)
    with folder.ledger(name) as ledger:
        if ledger.lake is None:
            raise Conflict(
                "account_not_in_lake", f"Account {ledger.account.name} is in no lake: it has its own events."
            )
        if ledger.lake.uri != root.uri:
            raise Conflict(
                "lake_account_differs",
                f"Account {ledger.account.name} is in the lake at {ledger.lake.uri}, not in that at {root.uri}.",
            )
        with storage_refused(root):
            apply_waiting(root, newest_record(root), engine=Here(), now_us=now_us, note=lambda _: None)
        follow(ledger, now_us=now_us)
        with ledger.transaction(keeps_facts=True):
            keep_rows(ledger.connection)
            ledger.reload()
        ledger.forget_events()
        lake_flag(folder.path, ledger.account.name).unlink(missing_ok=True)
    return newest_record(root)


def _written(ledger: "Ledger", root: LakeRoot, *, now_us: int) -> LakeRecord:
    record = _record_before(ledger, root, now_us=now_us)
    tables = tables_for_writing(root, record)
    added = _files(ledger, root, bucket_count=record.buckets)
    versions = {
        name: table.commit(added.get(name, []), removed=table.files(), now_us=now_us) for name, table in tables.items()
    }
    event_files = added.get("event", [])
    event_count = sum(file.row_count for file in event_files)
    moved = replace(
        record,
        number=record.number + 1,
        kind="import",
        recorded_at=now_us,
        run=_RUN,
        title=ledger.account.own_title or "",
        available_from=ledger.account.available_from,
        policies=policy_terms(ledger.schedule),
        versions=versions,
        next_append_no=ledger.next_append_no(),
        event_count=event_count,
        last_event_us=max((file.bounds["occurred_at"][1] for file in event_files), default=None),
    )
    commit_record(root, moved)
    return moved


def _record_before(ledger: "Ledger", root: LakeRoot, *, now_us: int) -> LakeRecord:
    if not is_lake(root):
        return create_lake(root, ledger.account, schedule=ledger.schedule, now_us=now_us)
    record = newest_record(root)
    if record.account != ledger.account.name:
        raise Conflict(
            "lake_account_differs",
            f"The lake at {root.uri} is of account {record.account}, not of {ledger.account.name}.",
        )
    # What a killed import has left is written anew, since events may have come meanwhile.
    if record.kind not in ("create", "import"):
        raise Conflict(
            "lake_in_use", f"The lake at {root.uri} has record {record.number} already. Use an empty folder."
        )
    return record


def _files(ledger: "Ledger", root: LakeRoot, *, bucket_count: int) -> Mapping[str, list[LakeFile]]:
    scope = SharedKey.of([term.policy for term in ledger.schedule]).scope
    files: dict[str, list[LakeFile]] = {}
    for table in LEDGER_ROWS:
        for rows in rows_of_ledger(ledger.connection, table, rows_max=FILE_ROWS_MAX):
            added = {"run": repeated(_RUN, len(rows))}
            if table in _BY_SCOPE:
                added["bucket"] = _scope_buckets(rows, scope, bucket_count=bucket_count)
            elif table in _BY_CONVERSATION:
                added["bucket"] = pa.array(text_buckets(rows["conversation_id"], bucket_count), pa.int32())
            if table == "event":
                added["event_key"] = event_keys(rows)
                _add(files, root, table="event_key", rows=_key_rows(added["event_key"], bucket_count=bucket_count))
            _add(files, root, table=table, rows=_with(rows, added))
    return files


def _add(files: dict[str, list[LakeFile]], root: LakeRoot, *, table: str, rows: pa.Table) -> None:
    file = write_rows(root, table, rows=rows)
    if file is not None:
        files.setdefault(table, []).append(file)


def _with(rows: pa.Table, added: Mapping[str, pa.Array]) -> pa.Table:
    for name, column in added.items():
        rows = rows.append_column(name, column)
    return rows


def _scope_buckets(rows: pa.Table, scope: tuple[str, ...], *, bucket_count: int) -> pa.Array:
    key = rows.select([name for name in rows.column_names if name.startswith("key_")])
    named = key.rename_columns([name.removeprefix("key_") for name in key.column_names])
    return pa.array(scope_buckets(named, scope, bucket_count=bucket_count), pa.int32())


def _key_rows(keys: pa.Array, *, bucket_count: int) -> pa.Table:
    buckets = key_buckets(keys.to_numpy(), bucket_count)
    rows = pa.table({"run": repeated(_RUN, len(keys)), "bucket": pa.array(buckets, pa.int32()), "event_key": keys})
    return rows.sort_by([("bucket", "ascending"), ("event_key", "ascending")])
