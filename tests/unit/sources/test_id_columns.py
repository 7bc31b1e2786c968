"""Ids that spreadsheets wrote as numbers: read as the ids they were, or refused."""

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.workbooks import workbook
from tests.unit.sources.conftest import Outcome, Read
from tests.unit.sources.test_table_shapes import COPILOT, FRESHCHAT, RASA, text
from tests.unit.sources.test_table_shapes import read as read_as

from botmeter.sources.mapping.mapping_file import mapping_from_document

HEADER = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor", "bot_id", "bot_version")


def row(event_id: object, customer_id: object, *, bot_id: object = "b") -> tuple[object, ...]:
    return (event_id, "2026-03-01T10:00:00Z", "c", customer_id, "customer", bot_id, "1.0")


def ids(outcome: Outcome) -> list[tuple[str, str, str | None]]:
    return [(each["event_id"], each["customer_id"], each["bot_id"]) for each in outcome.events]


def csv_of(*rows: tuple[object, ...]) -> bytes:
    return text([HEADER, *(tuple(map(str, cells)) for cells in rows)]).encode()


def test_whole_numbers_of_a_numeric_column_are_ids_without_a_point(read: Read) -> None:
    rows = [row("1.0", "919876543210.0", bot_id="7.0"), row("2.0", "918765432109.0", bot_id="")]
    outcome = read(csv_of(*rows))
    assert ids(outcome) == [("1", "919876543210", "7"), ("2", "918765432109", None)]
    assert {each["bot_version"] for each in outcome.events} == {"1.0"}
    assert any("customer_id of" in note and "read without .0" in note for note in outcome.notes)
    # Rows with a leap second are read one by one.
    assert ids(read(csv_of(*rows).replace(b"10:00:00Z", b"23:59:60Z"))) == ids(outcome)


def test_numbers_of_a_workbook_are_ids_without_a_point(read: Read) -> None:
    outcome = read(workbook(HEADER, row(1, 919876543210, bot_id=7), row("002", 918765432109.0, bot_id=None)))
    assert ids(outcome) == [("1", "919876543210", "7"), ("002", "918765432109", None)]
    assert outcome.notes == []


@pytest.mark.parametrize("other", ["919876543210", "12.1", "abc"])
def test_ids_of_a_mixed_column_stay_as_they_are(read: Read, other: str) -> None:
    outcome = read(csv_of(row("a", "919876543210.0"), row("b", other)))
    assert [customer for _, customer, _ in ids(outcome)] == ["919876543210.0", other]
    noted = any("with and without .0, such as 919876543210.0" in note for note in outcome.notes)
    assert noted == (other == "919876543210")


@pytest.mark.parametrize("spelling", ["1.34681E+12", "9,19877E+11", "9.198765432101235e+17", "1E+12", "-1.5E+20"])
def test_an_id_in_scientific_notation_is_refused_with_the_reason(read: Read, spelling: str) -> None:
    for field, cells in {"event_id": row(spelling, "u"), "customer_id": row("a", spelling)}.items():
        for content in (
            text([HEADER, tuple(map(str, cells)), tuple(map(str, row("ok", "+91 98")))], ";").encode(),
            workbook(HEADER, cells, row("ok", "+91 98")),
        ):
            outcome = read(content)
            assert outcome.ids == ["ok"]
            (rejection,) = outcome.rejections
            assert (rejection.index, rejection.code) == (0, "id_rounded")
            assert rejection.detail.startswith(
                f"{field} is '{spelling}', a number from which a spreadsheet has cut digits"
            )


@pytest.mark.parametrize(
    "text_id", ["1e5", "1E10", "12E+5", "7E+", "+491701234567", "10.0.0.1", "1.0.0", "1e-05", "0x1E+12"]
)
def test_an_id_that_only_looks_like_a_number_stays(read: Read, text_id: str) -> None:
    assert ids(read(csv_of(row(text_id, "u")))) == [(text_id, "u", "b")]


def test_a_number_of_a_workbook_with_more_digits_than_it_keeps_is_refused(read: Read) -> None:
    outcome = read(workbook(HEADER, row(1, 919876543210123456), row(2, 999999999999999), row(3, 1e15)))
    assert [each[:2] for each in ids(outcome)] == [("2", "999999999999999")]
    assert outcome.codes == [(0, "id_rounded"), (2, "id_rounded")]


@pytest.mark.parametrize(
    ("reader", "rows", "column"), [("freshchat", FRESHCHAT, 3), ("rasa", RASA, 1), ("copilot", COPILOT, 0)]
)
def test_numbers_as_ids_of_a_platform_follow_the_same_rules(
    tmp_path: Path, reader: str, rows: tuple[tuple[str, ...], ...], column: int
) -> None:
    def with_ids(*ids: str) -> bytes:
        changed = [(*cells[:column], new, *cells[column + 1 :]) for cells, new in zip(rows[1:], ids, strict=True)]
        return text([rows[0], *changed], ";").encode()

    plain = read_as(tmp_path / "t", with_ids("123", "124"), reader=reader)
    assert (len(plain[0]), plain[1]) == (2, [])
    assert read_as(tmp_path / "t", with_ids("123.0", "124.0"), reader=reader) == plain
    events, rejections = read_as(tmp_path / "t", with_ids("1,34681E+12", "124"), reader=reader)
    assert [code for code, _ in rejections] == ["id_rounded"]
    assert len(events) == 1


def test_ids_that_a_mapping_joins_or_finds_around_the_records_follow_the_same_rules(read: Read) -> None:
    joined = {
        **{name: {"column": name} for name in HEADER[1:5]},
        "event_id": {"join": [{"column": "customer_id"}, {"column": "event_id"}]},
    }
    outcome = read(csv_of(row("1.0", "7.0"), row("2.0", "8.0")), mapping=mapping_from_document(joined))
    assert outcome.ids == ["7:1", "8:2"]
    outcome = read(csv_of(row("1", "1.3E+12"), row("2", "8")), mapping=mapping_from_document(joined))
    assert (outcome.ids, outcome.codes) == (["8:2"], [(0, "id_rounded")])

    around = {
        "rows": "/log/*",
        "event_id": {"pointer": "/id"},
        "occurred_at": {"pointer": "/at"},
        "customer_id": {"outer": "/phone"},
        "conversation_id": {"outer": "/phone"},
        "actor": {"constant": "customer"},
    }
    cell = '[{"id": "%s", "at": "2026-03-01T10:00:00Z"}]'
    rows = [("phone", "log"), ("1.3E+12", cell % "a"), ("8", cell % "b"), ("Total", "")]
    outcome = read(text(rows).encode(), mapping=mapping_from_document(around))
    assert outcome.ids == ["b"]
    assert [code for _, code in outcome.codes] == ["id_rounded", "row_total"]


def test_whole_numbers_in_a_column_of_floats_are_ids_without_a_point(read: Read) -> None:
    rows = [row(1.0, 919876543210.0, bot_id=7.0), row(2.0, 918765432109.0, bot_id=None), row(3.0, 1e15, bot_id=7.5)]
    for count in (2, 3):
        columns = zip(HEADER, zip(*rows[:count], strict=True), strict=True)
        content = io.BytesIO()
        pq.write_table(pa.table({name: list(cells) for name, cells in columns}), content)
        outcome = read(content.getvalue())
        assert ids(outcome) == [("1", "919876543210", "7"), ("2", "918765432109", None)]
        assert outcome.codes == [(2, "type_invalid")][: count - 2]
