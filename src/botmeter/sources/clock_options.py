"""Options of times in a mapping file."""

from collections.abc import Mapping as AbstractMapping
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from botmeter.domain.errors import Refused
from botmeter.sources.clock import EPOCH_US, Clock

CLOCK_KEYS = ("format", "timezone", "ambiguous")


def clock_from_options(table: AbstractMapping[str, object]) -> Clock:
    """Build a clock from the keys of `occurred_at`; raises `Refused` (`mapping_invalid`)."""
    form = option_text("occurred_at", table, key="format") or "iso"
    zone_name = option_text("occurred_at", table, key="timezone")
    zone = None if zone_name is None else _zone(zone_name)
    if form != "iso" and form not in EPOCH_US:
        _checked_pattern(form, zone)
    if form in EPOCH_US and zone is not None:
        raise invalid_mapping(f"occurred_at has a timezone, but {form} counts in UTC and needs none")
    return Clock(format=form, zone=zone, ambiguous=_ambiguous(table))


def _ambiguous(table: AbstractMapping[str, object]) -> Literal["refuse", "first"]:
    value = table.get("ambiguous", "refuse")
    if value == "first":
        return "first"
    if value != "refuse":
        raise invalid_mapping(f'occurred_at.ambiguous is {value!r}; it must be "refuse" or "first"')
    return "refuse"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid_mapping(f"occurred_at.timezone {name!r} is not in the IANA time zone database") from None


def _checked_pattern(pattern: str, zone: ZoneInfo | None) -> None:
    sample = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    try:
        is_whole = datetime.strptime(sample.strftime(pattern), pattern).replace(tzinfo=UTC) == sample
    except ValueError:
        is_whole = False
    if not is_whole:
        forms = ", ".join(("iso", *EPOCH_US))
        example = "a pattern of a whole time, such as %d/%m/%Y %H:%M"
        raise invalid_mapping(f"occurred_at.format is {pattern!r}; it must be {forms} or {example}")
    if zone is None and "%z" not in pattern:
        raise invalid_mapping(
            f"occurred_at.format {pattern!r} reads no offset, so it needs a timezone, such as Asia/Kolkata"
        )


def option_text(name: str, table: AbstractMapping[str, object], *, key: str) -> str | None:
    """Return a text of a field's table, or None; raises `Refused` (`mapping_invalid`)."""
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise invalid_mapping(f"{name}.{key} must be text")
    return value


def invalid_mapping(reason: str) -> Refused:
    """Refusal of a mapping file."""
    return Refused("mapping_invalid", f"Invalid mapping: {reason}.")
