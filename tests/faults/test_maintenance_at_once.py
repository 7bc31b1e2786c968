"""Maintenance operations at the same time: each account keeps its own events."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.ledgers import event, filled_account

from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.verify import verify

pytestmark = pytest.mark.faults


def test_restoring_and_erasing_at_the_same_time_mix_up_no_accounts(tmp_path: Path) -> None:
    # An account of this name once had the draft of every restored one.
    name, customers = "restored", [f"c{number}" for number in range(6)]
    with Folder.owned(tmp_path / "data", purpose="a test") as folder, closing(OpenLedgers(folder)) as opened:
        filled_account(folder, "acme", events=[event("e1", "2026-03-10T10:00")])
        backup(folder, "acme", path=tmp_path / "acme.backup")
        filled_account(folder, name, events=[event(each, "2026-03-10T10:00", customer_id=each) for each in customers])
        shared = SharedFolder(opened)
        with ThreadPoolExecutor(max_workers=2) as threads:
            erased = threads.submit(lambda: [erase(shared, name, customer_id=each) for each in customers])
            restored = threads.submit(
                lambda: [restore(shared, tmp_path / "acme.backup", name=f"copy{number}") for number in range(6)]
            )
            assert (len(erased.result()), len(restored.result())) == (6, 6)
        assert len(event_ids(shared, name)) == len(customers)
        assert all(event_ids(shared, f"copy{number}") == {"e1"} for number in range(6))


def event_ids(folder: Folder, name: str) -> set[str]:
    with folder.ledger(name) as ledger:
        assert verify(ledger).is_clean
        return {event_id for (event_id,) in ledger.connection.execute("SELECT event_id FROM event").fetchall()}
