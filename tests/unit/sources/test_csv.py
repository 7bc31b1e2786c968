"""CSV as spreadsheets and exports write it."""

import pytest
from tests.unit.sources.conftest import Read, event

from botmeter.domain.errors import Refused, TooMuch
from botmeter.sources.tables import delimited as reading

HEADER = "event_id,occurred_at,conversation_id,customer_id,actor"
ROW = "{},2026-11-22T10:00:00Z,c1,u1,customer"


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode() + b"\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_the_delimiter_is_detected_from_the_header(read: Read, delimiter: str) -> None:
    assert read(table(ROW.format("e1")).replace(b",", delimiter.encode())).ids == ["e1"]


def test_another_delimiter_inside_a_name_does_not_mislead(read: Read) -> None:
    content = table(ROW.format("e1") + ',"x;y;z"', header=HEADER + ',"a;b;c;d;e;f;g;h;i"')
    assert read(content).ids == ["e1"]


def test_a_bom_quoted_names_and_line_ends_of_windows_are_no_part_of_the_data(read: Read) -> None:
    content = "\ufeff" + '"event_id", occurred_at ,conversation_id,customer_id,"actor"\r\n' + ROW.format("e1") + "\r\n"
    assert read(content.encode()).ids == ["e1"]


def test_a_quoted_cell_can_hold_newlines_delimiters_and_quotes(read: Read) -> None:
    content = table('"e\n1,""x""",2026-11-22T10:00:00Z,c1,u1,customer', ROW.format("e2"))
    outcome = read(content)
    assert outcome.ids == ['e\n1,"x"', "e2"]
    assert outcome.positions == [0, 1]


def test_blank_lines_are_no_rows(read: Read) -> None:
    outcome = read(b"\n\n" + table(ROW.format("e1"), "", "", ROW.format("e2"), ""))
    assert (outcome.ids, outcome.positions) == (["e1", "e2"], [0, 1])


def test_uneven_rows_are_rejected_at_their_position_and_quarantined(read: Read) -> None:
    outcome = read(
        table("short,row", ROW.format("e1"), "", ROW.format("e2") + ",much,more", "x", ROW.format("e3"), "end")
    )
    assert (outcome.ids, outcome.positions) == (["e1", "e3"], [1, 4])
    assert outcome.codes == [(0, "row_uneven"), (2, "row_uneven"), (3, "row_uneven"), (5, "row_uneven")]
    assert outcome.rejections[0].detail == "The row has 2 cells, but the header names 5 columns."
    assert outcome.rejections[0].raw == b'{"event_id": "short", "occurred_at": "row"}'
    assert outcome.rejections[1].raw.endswith(b'"actor": "customer", "column 6": "much", "column 7": "more"}')


def test_only_uneven_rows_are_all_refused(read: Read) -> None:
    assert read(table("a", "b")).codes == [(0, "row_uneven"), (1, "row_uneven")]


def test_a_block_of_uneven_rows_alone_stops_nothing(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 100)
    rows = [*["a"] * 200, ROW.format("e1"), *["b,c"] * 200, ROW.format("e2"), *["d"] * 200]
    outcome = read(table(*rows))
    assert (outcome.ids, outcome.positions) == (["e1", "e2"], [200, 401])
    assert [index for index, _ in outcome.codes] == [*range(200), *range(201, 401), *range(402, 602)]


@pytest.mark.parametrize(
    ("cell", "preview"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("yes", True),
        ("False", False),
        ("0", False),
        ("No", False),
        ("", None),
    ],
)
def test_a_preview_has_several_spellings(read: Read, cell: str, preview: bool | None) -> None:
    (result,) = read(table(ROW.format("e1") + "," + cell, header=HEADER + ",preview")).events
    assert result["preview"] is preview


def test_an_empty_cell_is_nothing(read: Read) -> None:
    (result,) = read(table(ROW.format("e1") + ",,,", header=HEADER + ",bot_id,channel,attributes")).events
    assert (result["bot_id"], result["channel"], result["attributes"]) == (None, "unknown", None)


def test_a_missing_column_is_named_with_those_that_are_there(read: Read) -> None:
    with pytest.raises(Refused, match="has no column 'actor'; its columns are event_id, occurred_at") as refused:
        read(table(header="event_id,occurred_at,conversation_id,customer_id"))
    assert refused.value.code == "column_missing"


def test_a_doubled_column_is_named(read: Read) -> None:
    with pytest.raises(Refused, match="has the column 'event_id' 2 times") as refused:
        read(table(header=HEADER + ",event_id"))
    assert refused.value.code == "column_doubled"


def test_unknown_columns_are_noted_once(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 1_000)
    outcome = read(table(*(ROW.format(number) + ",x,y" for number in range(50)), header=HEADER + ",foo,bar"))
    assert (len(outcome.events), len(outcome.batch_sizes) > 1) == (50, True)
    (note,) = outcome.notes
    assert note.endswith(": foo, bar.")


def test_a_header_without_rows_is_a_file_without_events(read: Read) -> None:
    for content in (table(), HEADER.encode(), HEADER.encode() + b"\r\n\r\n"):
        outcome = read(content)
        assert (outcome.events, outcome.rejections) == ([], [])


def test_a_quote_that_is_never_closed_refuses_the_file(read: Read) -> None:
    content = table(
        ROW.format("e1") + ",x", ROW.format("e2") + ',"open', ROW.format("e3") + ",x", header=HEADER + ",ticket_id"
    )
    with pytest.raises(Refused) as refused:
        read(content)
    assert refused.value.code == "quote_not_closed"


def test_a_row_longer_than_a_block_is_refused_with_the_limit(read: Read) -> None:
    with pytest.raises(TooMuch, match="a row of more than 16 MiB"):
        read(table('"' + "x" * (40 << 20)))


def test_whole_numbers_as_ids_keep_their_text(read: Read) -> None:
    ids = ["007", "1e5", "99999999999999999999"]
    assert read(table(*map(ROW.format, ids))).ids == ids


def test_the_columns_can_stand_in_any_order(read: Read) -> None:
    names = list(reversed(event()))
    content = ",".join(names) + "\n" + ",".join(str(event()[name]) for name in names) + "\n"
    assert read(content.encode()).ids == ["e1"]


def test_an_uneven_row_with_a_long_cell_is_rejected_by_itself(read: Read) -> None:
    outcome = read(table("x" * 200_000 + ",y", ROW.format("e1")))
    assert (outcome.ids, outcome.codes) == (["e1"], [(0, "row_uneven")])
