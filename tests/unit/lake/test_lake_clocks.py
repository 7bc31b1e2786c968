"""Drivers whose clocks are wrong change no number, and vacuums by them delete nothing that a record needs."""

from pathlib import Path
from random import Random

import pytest
from tests.support.lakes import append_files, lake_meaning, made_lake, random_increments, written_files
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.table_meaning import Rows, table_meaning

from botmeter.domain.errors import Conflict, Unavailable
from botmeter.domain.instant import DAY_US
from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.record import LakeRecord, newest_record, records
from botmeter.lake.root import LakeRoot
from botmeter.lake.run import FilesOfSource, run_lake
from botmeter.lake.vacuum import vacuum
from botmeter.lake.verification import verify_lake
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from botmeter.sources.reader import SourceFile

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

SCHEDULE = [(FRESHCHAT, ALWAYS_US)]
CLOCKS_US = (NOW_US, NOW_US - 5 * DAY_US, NOW_US + 300 * DAY_US, NOW_US - DAY_US)


def given(files: list[SourceFile]) -> FilesOfSource:
    return FilesOfSource(files=files, name="s")


def numbers(root: LakeRoot, record: LakeRecord) -> dict[str, Rows]:
    """All but restatements, for which a day is over by the clock of the run."""
    return {name: rows for name, rows in lake_meaning(root, record).items() if name != "restatement"}


def test_numbers_are_those_of_a_ledger_whatever_the_clocks_of_drivers_say(tmp_path: Path) -> None:
    ledger, root = ledger_in_memory(SCHEDULE), made_lake(tmp_path / "lake", SCHEDULE)
    for number, pieces in enumerate(random_increments(Random(14), count=160, increments=len(CLOCKS_US))):
        files = written_files(tmp_path, f"{number}", *pieces)
        record = run_lake(root, given(files), engine=Here(), now_us=CLOCKS_US[number]).record
        append_files(ledger, files)
        assert numbers(root, record) == table_meaning(ledger)
    for clock_us in CLOCKS_US:
        compact(root, engine=Here(), now_us=clock_us)
        vacuum(root, now_us=clock_us)
        assert verify_lake(root).is_clean
        for each in records(root):
            assert lake_meaning(root, each.record)
    assert numbers(root, newest_record(root)) == table_meaning(ledger)


def test_a_vacuum_by_a_clock_that_is_ahead_costs_a_run_at_most_its_work(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", SCHEDULE)
    first, second = (
        written_files(tmp_path, name, *pieces)
        for name, pieces in zip("ab", random_increments(Random(15), count=80, increments=2), strict=True)
    )
    run_lake(root, given(first), engine=Here(), now_us=NOW_US)
    before = lake_meaning(root, newest_record(root))

    def vacuum_meanwhile(stage: str) -> None:
        if stage == "write":
            vacuum(root, now_us=NOW_US + 300 * DAY_US)

    with pytest.raises((Conflict, Unavailable)) as refusal:
        run_lake(root, given(second), engine=Here(), now_us=NOW_US, note=vacuum_meanwhile)
    assert refusal.value.code in {"lake_run_superseded", "lake_file_lost", "lake_storage_failed"}
    assert lake_meaning(root, newest_record(root)) == before
    again = run_lake(root, given([*first, *second]), engine=Here(), now_us=NOW_US - DAY_US)
    assert len(again.receipts) == len(second)
    assert verify_lake(root).is_clean
