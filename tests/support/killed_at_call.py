"""Program for fault tests: ends at every call of an operation that changes files, as if it were killed before it.

Run as `python killed_at_call.py OPERATION TEMPLATE WORK`. Copies the folder TEMPLATE to WORK/1, WORK/2, … and runs the
operation in a process of its own for each of them, which ends before its first call, its second, and so on, until it
runs to its end. Prints the name of each call.
"""

import os
import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from botmeter.domain.account import Account
from botmeter.ledger.backup import backup, restore
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT

ACCOUNT, OTHER, CUSTOMER = "acme", "other", "customer-SECRET"
BACKUP, NEW_BACKUP = "acme.backup", "new.backup"
CALLS = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
KILLED = 9
NOW_US = 1_780_000_000_000_000


def create(folder: Folder, _: Path) -> None:
    folder.create(Account(name=OTHER), policy=FRESHCHAT, now_us=NOW_US)


def restore_over(folder: Folder, work: Path) -> None:
    restore(folder, work / BACKUP, replace=True)


def restore_beside(folder: Folder, work: Path) -> None:
    restore(folder, work / BACKUP, name=OTHER)


def back_up(folder: Folder, work: Path) -> None:
    backup(folder, ACCOUNT, path=work / NEW_BACKUP)


def erase_customer(folder: Folder, _: Path) -> None:
    erase(folder, ACCOUNT, customer_id=CUSTOMER)


OPERATIONS: dict[str, Callable[[Folder, Path], None]] = {
    each.__name__: each for each in (create, restore_over, restore_beside, back_up, erase_customer)
}


def end_before_call(number: int, *, under: Path) -> None:
    """End this process before its call with this number, from 1, of a file under the folder."""
    calls = 0

    def called(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal calls
        is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in CALLS or is_writing) and str(arguments[0]).startswith(str(under)):
            calls += 1
            if calls == number:
                os.write(1, f"{event} {os.path.relpath(str(arguments[0]), under)}\n".encode())
                os._exit(KILLED)

    sys.addaudithook(called)


def main() -> None:
    """Run the operation until it is not ended any more."""
    operation, template, works = OPERATIONS[sys.argv[1]], Path(sys.argv[2]), Path(sys.argv[3])
    for number in count(1):
        work = works / str(number)
        shutil.copytree(template, work)
        child = os.fork()
        if not child:
            with Folder.owned(work / "data", purpose="a test") as folder:
                end_before_call(number, under=work)
                operation(folder, work)
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != KILLED:
            sys.exit(status)


if __name__ == "__main__":
    main()
