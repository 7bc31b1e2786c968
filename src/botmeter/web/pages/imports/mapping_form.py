"""Form of a mapping: a menu of columns for each event field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict

from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME, REQUIRED_FIELDS
from botmeter.sources.suggest.suggestion import FieldSuggestion, SampleColumn, Suggestion
from botmeter.sources.suggest.time_formats import time_format
from botmeter.sources.times.clock_options import CLOCK_KEYS
from botmeter.web.address_mapping import Document, compact

_NO_COLUMN: Final = "Choose a column"
CONSTANT: Final = "constant"
PATTERN: Final = "pattern"
COLUMNS_MAX: Final = 120
"""In each menu; a file with more is mapped as text."""
VALUES_MAX: Final = 12
_LOCATION_KEYS: Final = ("column", "pointer", "outer", "join", "separator", "generated")
_LABELS: Final = {
    "event_id": ("Event ID", "Unique within the source, so that a repeated event is a duplicate."),
    "occurred_at": ("Time", "Shown as UTC beside the original in the preview."),
    "conversation_id": ("Conversation", "One thread of messages."),
    "customer_id": ("Customer", "The end user. Sessions are counted by customer."),
    "actor": ("Actor", "Author: customer, bot, agent or system."),
    "kind": ("Kind", "A message by default."),
    "bot_id": ("Bot ID", "Events without a bot do not count."),
    "bot_name": ("Bot name", ""),
    "bot_version": ("Bot version", ""),
    "channel": ("Channel", ""),
    "ticket_id": ("Ticket", ""),
    "ticket_type": ("Ticket type", ""),
    "preview": ("Preview", "True for test conversations."),
    "attributes": ("Attributes", "A JSON object, stored and never counted."),
}
_MEANINGS: Final = {"actor": tuple(ACTOR_BY_NAME), "kind": tuple(KIND_BY_NAME)}
_WITH_DEFAULT: Final = ("bot_id", "channel")
_SAMPLES_SHOWN: Final = 3
_SAMPLE_LENGTH_MAX: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuOption:
    """Option of a menu."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueLine:
    """Value as sent, and its meanings."""

    sent: str
    label: str
    meanings: tuple[MenuOption, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """Location of one field.

    Attributes:
        constant: Of all events.
        missing: Replaces missing values; None: not offered.
        values: Of fields with a fixed vocabulary.
        otherwise: For all other values.
    """

    field: str
    label: str
    help: str
    is_required: bool
    options: tuple[MenuOption, ...]
    constant: str
    missing: str | None
    values: tuple[ValueLine, ...]
    otherwise: tuple[MenuOption, ...]
    reason: str
    doubt: str

    @property
    def is_set(self) -> bool:
        return any(option.is_chosen and option.value for option in self.options)

    @property
    def is_missing(self) -> bool:
        return self.is_required and not self.is_set and self.options[0].label == _NO_COLUMN


def field_lines(document: Document, suggestion: Suggestion | None) -> tuple[FieldLine, ...]:
    """Build the form."""
    columns = () if suggestion is None else suggestion.columns
    suggested = {} if suggestion is None else {each.field: each for each in suggestion.fields}
    return tuple(
        _line(field, document.get(field, {}), columns=columns, proposed=suggested.get(field)) for field in FIELDS
    )


def _line(
    field: str, table: Document, *, columns: Sequence[SampleColumn], proposed: FieldSuggestion | None
) -> FieldLine:
    label, help_text = _LABELS[field]
    values = table.get("values", {})
    is_as_proposed = proposed is not None and location_of(proposed.location) == location_of(table)
    meanings = _MEANINGS.get(field)
    return FieldLine(
        field=field,
        label=label,
        help=help_text,
        is_required=field in REQUIRED_FIELDS,
        options=tuple(_options(field, table, columns=columns, proposed=proposed)),
        constant=_text(table.get(CONSTANT, "")),
        missing=str(values.get("", "")) if field in _WITH_DEFAULT and CONSTANT not in table else None,
        values=tuple(_value_lines(table, columns, meanings=meanings)) if meanings else (),
        otherwise=_choices(meanings, table.get("otherwise", ""), none="unchanged") if meanings else (),
        reason=proposed.reason if proposed is not None and is_as_proposed else "",
        doubt=_sentence(proposed.doubt, columns=columns)
        if proposed is not None and (is_as_proposed or not table)
        else "",
    )


def location_of(table: Document) -> dict[str, Any]:
    """Keys of a field's table that locate its value."""
    return {key: table[key] for key in _LOCATION_KEYS if key in table}


def _options(
    field: str, table: Document, *, columns: Sequence[SampleColumn], proposed: FieldSuggestion | None
) -> Iterator[MenuOption]:
    chosen = location_of(table)
    present = compact(chosen) if chosen else CONSTANT if CONSTANT in table else ""
    own = any(each.location.get("column") == field for each in columns)
    labels = {"": field if own else _NO_COLUMN if field in REQUIRED_FIELDS else "None"}
    labels |= {compact(location_of(each.location)): _column_label(each) for each in columns[:COLUMNS_MAX]}
    others = [chosen, {} if proposed is None else location_of(proposed.location)]
    if field == "event_id":
        others.append({"generated": True})
    for other in others:
        if other:
            labels.setdefault(compact(other), location_label(other))
    labels[CONSTANT] = "The same for all events"
    for value, label in labels.items():
        yield MenuOption(value=value, label=label, is_chosen=value == present)


def _column_label(column: SampleColumn) -> str:
    samples = ", ".join(_cut(sample) for sample in column.samples[:_SAMPLES_SHOWN])
    return f"{column.label}: {samples}" if samples else f"{column.label} (empty)"


def location_label(location: Document) -> str:
    """Short text for a location, such as `Date + Time`."""
    if "join" in location:
        return " + ".join(_text(location_label(part)) for part in location["join"])
    if "generated" in location:
        return "Generated from the row’s content"
    column, pointer = location.get("column", ""), location.get("pointer", "")
    return str(f"{column}{pointer}" or location.get("outer", "") or location.get(CONSTANT, ""))


def _value_lines(table: Document, columns: Sequence[SampleColumn], *, meanings: Sequence[str]) -> Iterator[ValueLine]:
    values = dict(table.get("values", {}))
    location = location_of(table)
    samples = next((each.samples for each in columns if location and location_of(each.location) == location), ())
    unchanged = "same as all others" if table.get("otherwise") else "unchanged"
    sent = dict.fromkeys([*values, *(sample for sample in samples if sample not in meanings)])
    for value in list(sent)[:VALUES_MAX]:
        meaning = str(values.get(value, ""))
        yield ValueLine(sent=value, label=value or "missing", meanings=_choices(meanings, meaning, none=unchanged))


def _choices(meanings: Sequence[str], chosen: object, *, none: str) -> tuple[MenuOption, ...]:
    named = [("", none), *((meaning, meaning.replace("_", " ")) for meaning in meanings)]
    if chosen and chosen not in meanings:
        named.append((str(chosen), str(chosen)))
    return tuple(MenuOption(value=value, label=label, is_chosen=value == chosen) for value, label in named)


def document_from_form(data: QueryDict, before: Document, *, columns: Sequence[SampleColumn]) -> dict[str, Any]:
    """Mapping of a submitted form; what the form doesn't show stays as before."""
    document = document_without_fields(data, before)
    for field in FIELDS:
        table = _table(field, data, before=before.get(field, {}))
        if table:
            document[field] = table
    if "occurred_at" in document:
        document["occurred_at"] = _with_format(document["occurred_at"], before.get("occurred_at", {}), columns=columns)
    return document


def document_without_fields(data: QueryDict, before: Document) -> dict[str, Any]:
    """Options of the table, and what else is no field."""
    document = {key: value for key, value in before.items() if key not in FIELDS}
    for name in ("encoding", "sheet", "rows"):
        _set(document, name, value=data.get(name, "").strip() if name in data else document.get(name, ""))
    if "header_row" in data:
        row = data.get("header_row", "").strip()
        _set(document, "header_row", value=int(row) if row.isascii() and row.isdigit() and len(row) < 7 else row)
        if document.get("header_row") == 1:
            del document["header_row"]
    return document


def _with_format(table: dict[str, Any], before: Document, *, columns: Sequence[SampleColumn]) -> dict[str, Any]:
    location = location_of(table)
    chosen = next((each for each in columns if location_of(each.location) == location), None)
    is_kept = {key: table.get(key) for key in CLOCK_KEYS} == {key: before.get(key) for key in CLOCK_KEYS}
    if location == location_of(before) or chosen is None or not is_kept:
        return table
    proposed = time_format(chosen.samples)
    return table if proposed is None else {**location, **proposed.document}


def _table(field: str, data: QueryDict, *, before: Document) -> dict[str, Any]:
    location = data.get(f"at.{field}", "")
    if location == CONSTANT:
        constant = data.get(f"constant.{field}", "").strip()
        return {CONSTANT: constant} if constant else {}
    table = _location(location)
    values = _values(field, data, before=before)
    if values and not table:
        table = {"column": field}
    _set(table, "values", value=values)
    otherwise = data.get(f"otherwise.{field}", str(before.get("otherwise", "")))
    if values:
        _set(table, "otherwise", value=otherwise)
    if field == "occurred_at" and table:
        table |= _clock(data, before=before)
    return table


def _location(value: str) -> dict[str, Any]:
    try:
        location = json.loads(value) if value else {}
    except (ValueError, RecursionError):
        return {}
    return location_of(location) if isinstance(location, dict) else {}


def _values(field: str, data: QueryDict, *, before: Document) -> dict[str, str]:
    if field in _MEANINGS:
        pairs = zip(data.getlist(f"sent.{field}"), data.getlist(f"as.{field}"), strict=False)
        return {sent: meaning for sent, meaning in pairs if meaning}
    values = dict(before.get("values", {}))
    if f"missing.{field}" in data:
        values.pop("", None)
        _set(values, "", value=data.get(f"missing.{field}", "").strip())
    return values


def _clock(data: QueryDict, *, before: Document) -> dict[str, Any]:
    form = data.get("time.format", str(before.get("format", "iso")))
    clock: dict[str, Any] = {}
    _set(
        clock,
        "format",
        value=data.get("time.pattern", "").strip() if form == PATTERN else "" if form == "iso" else form,
    )
    _set(clock, "timezone", value=data.get("time.timezone", str(before.get("timezone", ""))).strip())
    _set(clock, "ambiguous", value="first" if "time.first" in data else "")
    _set(clock, "zones", value=_zones(data.get("time.zones", "")) if "time.zones" in data else before.get("zones", {}))
    return clock


def _zones(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.replace(",", "\n").splitlines() if line.strip())
    return {word.strip(): offset.strip().strip('"') for word, _, offset in pairs}


def zones_text(zones: Mapping[str, str]) -> str:
    """Format zone words: `PST = -08:00, PDT = -07:00`."""
    return ", ".join(f"{word} = {offset}" for word, offset in zones.items())


def _set(table: dict[str, Any], key: str, *, value: object) -> None:
    if value:
        table[key] = value
    else:
        table.pop(key, None)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sentence(text: str, *, columns: Sequence[SampleColumn]) -> str:
    # The name of a column stays as it is.
    first = text[:1] if any(text.startswith(f"{each.label} ") for each in columns) else text[:1].upper()
    return text and f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"


def _cut(sample: str) -> str:
    return sample if len(sample) <= _SAMPLE_LENGTH_MAX else f"{sample[: _SAMPLE_LENGTH_MAX - 1]}…"
