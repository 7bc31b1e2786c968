"""Files by the API: the rows of the report, streamed, named and audited."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from botmeter.people.models import AuditEntry
from botmeter.reports.rows import COLUMNS

Ask = Callable[..., Any]
MARCH = {"from_": "2026-03-01", "to": "2026-03-31"}


def exported(ask: Ask, **query: Any) -> bytes:
    answer = ask("sessions/export", **{**MARCH, **query})
    assert answer.status_code == 200
    try:
        return b"".join(answer.streaming_content)
    finally:
        answer.close()


def test_the_default_format_is_csv(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(ask).decode(), newline="")))
    assert (len(rows), tuple(rows[0])) == (5, COLUMNS)
    assert {row["customer_id"] for row in rows} == {"c1", "c2", "<b>=1+1</b>"}


def test_every_format_has_the_same_sessions(ask: Ask) -> None:
    ids = [row["session_id"] for row in ask("sessions", **MARCH).json()["items"]]
    table = parquet.read_table(io.BytesIO(exported(ask, format="parquet")))
    assert table["session_id"].to_pylist() == ids
    sheet = load_workbook(io.BytesIO(exported(ask, format="xlsx")), read_only=True).active
    assert sheet is not None
    assert [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)] == ids


def test_columns_filters_and_search_apply_to_the_file(ask: Ask) -> None:
    text = exported(ask, columns="customer_id,session_id", channel="web", search="c2").decode()
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["customer_id", "c2"]


def test_a_file_by_session_has_the_items_of_sessions(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(ask, grain="session").decode(), newline="")))
    items = ask("sessions", **MARCH, group="session").json()["items"]
    named = ("session_id", "session_start", "session_end", "customer_id", "conversations", "tickets", "events")
    assert [[row[name] for name in named] for row in rows] == [[str(item[name]) for name in named] for item in items]
    refused = ask("sessions/export", **MARCH, grain="bot")
    assert (refused.status_code, refused.json()["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson", "parquet", "xlsx"])
def test_a_file_name_has_the_days_and_the_zone(ask: Ask, format_: str) -> None:
    for method in ("get", "head"):
        answer = ask("sessions/export", **MARCH, method=method, format=format_, timezone="Asia/Kolkata")
        name = f"sessions_2026-03-01_2026-03-31_Asia-Kolkata.{format_}"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        if format_ == "csv":
            assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        answer.close()


def test_an_export_is_audited_with_its_key(ask: Ask, secret: str) -> None:
    exported(ask, channel="web")
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.account, entry.user) == ("acme", None)
    assert entry.who == f"key for tests ({secret[:10]}…)"
    assert "channel=web" in entry.detail["query"]


def test_a_head_request_is_not_audited_as_an_export(ask: Ask) -> None:
    answer = ask("sessions/export", **MARCH, method="head")
    assert answer.content == b""
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("grain", ["conversation", "ticket"])
def test_a_file_of_conversations_or_tickets_has_their_items(ask: Ask, grain: str) -> None:
    items = ask("sessions", **MARCH, grain=grain).json()["items"]
    assert items
    assert [json.loads(line) for line in exported(ask, grain=grain, format="ndjson").splitlines()] == items
