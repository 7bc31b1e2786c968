"""A spelling of a time is one instant by every road: files, CloudEvents, single events, payloads and reports."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from tests.support.payloads import read_all
from tests.unit.sources.conftest import Read, event, ndjson
from tests.unit.sources.test_freshchat import SOURCE as FRESHCHAT
from tests.unit.sources.test_freshchat import message
from tests.unit.sources.test_freshchat_report import HEADER
from tests.unit.sources.test_freshchat_report import read as read_report

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source

SPELLINGS = {
    "2026-03-01 10:00:00+00": "2026-03-01T10:00:00Z",
    "2026-03-01 10:00:00.5+00": "2026-03-01T10:00:00.500Z",
    "2026-03-01 10:00:00-03": "2026-03-01T13:00:00Z",
    "2026-03-01 10:00:00.5000000 +05:30": "2026-03-01T04:30:00.500Z",
    "2026-03-01 10:00:00.123456789 +0000": "2026-03-01T10:00:00.123456Z",
    "2026-03-01 10:00:00 UTC": "2026-03-01T10:00:00Z",
    "2026-03-01 10:00:00.25 GMT": "2026-03-01T10:00:00.250Z",
    "2026-03-01 10:00:00.5 +0000 UTC": "2026-03-01T10:00:00.500Z",
    "2026-03-01T10:00:00,5Z": "2026-03-01T10:00:00.500Z",
    "2026-03-01T10:00Z": "2026-03-01T10:00:00Z",
    "20260301T101500Z": "2026-03-01T10:15:00Z",
    "2026-03-01T10:00:00.5Z[Etc/UTC]": "2026-03-01T10:00:00.500Z",
    "2026-03-01T10:00+01:00[Europe/Paris]": "2026-03-01T09:00:00Z",
    " 2026-03-01T10:00:00Z ": "2026-03-01T10:00:00Z",
}
REFUSED = {
    "2026-03-01 10:00:00 PST": "time_zone_unknown",
    "2026-03-01T10:00:00+02:00[Europe/Paris]": "time_invalid",
    "2026-03-01 10:00:00 PM": "time_invalid",
}
CELLS = [*SPELLINGS, *REFUSED]
# Enough for each spelling to be read as a column.
COPIES = 35


@pytest.mark.parametrize("copies", [1, COPIES])
@pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson", "json", "parquet", "cloudevents"])
def test_own_columns_of_every_format_take_every_spelling(read: Read, form: str, copies: int) -> None:
    records = [event(f"e{n}", occurred_at=cell) for n, cell in enumerate(CELLS * copies)]
    outcome = read(_file(records, form))
    assert [text_from_us(each["occurred_at"]) for each in outcome.events] == [*SPELLINGS.values()] * copies
    assert [code for _, code in outcome.codes] == [*REFUSED.values()] * copies


def _file(records: list[dict[str, Any]], form: str) -> bytes:
    content = io.BytesIO()
    match form:
        case "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, fieldnames=records[0])
            writer.writeheader()
            writer.writerows(records)
            return text.getvalue().encode()
        case "xlsx":
            with xlsxwriter.Workbook(content) as workbook:
                sheet = workbook.add_worksheet()
                for number, cells in enumerate([[*records[0]], *(record.values() for record in records)]):
                    sheet.write_row(number, 0, list(cells))
            return content.getvalue()
        case "ndjson":
            return ndjson(*records)
        case "json":
            return json.dumps(records).encode()
        case "parquet":
            pq.write_table(pa.Table.from_pylist(records), content)
            return content.getvalue()
        case _:
            return ndjson(*map(_envelope, records))


def _envelope(record: dict[str, Any]) -> dict[str, Any]:
    at = record.pop("occurred_at")
    return {"specversion": "1.0", "id": record["event_id"], "source": "/b", "type": "t", "time": at, "data": record}


@pytest.mark.parametrize("cell", CELLS)
def test_single_events_and_payloads_take_every_spelling(cell: str) -> None:
    own = read_all(event(occurred_at=cell), source=Source(name="bot", platform="botmeter"))
    for result in (own, read_all(message(created_time=cell), source=FRESHCHAT)):
        assert [each["occurred_at"] for each in result.events] == ([SPELLINGS[cell]] if cell in SPELLINGS else [])
        assert result.codes == ([REFUSED[cell]] if cell in REFUSED else [])


def test_reports_of_a_platform_take_every_spelling(tmp_path: Path) -> None:
    rows = [f'm{n},c1,u1,"{cell}",User,u1,,WhatsApp,normal' for n, cell in enumerate(CELLS)]
    events, refused = read_report(tmp_path, "\n".join([HEADER, *rows, ""]).encode())
    assert [each["occurred_at"] for each in events] == [*SPELLINGS.values()]
    assert [code for _, code in refused] == [*REFUSED.values()]
