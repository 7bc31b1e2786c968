"""`doctor`."""

import os
import platform
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from typer import Exit, Option

from botmeter import __version__
from botmeter.cli import options
from botmeter.cli.command_groups import Commands, CommandWithoutCheck, examples
from botmeter.cli.context import command_context, variable
from botmeter.cli.data_dir import data_folder, existing_folder, owned_folder
from botmeter.cli.doctor_settings import Check, Fault, mail_check, report_folder_check, setting_checks
from botmeter.cli.failures import FAILED
from botmeter.cli.output import say, show_rows
from botmeter.cli.terminal import size_text
from botmeter.domain.errors import BotmeterError, with_notes
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us, text_to_the_second
from botmeter.domain.text import count_text, counted
from botmeter.ledger.folder_files import account_names, known_account, lost_accounts, readable_by_others

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.health import LedgerHealth

_LIBRARIES: Final = ("duckdb", "pyarrow", "numpy", "numba", "msgspec", "typer", "rich", "django", "granian")
# An import needs about twice the size that it adds.
_FREE_BYTES_MIN: Final = 1_000_000_000
# Each connection is a descriptor, and senders keep theirs open.
_DESCRIPTORS_MIN: Final = 4_096
# A server meters about once a second; a longer wait means a fault.
_WAIT_SECONDS_MAX: Final = 60
# Clocks synchronised over the network differ by less.
_AHEAD_SECONDS_MAX: Final = 60
# DuckDB checkpoints its log long before it is this large.
_LOG_BYTES_MAX: Final = 1_000_000_000

commands = Commands()


@commands.command(
    kind=CommandWithoutCheck,
    epilog=examples(
        ("", "botmeter doctor"),
        ("One account:", "botmeter doctor --account acme"),
        ("Accepting a ledger that was put there by hand:", "botmeter doctor --account acme --accept"),
    ),
)
def doctor(
    account: Annotated[str | None, Option("--account", "-a", metavar="NAME", help="Only this account.")] = None,
    accept: Annotated[
        bool, Option("--accept", help="Accept ledgers that lost acknowledged changes, or were replaced by hand.")
    ] = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Check the installation, the server and the accounts.

    Checks versions, the compiled kernel, the data folder and its free space, time zones, system limits,
    the settings in force, the mail server, the user database, and each account's file, quarantine and clock. The
    exit code is 1 if a check fails.
    """
    if accept:
        forgotten = _accept(existing_folder(data), account=account)
        if account is not None and forgotten:
            return
    results = list(checks(data_folder(data), account=account))
    rows = [{"check": each.name, "state": "ok" if each.is_ok else "wrong", "detail": each.detail} for each in results]
    show_rows(("check", "state", "detail"), rows, form=form)
    failed = [each for each in results if not each.is_ok]
    for each in failed if form == "table" else []:
        # The table cuts what does not fit on the screen.
        say(f"{each.name}: {each.detail}")
    if failed:
        raise Exit(FAILED)


def checks(folder: Path, *, account: str | None) -> Iterator[Check]:
    """Run all checks, on one account or (None) on all."""
    names = _names(folder, account)
    for name, check in _CHECKS.items():
        if folder.is_dir() or name not in _CHECKS_OF_FOLDER:
            yield _result(name, partial(check, folder))
    yield from setting_checks()
    if names:
        yield from _accounts(folder, names)


def _accept(folder: Path, *, account: str | None) -> list[str]:
    from botmeter.ledger.acceptance import accept

    forgotten = []
    with owned_folder(folder) as owned:
        for name in _names(folder, account):
            try:
                code = accept(owned, name)
            except BotmeterError:
                # The check of the account reports it.
                continue
            if code == "ledger_missing":
                forgotten.append(name)
                say(f"account {name}: forgotten")
            elif code is not None:
                say(f"account {name}: the present ledger is accepted")
    return forgotten


def _names(folder: Path, account: str | None) -> list[str]:
    lost = lost_accounts(folder)
    if account is None:
        return [*account_names(folder), *lost]
    return [account.lower()] if account.lower() in lost else [known_account(folder, account)]


def _result(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, is_ok=True, detail=check())
    except Fault as fault:
        return Check(name=name, is_ok=False, detail=str(fault))
    except BotmeterError as problem:
        return Check(name=name, is_ok=False, detail=with_notes(problem))


def _program(_: Path) -> str:
    return f"{__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}"


def _libraries(_: Path) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    except PackageNotFoundError as problem:
        raise Fault(f"{problem.name} is not installed") from None


def _compiled_kernel(_: Path) -> str:
    import botmeter.metering

    configured = variable("NUMBA_CACHE_DIR")
    cache = Path(configured) if configured else Path(str(botmeter.metering.__file__)).parent / "__pycache__"
    if list(cache.rglob("kernel.*.nbi")):
        return f"cached in {cache}"
    if os.access(cache if cache.exists() else cache.parent, os.W_OK):
        return f"not compiled yet; will be cached in {cache}"
    raise Fault(f"{cache} is not writable, so every run compiles it again; set NUMBA_CACHE_DIR to a writable folder")


def _data_folder(folder: Path) -> str:
    if not folder.is_dir():
        return f"{folder} does not exist yet"
    if not os.access(folder, os.W_OK):
        raise Fault(f"{folder} is not writable")
    return str(folder)


def _free_space(folder: Path) -> str:
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes < _FREE_BYTES_MIN:
        raise Fault(size_text(free_bytes))
    return size_text(free_bytes)


def _account_count(folder: Path) -> str:
    return counted(len(account_names(folder)), "account")


def _time_zones(_: Path) -> str:
    try:
        ZoneInfo("Asia/Kolkata")
    except ZoneInfoNotFoundError:
        raise Fault("none found; install the package tzdata") from None
    return counted(len(available_timezones()), "time zone")


def _open_files(_: Path) -> str:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        return "unlimited"
    if hard < _DESCRIPTORS_MIN:
        raise Fault(f"only {hard:,} at once, one per connection; allow {_DESCRIPTORS_MIN:,} (ulimit -Hn, LimitNOFILE)")
    return f"{hard:,} at once"


def _server(_: Path) -> str:
    if command_context().folder is None:
        return "not running on this folder"
    return f"running on this folder, process {os.getpid()}"


def _private_files(folder: Path) -> str:
    paths = [folder, *sorted(folder.rglob("*"))]
    open_ones = list(readable_by_others(iter(paths)))
    if open_ones:
        raise Fault(
            f"{count_text(len(open_ones))} of the files and folders in {folder} can be used by others, the first is "
            f"{open_ones[0]}; run `chmod -R go= {folder}`"
        )
    foreign = [path for path in paths if path.lstat().st_uid != os.geteuid()]
    if foreign:
        raise Fault(
            f"{count_text(len(foreign))} of the files and folders in {folder} belong to another user, the first is "
            f"{foreign[0]}; run Botmeter as one user, and give it the folder with `chown -R`"
        )
    return "readable by their owner alone"


def _people(folder: Path) -> str:
    from botmeter.people.database import PEOPLE_FILE, require_people_file, unapplied_count
    from botmeter.server.asgi import DJANGO_SETTINGS

    if not command_context().settings.database_url:
        require_people_file(folder)
        if not (folder / PEOPLE_FILE).exists():
            return "no users yet; the first `botmeter serve` creates their database"
    count = unapplied_count(folder, django_settings=DJANGO_SETTINGS)
    if count:
        return f"{counted(count, 'pending migration')}, applied when `botmeter serve` starts"
    _require_folder_id(folder)
    return "user database reachable and up to date"


def _require_folder_id(folder: Path) -> None:
    from botmeter.people.notifications.folder_ids import alerts_of_others

    others = alerts_of_others(folder, account_names(folder))
    if others:
        folder_id, count = others.most_common(1)[0]
        raise Fault(
            f"the alerts and schedules of these accounts ({count_text(count)}) belong to the data folder {folder_id}, "
            "and none to this one, so that they send nothing; if this is a restored copy of it, stop the server, write "
            f"{folder_id} into {folder / 'folder.id'}, and start it again"
        )


def _accounts(folder: Path, names: list[str]) -> Iterator[Check]:
    try:
        with owned_folder(folder) as owned:
            for name in names:
                yield _result(f"account {name}", partial(_account, owned, name))
    except BotmeterError as problem:
        yield Check(name="accounts", is_ok=False, detail=problem.message)


def _account(folder: "Folder", name: str) -> str:
    from botmeter.ledger.complete_read import read_everything
    from botmeter.ledger.health import ledger_health

    with folder.reading(name) as ledger:
        read_everything(ledger.connection)
        health = ledger_health(ledger)
    file = folder.file_of(name)
    quarantined = f", {counted(health.quarantined_count, 'event')} in quarantine" if health.quarantined_count else ""
    summary = f"{size_text(file.stat().st_size)}, file version {health.file_version}{quarantined}"
    problems = list(_problems(health, log=file.with_name(f"{file.name}.wal")))
    if problems:
        raise Fault("; ".join([summary, *problems]))
    return summary


def _problems(health: "LedgerHealth", *, log: Path) -> Iterator[str]:
    now = now_us()
    ahead_us = 0 if health.last_receipt_us is None else health.last_receipt_us - now
    if ahead_us > _AHEAD_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        last = text_to_the_second(now + ahead_us)
        yield f"last receipt is from {last}, in the future: the clock was set back or was wrong then"
    received_us = health.backlog.oldest_received_us
    waits_us = 0 if received_us is None else now - received_us
    if waits_us > _WAIT_SECONDS_MAX * MICROSECONDS_PER_SECOND:
        since = text_to_the_second(now - waits_us)
        waiting = counted(health.backlog.event_count, "live event")
        yield f"{waiting} not metered since {since}; see `logs/` in the data folder"
    if health.has_unfinished_erasure:
        yield (
            "an erasure is unfinished, so that the file can still contain the customer: make room on the disk and the "
            "user database reachable; the server, or the next command without one, finishes it"
        )
    log_bytes = log.stat().st_size if log.exists() else 0
    if log_bytes > _LOG_BYTES_MAX:
        yield f"{size_text(log_bytes)} of write-ahead log not checkpointed"


_CHECKS: Final[dict[str, Callable[[Path], str]]] = {
    "botmeter": _program,
    "libraries": _libraries,
    "compiled kernel": _compiled_kernel,
    "data folder": _data_folder,
    "free space": _free_space,
    "accounts": _account_count,
    "time zones": _time_zones,
    "open files": _open_files,
    "mail": mail_check,
    "report folder": report_folder_check,
    "server": _server,
    "private files": _private_files,
    "people": _people,
}
_CHECKS_OF_FOLDER: Final = {"free space", "accounts", "server", "private files", "people"}
"""Left out while there is no data folder."""
