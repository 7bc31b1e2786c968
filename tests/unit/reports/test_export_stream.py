"""Streamed exports: in any zone, with chosen columns, closed at any time."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_datetime, us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.ledger import Ledger
from botmeter.reports import export_xlsx
from botmeter.reports.export import FORMATS, Export, export_name, export_stream, write_rows
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS, INSTANT_COLUMNS, ROWS_SCHEMA, underlying_rows
from support.facts import event, filled_ledger

HOSTILE = ["=1+1", "@x", "https://example.org", "007", 'say "hi", two\nlines', "\u202egnp.exe", "<b>&", "\x01"]
PERIOD = Period(first_on=date(2026, 10, 24), last_on=date(2026, 11, 22))
ASK = UsageQuery(period=PERIOD)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """One session of each of eight customers with hostile names, some with tickets, around a change of clocks."""
    first_us = us_from_text("2026-10-25T00:15:00.5Z")
    ledger = filled_ledger(
        [
            event(
                str(number),
                first_us + number * 1_800_000_000 + number,
                customer_id=name,
                conversation_id=f"v{number}",
                bot_name="=cmd|' /C calc'!A0",
                ticket_id=f"T{number}" if number % 2 else None,
            )
            for number, name in enumerate(HOSTILE)
        ]
    )
    yield ledger
    ledger.connection.close()


def streamed(ledger: Ledger, query: UsageQuery, *, export: Export) -> bytes:
    return b"".join(export_stream(ledger, query, export=export))


def rows_of(ledger: Ledger, query: UsageQuery = ASK) -> list[dict[str, Any]]:
    return underlying_rows(ledger, query).read_all().to_pylist()


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def read_xlsx(data: bytes) -> list[list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]


def as_ndjson(row: dict[str, Any], zone: ZoneInfo | None = None) -> dict[str, Any]:
    """A row as JSON has it, its instants made by Python's own calendar."""
    return {
        name: (value.astimezone(zone) if zone else value).isoformat().replace("+00:00", "+00:00" if zone else "Z")
        if isinstance(value, datetime)
        else value
        for name, value in row.items()
    }


def shortened(text: Any) -> Any:
    """Decimals as few as needed in groups of three, as an export has them."""
    return re.sub(r"(\.\d{3})000(?=Z|[+-]\d\d:)", r"\1", text) if isinstance(text, str) else text


@pytest.mark.parametrize("form", FORMATS)
def test_a_stream_is_the_file_that_is_written(ledger: Ledger, form: Any) -> None:
    out = io.BytesIO()
    write_rows(underlying_rows(ledger, ASK), format=form, out=out)
    data = streamed(ledger, ASK, export=Export(format=form))
    if form == "xlsx":
        # A stream has a summary on top.
        assert read_xlsx(data)[:-1] == read_xlsx(out.getvalue())
    else:
        assert data == out.getvalue()


@pytest.mark.parametrize("zone", [None, "Asia/Kolkata", "Europe/Berlin", "America/St_Johns"])
def test_json_and_parquet_hold_the_very_rows_in_any_zone(ledger: Ledger, zone: str | None) -> None:
    query = UsageQuery(period=Period(first_on=PERIOD.first_on, last_on=PERIOD.last_on, timezone=zone or "UTC"))
    rows = rows_of(ledger, query)
    decoder = msgspec.json.Decoder()
    lines = decoder.decode_lines(streamed(ledger, query, export=Export(format="ndjson")))
    expected = [as_ndjson(row, ZoneInfo(zone) if zone else None) for row in rows]
    assert lines == [{name: shortened(value) for name, value in row.items()} for row in expected]
    assert json.loads(streamed(ledger, query, export=Export(format="json"))) == lines
    table = pq.read_table(io.BytesIO(streamed(ledger, query, export=Export(format="parquet"))))
    assert table.schema.field("session_start").type == pa.timestamp("us", tz=zone or "UTC")
    # Python does not treat instants of different zones as equal in a repeated hour.
    assert table.cast(ROWS_SCHEMA).to_pylist() == rows


def test_an_hour_that_clocks_repeat_is_distinguished_by_its_offset(ledger: Ledger) -> None:
    query = UsageQuery(period=Period(first_on=PERIOD.first_on, last_on=PERIOD.last_on, timezone="Europe/Berlin"))
    starts = [row["session_start"] for row in read_csv(streamed(ledger, query, export=Export(format="csv")))]
    assert starts[0] == "2026-10-25T02:15:00.500+02:00"
    assert starts[2] == "2026-10-25T02:15:00.500002+01:00"
    assert [us_from_text(text) for text in starts] == [
        us_from_datetime(row["session_start"]) for row in rows_of(ledger, query)
    ]


def test_csv_read_again_has_the_rows_with_formulas_disarmed(ledger: Ledger) -> None:
    rows_read = read_csv(streamed(ledger, ASK, export=Export(format="csv")))
    rows = rows_of(ledger)
    assert [row["session_id"] for row in rows_read] == [row["session_id"] for row in rows]
    assert [row["customer_id"] for row in rows_read] == [
        f"'{row['customer_id']}" if row["customer_id"][0] in "=@" else row["customer_id"] for row in rows
    ]
    assert {row["bot_name"] for row in rows_read} == {"'=cmd|' /C calc'!A0"}
    assert [row["ticket_ids"] for row in rows_read] == ["; ".join(row["ticket_ids"]) for row in rows]


def test_xlsx_read_again_has_the_rows_with_text_as_text_and_instants_as_dates(ledger: Ledger) -> None:
    [[header, *lines], _] = read_xlsx(streamed(ledger, ASK, export=Export(format="xlsx")))
    assert header == [f"{name} (UTC)" if name in INSTANT_COLUMNS else name for name in COLUMNS]
    for line, row in zip(lines, rows_of(ledger), strict=True):
        rows_read = dict(zip(COLUMNS, line, strict=True))
        assert rows_read["customer_id"] == row["customer_id"].replace("\x01", "_x0001_")
        assert rows_read["bot_name"] == row["bot_name"]
        assert (rows_read["events"], rows_read["preview"]) == (row["events"], row["preview"])
        assert (rows_read["ticket_ids"] or "") == "; ".join(row["ticket_ids"])
        for name in ("session_start", "session_end", "conversation_created_at"):
            # openpyxl reads dates to the millisecond.
            assert abs(rows_read[name].replace(tzinfo=UTC) - row[name]) <= timedelta(milliseconds=1)


def test_nothing_in_xlsx_is_a_formula_or_a_link(ledger: Ledger) -> None:
    data = streamed(ledger, ASK, export=Export(format="xlsx"))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d", "b", "inlineStr"}
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


def test_dates_of_xlsx_are_those_of_the_viewing_zone(ledger: Ledger) -> None:
    query = UsageQuery(period=Period(first_on=PERIOD.first_on, last_on=PERIOD.last_on, timezone="Asia/Kolkata"))
    export = Export(format="xlsx", columns=("session_start",))
    [[header, [start], *_], _] = read_xlsx(streamed(ledger, query, export=export))
    assert header == ["session_start (Asia/Kolkata)"]
    assert start == datetime(2026, 10, 25, 5, 45, 0, 500_000)  # noqa: DTZ001 - a spreadsheet's dates have no zone


def test_rows_past_the_end_of_a_sheet_go_on_in_the_next(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_xlsx, "_ROWS_A_SHEET", 3)
    *sheets, _ = read_xlsx(streamed(ledger, ASK, export=Export(format="xlsx", columns=("conversation_id",))))
    assert [len(sheet) for sheet in sheets] == [4, 4, 3]
    assert {sheet[0][0] for sheet in sheets} == {"conversation_id"}
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [row["conversation_id"] for row in rows_of(ledger)]


def test_an_instant_before_the_dates_of_spreadsheets_is_text_and_one_past_them_nothing() -> None:
    texts = ["1899-12-31T00:00:00Z", "1900-03-01T00:00:00Z", "9998-12-31T00:00:00Z"]
    instants = [*(us_from_text(text) for text in texts), us_from_text(texts[2]) + 10**15]
    table = pa.table({"at": pa.array(instants).cast(pa.timestamp("us", tz="UTC"))})
    out = io.BytesIO()
    write_rows(table.to_reader(), format="xlsx", out=out)
    [[_, early, late, latest, *beyond]] = read_xlsx(out.getvalue())
    assert (early, late) == ([texts[0]], [datetime(1900, 3, 1)])  # noqa: DTZ001 - a spreadsheet's dates have no zone
    assert latest[0].year == 9998
    assert beyond in ([], [[None]])


@pytest.mark.parametrize("form", FORMATS)
def test_columns_are_written_in_the_order_chosen(ledger: Ledger, form: Any) -> None:
    data = streamed(ledger, ASK, export=Export(format=form, columns=("channel", "session_id")))
    match form:
        case "csv":
            rows_read = read_csv(data)[0]
        case "xlsx":
            rows_read = dict.fromkeys(read_xlsx(data)[0][0])
        case "parquet":
            rows_read = pq.read_table(io.BytesIO(data)).to_pylist()[0]
        case _:
            rows_read = json.loads(data.splitlines()[form == "json"].rstrip(b","))
    assert list(rows_read) == ["channel", "session_id"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [(("price",), "column_unknown"), (("channel", "channel"), "column_repeated"), ((), "columns_missing")],
)
def test_invalid_columns_are_refused_before_anything_is_read(columns: Any, code: str) -> None:
    assert Export(format="csv", columns=("channel",)).columns == ("channel",)
    with pytest.raises(Refused) as refusal:
        Export(format="csv", columns=columns)
    assert refusal.value.code == code


def test_an_unknown_format_is_refused() -> None:
    form: Any = "docx"
    with pytest.raises(Refused, match="'docx'") as refusal:
        Export(format=form)
    assert refusal.value.code == "output_format_unknown"


def test_an_export_of_a_search_has_what_the_search_finds(ledger: Ledger) -> None:
    rows_read = read_csv(streamed(ledger, ASK, export=Export(format="csv", search="T3")))
    assert [row["ticket_ids"] for row in rows_read] == ["T3"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_stream_closed_early_leaves_no_file_and_no_snapshot(
    ledger: Ledger, form: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    stream = export_stream(ledger, ASK, export=Export(format=form))
    assert next(stream)
    stream.close()
    assert list(tmp_path.iterdir()) == []
    # An open snapshot would keep the engine from dropping the table.
    ledger.connection.execute("DROP TABLE conversation_span")
    ledger.connection.execute("CHECKPOINT")


def test_a_zone_is_in_the_name_of_the_file() -> None:
    query = UsageQuery(
        period=Period(first_on=PERIOD.first_on, last_on=PERIOD.last_on, timezone="America/Argentina/Salta")
    )
    assert export_name(query, "xlsx") == "sessions_2026-10-24_2026-11-22_America-Argentina-Salta.xlsx"
