"""Mapping files (TOML or JSON), checked before any event is read."""

import json
import tomllib
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from botmeter.domain.errors import Missing, NotAllowed, Refused
from botmeter.sources.json_text.pointer import Path, parts_of, pointer_of
from botmeter.sources.mapping.mapping import FieldLocation, Mapping
from botmeter.sources.mapping.record_shape import EVENTS, RecordShape
from botmeter.sources.table_options import TABLE_KEYS, TableOptions, table_options_from_document
from botmeter.sources.times.clock_options import CLOCK_KEYS, clock_from_options, invalid_mapping, option_text

_PART_KEYS = ("column", "pointer", "outer", "constant", "values", "otherwise")
_LOCATION_KEYS = (*_PART_KEYS, "join", "separator")
_VALUE_KEYS = ("column", "pointer", "outer", "constant", "join", "generated")


def mapping_from_file(path: str | FilePath, *, shape: RecordShape = EVENTS) -> Mapping:
    """Read a mapping file; raises `Missing` (`mapping_missing`) and `Refused` (`mapping_invalid`)."""
    try:
        text = FilePath(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Missing("mapping_missing", f"Mapping file {path} does not exist.") from None
    except PermissionError:
        raise NotAllowed("mapping_not_readable", f"Mapping file {path} can't be read: permission denied.") from None
    except (OSError, ValueError) as fault:
        raise invalid_mapping(f"{path} can't be read as text: {fault}") from None
    return mapping_from_document(_document(text, path), shape=shape)


def mapping_from_document(document: AbstractMapping[str, object], *, shape: RecordShape = EVENTS) -> Mapping:
    """Build a mapping from a parsed file; raises `Refused` (`mapping_invalid`)."""
    for name in document:
        if name not in shape.fields and name not in ("rows", *TABLE_KEYS):
            raise invalid_mapping(f"unknown field {name!r}; the fields are {', '.join(shape.fields)}")
    rows = _rows(document.get("rows"))
    tables = {name: _table(name, value, shape=shape) for name, value in document.items() if name in shape.fields}
    return Mapping(
        locations={name: _location(name, table, rows=rows) for name, table in tables.items()},
        clock=clock_from_options(tables.get(shape.time, {}), field=shape.time),
        rows=rows,
        table=_table_options(document),
        decimal_mark=next((_decimal_mark(name, tables[name]) for name in shape.numbers if name in tables), ""),
        shape=shape,
    )


def _document(text: str, path: str | FilePath) -> AbstractMapping[str, object]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise invalid_mapping(f"{path} is neither TOML nor JSON: {fault}") from None
    if not isinstance(document, dict):
        raise invalid_mapping(f"{path} must hold one table of fields")
    return document


def _table_options(document: AbstractMapping[str, object]) -> TableOptions:
    try:
        return table_options_from_document(document)
    except Refused as fault:
        raise invalid_mapping(fault.message.removesuffix(".")) from None


def _rows(value: object) -> Path:
    if value is None:
        return ()
    if not isinstance(value, str) or not value.startswith("/") or not value.endswith("/*"):
        raise invalid_mapping(f"rows is {value!r}; it must be a JSON pointer to each record, such as /messages/*")
    return parts_of(value)


def _table(name: str, value: object, *, shape: RecordShape) -> AbstractMapping[str, object]:
    allowed = {shape.time: _LOCATION_KEYS + CLOCK_KEYS, "event_id": (*_LOCATION_KEYS, "generated")}
    allowed |= dict.fromkeys(shape.numbers, (*_LOCATION_KEYS, "decimal"))
    return _checked_table(name, value, allowed=allowed.get(name, _LOCATION_KEYS))


def _decimal_mark(name: str, table: AbstractMapping[str, object]) -> str:
    mark = option_text(name, table, key="decimal")
    if mark not in (None, ".", ","):
        raise invalid_mapping(f'{name}.decimal is {mark!r}; it must be "." or ","')
    return mark or ""


def _checked_table(name: str, value: object, *, allowed: Sequence[str]) -> AbstractMapping[str, object]:
    if not isinstance(value, dict):
        raise invalid_mapping(f'{name} must be a table, such as {name} = {{ column = "…" }}')
    for key in value:
        if key not in allowed:
            raise invalid_mapping(f"{name} has {key!r}; it can have {', '.join(allowed)}")
    return value


def _location(name: str, table: AbstractMapping[str, object], *, rows: Path) -> FieldLocation:
    key = _location_key(name, table)
    if key == "constant":
        return FieldLocation(constant=_constant(name, table["constant"]))
    if key == "generated":
        if table["generated"] is not True:
            raise invalid_mapping(f"{name}.generated must be true, or left out")
        return FieldLocation(is_generated=True)
    values = _values(name, table)
    otherwise = option_text(name, table, key="otherwise")
    if otherwise is not None and not values:
        raise invalid_mapping(f"{name} has otherwise but no values")
    location = _joined(name, table, rows=rows) if key == "join" else _value_location(name, table, rows=rows)
    return replace(location, values=values, otherwise=otherwise)


def _location_key(name: str, table: AbstractMapping[str, object]) -> str:
    keys = [key for key in _VALUE_KEYS if key in table and not (key == "pointer" and "column" in table)]
    if len(keys) > 1:
        raise invalid_mapping(f"{name} has {' and '.join(keys)}; use one of them")
    if "separator" in table and "join" not in table:
        raise invalid_mapping(f"{name} has a separator but no join")
    return keys[0] if keys else "column"


def _value_location(name: str, table: AbstractMapping[str, object], *, rows: Path) -> FieldLocation:
    if "outer" in table:
        return _outer(name, _parts(name, table, key="outer"), rows=rows)
    column, path = option_text(name, table, key="column"), _parts(name, table, key="pointer")
    if column is None and path:
        column, path = path[0], path[1:]
    return FieldLocation(column=name if column is None else column, path=path)


def _outer(name: str, path: Path, *, rows: Path) -> FieldLocation:
    if not rows:
        raise invalid_mapping(f"{name} has outer, but the mapping has no rows; use pointer")
    end = len(path) - path[::-1].index("*") if "*" in path else 0
    if path[:end] != rows[:end]:
        raise invalid_mapping(
            f"{name}.outer is {pointer_of(path)!r}; up to its last * it must be the beginning of {pointer_of(rows)!r}"
        )
    if end == len(path):
        raise invalid_mapping(f"{name}.outer is {pointer_of(path)!r}; it must name a value, such as /chats/*/id")
    return FieldLocation(column=path[end], path=path[end + 1 :], level=path[:end].count("*"))


def _joined(name: str, table: AbstractMapping[str, object], *, rows: Path) -> FieldLocation:
    parts = table["join"]
    if not isinstance(parts, list) or len(parts) < 2:
        example = '[{ column = "chat" }, { column = "turn" }]'
        raise invalid_mapping(f"{name}.join must be a list of two tables or more, such as {example}")
    separator = option_text(name, table, key="separator")
    tables = [_checked_table(f"{name}.join[{number}]", part, allowed=_PART_KEYS) for number, part in enumerate(parts)]
    for number, part in enumerate(tables):
        if not any(key in part for key in _VALUE_KEYS):
            raise invalid_mapping(f"{name}.join[{number}] needs a column, a pointer, an outer or a constant")
    join = tuple(_location(f"{name}.join[{number}]", part, rows=rows) for number, part in enumerate(tables))
    return FieldLocation(join=join, separator=":" if separator is None else separator)


def _constant(name: str, value: object) -> object:
    if not isinstance(value, str | bool | int) or value == "":
        raise invalid_mapping(f"{name}.constant must be text that is not empty, a whole number, true or false")
    return value


def _parts(name: str, table: AbstractMapping[str, object], *, key: str) -> Path:
    pointer = option_text(name, table, key=key)
    if pointer is None:
        return ()
    if not pointer.startswith("/"):
        raise invalid_mapping(f"{name}.{key} is {pointer!r}; a JSON pointer starts with /, such as /message/id")
    return parts_of(pointer)


def _values(name: str, table: AbstractMapping[str, object]) -> AbstractMapping[str, str]:
    values = table.get("values", {})
    if not isinstance(values, dict) or not all(isinstance(value, str | bool | int) for value in values.values()):
        raise invalid_mapping(f'{name}.values must be a table of texts, such as {{ user = "customer" }}')
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}
