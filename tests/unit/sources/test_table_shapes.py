"""Tables as spreadsheets write them: every shape, by every reader of tables."""

import codecs
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import events_of
from tests.support.workbooks import workbook

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source
from botmeter.sources.table_options import DEFAULTS, TableOptions

Rows = Sequence[Sequence[str]]

OWN = (
    ("event_id", "occurred_at", "conversation_id", "customer_id", "actor"),
    ("m1", "2026-03-01T10:00:00Z", "c1", "Ünal", "customer"),
    ("m2", "2026-03-01T10:00:01Z", "c1", "Ünal", "customer"),
)
MAPPED = (("Nr", "Sent", "Thread", "Käufer", "From"), *OWN[1:])
FRESHCHAT = (
    ("Message ID", "Created At", "Conversation ID", "User ID", "Actor Type"),
    *((*row[:4], "user") for row in OWN[1:]),
)
RASA = (
    ("id", "sender_id", "type_name", "timestamp", "data"),
    *(
        (
            str(n),
            "Ünal",
            "user",
            f"{n}.5",
            f'{{"event": "user", "timestamp": {1772359200 + n}.5, "message_id": "q{n}"}}',
        )
        for n in (1, 2)
    ),
)
ACTIVITY = '{"id": "a", "type": "message", "timestamp": %d, "from": {"id": "Ünal", "role": 1}, "channelId": "web"}'
COPILOT = (
    ("ConversationTranscriptId", "Metadata", "Content"),
    *((f"t{n}", '{"BotId": "b"}', '{"activities": [%s]}' % (ACTIVITY % (1772359200 + n))) for n in (1, 2)),
)
MAPPING = mapping_from_document(
    {
        "event_id": {"column": "Nr"},
        "occurred_at": {"column": "Sent"},
        "conversation_id": {"column": "Thread"},
        "customer_id": {"column": "Käufer"},
        "actor": {"column": "From"},
    }
)
READERS = {
    "own": (OWN, None, None),
    "mapped": (MAPPED, None, MAPPING),
    "freshchat": (FRESHCHAT, "freshchat", None),
    "rasa": (RASA, "rasa", None),
    "copilot": (COPILOT, "botframework", None),
}


def text(rows: Rows, delimiter: str = ",") -> str:
    def cell(content: str) -> str:
        return '"' + content.replace('"', '""') + '"' if {'"', delimiter} & set(content) else content

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in rows)


def blank(rows: Rows) -> tuple[str, ...]:
    return ("",) * len(rows[0])


SHAPES: dict[str, Callable[[Rows], bytes]] = {
    "a sep= line": lambda rows: b"sep=;\r\n" + text(rows, ";").encode(),
    "a sep= line after a mark": lambda rows: codecs.BOM_UTF8 + b"sep=;\r\n" + text(rows, ";").encode(),
    "a sep= line in quotes": lambda rows: b'"sep=,"\r\n' + text(rows).encode(),
    "a sep= line of a rare delimiter": lambda rows: b"SEP=^\r\n" + text(rows, "^").encode(),
    "tabs": lambda rows: text(rows, "\t").encode(),
    "bars": lambda rows: text(rows, "|").encode(),
    "UTF-16": lambda rows: codecs.BOM_UTF16_LE + text(rows, "\t").encode("utf-16-le"),
    "UTF-16 of big ends, semicolons": lambda rows: codecs.BOM_UTF16_BE + text(rows, ";").encode("utf-16-be"),
    "empty columns at the end": lambda rows: text([(*row, "", "") for row in rows], ";").encode(),
    "empty columns of the rows alone": lambda rows: text([rows[0], *((*row, "", "") for row in rows[1:])]).encode(),
    "empty columns of the header alone": lambda rows: text([(*rows[0], "", ""), *rows[1:]]).encode(),
    "an empty column of one row": lambda rows: text([*rows[:2], *((*row, "") for row in rows[2:])]).encode(),
    "empty rows": lambda rows: text([blank(rows), rows[0], blank(rows), *rows[1:], blank(rows), blank(rows)]).encode(),
    "doubled columns": lambda rows: text(
        [(*rows[0], "Note", "Note"), *((*row, "x", "y") for row in rows[1:])]
    ).encode(),
    "a nameless column": lambda rows: text([("", *rows[0]), *(("x", *row) for row in rows[1:])]).encode(),
    "a workbook": lambda rows: workbook(*rows),
    "a workbook with empty columns and rows": lambda rows: workbook(
        (), *(("", *row, "") for row in (rows[0], blank(rows), *rows[1:]))
    ),
    "a workbook with doubled columns": lambda rows: workbook(
        (*rows[0], "Note", "Note"), *((*row, "x", "y") for row in rows[1:])
    ),
}


def read(path: Path, content: bytes, *, reader: str, table: TableOptions = DEFAULTS) -> tuple[list[Any], list[Any]]:
    path.write_bytes(content)
    _, platform, mapping = READERS[reader]
    source = None if platform is None else Source(name="desk", platform=platform, bot_id="b")
    batches = list(batches_of_source(SourceFile(path=str(path), name="t", mapping=mapping, table=table), source))
    return events_of(batches), [(each.code, each.detail) for batch in batches for each in batch.rejections]


@pytest.mark.parametrize("reader", READERS)
def test_every_shape_gives_the_events_of_the_plain_table(reader: str, tmp_path: Path) -> None:
    rows = READERS[reader][0]
    plain = read(tmp_path / "t", text(rows).encode(), reader=reader)
    assert (len(plain[0]), plain[1]) == (2, [])
    assert "Ünal" in plain[0][0]["customer_id"]
    for name, shape in SHAPES.items():
        assert read(tmp_path / "t", shape(rows), reader=reader) == plain, name


@pytest.mark.parametrize("reader", READERS)
def test_titles_above_the_header_are_left_out_when_its_row_is_named(reader: str, tmp_path: Path) -> None:
    rows = READERS[reader][0]
    plain = read(tmp_path / "t", text(rows).encode(), reader=reader)
    titled = [("Chats 03/2026", *blank(rows)[1:]), blank(rows), *rows]
    for content in (text(titled).encode(), b"sep=;\r\n" + text(titled, ";").encode(), workbook(*titled)):
        with pytest.raises(
            Refused, match=r"Row 3 may be the header: name it with --header-row 3 or header_row = 3\.$"
        ) as refused:
            read(tmp_path / "t", content, reader=reader)
        assert refused.value.code == "column_missing"
        assert read(tmp_path / "t", content, reader=reader, table=TableOptions(header_row=3)) == plain
        with pytest.raises(Refused, match="has no row 9, which is given as its header") as refused:
            read(tmp_path / "t", content, reader=reader, table=TableOptions(header_row=9))
        assert refused.value.code == "header_missing"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("word", ["Total", "Summe:", "合計"])
def test_a_row_of_totals_is_rejected_as_what_it_is(reader: str, word: str, tmp_path: Path) -> None:
    rows = READERS[reader][0]
    plain, _ = read(tmp_path / "t", text(rows).encode(), reader=reader)
    for content in (
        text([*rows, (word, "2", *blank(rows)[2:])]).encode(),
        workbook(*rows, (word, 2, *blank(rows)[2:])),
    ):
        events, rejections = read(tmp_path / "t", content, reader=reader)
        assert events == plain
        assert [(code, word in detail) for code, detail in rejections] == [("row_total", True)]


@pytest.mark.parametrize("reader", READERS)
def test_a_doubled_column_that_is_wanted_refuses_the_file(reader: str, tmp_path: Path) -> None:
    rows = READERS[reader][0]
    doubled = [(*row, row[0] if reader == "copilot" else row[1]) for row in rows]
    for content in (text(doubled).encode(), workbook(*doubled)):
        with pytest.raises(Refused) as refused:
            read(tmp_path / "t", content, reader=reader)
        assert refused.value.code == "column_doubled"


@pytest.mark.parametrize("reader", READERS)
def test_bytes_in_another_encoding_are_refused_and_read_when_it_is_named(reader: str, tmp_path: Path) -> None:
    rows = READERS[reader][0]
    plain = read(tmp_path / "t", text(rows).encode(), reader=reader)
    content = text(rows, ";").encode("windows-1252")
    try:
        events, rejections = read(tmp_path / "t", content, reader=reader)
    except Refused as refused:
        events, rejections = [], [(refused.code, refused.message)] * 2
    assert events == []
    assert [code for code, _ in rejections] == ["text_invalid"] * 2
    assert read(tmp_path / "t", content, reader=reader, table=TableOptions(encoding="windows-1252")) == plain


def test_a_header_in_another_encoding_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not UTF-8. Name its encoding, such as --encoding windows-1252") as refused:
        read(tmp_path / "t", text(MAPPED).encode("windows-1252"), reader="mapped")
    assert refused.value.code == "text_invalid"


def test_an_uneven_row_in_another_encoding_refuses_the_file(tmp_path: Path) -> None:
    uneven = text([*OWN, ("m3", "Ünal")]).encode("windows-1252")
    with pytest.raises(Refused, match="too many or too few cells, and bytes that are not UTF-8") as refused:
        read(tmp_path / "t", uneven, reader="own")
    assert refused.value.code == "text_invalid"


@pytest.mark.parametrize("platform", ["freshchat", "rasa", "botframework", "chatwoot"])
def test_a_table_of_events_is_read_as_such_on_any_platform(tmp_path: Path, platform: str) -> None:
    source = Source(name="desk", platform=platform, bot_id="b")
    for content in (text(OWN).encode(), SHAPES["UTF-16"](OWN), SHAPES["a workbook"](OWN)):
        path = tmp_path / "t"
        path.write_bytes(content)
        events = events_of(list(batches_of_source(SourceFile(path=str(path)), source)))
        assert [each["event_id"] for each in events] == ["m1", "m2"]


@pytest.mark.parametrize("platform", ["freshchat", "rasa", "chatwoot"])
def test_a_workbook_of_neither_kind_is_refused_in_the_words_of_the_platform(tmp_path: Path, platform: str) -> None:
    path = tmp_path / "t"
    path.write_bytes(workbook(("a", "b"), ("1", "2")))
    with pytest.raises(Refused, match="no column that Botmeter knows|no column sender_id|must be JSON"):
        list(batches_of_source(SourceFile(path=str(path)), Source(name="desk", platform=platform)))
