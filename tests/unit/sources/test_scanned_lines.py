"""Plain lines are read by the compiled scanner; all others by the reader that judges them."""

import io
import json

import pytest
from tests.unit.sources.conftest import event, ndjson

from botmeter.sources.json_records import SCANNED_BYTES_MIN, records_from_lines
from botmeter.sources.json_text.elements import PADDING_BYTES, LineBlock, line_blocks
from botmeter.sources.json_text.plain_lines import PlainLines, plain_lines
from botmeter.sources.json_text.scan_columns import CODES_MAX
from botmeter.sources.records import CheckedRecords, Records
from botmeter.sources.stream import ByteStream
from support.scanned_lines import read_lines

# Compiling takes two seconds.
pytestmark = pytest.mark.slow

FULL = event(
    kind="ticket_linked",
    bot_id="b1",
    bot_name="Bestellhilfe für alle",
    bot_version="v1",
    channel="web",
    ticket_id="t1",
    ticket_type="refund",
    preview=True,
    attributes={"text": 'a "quoted" \\ word', "b": {"c": [1, 2.50]}},
)
PLAIN = {
    "required fields": event(),
    "all fields": FULL,
    "nulls": {**dict.fromkeys(FULL), **event()},
    "another order": dict(reversed(FULL.items())),
    "empty optional texts": {**FULL, "ticket_id": "", "channel": "", "kind": ""},
    "numbers as ids": event(1234567890, customer_id=0),
    "a long id": event("x" * 512),
    "other letters": event("漢字-é-\U0001f600"),
    "an offset": event(occurred_at="2026-11-22T10:00:00+05:30"),
    "a blank before the clock": event(occurred_at="2026-11-22 10:00:00.5+00"),
    "a leap day": event(occurred_at="2024-02-29T23:59:59.123456789Z"),
}
DOUBTFUL = {
    "an escape": ndjson(event("e1")).strip().replace(b"e1", b"e\\u0031"),
    "an unknown key": ndjson(event(other=1)).strip(),
    "a key twice": ndjson(event()).strip()[:-1] + b',"actor":"agent"}',
    "a missing field": ndjson(event(customer_id=None)).strip(),
    "an empty id": ndjson(event("")).strip(),
    "an id too long": ndjson(event("x" * 513)).strip(),
    "a control character": ndjson(event()).strip().replace(b"u1", b"\x01"),
    "an unknown actor": ndjson(event(actor="user")).strip(),
    "an unknown kind": ndjson(event(kind="typing")).strip(),
    "a fraction as an id": ndjson(event(1.5)).strip(),
    "a negative id": ndjson(event(-1)).strip(),
    "an id with a leading zero": ndjson(event(7)).strip().replace(b"7", b"07"),
    "a time without offset": ndjson(event(occurred_at="2026-11-22T10:00:00")).strip(),
    "no such day": ndjson(event(occurred_at="2025-02-29T10:00:00Z")).strip(),
    "a leap second": ndjson(event(occurred_at="2026-11-22T10:00:60Z")).strip(),
    "a year out of range": ndjson(event(occurred_at="9999-01-01T00:00:00Z")).strip(),
    "preview as text": ndjson(event(preview="true")).strip(),
    "attributes as text": ndjson(event(attributes='{"a": 1}')).strip(),
    "attributes that are no JSON": ndjson(event()).strip()[:-1] + b',"attributes":{"a":[}}',
    "a NUL in attributes": ndjson(event(attributes={"a": "\0"})).strip(),
    "no object": b"[]",
    "text after the object": ndjson(event()).strip() + b"{}",
    "a cut line": ndjson(event()).strip()[:-1],
    "a megabyte": ndjson(event(attributes={"a": "x" * (1 << 20)})).strip(),
}


def block_of(content: bytes) -> LineBlock:
    return LineBlock(bytearray(content + b"\n".ljust(PADDING_BYTES, b"\0")), size=len(content))


def scanned(content: bytes) -> PlainLines:
    lines = plain_lines(block_of(content))
    assert lines is not None
    return lines


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\t", "\t : ")], ids=["compact", "spaced", "wide"])
def test_plain_lines_are_scanned(separators: tuple[str, str]) -> None:
    lines = [json.dumps(line, separators=separators, ensure_ascii=False).encode() for line in PLAIN.values()]
    assert scanned(b"\n".join(lines)).numbers.tolist() == list(range(len(PLAIN)))
    assert read_lines(b"\n".join(lines), scans=True) == read_lines(b"\n".join(lines), scans=False)


def test_every_other_line_is_left_to_the_reader_that_judges_it() -> None:
    plain = ndjson(event()).strip()
    block = block_of(b"\n".join(b"%b\n%b" % (plain, line) for line in DOUBTFUL.values()))
    lines = plain_lines(block)
    assert lines is not None
    assert [block.text_at(start) for start in lines.doubtful_starts.tolist()] == list(DOUBTFUL.values())
    assert lines.doubtful_numbers.tolist() == list(range(1, 2 * len(DOUBTFUL), 2))


def test_a_block_with_bytes_that_are_not_utf8_is_left_to_it() -> None:
    for fields in ({"customer_id": "u\xff"}, {"bot_name": "\xff"}):
        content = ndjson(event(), event(**fields)).replace(b"\\u00ff", b"\xff")
        assert plain_lines(block_of(content.strip())) is None
        assert read_lines(content, scans=True) == read_lines(content, scans=False)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["line feeds", "carriage returns"])
@pytest.mark.parametrize("around", [b"", b" "], ids=["alone", "after a blank"])
def test_a_rejected_line_is_quarantined_alike(ending: bytes, around: bytes) -> None:
    lines = [ndjson(event()).strip(), *DOUBTFUL.values(), b"", *3 * [ndjson(FULL).strip()] * len(DOUBTFUL)]
    for content in (ending.join(around + line for line in lines), ending.join(filter(None, lines)) + ending):
        assert read_lines(content, scans=True) == read_lines(content, scans=False)


def test_a_field_of_more_texts_than_the_table_holds_is_read_all_the_same() -> None:
    content = ndjson(*(event(str(number), channel=f"channel {number}") for number in range(CODES_MAX + 10)))
    assert len(scanned(content.strip()).doubtful_numbers) == 10
    assert read_lines(content, scans=True) == read_lines(content, scans=False)


def test_a_block_of_mostly_doubtful_or_very_short_lines_is_not_scanned() -> None:
    assert plain_lines(block_of(ndjson(event(), event(""), event("")).strip())) is None
    assert plain_lines(block_of(b"{}\n" * 1_000)) is None
    assert plain_lines(block_of(b"\n \n")) is None


def test_large_files_alone_are_scanned() -> None:
    line = ndjson(event())
    for size, expected in ((SCANNED_BYTES_MIN // 2, Records), (SCANNED_BYTES_MIN + len(line), CheckedRecords)):
        stream = ByteStream(io.BytesIO(line * (size // len(line))), name="events")
        (records,) = records_from_lines(line_blocks(stream), stream=stream)
        assert isinstance(records, expected)
