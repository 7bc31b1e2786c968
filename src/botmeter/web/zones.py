"""Time zones to choose from, and their abbreviations."""

from datetime import datetime
from typing import Final
from zoneinfo import available_timezones

_REGIONS: Final = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Pacific/")

# What a person looks for; every other zone that the server knows can be named all the same.
_ZONES: Final = tuple(sorted(name for name in available_timezones() if name.startswith(_REGIONS)))


def zones_offered(*first: str) -> tuple[str, ...]:
    """UTC, then `first`, then the common time zones, each once."""
    return tuple(dict.fromkeys(("UTC", *first, *_ZONES)))


def zone_name(at: datetime) -> str:
    """Abbreviation of an aware instant's time zone, such as `IST`; `UTC+05:45` if it has none."""
    name = at.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    return f"UTC{name[:3]}:{name[3:]}" if len(name) == 5 else f"UTC{name}:00"
