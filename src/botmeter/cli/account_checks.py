"""What `doctor` looks at in each account: its file, its quarantine, what waits, and the clock that wrote it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botmeter.cli.check import Check
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.terminal import counted, size_text
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us, text_to_the_second

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.health import LedgerHealth

# A server meters about every second; what waits so long has met a fault.
_WAITS_SECONDS_MAX: Final = 60
# Clocks that are kept by the network differ by less.
_AHEAD_SECONDS_MAX: Final = 60
# DuckDB folds its log into the file long before that.
_LOG_BYTES_MAX: Final = 1_000_000_000


def account_checks(folder: Path, names: Sequence[str]) -> Iterator[Check]:
    """One check for each of these accounts."""
    if not names:
        return
    try:
        with owned_folder(folder, purpose="botmeter doctor") as owned:
            for name in names:
                yield _account(owned, name)
    except BotmeterError as problem:
        yield Check(name="accounts", is_well=False, detail=problem.message)


def _account(folder: "Folder", name: str) -> Check:
    from botmeter.ledger.health import ledger_health

    try:
        with folder.ledger(name, read_only=True) as ledger:
            found = ledger_health(ledger)
        file = folder.file_of(name)
        size = size_text(file.stat().st_size)
    except BotmeterError as problem:
        return Check(name=f"account {name}", is_well=False, detail=problem.message)
    wrong = list(_wrong(found, log=file.with_name(f"{file.name}.wal")))
    quarantined = f", {counted(found.quarantined_count, 'event')} in quarantine" if found.quarantined_count else ""
    told = f"{size}, file version {found.file_version}{quarantined}"
    return Check(name=f"account {name}", is_well=not wrong, detail="; ".join([told, *wrong]))


def _wrong(found: "LedgerHealth", *, log: Path) -> Iterator[str]:
    now = now_us()
    if found.last_receipt_us is not None and found.last_receipt_us - now > _AHEAD_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        last = text_to_the_second(found.last_receipt_us)
        yield f"its last receipt is of {last}, which is still to come: the clock was set back, or was wrong then"
    waits_us = 0 if found.waiting_since_us is None else now - found.waiting_since_us
    if waits_us > _WAITS_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        since = text_to_the_second(now - waits_us)
        waiting = counted(found.waiting_count, "live event")
        yield f"{waiting} not metered since {since}; `logs/` in the data folder says why"
    log_bytes = log.stat().st_size if log.exists() else 0
    if log_bytes > _LOG_BYTES_MAX:
        yield f"{size_text(log_bytes)} of its log are not folded into its file"
