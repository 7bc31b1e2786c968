"""Mapping files (TOML or JSON), checked before any event is read."""

import json
import tomllib
from collections.abc import Mapping as AbstractMapping
from pathlib import Path

from botmeter.domain.errors import Missing, NotAllowed, Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.clock_options import CLOCK_KEYS, clock_from_options, invalid_mapping, option_text
from botmeter.sources.mapping import FieldLocation, Mapping
from botmeter.sources.table_options import TABLE_KEYS, TableOptions, table_options_from_document

_LOCATION_KEYS = ("column", "pointer", "constant", "values", "otherwise")


def mapping_from_file(path: str | Path) -> Mapping:
    """Read a mapping file; raises `Missing` (`mapping_missing`) and `Refused` (`mapping_invalid`)."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Missing("mapping_missing", f"Mapping file {path} does not exist.") from None
    except PermissionError:
        raise NotAllowed("mapping_not_readable", f"Mapping file {path} can't be read: permission denied.") from None
    except (OSError, ValueError) as fault:
        raise invalid_mapping(f"{path} can't be read as text: {fault}") from None
    return mapping_from_document(_document(text, path))


def mapping_from_document(document: AbstractMapping[str, object]) -> Mapping:
    """Build a mapping from a parsed file; raises `Refused` (`mapping_invalid`)."""
    for name in document:
        if name not in FIELDS and name not in TABLE_KEYS:
            raise invalid_mapping(f"unknown field {name!r}; the fields are {', '.join(FIELDS)}")
    tables = {name: _table(name, value) for name, value in document.items() if name not in TABLE_KEYS}
    return Mapping(
        locations={name: _location(name, table) for name, table in tables.items()},
        clock=clock_from_options(tables.get("occurred_at", {})),
        table=_table_options(document),
    )


def _table_options(document: AbstractMapping[str, object]) -> TableOptions:
    try:
        return table_options_from_document(document)
    except Refused as fault:
        raise invalid_mapping(fault.message.removesuffix(".")) from None


def _document(text: str, path: str | Path) -> AbstractMapping[str, object]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise invalid_mapping(f"{path} is neither TOML nor JSON: {fault}") from None
    if not isinstance(document, dict):
        raise invalid_mapping(f"{path} must hold one table of fields")
    return document


def _table(name: str, value: object) -> AbstractMapping[str, object]:
    if not isinstance(value, dict):
        raise invalid_mapping(f'{name} must be a table, such as {name} = {{ column = "…" }}')
    allowed = _LOCATION_KEYS + CLOCK_KEYS if name == "occurred_at" else _LOCATION_KEYS
    for key in value:
        if key not in allowed:
            raise invalid_mapping(f"{name} has {key!r}; it can have {', '.join(allowed)}")
    return value


def _location(name: str, table: AbstractMapping[str, object]) -> FieldLocation:
    column, pointer = option_text(name, table, key="column"), option_text(name, table, key="pointer")
    if "constant" in table:
        if column is not None or pointer is not None:
            raise invalid_mapping(f"{name} has a constant and a column or pointer; use one of them")
        return FieldLocation(constant=_constant(name, table["constant"]))
    path = _parts(name, pointer)
    if column is None and path:
        column, path = path[0], path[1:]
    values = _values(name, table)
    otherwise = option_text(name, table, key="otherwise")
    if otherwise is not None and not values:
        raise invalid_mapping(f"{name} has otherwise but no values")
    return FieldLocation(column=name if column is None else column, path=path, values=values, otherwise=otherwise)


def _constant(name: str, value: object) -> object:
    if not isinstance(value, str | bool | int) or value == "":
        raise invalid_mapping(f"{name}.constant must be text that is not empty, a whole number, true or false")
    return value


def _parts(name: str, pointer: str | None) -> tuple[str, ...]:
    """Source: RFC 6901."""
    if pointer is None:
        return ()
    if not pointer.startswith("/"):
        raise invalid_mapping(f"{name}.pointer is {pointer!r}; a JSON pointer starts with /, such as /message/id")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def _values(name: str, table: AbstractMapping[str, object]) -> AbstractMapping[str, str]:
    values = table.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str | bool | int) for value in values.values()):
        raise invalid_mapping(f'{name}.values must be a table of texts, such as {{ user = "customer" }}')
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}
