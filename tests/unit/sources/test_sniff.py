"""Detection of a file's format."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Read, event, ndjson, outcome_of

from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream

ONE = json.dumps(event()).encode()
PRETTY = json.dumps(event(), indent=2).encode()


def sniffed(content: bytes, expected: str | None = None) -> str:
    return format_of(ByteStream(io.BytesIO(content), name="it"), expected=expected)


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (ONE, "ndjson"),
        (ONE + b"\n" + ONE, "ndjson"),
        (b"\xef\xbb\xbf\n\n " + ONE, "ndjson"),
        (b'{"broken": \n' + ONE, "ndjson"),
        (b"garbage\n" + ONE, "ndjson"),
        (b'{"event_id": "' + b"x" * 100_000 + b'"}', "ndjson"),
        (PRETTY, "json"),
        (b"[" + ONE + b"]", "json"),
        (b" \n[\n]", "json"),
        (b"event_id,occurred_at\n", "csv"),
        (b'"event_id"\t"x"\n{"a": 1}\n', "csv"),
        (b"Message ID;Sent\n1;2\n", "csv"),
        (b"event_id,bot_name\ne1,a\0b\n", "csv"),
        (b"PAR1....", "parquet"),
    ],
)
def test_the_format_is_detected_from_the_first_bytes(content: bytes, result: str) -> None:
    assert sniffed(content) == result
    assert sniffed(gzip.compress(content)) == result


@pytest.mark.parametrize(
    ("content", "expected", "detected"),
    [
        (PRETTY, "cloudevents", "json"),
        (ONE, "cloudevents", "ndjson"),
        (ONE, "csv", "csv"),
        (b"x\n" + ONE, "json", "ndjson"),
    ],
)
def test_the_expected_format_takes_precedence_over_the_detected_one(
    content: bytes, expected: str, detected: str
) -> None:
    assert sniffed(content, expected) == detected


def test_a_name_that_lies_about_the_format_does_not_matter(tmp_path: Path) -> None:
    parquet = tmp_path / "events.csv"
    pq.write_table(pa.table({name: [value] for name, value in event().items()}), parquet)
    lines = tmp_path / "events.parquet"
    lines.write_bytes(gzip.compress(ndjson(event())))
    assert outcome_of(str(parquet)).events == outcome_of(str(lines)).events


def test_a_single_object_over_many_lines_is_one_event(read: Read) -> None:
    assert read(PRETTY).ids == ["e1"]


def test_blank_lines_and_windows_line_ends_are_no_events(read: Read) -> None:
    outcome = read(b"\r\n" + ONE + b"\r\n\r\n   \n" + ONE.replace(b"e1", b"e2") + b"\r\n")
    assert (outcome.ids, outcome.positions) == (["e1", "e2"], [0, 1])


def test_two_objects_on_a_line_are_one_refused_line(read: Read) -> None:
    broken_over_two = [b'{"event_id": "a", "foreign": [{}', b'{"a": 1}]}']
    outcome = read(b"\n".join([ONE, ONE + ONE, *broken_over_two, ONE]))
    assert outcome.positions == [0, 4]
    assert outcome.codes[:2] == [(1, "json_invalid"), (2, "json_invalid")]


def test_a_json_array_is_cut_into_its_elements_whatever_they_hold(read: Read) -> None:
    odd = ['"],[{', "\\", '\\"', 'a\\\\"b', "}{", ",", "\\\\"]
    events = [event(f"e{number}", bot_name=name, foreign=[[{"a": [name]}]]) for number, name in enumerate(odd)]
    outcome = read(b"[" + b" ,\n".join(json.dumps(result).encode() for result in events) + b"\n]\n")
    assert [result["bot_name"] for result in outcome.events] == odd


def test_broken_elements_of_an_array_are_refused_one_by_one(read: Read) -> None:
    outcome = read(b"[" + ONE + b', 5, {"a": tru}, null, "text", ' + ONE + b", ]")
    assert outcome.positions == [0, 5]
    assert outcome.codes == [(index, "json_invalid") for index in (1, 2, 3, 4, 6)]


def test_deep_nesting_is_refused_and_never_crashes(read: Read) -> None:
    deep = b'{"event_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    attributes = (
        json.dumps(event(attributes=0)).encode().replace(b": 0}", b': {"a": ' + b"[" * 9_000 + b"]" * 9_000 + b"}}")
    )
    outcome = read(b"\n".join([ONE, deep, attributes, ONE]))
    assert outcome.positions == [0, 3]
    assert [index for index, _ in outcome.codes] == [1, 2]
