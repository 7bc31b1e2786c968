"""Form of an uploaded file: format, source, table options, times and fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict

from botmeter.domain.event import FIELDS
from botmeter.domain.source import DEFAULT_SOURCE, Source
from botmeter.ledger.imports import ImportRecord
from botmeter.sources.mapping.ready_made import ready_made_mapping, ready_made_mappings
from botmeter.sources.platforms.registry import connectors
from botmeter.sources.suggest.mapping_text import text_of_document
from botmeter.sources.table_options import TABLE_KEYS
from botmeter.web.address_mapping import Document, compact
from botmeter.web.pages.imports.file_settings import FileSettings, ReadFile
from botmeter.web.pages.imports.mapping_form import (
    PATTERN,
    FieldLine,
    MenuOption,
    document_from_form,
    document_without_fields,
    field_lines,
    zones_text,
)
from botmeter.web.pages.imports.mapping_text import document_of_text
from botmeter.web.zones import zones_offered

_MAPPING: Final = "mapping"
_TIME_FORMATS: Final = {
    "iso": "Date and time, such as 2026-11-22 14:05:00+01:00",
    "epoch_s": "Seconds since 1970",
    "epoch_ms": "Milliseconds since 1970",
    "epoch_us": "Microseconds since 1970",
    "epoch_ns": "Nanoseconds since 1970",
    "excel": "Excel serial days",
    "excel_1904": "Excel serial days since 1904",
}
_ENCODINGS: Final = ("windows-1252", "iso-8859-1", "windows-1251", "utf-16-le", "shift_jis", "gb18030")
_OPTION_KEYS: Final = (*TABLE_KEYS, "rows")
_TABLES: Final = frozenset({"csv", "xlsx", "tsv"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeForm:
    """Format of times."""

    formats: tuple[MenuOption, ...]
    pattern: str
    timezone: str
    timezones: tuple[str, ...]
    zones: str
    takes_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """Form.

    Attributes:
        has_table: Has a choice of header row; with `has_sheets`, also of sheet.
        text: The mapping as a file.
    """

    formats: tuple[MenuOption, ...]
    is_mapped: bool
    has_fields: bool
    source: str
    sources: tuple[str, ...]
    bot: str
    channel: str
    has_table: bool
    has_sheets: bool
    encodings: tuple[MenuOption, ...]
    sheet: str
    header_row: str
    rows: str
    time: TimeForm
    fields: tuple[FieldLine, ...]
    rare_fields: tuple[FieldLine, ...]
    text: str
    starts: tuple[MenuOption, ...]
    suggested_start: str


def file_form(given: ReadFile, *, past: Sequence[ImportRecord], sources: Sequence[Source]) -> FileForm:
    """Build the form."""
    settings, document, suggestion = given.settings, given.document, given.suggestion
    lines = field_lines(document, suggestion)
    shown = [line for line in lines if line.is_required or line.is_set or line.field in {"bot_id", "channel"}]
    return FileForm(
        formats=tuple(_formats(settings, sources)),
        is_mapped=not settings.platform,
        has_fields=not settings.platform and suggestion is not None,
        source=settings.source,
        sources=tuple(dict.fromkeys([DEFAULT_SOURCE, *(each.name for each in sources)])),
        bot=settings.bot,
        channel=settings.channel,
        has_table=suggestion is None or suggestion.format in _TABLES,
        has_sheets=suggestion is None or suggestion.format == "xlsx" or "sheet" in document,
        encodings=_encodings(str(document.get("encoding", ""))),
        sheet=str(document.get("sheet", "")),
        header_row=str(document.get("header_row", "")),
        rows=str(document.get("rows", "")),
        time=_time_form(document.get("occurred_at", {})),
        fields=tuple(shown),
        rare_fields=tuple(line for line in lines if line not in shown),
        text=text_of_document(document),
        starts=tuple(_starts(past)),
        suggested_start=_suggested_start(given),
    )


def settings_from_form(data: QueryDict, given: ReadFile) -> FileSettings:
    """Settings of a submitted form.

    Raises:
        Refused: `mapping_invalid` for a text that is no TOML.
    """
    platform, source = _format(data, given.settings)
    settings = replace(
        given.settings,
        platform=platform,
        source=source,
        bot=data.get("bot", given.settings.bot).strip(),
        channel=data.get("channel", given.settings.channel).strip(),
    )
    others = document_without_fields(data, given.document)
    match data.get("what", ""):
        case "text":
            return replace(settings, mapping=compact(document_of_text(data.get("text", ""))))
        case "propose":
            return replace(settings, mapping=_compact({key: others[key] for key in TABLE_KEYS if key in others}))
    if platform or f"at.{FIELDS[0]}" not in data:
        # A platform's file, and one that can't be read as yet, have no fields.
        changes = {key: others.get(key) for key in _OPTION_KEYS if others.get(key) != given.document.get(key)}
        document = {key: value for key, value in {**given.settings.document, **changes}.items() if value is not None}
        return replace(settings, mapping=_compact(document)) if changes else settings
    columns = () if given.suggestion is None else given.suggestion.columns
    document = document_from_form(data, given.document, columns=columns)
    has_other_table = any(document.get(key) != given.document.get(key) for key in _OPTION_KEYS)
    if has_other_table and document_fields(document) == document_fields(given.document):
        # Other columns: what fits them is proposed again.
        document = {key: value for key, value in document.items() if key not in FIELDS}
    return replace(settings, mapping=compact(document))


def _compact(document: Document) -> str:
    return compact(document) if document else ""


def document_fields(document: Document) -> dict[str, Any]:
    """Tables of a mapping's fields."""
    return {name: dict(table) for name, table in document.items() if name in FIELDS}


def _format(data: QueryDict, before: FileSettings) -> tuple[str, str]:
    kind, _, name = data.get("format", "").partition("/")
    source = data.get("source", before.source).strip() or DEFAULT_SOURCE
    if kind == "source":
        platform, _, source = name.partition("/")
        return platform, source
    if kind == "platform":
        is_new = name != before.platform and source == before.source == DEFAULT_SOURCE
        return name, name if is_new else source
    if kind == _MAPPING:
        return "", source if source != before.platform else DEFAULT_SOURCE
    return before.platform, source


def _formats(settings: FileSettings, sources: Sequence[Source]) -> Iterator[MenuOption]:
    own = {f"source/{each.platform}/{each.name}": each for each in sources}
    chosen = f"source/{settings.platform}/{settings.source}"
    if chosen not in own:
        chosen = f"platform/{settings.platform}" if settings.platform else _MAPPING
    yield MenuOption(value=_MAPPING, label="Events, one per row or record", is_chosen=chosen == _MAPPING)
    labels = {each.platform: each for each in connectors() if not each.is_native}
    for value, source in own.items():
        if source.platform in labels:
            label = f"{labels[source.platform].label}, source {source.name}"
            yield MenuOption(value=value, label=label, is_chosen=value == chosen)
    for code, connector in labels.items():
        value = f"platform/{code}"
        yield MenuOption(value=value, label=f"{connector.label}: {connector.files}", is_chosen=value == chosen)


def _encodings(chosen: str) -> tuple[MenuOption, ...]:
    names = {"": "UTF-8, or UTF-16 with a byte order mark"} | {name: name for name in _ENCODINGS}
    if chosen:
        names.setdefault(chosen, chosen)
    return tuple(MenuOption(value=value, label=label, is_chosen=value == chosen) for value, label in names.items())


def _time_form(table: Document) -> TimeForm:
    form = str(table.get("format", "iso"))
    chosen = form if form in _TIME_FORMATS else PATTERN
    labels = {**_TIME_FORMATS, PATTERN: "Pattern"}
    zone = str(table.get("timezone", ""))
    return TimeForm(
        formats=tuple(
            MenuOption(value=value, label=label, is_chosen=value == chosen) for value, label in labels.items()
        ),
        pattern=form if chosen == PATTERN else "",
        timezone=zone,
        timezones=zones_offered(),
        zones=zones_text(table.get("zones", {})),
        takes_first=table.get("ambiguous") == "first",
    )


def _starts(past: Sequence[ImportRecord]) -> Iterator[MenuOption]:
    yield MenuOption(value="", label="Choose a mapping")
    seen: set[str] = set()
    for record in past:
        if record.mapping and record.mapping not in seen:
            seen.add(record.mapping)
            yield MenuOption(value=f"import/{record.number}", label=f"From {record.file_name}")
    for mapping in ready_made_mappings():
        yield MenuOption(value=f"ready/{mapping.name}", label=mapping.title)


def _suggested_start(given: ReadFile) -> str:
    name = None if given.suggestion is None or given.settings.mapping else given.suggestion.ready_made
    return "" if name is None else f"Proposed from the ready-made mapping of {ready_made_mapping(name).title}."
