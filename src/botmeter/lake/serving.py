"""Accounts in a lake: their ledgers follow the newest record.

Reading the lake's log needs the extra; questions to a ledger do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import duckdb

from botmeter.domain.errors import Conflict
from botmeter.domain.instant import DAY_US
from botmeter.lake.root import LakeRoot, is_stored, storage_refused
from botmeter.ledger.contents import write_account
from botmeter.ledger.lake_account import ServedRecord, set_served_record
from botmeter.ledger.plan_sessions import meter_plan_sessions
from botmeter.ledger.settle import buying_from_us, noting_recharge_span_after
from botmeter.metering.policy import schedule_of

if TYPE_CHECKING:
    from botmeter.domain.account import Account
    from botmeter.lake.record import LakeRecord
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.metering.policy import Policy

RECENT_US: Final = DAY_US
"""Older sessions of a record never make a plan buy, since the first record has the history."""


def create_lake_account(
    folder: "Folder", account: "Account", *, policy: "Policy", root: "LakeRoot", now_us: int
) -> "LakeRecord":
    """Create an account in a lake, and the lake unless it exists; return the record that it serves.

    Raises:
        Conflict: `account_exists`, `lake_account_differs`.
        Refused: `extra_missing`.
        Unavailable: `lake_storage_failed`.
    """
    from botmeter.lake.record import create_lake, is_lake, newest_record

    if folder.file_of(account.name).exists():
        raise Conflict("account_exists", f"Account {account.name} already exists.")
    if is_lake(root):
        record = newest_record(root)
    else:
        record = create_lake(root, account, schedule=schedule_of(policy), now_us=now_us)
    _check_account(record, account.name, root=root)
    account = replace(account, available_from=record.available_from)
    empty = ServedRecord(uri=root.uri, number=0, recorded_at=record.recorded_at)
    folder.create(account, policy=record.schedule[0].policy, now_us=now_us, lake=empty)
    with folder.ledger(account.name) as ledger:
        follow(ledger, now_us=now_us)
    return record


def follow(ledger: "Ledger", *, now_us: int) -> bool:
    """Serve the newest record of the ledger's lake; return whether it is another.

    Raises:
        Conflict: `lake_account_differs`.
        Unavailable: `lake_storage_failed`.
    """
    if ledger.lake is None:
        return False
    from botmeter.lake.lake_ledger import serve_record
    from botmeter.lake.record import newest_record

    root = LakeRoot.at(ledger.lake.uri)
    record = newest_record(root)
    if record.number == ledger.lake.number:
        return False
    _check_account(record, ledger.account.name, root=root)
    before_us = _buying_from_us(ledger, now_us=now_us)
    with (
        ledger.transaction(is_acknowledged=False, keeps_facts=True) as connection,
        noting_recharge_span_after(connection, before_us, now_us=now_us),
    ):
        if ledger.account.available_from != record.available_from:
            changed = replace(ledger.account, available_from=record.available_from)
            write_account(connection, changed, by=None, now_us=now_us)
        with storage_refused(root):
            set_served_record(connection, serve_record(connection, root, record=record))
        ledger.reload()
        meter_plan_sessions(ledger)
    return True


def _buying_from_us(ledger: "Ledger", *, now_us: int) -> int | None:
    try:
        return buying_from_us(ledger, now_us=now_us, recent_us=RECENT_US)
    except duckdb.IOException:
        # A vacuum has deleted files of the served record, which is older than what buys.
        return now_us - RECENT_US


def is_newest(served: ServedRecord) -> bool:
    """Return whether no newer record of the lake was committed; look for one file.

    Raises:
        Unavailable: `lake_storage_failed`.
    """
    root = LakeRoot.at(served.uri)
    # Record n is version n of the table, whose log is never cleaned up.
    with storage_refused(root):
        return not is_stored(root, f"runs/_delta_log/{served.number + 1:020}.json")


@contextmanager
def reading_newest(folder: "Folder", name: str, *, now_us: int) -> "Iterator[ReadableLedger]":
    """Open the account's ledger for reading, at the newest record of its lake if it is in one."""
    with folder.reading(name) as ledger:
        if ledger.lake is None or is_newest(ledger.lake):
            yield ledger
            return
    with folder.ledger(name) as writing:
        follow(writing, now_us=now_us)
    with folder.reading(name) as ledger:
        yield ledger


def _check_account(record: "LakeRecord", name: str, *, root: "LakeRoot") -> None:
    if record.account != name:
        raise Conflict("lake_account_differs", f"The lake at {root.uri} is of account {record.account}, not of {name}.")
