"""Options of times in a mapping file."""

from collections.abc import Mapping as AbstractMapping
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_datetime
from botmeter.domain.time_zone import is_timezone
from botmeter.domain.written_time import UTC_WORDS, offset_from_text
from botmeter.sources.times.clock import FORMATS, Clock
from botmeter.sources.times.time_numbers import EPOCH_POWERS, SERIAL_ORIGINS_US
from botmeter.sources.times.time_pattern import time_pattern

CLOCK_KEYS = ("format", "timezone", "ambiguous", "zones")


def clock_from_options(table: AbstractMapping[str, object], *, field: str = "occurred_at") -> Clock:
    """Build a clock from the keys of the field of times; raises `Refused` (`mapping_invalid`)."""
    form = option_text(field, table, key="format") or "iso"
    zone_name = option_text(field, table, key="timezone")
    zones = _zones(table, field)
    clock = Clock(
        format=form,
        zone=None if zone_name is None else _zone(zone_name, field),
        ambiguous=_ambiguous(table, field),
        zones=zones,
    )
    if form in EPOCH_POWERS and (clock.zone is not None or zones):
        option = "a timezone" if zones == {} else "zones"
        raise invalid_mapping(f"{field} has {option}, but {form} counts in UTC and needs none")
    if form in SERIAL_ORIGINS_US and (clock.zone is None or zones):
        raise invalid_mapping(f"{form} days name no zone, so {field} needs a timezone, such as UTC, and no zones")
    if form not in FORMATS:
        _check_pattern(clock, field)
    return clock


def _ambiguous(table: AbstractMapping[str, object], field: str) -> Literal["refuse", "first"]:
    value = table.get("ambiguous", "refuse")
    if value == "first":
        return "first"
    if value != "refuse":
        raise invalid_mapping(f'{field}.ambiguous is {value!r}; it must be "refuse" or "first"')
    return "refuse"


def _zone(name: str, field: str) -> ZoneInfo:
    if not is_timezone(name):
        raise invalid_mapping(f"{field}.timezone {name!r} is not in the IANA time zone database")
    return ZoneInfo(name)


def _zones(table: AbstractMapping[str, object], field: str) -> dict[str, int]:
    sent = table.get("zones", {})
    if not isinstance(sent, dict):
        raise invalid_mapping(f'{field}.zones must be a table of offsets, such as {{ PST = "-08:00" }}')
    return {word: _zone_offset(word, offset, field=field) for word, offset in sent.items()}


def _zone_offset(word: str, offset: object, *, field: str) -> int:
    if not word.isascii() or not word.replace("/", "").replace("_", "").isalpha():
        raise invalid_mapping(f"{field}.zones has {word!r}; a zone's word has letters only")
    if word.upper() in UTC_WORDS:
        raise invalid_mapping(f"{field}.zones has {word!r}, which is always UTC")
    offset_us = offset_from_text(offset) if isinstance(offset, str) else None
    if offset_us is None:
        raise invalid_mapping(f'{field}.zones.{word} is {offset!r}; it must be an offset, such as "-08:00"')
    return offset_us


def _check_pattern(clock: Clock, field: str) -> None:
    pattern = clock.format
    sample = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    try:
        is_whole = Clock(format=pattern, zone=ZoneInfo("UTC")).us(sample.strftime(pattern)) == us_from_datetime(sample)
    except (ValueError, Refused):
        is_whole = False
    if not is_whole:
        example = "a pattern of a whole time, such as %d/%m/%Y %H:%M"
        raise invalid_mapping(f"{field}.format is {pattern!r}; it must be {', '.join(FORMATS)} or {example}")
    has_zone = not {"sign", "zone_word"}.isdisjoint(time_pattern(pattern).regex.groupindex)
    if clock.zone is None and not has_zone:
        raise invalid_mapping(
            f"{field}.format {pattern!r} reads no offset, so it needs a timezone, such as Asia/Kolkata"
        )
    if clock.zones and not has_zone:
        raise invalid_mapping(f"{field} has zones, but its format {pattern!r} has no %Z or %z")


def option_text(name: str, table: AbstractMapping[str, object], *, key: str) -> str | None:
    """Text of an option, or None; raises `Refused` (`mapping_invalid`)."""
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise invalid_mapping(f"{name}.{key} must be text")
    return value


def invalid_mapping(reason: str) -> Refused:
    """Refusal of a mapping file."""
    return Refused("mapping_invalid", f"Invalid mapping: {reason}.")
