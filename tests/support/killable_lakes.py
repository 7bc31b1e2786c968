"""Operations on lakes that the fault tests kill; imported once by the process from which each of them is forked."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from tests.support.lakes import random_increments, written_files
from tests.support.ledgers import ACME, NOW_US, Event, append_events, event

from botmeter.lake.compact import compact
from botmeter.lake.engine import Here
from botmeter.lake.erasure import erase_customer
from botmeter.lake.instructions import merge_customers, undo_import
from botmeter.lake.move import export_to_ledger, import_from_ledger
from botmeter.lake.root import LakeRoot
from botmeter.lake.run import FilesOfSource, run_lake
from botmeter.lake.serving import create_lake_account, follow
from botmeter.lake.vacuum import KEPT_HOURS, vacuum
from botmeter.ledger.customers import SameCustomer
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.ledger.folder import Folder
from botmeter.metering.meter import load_kernel
from botmeter.metering.policy import FRESHCHAT
from botmeter.sources.reader import SourceFile

CUSTOMER: Final = "customer-to-erase"
LATER_US: Final = NOW_US + (KEPT_HOURS + 1) * 3_600_000_000
Acknowledge = Callable[[str], None]

load_kernel()


def pieces() -> list[list[Event]]:
    """Events of each file."""
    first, second = random_increments(Random(12), count=80, increments=2)
    own = [event(f"{CUSTOMER}-{number}", f"2026-03-0{1 + number}T10:00", customer_id=CUSTOMER) for number in range(3)]
    return [[*first[0], *own], first[1], second[0], second[1]]


def root_in(folder: Path) -> LakeRoot:
    return LakeRoot.at(str(folder / "lake"))


def files_in(folder: Path) -> list[SourceFile]:
    return [SourceFile(path=str(path)) for path in sorted(folder.glob("events-*.ndjson"))]


def run_files(folder: Path, *numbers: int) -> None:
    files = [files_in(folder)[number] for number in numbers]
    run_lake(root_in(folder), FilesOfSource(files=files, name="s"), engine=Here(), now_us=NOW_US)


def create_in_lake(folder: Path) -> None:
    """Create an account in a lake that has read two of four files."""
    folder.mkdir()
    written_files(folder, "events", *pieces())
    with Folder.owned(folder / "data", purpose="a test") as owned:
        create_lake_account(owned, ACME, policy=FRESHCHAT, root=root_in(folder), now_us=NOW_US)
    run_files(folder, 0, 1)


def create_with_ledger(folder: Path) -> None:
    """Create an account with a ledger of its own."""
    folder.mkdir()
    with Folder.owned(folder / "data", purpose="a test") as owned:
        owned.create(ACME, policy=FRESHCHAT, now_us=NOW_US)
        with owned.ledger("acme") as ledger:
            append_events(ledger, *(each for piece in pieces() for each in piece))


def create_moved(folder: Path) -> None:
    """Create an account whose ledger became a lake."""
    create_with_ledger(folder)
    move_to_lake(folder, lambda _text: None)


def run_and_compact(folder: Path, acknowledge: Acknowledge) -> None:
    run_files(folder, 2, 3)
    acknowledge("run")
    compact(root_in(folder), engine=Here(), now_us=NOW_US)
    acknowledge("compact")
    vacuum(root_in(folder), now_us=LATER_US)


def instruct_and_run(folder: Path, acknowledge: Acknowledge) -> None:
    with Folder.owned(folder / "data", purpose="a test") as owned, owned.ledger("acme") as ledger:
        follow(ledger, now_us=NOW_US)
        merge_customers(ledger, [SameCustomer(customer_id="c1", alias="c2")], now_us=NOW_US)
        acknowledge("merge")
        undo_import(ledger, 2, reason="a test", now_us=NOW_US)
        acknowledge("undo")
    run_files(folder, 2, 3)


def forget_nowhere(_name: str, _ids: ErasedIds) -> int:
    return 0


def erase_from_lake(folder: Path, acknowledge: Acknowledge) -> None:
    with Folder.owned(folder / "data", purpose="a test") as owned:
        erase_customer(owned, "acme", customer_id=CUSTOMER, forget=forget_nowhere, now_us=NOW_US)
    acknowledge("erased")


def move_to_lake(folder: Path, acknowledge: Acknowledge) -> None:
    with Folder.owned(folder / "data", purpose="a test") as owned:
        import_from_ledger(owned, "acme", root=root_in(folder), now_us=NOW_US)
    acknowledge("moved")


def move_to_ledger(folder: Path, acknowledge: Acknowledge) -> None:
    with Folder.owned(folder / "data", purpose="a test") as owned:
        export_to_ledger(owned, "acme", root=root_in(folder), now_us=NOW_US)
    acknowledge("moved")
