"""What `doctor` looks at of a server: its address, its people, what the system allows it, who may read its secrets."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from botmeter.cli.check import Check
from botmeter.cli.context import command_context, variable
from botmeter.cli.terminal import counted

# A connection is a descriptor, and senders keep theirs.
_DESCRIPTORS_MIN: Final = 4_096
_SECRET_FILES: Final = ("secret.key", "people.sqlite3")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def server_checks(folder: Path) -> Iterator[Check]:
    """The machine's side of a server, then the folder's."""
    yield _zones()
    yield _descriptors()
    yield _address()
    if folder.is_dir():
        yield _server()
        yield _secrets(folder)
        yield _people(folder)


def _zones() -> Check:
    try:
        ZoneInfo("Asia/Kolkata")
    except ZoneInfoNotFoundError:
        return Check(name="time zones", is_well=False, detail="there are none: install the package tzdata")
    return Check(name="time zones", is_well=True, detail=counted(len(available_timezones()), "time zone"))


def _descriptors() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= _DESCRIPTORS_MIN:
        most = "as many as are wanted" if hard == resource.RLIM_INFINITY else f"{hard:,} at once"
        return Check(name="open files", is_well=True, detail=most)
    told = f"only {hard:,} at once, one for each connection; allow {_DESCRIPTORS_MIN:,} (ulimit -Hn, LimitNOFILE)"
    return Check(name="open files", is_well=False, detail=told)


def _address() -> Check:
    said = variable("BOTMETER_URL")
    if said is None:
        return Check(name="address", is_well=True, detail="BOTMETER_URL is not set: the one that `serve` prints")
    fault = _address_fault(said)
    if fault:
        return Check(name="address", is_well=False, detail=f"BOTMETER_URL {fault}; write https://meter.example")
    parts = urlsplit(said)
    is_open = parts.scheme == "http" and parts.hostname not in _LOCAL
    open_to_all = "; without https, passwords and keys can be read on their way" if is_open else ""
    return Check(name="address", is_well=True, detail=f"{parts.scheme}://{parts.netloc}{open_to_all}")


def _address_fault(said: str) -> str:
    try:
        parts = urlsplit(said)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "can't be read"
    if parts.scheme not in {"http", "https"}:
        return "begins with neither http:// nor https://"
    if not parts.hostname or not has_port:
        return "names no host"
    if parts.username or parts.password:
        return "holds a name or a password"
    return "has more than a host" if parts.path.strip("/") or parts.query or parts.fragment else ""


def _server() -> Check:
    if command_context().folder is None:
        return Check(name="server", is_well=True, detail="none runs on this folder")
    return Check(name="server", is_well=True, detail=f"runs on this folder, process {os.getpid()}")


def _secrets(folder: Path) -> Check:
    there = [folder / name for name in _SECRET_FILES if (folder / name).exists()]
    open_ones = [file.name for file in there if file.stat().st_mode & 0o077]
    if open_ones:
        told = f"{' and '.join(open_ones)} can be read by others: chmod 600"
        return Check(name="secrets", is_well=False, detail=told)
    return Check(name="secrets", is_well=True, detail="for their owner alone" if there else "none yet")


def _people(folder: Path) -> Check:
    if not (folder / "people.sqlite3").exists() and variable("DATABASE_URL") is None:
        return Check(name="people", is_well=True, detail="nobody yet; the first `botmeter serve` makes their database")
    from botmeter.people.database import PeopleUnreachable, unapplied_count

    try:
        count = unapplied_count(folder)
    except PeopleUnreachable as problem:
        return Check(name="people", is_well=False, detail=f"their database does not answer ({problem})")
    if count:
        told = f"{counted(count, 'change')} of their tables to come, at the next start of `botmeter serve`"
        return Check(name="people", is_well=True, detail=told)
    return Check(name="people", is_well=True, detail="their database answers, its tables are up to date")
