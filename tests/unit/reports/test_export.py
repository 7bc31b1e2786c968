import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.reports import rows as rows_module
from botmeter.reports.export import RowCount, export_name, write_rows
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS, ROWS_SCHEMA, underlying_rows
from support.facts import event, filled_ledger

ASK = UsageQuery(period=Period(first_on=date(2026, 10, 24), last_on=date(2026, 11, 22)))


def written(table: pa.Table, form: Any) -> bytes:
    out = io.BytesIO()
    write_rows(table.to_reader(), format=form, out=out)
    return out.getvalue()


def test_a_file_is_named_after_its_period_and_zone() -> None:
    assert export_name(ASK, "csv") == "sessions_2026-10-24_2026-11-22_UTC.csv"


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u200b@", "\ufeff\u00a0-"]
)
def test_a_cell_of_csv_never_starts_a_formula(start: str) -> None:
    table = pa.table(
        {"customer_id": [f"{start}1+1", "a=b"], "coded": pa.array([f"{start}x", None]).dictionary_encode()}
    )
    cells = list(csv.reader(io.StringIO(written(table, "csv").decode(), newline="")))
    assert cells == [["customer_id", "coded"], [f"'{start}1+1", f"'{start}x"], ["a=b", ""]]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a;=1", "a;'=1"),
        ("a; ＝1;b;+2", "a;' ＝1;b;'+2"),
        ("a\n=1", "a\n'=1"),
        ("a\t@x", "a\t'@x"),
        ("\n=1", "'\n=1"),
        ("a=1;b", "a=1;b"),
        (" a-b ", " a-b "),
        ("'=1", "'=1"),
        ("a@example.org", "a@example.org"),
    ],
)
def test_a_formula_inside_a_cell_is_disarmed_and_other_text_is_unchanged(sent: str, shown: str) -> None:
    [_, [cell]] = csv.reader(io.StringIO(written(pa.table({"id": [sent]}), "csv").decode(), newline=""))
    assert cell == shown


def test_a_negative_number_stays_a_number_in_csv() -> None:
    assert written(pa.table({"events": [-1, None]}), "csv") == b'events\r\n-1\r\n""\r\n'


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_keeps_text_as_it_is(form: str) -> None:
    row = json.loads(written(pa.table({"customer_id": ["=1"]}), form).strip(b"[]\n"))
    assert row == {"customer_id": "=1"}


def test_csv_quotes_as_rfc_4180_requires_and_ends_lines_with_crlf() -> None:
    table = pa.table({"a": ['say "hi"', "x,y", "two\nlines", "\U0001f600"], "b": [True, False, None, True]})
    text = written(table, "csv").decode()
    assert text == 'a,b\r\n"say ""hi""",true\r\n"x,y",false\r\n"two\nlines",\r\n\U0001f600,true\r\n'


def test_instants_are_iso_8601_in_utc_with_the_decimals_that_they_need() -> None:
    texts = ["2026-11-21T22:30:05Z", "2026-11-21T22:30:05.120Z", "2026-11-21T22:30:05.000001Z"]
    instants = pa.array([us_from_text(text) for text in texts]).cast(pa.timestamp("us", tz="UTC"))
    assert written(pa.table({"at": instants}), "csv").decode().split() == ["at", *texts]
    lines = written(pa.table({"at": instants}), "ndjson").splitlines()
    assert [json.loads(line)["at"] for line in lines] == texts


def test_an_end_past_the_last_year_of_four_digits_is_left_empty() -> None:
    beyond = us_from_text("9998-12-31T23:59:59Z") + 100 * 366 * 86_400_000_000
    instants = pa.array([beyond, None, us_from_text("0002-01-01T00:00:00Z")]).cast(pa.timestamp("us", tz="UTC"))
    lines = written(pa.table({"at": instants}), "ndjson").splitlines()
    assert [json.loads(line)["at"] for line in lines] == [None, None, "0002-01-01T00:00:00Z"]


def test_lists_are_joined_in_csv_and_stay_lists_in_json() -> None:
    table = pa.table({"ticket_ids": [["T1", "T2"], []]})
    assert written(table, "csv") == b'ticket_ids\r\nT1; T2\r\n""\r\n'
    assert json.loads(written(table, "json")) == [{"ticket_ids": ["T1", "T2"]}, {"ticket_ids": []}]


def test_sessions_are_counted_across_batches_and_only_where_their_id_is_written() -> None:
    batches = [pa.RecordBatch.from_pydict({"session_id": ids}) for ids in (["a", "a"], [], ["a", "b"], ["c"])]
    batches[1] = batches[0].slice(0, 0)
    reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    assert write_rows(reader, format="csv", out=io.BytesIO()) == RowCount(rows=5, sessions=3)
    without = pa.table({"events": [1]}).to_reader()
    assert write_rows(without, format="csv", out=io.BytesIO()) == RowCount(rows=1, sessions=None)


def two_sessions() -> Any:
    first, second = us_from_text("2026-11-19T10:00:00Z"), us_from_text("2026-11-21T22:30:05Z")
    linked = {"ticket_id": "T1", "kind": "ticket_linked"}
    return filled_ledger(
        [
            event("0", first - 1, kind="conversation_created", actor="system", bot_id=None),
            event("1", first, bot_name="Order bot", bot_version="2"),
            event("2", first + 1, actor="bot", ticket_type="refund", **linked),
            event("3", second, conversation_id="v2", preview=True),
        ]
    )


def test_the_underlying_data_has_every_column_of_the_contract() -> None:
    ledger = two_sessions()
    rows = underlying_rows(ledger, ASK).read_all()
    ledger.connection.close()
    assert rows.schema == ROWS_SCHEMA
    assert rows.select(COLUMNS[1:]).to_pylist()[1] == {
        "session_start": datetime(2026, 11, 19, 10, tzinfo=UTC),
        "session_end": datetime(2026, 11, 20, 10, tzinfo=UTC),
        "customer_id": "c1",
        "conversation_id": "v1",
        "bot_id": "b1",
        "bot_name": "Order bot",
        "bot_version": "2",
        "channel": "web",
        "conversation_created_at": datetime(2026, 11, 19, 9, 59, 59, 999_999, tzinfo=UTC),
        "conversation_updated_at": datetime(2026, 11, 19, 10, 0, 0, 1, tzinfo=UTC),
        "ticket_ids": ["T1"],
        "ticket_types": ["refund"],
        "events": 1,
        "preview": False,
    }


def test_rows_read_some_days_at_a_time_are_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = two_sessions()
    whole = underlying_rows(ledger, ASK).read_all()
    monkeypatch.setattr(rows_module, "_SESSIONS_AT_ONCE", 1)
    parts = underlying_rows(ledger, ASK).read_all()
    ledger.connection.close()
    assert parts == whole
    assert whole.num_rows == 3


def test_with_less_memory_fewer_sessions_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = two_sessions()
    ledger.connection.execute("SET memory_limit = '100MB'")
    monkeypatch.setattr(rows_module, "_MEMORY_BYTES_A_SESSION", 100_000_000)
    batches = list(underlying_rows(ledger, ASK))
    ledger.connection.close()
    assert [batch.num_rows for batch in batches] == [2, 1]


def test_columns_can_be_chosen_and_an_unknown_one_is_refused() -> None:
    ledger = two_sessions()
    chosen = underlying_rows(ledger, ASK, columns=("events", "session_id")).read_all()
    assert chosen.column_names == ["events", "session_id"]
    with pytest.raises(Refused, match="Unknown column 'price'") as refusal:
        underlying_rows(ledger, ASK, columns=("price",))
    ledger.connection.close()
    assert refusal.value.code == "column_unknown"


def test_parquet_keeps_the_types() -> None:
    ledger = two_sessions()
    rows = underlying_rows(ledger, ASK).read_all()
    ledger.connection.close()
    assert pq.read_table(io.BytesIO(written(rows, "parquet"))) == rows
