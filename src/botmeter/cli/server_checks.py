"""Checks of `doctor` for a server: address, users, limits, secrets."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from botmeter.cli.check import Check
from botmeter.cli.context import command_context
from botmeter.domain.text import counted

# Each connection is a descriptor, and senders keep theirs open.
_DESCRIPTORS_MIN: Final = 4_096
_SECRET_FILES: Final = ("secret.key", "people.sqlite3")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def server_checks(folder: Path) -> Iterator[Check]:
    """Check the machine, then the data folder."""
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
        return Check(name="time zones", is_ok=False, detail="none found; install the package tzdata")
    return Check(name="time zones", is_ok=True, detail=counted(len(available_timezones()), "time zone"))


def _descriptors() -> Check:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= _DESCRIPTORS_MIN:
        most = "unlimited" if hard == resource.RLIM_INFINITY else f"{hard:,} at once"
        return Check(name="open files", is_ok=True, detail=most)
    detail = f"only {hard:,} at once, one per connection; allow {_DESCRIPTORS_MIN:,} (ulimit -Hn, LimitNOFILE)"
    return Check(name="open files", is_ok=False, detail=detail)


def _address() -> Check:
    url = command_context().settings.url
    if not url:
        return Check(
            name="address", is_ok=True, detail="BOTMETER_URL is not set; links use the address that `serve` prints"
        )
    fault = _address_fault(url)
    if fault:
        return Check(name="address", is_ok=False, detail=f"BOTMETER_URL {fault}; write https://meter.example")
    parts = urlsplit(url)
    is_open = parts.scheme == "http" and parts.hostname not in _LOCAL
    warning = "; without https, passwords and keys travel unencrypted" if is_open else ""
    return Check(name="address", is_ok=True, detail=f"{parts.scheme}://{parts.netloc}{warning}")


def _address_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"}:
        return "starts with neither http:// nor https://"
    if not parts.hostname or not has_port:
        return "has no host"
    if parts.username or parts.password:
        return "contains a user name or password"
    return "has more than a host" if parts.path.strip("/") or parts.query or parts.fragment else ""


def _server() -> Check:
    if command_context().folder is None:
        return Check(name="server", is_ok=True, detail="not running on this folder")
    return Check(name="server", is_ok=True, detail=f"running on this folder, process {os.getpid()}")


def _secrets(folder: Path) -> Check:
    existing = [folder / name for name in _SECRET_FILES if (folder / name).exists()]
    readable = [file.name for file in existing if file.stat().st_mode & 0o077]
    if readable:
        return Check(name="secrets", is_ok=False, detail=f"{' and '.join(readable)} readable by others; chmod 600")
    return Check(name="secrets", is_ok=True, detail="readable by their owner alone" if existing else "none yet")


def _people(folder: Path) -> Check:
    if not (folder / "people.sqlite3").exists() and not command_context().settings.database_url:
        return Check(
            name="people", is_ok=True, detail="no users yet; the first `botmeter serve` creates their database"
        )
    from botmeter.people.database import PeopleUnreachable, unapplied_count
    from botmeter.server.asgi import DJANGO_SETTINGS

    try:
        count = unapplied_count(folder, django_settings=DJANGO_SETTINGS)
    except PeopleUnreachable as problem:
        return Check(name="people", is_ok=False, detail=f"database of users not reachable ({problem})")
    if count:
        detail = f"{counted(count, 'pending migration')}, applied when `botmeter serve` starts"
        return Check(name="people", is_ok=True, detail=detail)
    return Check(name="people", is_ok=True, detail="database of users reachable and up to date")
