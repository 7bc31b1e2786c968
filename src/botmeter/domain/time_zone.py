"""Names of time zones."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_timezone(name: str) -> bool:
    """Test for an IANA time zone."""
    # Some systems have other files beside it: the machine's own zone, and clocks that count leap seconds.
    if name in ("localtime", "posixrules") or name.startswith(("right/", "posix/")):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
