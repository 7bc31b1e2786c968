"""What `doctor` looks at, from the machine to the accounts; here versions, the compiled kernel, the data folder."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from botmeter import __version__
from botmeter.cli.account_checks import account_checks
from botmeter.cli.check import Check
from botmeter.cli.context import variable
from botmeter.cli.data_dir import account_names, known_account
from botmeter.cli.server_checks import server_checks
from botmeter.cli.terminal import counted, size_text

_LIBRARIES = ("duckdb", "pyarrow", "numpy", "numba", "msgspec", "typer", "rich", "django", "granian")
# An import needs room for what it brings in, about twice.
_FREE_BYTES_MIN = 1_000_000_000


def checks(folder: Path, *, account: str | None) -> list[Check]:
    """Everything that was looked at, in the order from the machine to the accounts.

    Args:
        account: The only one to look at; None: all.
    """
    names = account_names(folder) if account is None else [known_account(folder, account)]
    machine = [_program(), *_libraries(), _compiled()]
    return [*machine, *_folder(folder), *server_checks(folder), *account_checks(folder, names)]


def _program() -> Check:
    return Check(
        name="botmeter",
        is_well=True,
        detail=f"{__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}",
    )


def _libraries() -> Iterator[Check]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Check(name=name, is_well=False, detail="is not installed")
    yield Check(name="libraries", is_well=True, detail=", ".join(found))


def _compiled() -> Check:
    """Whether the kernel's machine code is kept between runs; otherwise each one waits for the compiler."""
    import botmeter.metering

    asked = variable("NUMBA_CACHE_DIR")
    place = Path(asked) if asked else Path(str(botmeter.metering.__file__)).parent / "__pycache__"
    kept = list(place.rglob("kernel.*.nbi"))
    if kept:
        return Check(name="compiled kernel", is_well=True, detail=f"kept in {place}")
    if os.access(place if place.exists() else place.parent, os.W_OK):
        return Check(name="compiled kernel", is_well=True, detail=f"not compiled yet; will be kept in {place}")
    told = f"{place} can't be written: set NUMBA_CACHE_DIR to a folder that can, or every run waits for the compiler"
    return Check(name="compiled kernel", is_well=False, detail=told)


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        yield Check(name="data folder", is_well=True, detail=f"{folder} is not there yet")
        return
    is_writable = os.access(folder, os.W_OK)
    yield Check(
        name="data folder", is_well=is_writable, detail=f"{folder}" + ("" if is_writable else " can't be written")
    )
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    yield Check(name="free space", is_well=free_bytes >= _FREE_BYTES_MIN, detail=size_text(free_bytes))
    yield Check(name="accounts", is_well=True, detail=counted(len(account_names(folder)), "account"))
