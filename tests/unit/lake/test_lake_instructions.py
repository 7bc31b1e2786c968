"""Merges and undone imports of an account in a lake wait for its next run, and then count as in a ledger."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.support.lake_accounts import accounts, assert_equal, send
from tests.support.lakes import random_increments
from tests.support.ledgers import NOW_US

from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.lake import instructions
from botmeter.lake.record import newest_record
from botmeter.lake.verification import verify_lake
from botmeter.ledger.customers import SameCustomer, customer_aliases, merge_customers, unmerge_customers
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import imports
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT, Policy

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

PAIRS = [SameCustomer(customer_id="c1", alias="c2"), SameCustomer(customer_id="c1", alias="c4")]


@pytest.fixture(name="folder")
def owned(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        yield folder


@pytest.mark.parametrize(
    "policy",
    [FRESHCHAT, Policy(scope=("conversation",), idle_timeout_us=3_600_000_000)],
    ids=["the default", "conversations"],
)
def test_an_import_is_undone_by_the_next_run(folder: Folder, policy: Policy) -> None:
    root = accounts(folder, policy)
    pieces = random_increments(Random(9), count=120, increments=3)
    for number in range(2):
        send(folder, root, *pieces[number], name=f"{number}")
    with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
        undone = instructions.undo_import(acme, 3, reason="a test", now_us=NOW_US)
        assert undone.waits
        # Asked for again, it waits once.
        assert instructions.undo_import(acme, 3, reason="again", now_us=NOW_US).waits
        in_ledger = undo_import(beside, 3, reason="a test", now_us=NOW_US)
        assert (undone.event_count, undone.discarded_count, undone.later_repeats) == (
            in_ledger.event_count,
            in_ledger.discarded_count,
            in_ledger.later_repeats,
        )
        assert (undone.sessions, in_ledger.discarded_count > 0) == (None, True)
    assert [each.kind for each in newest_record(root).waiting] == ["undo"]
    send(folder, root, *pieces[2], name="third")
    assert_equal(folder)
    assert verify_lake(root).is_clean
    with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
        assert verify(acme).is_clean
        assert [(each.number, each.file_name, each.undone_for) for each in imports(acme)] == [
            (each.number, each.file_name, each.undone_for) for each in imports(beside)
        ]
        waiting = "SELECT count(*), count(discarded_at) FROM quarantine WHERE append_no = 3"
        assert acme.connection.execute(waiting).fetchall() == beside.connection.execute(waiting).fetchall()
        with pytest.raises(Conflict):
            instructions.undo_import(acme, 3, reason="a test", now_us=NOW_US)
    # What was undone can be imported again.
    send(folder, root, *pieces[1], name="1")
    assert_equal(folder)


def test_merges_wait_for_the_next_run_and_can_be_undone(folder: Folder) -> None:
    root = accounts(folder, FRESHCHAT)
    pieces = random_increments(Random(10), count=120, increments=4)
    send(folder, root, *pieces[0], name="first")
    with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
        change = instructions.merge_customers(acme, PAIRS, now_us=NOW_US)
        assert (change.waits, change.number) == (True, merge_customers(beside, PAIRS, now_us=NOW_US).number)
        assert instructions.merge_customers(acme, PAIRS, now_us=NOW_US).number is None
        with pytest.raises(Refused):
            instructions.merge_preview(acme, [SameCustomer(customer_id="c2", alias="c1")], now_us=NOW_US)
        assert customer_aliases(acme) == []
    send(folder, root, *pieces[1], name="second")
    assert_equal(folder)
    with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
        assert customer_aliases(acme) == customer_aliases(beside)
        assert instructions.unmerge_customers(acme, ["c2"], now_us=NOW_US).waits
        unmerge_customers(beside, ["c2"], now_us=NOW_US)
        with pytest.raises(Missing):
            instructions.unmerge_customers(acme, ["c2"], now_us=NOW_US)
    send(folder, root, *pieces[2], name="third")
    assert_equal(folder)
    with folder.ledger("acme") as acme, folder.ledger("beside") as beside:
        assert customer_aliases(acme) == customer_aliases(beside)
        assert verify(acme).is_clean
    assert newest_record(root).waiting == []
    assert verify_lake(root).is_clean
