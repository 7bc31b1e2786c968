"""Ready-made mapping for sampled rows."""

from collections.abc import Iterator, Mapping, Sequence

from botmeter.domain.event import REQUIRED_FIELDS
from botmeter.sources.mapping.ready_made import ReadyMadeMapping, ready_made_mappings
from botmeter.sources.suggest.columns import Column
from botmeter.sources.suggest.suggestion import FieldSuggestion

_CHECKED_FIELDS = (*REQUIRED_FIELDS, "kind")
# Fewer could be anybody's columns.
_ADDRESSES_MIN = 3
_Address = tuple[bool, tuple[str, ...]]
_Table = Mapping[str, object]


def fitting_mapping(columns: Sequence[Column], *, rows: str | None) -> ReadyMadeMapping | None:
    """Ready-made mapping whose columns and values fit."""
    by_address = {
        (column.address.is_outer, (column.address.column, *column.address.path)): column for column in columns
    }
    return next((each for each in ready_made_mappings() if _fits(each, by_address, rows=rows)), None)


def with_ready_made(fields: Sequence[FieldSuggestion], mapping: ReadyMadeMapping) -> tuple[FieldSuggestion, ...]:
    """Suggestions, replaced by those of the mapping if no worse."""
    suggested = {each.field: each for each in fields if each.field in mapping.document}
    for field, table in mapping.document.items():
        if isinstance(table, dict) and not _is_better(field, suggested, document=mapping.document):
            own = suggested.get(field)
            samples = own.samples if own and _addresses(own.location) == _addresses(table) else ()
            reason = f"As in the ready-made mapping {mapping.name}."
            suggested[field] = FieldSuggestion(field=field, location=table, reason=reason, samples=samples)
    return tuple(suggested.values())


def _is_better(field: str, suggested: Mapping[str, FieldSuggestion], *, document: _Table) -> bool:
    # Check for a format of times that was tried, or a customer where the mapping has conversations alone.
    if field not in ("occurred_at", "customer_id"):
        return False
    own = _addresses(suggested[field].location)
    if field == "occurred_at":
        return own == _addresses_of(document, field)
    is_conversation = _addresses_of(document, field) == _addresses_of(document, "conversation_id")
    return is_conversation and own != _addresses(suggested["conversation_id"].location)


def _addresses_of(document: _Table, field: str) -> list[_Address]:
    table = document.get(field)
    return _addresses(table) if isinstance(table, dict) else []


def _fits(mapping: ReadyMadeMapping, by_address: Mapping[_Address, Column], *, rows: str | None) -> bool:
    if mapping.document.get("rows") != rows:
        return False
    used = set()
    for field in _CHECKED_FIELDS:
        table = mapping.document.get(field, {})
        if not isinstance(table, dict) or not _holds(table, by_address):
            return False
        used |= set(_addresses(table))
    return len(used) >= _ADDRESSES_MIN


def _holds(table: _Table, by_address: Mapping[_Address, Column]) -> bool:
    values = table.get("values")
    meanings = values if isinstance(values, dict) else {}
    columns = [by_address.get(address) for address in _addresses(table)]
    if None in columns:
        # An empty value has a meaning too.
        return "" in meanings
    known = "otherwise" in table or set(meanings) <= {""}
    return known or all(value in meanings for column in columns if column for value in column.counts)


def _addresses(table: _Table) -> list[_Address]:
    parts = table.get("join")
    tables = parts if isinstance(parts, list) else [table]
    return [address for part in tables for address in _address(part)]


def _address(table: _Table) -> Iterator[_Address]:
    outer, column, pointer = table.get("outer"), table.get("column"), table.get("pointer")
    if outer is not None:
        yield True, _parts(str(outer))
    elif column is not None or pointer is not None:
        yield False, ((str(column),) if column is not None else ()) + _parts(str(pointer or ""))


def _parts(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
