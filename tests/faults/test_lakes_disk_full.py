"""A disk that is full during a compaction or an erasure: named, nothing counts, and repeating works."""

from pathlib import Path
from random import Random

import pytest
from tests.support.lake_accounts import accounts, assert_equal, send
from tests.support.lakes import random_increments
from tests.support.ledgers import NOW_US, event
from tests.support.small_disk import fill, make_room, small_disk

from botmeter.domain.errors import Unavailable
from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.erasure import erase_customer
from botmeter.lake.record import newest_record
from botmeter.lake.root import LakeRoot
from botmeter.lake.verification import verify_lake
from botmeter.ledger.erase import erase
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.faults

CUSTOMER = "customer-to-erase"


def forget_nowhere(_name: str, _ids: ErasedIds) -> int:
    return 0


def test_a_full_disk_during_an_erasure_or_a_compaction_is_named_and_they_can_be_repeated(tmp_path: Path) -> None:
    own = [event(f"own-{number}", f"2026-03-0{1 + number}T10:00", customer_id=CUSTOMER) for number in range(4)]
    # The data folder stays writable: it is the lake's disk that is full.
    with small_disk(tmp_path) as disk, Folder.owned(tmp_path / "data", purpose="a test") as folder:
        root = accounts(folder, FRESHCHAT, lake=LakeRoot.at(str(disk / "lake")))
        send(folder, root, *random_increments(Random(17), count=60, increments=1)[0], own, name="first")
        before = newest_record(root)
        fill(disk)
        with pytest.raises(Unavailable) as refusal:
            erase_customer(folder, "acme", customer_id=CUSTOMER, forget=forget_nowhere, now_us=NOW_US)
        assert refusal.value.code == "disk_full"
        with pytest.raises(Unavailable) as refusal:
            compact(root, engine=Here(), now_us=NOW_US)
        assert refusal.value.code == "disk_full"
        assert newest_record(root) == before
        make_room(disk)
        of_lake = erase_customer(folder, "acme", customer_id=CUSTOMER, forget=forget_nowhere, now_us=NOW_US)
        of_ledger = erase(folder, "beside", customer_id=CUSTOMER)
        assert_equal(folder, pseudonyms=(of_lake.pseudonym, of_ledger.pseudonym))
        assert verify_lake(root).is_clean
