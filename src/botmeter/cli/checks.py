"""Checks of `doctor`: versions, compiled kernel, data folder."""

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
from botmeter.cli.terminal import size_text
from botmeter.domain.text import counted

_LIBRARIES = ("duckdb", "pyarrow", "numpy", "numba", "msgspec", "typer", "rich", "django", "granian")
# An import needs about twice the size that it adds.
_FREE_BYTES_MIN = 1_000_000_000


def checks(folder: Path, *, account: str | None) -> list[Check]:
    """Run all checks, on one account or (None) on all."""
    names = account_names(folder) if account is None else [known_account(folder, account)]
    machine = [_program(), *_libraries(), _compiled()]
    return [*machine, *_folder(folder), *server_checks(folder), *account_checks(folder, names)]


def _program() -> Check:
    return Check(
        name="botmeter",
        is_ok=True,
        detail=f"{__version__} on Python {platform.python_version()}, {platform.platform(terse=True)}",
    )


def _libraries() -> Iterator[Check]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            yield Check(name=name, is_ok=False, detail="not installed")
    yield Check(name="libraries", is_ok=True, detail=", ".join(found))


def _compiled() -> Check:
    """Check for the cached kernel; without it each run compiles."""
    import botmeter.metering

    configured = variable("NUMBA_CACHE_DIR")
    cache = Path(configured) if configured else Path(str(botmeter.metering.__file__)).parent / "__pycache__"
    if list(cache.rglob("kernel.*.nbi")):
        return Check(name="compiled kernel", is_ok=True, detail=f"cached in {cache}")
    if os.access(cache if cache.exists() else cache.parent, os.W_OK):
        return Check(name="compiled kernel", is_ok=True, detail=f"not compiled yet; will be cached in {cache}")
    detail = f"{cache} is not writable, so every run compiles it again; set NUMBA_CACHE_DIR to a writable folder"
    return Check(name="compiled kernel", is_ok=False, detail=detail)


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        yield Check(name="data folder", is_ok=True, detail=f"{folder} does not exist yet")
        return
    is_writable = os.access(folder, os.W_OK)
    yield Check(name="data folder", is_ok=is_writable, detail=f"{folder}" + ("" if is_writable else " is not writable"))
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    yield Check(name="free space", is_ok=free_bytes >= _FREE_BYTES_MIN, detail=size_text(free_bytes))
    yield Check(name="accounts", is_ok=True, detail=counted(len(account_names(folder)), "account"))
