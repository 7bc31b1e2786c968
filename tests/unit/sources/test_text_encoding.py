"""Text in other encodings: read as it was written, or refused."""

import codecs
import json

import pytest
from tests.unit.sources.conftest import Read, event, ndjson

from botmeter.domain.errors import Refused
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.table_options import TableOptions

TEXT = "Jörg Ünal"
TABLE = (
    "event_id,occurred_at,conversation_id,customer_id,actor\r\n"
    f'e1,2026-11-22T10:00:00Z,"c\n1",{TEXT},customer\r\n'
    "e2,2026-11-22T10:00:00Z,c2,\ufffd,customer\r\n"
)
LINES = ndjson(event("e1", customer_id=TEXT), event("e2", customer_id="\ufffd")).decode()
ARRAY = json.dumps([event("e1", customer_id=TEXT), event("e2", customer_id="\ufffd")], ensure_ascii=False, indent=1)


@pytest.mark.parametrize("text", [TABLE, LINES, ARRAY], ids=["csv", "ndjson", "json"])
@pytest.mark.parametrize(
    ("mark", "written_as", "encoding"),
    [
        (b"", "utf-8", None),
        (codecs.BOM_UTF8, "utf-8", None),
        (codecs.BOM_UTF8, "utf-8", "utf8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", None),
        (codecs.BOM_UTF16_BE, "utf-16-be", None),
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (b"", "utf-16-be", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
        (b"", "gb18030", "gb18030"),
    ],
)
def test_text_is_read_as_it_was_written(
    read: Read, text: str, mark: bytes, written_as: str, encoding: str | None
) -> None:
    outcome = read(mark + text.encode(written_as), table=TableOptions(encoding=encoding))
    assert [result["customer_id"] for result in outcome.events] == [TEXT, "\ufffd"]


def test_the_encoding_of_a_command_wins_over_that_of_a_mapping(read: Read) -> None:
    content = TABLE.replace("\ufffd", "x").encode("windows-1252")
    mapping = mapping_from_document({"encoding": "windows-1252"})
    assert read(content, mapping=mapping).events[0]["customer_id"] == TEXT
    assert read(content, mapping=mapping, table=TableOptions(encoding="cp437")).events[0]["customer_id"] == TEXT.encode(
        "windows-1252"
    ).decode("cp437")


@pytest.mark.parametrize(
    ("content", "encoding", "sentence"),
    [
        (
            TABLE.encode().replace(b"e2", b"\x81"),
            "windows-1252",
            "Line 4 of .* has bytes .81. that are not windows-1252",
        ),
        (b"\xff\xfe" + TABLE.encode("utf-16-le")[:-1], None, "that are not utf-16"),
        (b"\xff\xfe" + "a\n".encode("utf-16-le") + b"\x00\xd8a\x00", None, "Line 2 .*that are not utf-16"),
        (codecs.BOM_UTF32_LE + TABLE.encode("utf-32-le"), None, "is in UTF-32. Name its encoding"),
        (TABLE.encode("utf-16-le"), "utf-16", "no byte order mark. Name its encoding as utf-16-le or utf-16-be"),
        (
            codecs.BOM_UTF8 + TABLE.encode(),
            "latin-1",
            "begins with the mark of UTF-8, but its encoding is given as latin-1",
        ),
    ],
)
def test_bytes_that_are_not_in_the_encoding_refuse_the_file(
    read: Read, content: bytes, encoding: str | None, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        read(content, table=TableOptions(encoding=encoding))
    assert refused.value.code == "text_invalid"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"encoding": "windows-125"}, "'windows-125' is not the name of a text encoding"),
        ({"encoding": "base64"}, "'base64'"),
        ({"encoding": "unicode_escape"}, "'unicode_escape'"),
        ({"encoding": 8}, "encoding and sheet must be text"),
        ({"sheet": ""}, "The name of the sheet is empty"),
        ({"header_row": 0}, "The header row is 0; it must be from 1 to 1,000"),
        ({"header_row": "3"}, "header_row must be a whole number"),
        ({"header_row": True}, "header_row must be a whole number"),
    ],
)
def test_an_impossible_option_of_a_table_refuses_the_mapping(document: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=f"^Invalid mapping: {sentence}") as refused:
        mapping_from_document(document)
    assert refused.value.code == "mapping_invalid"


def test_an_impossible_option_of_a_table_is_refused_by_its_value() -> None:
    with pytest.raises(Refused, match="The header row is 1001; it must be from 1 to 1,000") as refused:
        TableOptions(header_row=1_001)
    assert refused.value.code == "table_option_invalid"
