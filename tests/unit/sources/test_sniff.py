"""Detection of a file's format."""

import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Read, event, ndjson, outcome_of

from botmeter.sources.json_text import elements
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
        (PRETTY + b"\n" + PRETTY, "json"),
        (ONE.replace(b", ", b",\n"), "json"),
        (b'{"a": [\n{"b": 1},\n{"b": 2}\n]}', "json"),
        (b'{"a": [\n' + b'{"b": "x"},\n' * 10_000, "json"),
        (b'{"a": "' + b"x" * 70_000, "ndjson"),
        (b'{"a": [\n' + b'"' + b"x" * 70_000, "json"),
        (b'{"a": tru}\n' + ONE, "ndjson"),
        (b'{"a": tru,\n"b": {}}\n', "json"),
        (b'{"a": ' + b"[\n" * 5_000, "json"),
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
        (b"x\n" + ONE, "json", "json"),
        (ONE, "json", "json"),
        (PRETTY, "ndjson", "ndjson"),
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


@pytest.mark.parametrize("indent", [0, 1, 4])
@pytest.mark.parametrize("between", ["\n", "\r\n\r\n", " \n  "])
def test_objects_of_several_lines_one_after_another_are_events(
    read: Read, monkeypatch: pytest.MonkeyPatch, indent: int, between: str
) -> None:
    monkeypatch.setattr(elements, "ARRAY_BLOCK_BYTES", 150)
    events = [event(f"e{number}", bot_name='}\n{"', attributes={"a": [{}, {}]}) for number in range(7)]
    text = between.join(json.dumps(each, indent=indent) for each in events)
    outcome = read(text.encode())
    assert (outcome.ids, outcome.codes) == ([each["event_id"] for each in events], [])
    assert read(ndjson(*events), format="json").ids == outcome.ids


def test_a_broken_object_of_several_is_refused_alone(read: Read) -> None:
    outcome = read(b"\n".join([PRETTY, b'{\n"a": tru\n}', PRETTY.replace(b"e1", b"e2"), b'{\n"a": [']))
    assert (outcome.ids, outcome.codes) == (["e1", "e2"], [(1, "json_invalid"), (3, "json_invalid")])


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
