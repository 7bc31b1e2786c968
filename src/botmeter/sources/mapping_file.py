"""Mapping files (TOML or JSON), checked before any event is read."""

import json
import tomllib
from collections.abc import Mapping as AbstractMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from botmeter.domain.errors import Missing, NotAllowed, Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.clock import EPOCH_US, Clock
from botmeter.sources.mapping import FieldLocation, Mapping

_LOCATION_KEYS = ("column", "pointer", "constant", "values", "otherwise")
_CLOCK_KEYS = ("format", "timezone", "ambiguous")


def mapping_from_file(path: str | Path) -> Mapping:
    """Read a mapping file; raises `Missing` (`mapping_missing`) and `Refused` (`mapping_invalid`)."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Missing("mapping_missing", f"Mapping file {path} does not exist.") from None
    except PermissionError:
        raise NotAllowed("mapping_not_readable", f"Mapping file {path} can't be read: permission denied.") from None
    except (OSError, ValueError) as fault:
        raise _refused(f"{path} can't be read as text: {fault}") from None
    return mapping_from_document(_document(text, path))


def mapping_from_document(document: AbstractMapping[str, object]) -> Mapping:
    """Build a mapping from a parsed file; raises `Refused` (`mapping_invalid`)."""
    for name in document:
        if name not in FIELDS:
            raise _refused(f"unknown field {name!r}; the fields are {', '.join(FIELDS)}")
    tables = {name: _table(name, value) for name, value in document.items()}
    locations = {name: _location(name, table) for name, table in tables.items()}
    return Mapping(locations=locations, clock=_clock(tables.get("occurred_at", {})))


def _document(text: str, path: str | Path) -> AbstractMapping[str, object]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise _refused(f"{path} is neither TOML nor JSON: {fault}") from None
    if not isinstance(document, dict):
        raise _refused(f"{path} must hold one table of fields")
    return document


def _table(name: str, value: object) -> AbstractMapping[str, object]:
    if not isinstance(value, dict):
        raise _refused(f'{name} must be a table, such as {name} = {{ column = "…" }}')
    allowed = _LOCATION_KEYS + _CLOCK_KEYS if name == "occurred_at" else _LOCATION_KEYS
    for key in value:
        if key not in allowed:
            raise _refused(f"{name} has {key!r}; it can have {', '.join(allowed)}")
    return value


def _location(name: str, table: AbstractMapping[str, object]) -> FieldLocation:
    column, pointer = _text(name, table, key="column"), _text(name, table, key="pointer")
    if "constant" in table:
        if column is not None or pointer is not None:
            raise _refused(f"{name} has a constant and a column or pointer; use one of them")
        return FieldLocation(constant=_constant(name, table["constant"]))
    path = _parts(name, pointer)
    if column is None and path:
        column, path = path[0], path[1:]
    values = _values(name, table)
    otherwise = _text(name, table, key="otherwise")
    if otherwise is not None and not values:
        raise _refused(f"{name} has otherwise but no values")
    return FieldLocation(column=name if column is None else column, path=path, values=values, otherwise=otherwise)


def _text(name: str, table: AbstractMapping[str, object], *, key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise _refused(f"{name}.{key} must be text")
    return value


def _constant(name: str, value: object) -> object:
    if not isinstance(value, str | bool | int) or value == "":
        raise _refused(f"{name}.constant must be text that is not empty, a whole number, true or false")
    return value


def _parts(name: str, pointer: str | None) -> tuple[str, ...]:
    """Source: RFC 6901."""
    if pointer is None:
        return ()
    if not pointer.startswith("/"):
        raise _refused(f"{name}.pointer is {pointer!r}; a JSON pointer starts with /, such as /message/id")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def _values(name: str, table: AbstractMapping[str, object]) -> AbstractMapping[str, str]:
    values = table.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str | bool | int) for value in values.values()):
        raise _refused(f'{name}.values must be a table of texts, such as {{ user = "customer" }}')
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def _clock(table: AbstractMapping[str, object]) -> Clock:
    form = _text("occurred_at", table, key="format") or "iso"
    zone_name = _text("occurred_at", table, key="timezone")
    zone = None if zone_name is None else _zone(zone_name)
    if form != "iso" and form not in EPOCH_US:
        _checked_pattern(form, zone)
    if form in EPOCH_US and zone is not None:
        raise _refused(f"occurred_at has a timezone, but {form} counts in UTC and needs none")
    return Clock(format=form, zone=zone, ambiguous=_ambiguous(table))


def _ambiguous(table: AbstractMapping[str, object]) -> Literal["refuse", "first"]:
    value = table.get("ambiguous", "refuse")
    if value == "first":
        return "first"
    if value != "refuse":
        raise _refused(f'occurred_at.ambiguous is {value!r}; it must be "refuse" or "first"')
    return "refuse"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _refused(f"occurred_at.timezone {name!r} is not in the IANA time zone database") from None


def _checked_pattern(pattern: str, zone: ZoneInfo | None) -> None:
    sample = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    try:
        is_whole = datetime.strptime(sample.strftime(pattern), pattern).replace(tzinfo=UTC) == sample
    except ValueError:
        is_whole = False
    if not is_whole:
        forms = ", ".join(("iso", *EPOCH_US))
        example = "a pattern of a whole time, such as %d/%m/%Y %H:%M"
        raise _refused(f"occurred_at.format is {pattern!r}; it must be {forms} or {example}")
    if zone is None and "%z" not in pattern:
        raise _refused(f"occurred_at.format {pattern!r} reads no offset, so it needs a timezone, such as Asia/Kolkata")


def _refused(reason: str) -> Refused:
    return Refused("mapping_invalid", f"Invalid mapping: {reason}.")
