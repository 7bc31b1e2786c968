"""Checks of `doctor` on each account."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from botmeter.cli.check import Check
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.terminal import size_text
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us, text_to_the_second
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.health import LedgerHealth

# A server meters about once a second; a longer wait means a fault.
_WAIT_SECONDS_MAX: Final = 60
# Clocks synchronised over the network differ by less.
_AHEAD_SECONDS_MAX: Final = 60
# DuckDB checkpoints its log long before it is this large.
_LOG_BYTES_MAX: Final = 1_000_000_000


def account_checks(folder: Path, names: Sequence[str]) -> Iterator[Check]:
    """Check each account."""
    if not names:
        return
    try:
        with owned_folder(folder, purpose="botmeter doctor") as owned:
            for name in names:
                yield _account(owned, name)
    except BotmeterError as problem:
        yield Check(name="accounts", is_ok=False, detail=problem.message)


def _account(folder: "Folder", name: str) -> Check:
    from botmeter.ledger.health import ledger_health

    try:
        with folder.reading(name) as ledger:
            health = ledger_health(ledger)
        file = folder.file_of(name)
        size = size_text(file.stat().st_size)
    except BotmeterError as problem:
        return Check(name=f"account {name}", is_ok=False, detail=problem.message)
    problems = list(_problems(health, log=file.with_name(f"{file.name}.wal")))
    quarantined = f", {counted(health.quarantined_count, 'event')} in quarantine" if health.quarantined_count else ""
    summary = f"{size}, file version {health.file_version}{quarantined}"
    return Check(name=f"account {name}", is_ok=not problems, detail="; ".join([summary, *problems]))


def _problems(health: "LedgerHealth", *, log: Path) -> Iterator[str]:
    now = now_us()
    ahead_us = 0 if health.last_receipt_us is None else health.last_receipt_us - now
    if ahead_us > _AHEAD_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        last = text_to_the_second(now + ahead_us)
        yield f"last receipt is from {last}, in the future: the clock was set back or was wrong then"
    waits_us = 0 if health.waiting_since_us is None else now - health.waiting_since_us
    if waits_us > _WAIT_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        since = text_to_the_second(now - waits_us)
        waiting = counted(health.waiting_count, "live event")
        yield f"{waiting} not metered since {since}; see `logs/` in the data folder"
    log_bytes = log.stat().st_size if log.exists() else 0
    if log_bytes > _LOG_BYTES_MAX:
        yield f"{size_text(log_bytes)} of write-ahead log not checkpointed"
