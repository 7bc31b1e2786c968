"""Processes that race for the slots of a schedule on SQLite."""

from pathlib import Path

import pytest

from botmeter.ledger.folder import Folder
from support.racing_schedules import SLOTS, used_slots

pytestmark = pytest.mark.faults


def test_sixteen_threads_of_two_processes_use_each_slot_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Folder.owned(folder, purpose="a test"):
        pass
    assert used_slots([folder, folder]) == SLOTS
