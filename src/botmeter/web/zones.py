"""Selectable time zones and their abbreviations."""

from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

_REGIONS: Final = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")

# Common choices; any other zone known to the server is valid too.
_ZONES: Final = tuple(sorted(name for name in available_timezones() if name.startswith(_REGIONS)))


def zones_offered(*first: str) -> tuple[str, ...]:
    """UTC, `first`, then common time zones, each once."""
    return tuple(dict.fromkeys(("UTC", *first, *_ZONES)))


def zone_name(at: datetime) -> str:
    """Abbreviation such as `IST`, or else `UTC+05:45`."""
    name = at.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    return f"UTC{name[:3]}:{name[3:]}" if len(name) == 5 else f"UTC{name}:00"
