"""Drivers of lakes are killed in every stage: the lake is whole at its last record, and repeating finishes the work."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.support import killable_lakes
from tests.support.killable_lakes import CUSTOMER, files_in, pieces, root_in
from tests.support.lakes import append_files, lake_meaning
from tests.support.ledgers import NOW_US, append_events, ledger_in_memory
from tests.support.system_calls import Ended, KillPoint, Operation, kill_at_most, kill_points, killed_at, require_strace
from tests.support.table_meaning import Rows, whole_meaning

from botmeter.domain.errors import BotmeterError
from botmeter.lake.erasure import erase_customer
from botmeter.lake.move import export_to_ledger, import_from_ledger
from botmeter.lake.record import newest_record
from botmeter.lake.serving import follow
from botmeter.lake.verification import verify_lake
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import accounts_with_unfinished_erasures
from botmeter.ledger.unfinished_erasures import finish_erasures
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.faults

# A file that a task writes needs its folder; commits of Delta tables link or rename; vacuum and purge unlink.
CALLS = ("mkdir", "link", "linkat", "rename", "renameat2", "unlink", "unlinkat", "fsync", "pwrite64")
KILLS_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An operation, and what must be true of its folder after a kill."""

    prepare: Callable[[Path], None]
    operation: Operation
    check: Callable[[Path, Ended], None]


def meaning_of_ledger(folder: Path, *, count: int = 4) -> dict[str, Rows]:
    """Tables of a ledger that was sent the first files, two at a time as the lake was."""
    ledger = ledger_in_memory([(FRESHCHAT, ALWAYS_US)])
    for first in range(0, count, 2):
        append_files(ledger, files_in(folder)[first : first + 2])
    return whole_meaning(ledger)


def lake_of(folder: Path) -> dict[str, Rows]:
    return lake_meaning(root_in(folder), newest_record(root_in(folder)))


def account_of(folder: Path) -> dict[str, Rows]:
    with Folder.owned(folder / "data", purpose="a test") as owned, owned.ledger("acme") as ledger:
        follow(ledger, now_us=NOW_US)
        assert verify(ledger).is_clean
        return whole_meaning(ledger)


def code_of(work: Callable[[], object]) -> str | None:
    """Code of the refusal, if any."""
    try:
        work()
    except BotmeterError as problem:
        return problem.code
    return None


def check_run(folder: Path, ended: Ended) -> None:
    """Whole before or after the run; the next one finishes it."""
    known = [meaning_of_ledger(folder, count=count) for count in ([4] if ended.acknowledged else [2, 4])]
    assert lake_of(folder) in known
    assert verify_lake(root_in(folder)).is_clean
    killable_lakes.run_and_compact(folder, lambda _text: None)
    assert lake_of(folder) == meaning_of_ledger(folder)
    assert verify_lake(root_in(folder)).is_clean


def check_instructed(folder: Path, _ended: Ended) -> None:
    """Instructions are waiting, applied or not there; asked for again, they count once."""
    assert verify_lake(root_in(folder)).is_clean
    if code_of(lambda: killable_lakes.instruct_and_run(folder, lambda _text: None)):
        # Undone already.
        killable_lakes.run_files(folder, 2, 3)
    assert account_of(folder) == once["instructed"]
    assert verify_lake(root_in(folder)).is_clean


def check_erased(folder: Path, ended: Ended) -> None:
    """Whole before or after; finished as an owner of the folder does, or done again, it leaves no trace."""
    root = root_in(folder)
    assert verify_lake(root).is_clean
    with Folder.owned(folder / "data", purpose="a test") as owned:
        for name in accounts_with_unfinished_erasures(owned.path):
            finish_erasures(owned, name, forget=killable_lakes.forget_nowhere)
        code = code_of(
            lambda: erase_customer(
                owned, "acme", customer_id=CUSTOMER, forget=killable_lakes.forget_nowhere, now_us=NOW_US
            )
        )
        assert code in (["customer_unknown"] if ended.acknowledged else ["customer_unknown", None])
    assert not newest_record(root).is_purge_due
    assert len(account_of(folder)["event"]) == len(meaning_of_ledger(folder, count=2)["event"])
    files = [path for part in ("lake", "data") for path in (folder / part).rglob("*") if path.is_file()]
    texts = [str(pq.read_table(each, partitioning=None).to_pylist()) for each in files if each.suffix == ".parquet"]
    assert not [text for text in [*texts, *(str(path.read_bytes()) for path in files)] if CUSTOMER in text]
    assert verify_lake(root).is_clean


def check_in_lake(folder: Path, ended: Ended) -> None:
    """The account has its own events or serves the lake, with the same tables; repeating moves it."""
    expected = meaning_of_moved()
    assert account_of(folder) == expected
    with Folder.owned(folder / "data", purpose="a test") as owned:
        code = code_of(lambda: import_from_ledger(owned, "acme", root=root_in(folder), now_us=NOW_US))
        assert code in (["account_in_lake"] if ended.acknowledged else ["account_in_lake", None])
    assert account_of(folder) == expected
    assert verify_lake(root_in(folder)).is_clean


def check_in_ledger(folder: Path, ended: Ended) -> None:
    expected = meaning_of_moved()
    assert account_of(folder) == expected
    with Folder.owned(folder / "data", purpose="a test") as owned:
        code = code_of(lambda: export_to_ledger(owned, "acme", root=root_in(folder), now_us=NOW_US))
        assert code in (["account_not_in_lake"] if ended.acknowledged else ["account_not_in_lake", None])
    assert account_of(folder) == expected


def meaning_of_moved() -> dict[str, Rows]:
    ledger = ledger_in_memory([(FRESHCHAT, ALWAYS_US)])
    append_events(ledger, *(each for piece in pieces() for each in piece))
    return whole_meaning(ledger)


once: dict[str, dict[str, Rows]] = {}
"""Tables after an operation that nobody killed."""
CASES = {
    "run": Case(prepare=killable_lakes.create_in_lake, operation=killable_lakes.run_and_compact, check=check_run),
    "instructed": Case(
        prepare=killable_lakes.create_in_lake, operation=killable_lakes.instruct_and_run, check=check_instructed
    ),
    "erase": Case(prepare=killable_lakes.create_in_lake, operation=killable_lakes.erase_from_lake, check=check_erased),
    "into a lake": Case(
        prepare=killable_lakes.create_with_ledger, operation=killable_lakes.move_to_lake, check=check_in_lake
    ),
    "into a ledger": Case(
        prepare=killable_lakes.create_moved, operation=killable_lakes.move_to_ledger, check=check_in_ledger
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_lake_is_whole_after_each_kill_and_repeating_finishes(name: str, tmp_path: Path) -> None:
    require_strace()
    # A lake's account has its address, so all copies work at the same path.
    case, folder, template = CASES[name], tmp_path / "work", tmp_path / "template"
    case.prepare(folder)
    shutil.copytree(folder, template)
    points = kill_points(case.operation, folder, calls=CALLS)
    if name == "instructed":
        once[name] = account_of(folder)

    def is_killed_at(point: KillPoint) -> bool:
        shutil.rmtree(folder)
        shutil.copytree(template, folder)
        ended = killed_at(point, case.operation, folder=folder)
        case.check(folder, ended)
        return ended.was_killed

    kill_at_most(points, most=KILLS_MAX, is_killed_at=is_killed_at)
