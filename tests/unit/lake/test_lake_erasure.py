"""A customer of an account in a lake is erased at once, as in a ledger, and no file of the lake keeps it."""

import io
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileSelector
from tests.support.lake_accounts import accounts, assert_equal, send
from tests.support.lakes import random_increments
from tests.support.ledgers import NOW_US, event

from botmeter.domain.errors import Missing
from botmeter.lake.erasure import erase_customer
from botmeter.lake.record import newest_record, records
from botmeter.lake.root import LakeRoot, file_system, path_in
from botmeter.lake.verification import verify_lake
from botmeter.ledger.erase import erase
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT, Policy

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

CUSTOMER = "customer-to-erase"
OWN = [
    event(
        f"to-erase-{number}",
        f"2026-03-{1 + number:02}T10:00",
        customer_id=CUSTOMER,
        conversation_id=f"to-erase-{number // 3}",
        ticket_id="to-erase" if number % 2 else "t1",
        attributes={"test": True, "mail": "to-erase"},
    )
    for number in range(9)
]
OF_OTHERS = [
    event("other-1", "2026-03-02T11:00", customer_id="c1", conversation_id="to-erase-0"),
    event("other-2", "2026-03-03T11:00", customer_id="c2", attributes={"names": CUSTOMER}),
    event("other-3", "2026-03-04T11:00", customer_id="c2", conversation_id="v1", ticket_id="t1"),
]
REFUSED = [
    event("to-erase-0", "2026-03-01T10:00", customer_id=CUSTOMER, channel="other"),
    event("to-erase-early", "2011-03-01T10:00", customer_id=CUSTOMER),
]


@pytest.fixture(name="folder")
def owned(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        yield folder


def forget_nowhere(_name: str, _ids: ErasedIds) -> int:
    return 0


@pytest.mark.parametrize(
    ("policy", "is_in_bucket"),
    [
        (FRESHCHAT, False),
        (Policy(scope=("conversation",), idle_timeout_us=3_600_000_000, exclude=frozenset(["test"])), True),
    ],
    ids=["the default", "conversations, in a bucket"],
)
def test_an_erasure_leaves_the_tables_of_a_ledger_and_no_trace(
    folder: Folder, request: pytest.FixtureRequest, policy: Policy, *, is_in_bucket: bool
) -> None:
    root = accounts(folder, policy, lake=request.getfixturevalue("in_bucket") if is_in_bucket else None)
    pieces = random_increments(Random(8), count=120, increments=3)
    send(folder, root, *pieces[0], [*OWN[:5], *OF_OTHERS], name="first")
    send(folder, root, *pieces[1], [*OWN[5:], *REFUSED], name="second")
    in_ledger = erase(folder, "beside", customer_id=CUSTOMER)
    in_lake = erase_customer(folder, "acme", customer_id=CUSTOMER, forget=forget_nowhere, now_us=NOW_US)
    counts = (in_lake.event_count, in_lake.session_count, in_lake.conversation_count, in_lake.quarantine_count)
    assert counts == (in_ledger.event_count, in_ledger.session_count, in_ledger.conversation_count, 2)
    assert_equal(folder, pseudonyms=(in_lake.pseudonym, in_ledger.pseudonym))
    assert_no_trace(root, folder)
    assert verify_lake(root).is_clean
    with folder.ledger("acme") as ledger:
        assert verify(ledger).is_clean
    # Sent again, its events are duplicates.
    send(folder, root, *pieces[2], [*OWN, *OF_OTHERS], name="third")
    assert_equal(folder, pseudonyms=(in_lake.pseudonym, in_ledger.pseudonym))
    assert not newest_record(root).is_purge_due


def files_of(root: LakeRoot) -> dict[str, bytes]:
    """Contents of all files of a lake by their paths."""
    files = file_system(root)
    infos = files.get_file_info(FileSelector(path_in(root.uri), recursive=True))
    return {info.path: files.open_input_file(info.path).readall() for info in infos if info.is_file}


def assert_no_trace(root: LakeRoot, folder: Folder) -> None:
    files = files_of(root)
    parquet = [content for name, content in files.items() if name.endswith(".parquet")]
    assert len(parquet) > 10
    texts = [str(pq.read_table(io.BytesIO(content)).to_pylist()) for content in parquet]
    contents = [*files.values()]
    contents += [path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and "beside" not in path.name]
    texts += [content.decode(errors="replace") for content in contents]
    assert not [text for text in texts if "to-erase" in text]
    assert not [name for name in files if "/_stage/" in name]
    assert [each.record.kind for each in records(root)] == ["compact", "vacuum", "vacuum"]


def test_an_unknown_customer_of_a_lake_is_named(folder: Folder) -> None:
    root = accounts(folder, FRESHCHAT)
    before = newest_record(root)
    with pytest.raises(Missing) as refusal:
        erase_customer(folder, "acme", customer_id="nobody", forget=forget_nowhere, now_us=NOW_US)
    assert refusal.value.code == "customer_unknown"
    assert newest_record(root) == before
