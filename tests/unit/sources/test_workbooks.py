"""Workbooks: cells as they are shown, sheets by name, and nothing that fills the memory."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from tests.support.workbooks import rewritten, workbook, workbook_of_sheets
from tests.unit.sources.conftest import Read

from botmeter.domain.errors import BotmeterError, Missing, Refused, TooMuch
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables import workbook as reading
from botmeter.sources.tables import workbook_file

HEADER = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor", "bot_name")
SENT = "2026-03-01T10:00:00Z"


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - a workbook names no zone


def row(event_id: object = "m1", sent: object = SENT, *, name: object = "Bot") -> tuple[object, ...]:
    return (event_id, sent, "c1", "u1", "customer", name)


def local(**clock: Any) -> Any:
    return mapping_from_document({"occurred_at": {"timezone": "Europe/Berlin", **clock}})


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
@pytest.mark.parametrize("clock", [{}, {"format": "%d.%m.%Y %H:%M"}], ids=["iso", "pattern"])
def test_dates_become_times_in_the_zone_of_the_mapping_whatever_the_format_of_texts(
    read: Read, options: dict[str, Any], clock: dict[str, str]
) -> None:
    sent = [
        at(2026, 3, 1, 10, 20, 10),
        at(2026, 3, 1, 23, 59, 59, 999000),
        at(2026, 7, 1, 0, 0, 0, 1000),
        date(2026, 7, 1),
        at(2026, 3, 1, 16, 47, 59, 123000),
    ]
    rows = [row(f"m{number}", moment) for number, moment in enumerate(sent)]
    text = "01.03.2026 10:00" if clock else "2026-03-01T10:00:00"
    outcome = read(workbook(HEADER, *rows, row("text", text), **options), mapping=local(**clock))
    assert outcome.rejections == []
    times = {each["event_id"]: datetime.fromtimestamp(each["occurred_at"] / 1e6, UTC) for each in outcome.events}
    assert [times[f"m{number}"].strftime("%m-%d %H:%M:%S.%f") for number in range(len(sent))] == [
        "03-01 09:20:10.000000",
        "03-01 22:59:59.999000",
        "06-30 22:00:00.001000",
        "06-30 22:00:00.000000",
        "03-01 15:47:59.123000",
    ]
    assert times["text"].hour == 9


def test_a_date_without_a_zone_is_refused(read: Read) -> None:
    assert read(workbook(HEADER, row(sent=at(2026, 3, 1, 10)))).codes == [(0, "time_without_offset")]


def test_a_local_time_that_does_not_exist_is_refused_in_a_date_as_in_a_text(read: Read) -> None:
    rows = [row(sent=at(2026, 3, 29, 2, 30)), row(sent=at(2026, 10, 25, 2, 30))]
    assert read(workbook(HEADER, *rows), mapping=local()).codes == [(0, "time_nonexistent"), (1, "time_ambiguous")]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a\tb\n", " a\tb\n"),
        ("_x0041_", "_x0041_"),
        ("\ufffd 👩🏽‍🚀 \u200f", "\ufffd 👩🏽‍🚀 \u200f"),
        ("007", "007"),
        ("123.0", "123.0"),
        (123, "123"),
        (-0.5, "-0.5"),
        (1e-05, "0.00001"),
        (46082.4375, "46082.4375"),
        (True, "true"),
        (date(2026, 3, 1), "2026-03-01"),
        (at(2026, 3, 1, 10, 0, 0), "2026-03-01T10:00:00"),
        (time(10, 0, 1), "10:00:01"),
        (None, None),
    ],
)
def test_cells_are_texts_as_they_are_written(read: Read, cell: object, text: str | None) -> None:
    (result,) = read(workbook(HEADER, row(name=cell))).events
    assert result["bot_name"] == text


def test_the_first_visible_sheet_is_read_and_the_others_are_named(read: Read) -> None:
    sheets = {".Hidden": [HEADER, row("hidden")], "A & B": [HEADER, row("a")], "Z": [HEADER, row("z")]}
    content = workbook_of_sheets(sheets)
    outcome = read(content)
    assert outcome.ids == ["a"]
    assert any("Only sheet 'A & B' of" in note and note.endswith("other sheets: Z.") for note in outcome.notes)
    for name, event_id in {"Z": "z", "Hidden": "hidden", "A & B": "a"}.items():
        named = read(content, table=TableOptions(sheet=name))
        assert (named.ids, named.notes) == ([event_id], [])
    with pytest.raises(Missing, match="has no sheet 'Q'; its sheets are Hidden, A & B, Z") as refused:
        read(content, table=TableOptions(sheet="Q"))
    assert refused.value.code == "sheet_missing"


def test_a_workbook_is_read_in_blocks_from_gzip_too(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_MAX", 10)
    content = workbook(HEADER, *(row(f"m{number}") for number in range(35)))
    outcome = read(gzip.compress(content))
    assert (len(outcome.ids), outcome.positions) == (35, list(range(35)))
    assert [size for size in outcome.batch_sizes if size] == [10, 10, 10, 5]


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "format_unknown", "old format .* or has a password"),
        (b"PK\x03\x04" + b"x" * 100, "format_unknown", "but no Excel workbook"),
        (workbook(HEADER)[:-50], "format_unknown", "but no Excel workbook"),
        (workbook(("",)), "header_missing", "has no header"),
    ],
)
def test_what_is_no_workbook_is_refused_with_the_reason(read: Read, content: bytes, code: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        read(content)
    assert refused.value.code == code


def test_a_text_file_is_no_workbook(read: Read) -> None:
    with pytest.raises(Refused, match="is not an Excel workbook"):
        read(b"event_id\n", format="xlsx")


def changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    return rewritten(workbook(HEADER, row()), part, change=change)


SHEET = "xl/worksheets/sheet1.xml"
TEXTS = "xl/sharedStrings.xml"


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        (SHEET, lambda data: data.replace(b'"A2"', b'"XFD1048576"'), "sheet_too_large"),
        (SHEET, lambda data: data.replace(b'r="A2"', b"r='XFD1048576'"), "sheet_too_large"),
        (SHEET, lambda data: data.replace(b'r="A2"', b'r="&#88;FD1048576"'), "sheet_too_large"),
        (SHEET, lambda data: data.replace(b'r="A2"', b'r="ZZZZZZ2"'), "file_damaged"),
        (SHEET, lambda data: data.replace(b'r="A2"', b'r="2"'), "file_damaged"),
        (SHEET, lambda data: data[:-20], "file_damaged"),
        (SHEET, lambda data: data.replace(b"<sheetData>", b"<sheetData>" + b" " * (3 << 20)), "sheet_too_large"),
        (TEXTS, lambda data: data.replace(b"event_id", b"x" * 3_000).replace(b"u1", b"y" * 30_000), "sheet_too_large"),
        ("xl/workbook.xml", lambda data: data.replace(b"<sheets>", b"<sheets>" + b" " * (2 << 20)), "sheet_too_large"),
        ("xl/workbook.xml", lambda _: b"<a/>", "sheet_missing"),
        ("xl/_rels/workbook.xml.rels", lambda _: b"<a><b/></a>", "file_damaged"),
    ],
)
def test_a_sheet_that_would_fill_the_memory_or_is_damaged_is_refused_before_it_is_read(
    read: Read, monkeypatch: pytest.MonkeyPatch, part: str, change: Any, code: str
) -> None:
    limits = workbook_file.SheetLimits(unpacked_bytes=2 << 20, text_bytes=30_000)
    monkeypatch.setattr(workbook_file, "SHEET_LIMITS", limits)
    monkeypatch.setattr(workbook_file, "_PART_BYTES_MAX", 1 << 20)
    with pytest.raises(BotmeterError) as refused:
        read(changed(part, change))
    assert refused.value.code == code
    assert isinstance(refused.value, TooMuch) == (code == "sheet_too_large")


def test_a_sheet_without_references_is_read_in_order(read: Read) -> None:
    content = changed(SHEET, lambda data: re.sub(rb' r="[A-Z]*\d+"', b"", data))
    assert read(content).ids == ["m1"]
