"""Faults of a whole file: one sentence each, and never a trace."""

import gzip
import io
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Outcome, Read, event, ndjson, outcome_of

from botmeter.domain.errors import Missing, NotAllowed, Refused, TooMuch
from botmeter.sources.mapping.mapping_file import mapping_from_file
from botmeter.sources.reader import SourceFile, batches, size_bytes

MANY = ndjson(*(event(f"event-{number:06}", customer_id=f"{number * 7919 % 10_007}") for number in range(20_000)))


def refusal(read: Read, content: bytes, **options: object) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        read(content, **options)
    return refused.value.code, refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "events.csv")
    with pytest.raises(Missing, match=f"There is no file {path}") as missing:
        list(batches(SourceFile(path=path)))
    assert missing.value.code == "file_missing"
    assert size_bytes(SourceFile(path=path)) is None


def test_a_name_that_no_file_can_have_is_missing() -> None:
    with pytest.raises(Missing):
        list(batches(SourceFile(path="a\0b")))


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is a directory; name the files in it") as refused:
        list(batches(SourceFile(path=str(tmp_path))))
    assert refused.value.code == "file_is_directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(MANY)
    path.chmod(0)
    with pytest.raises(NotAllowed, match="permission denied") as refused:
        list(batches(SourceFile(path=str(path))))
    assert refused.value.code == "file_not_readable"
    with pytest.raises(NotAllowed, match="permission denied") as refused:
        mapping_from_file(path)
    assert refused.value.code == "mapping_not_readable"


@pytest.mark.parametrize(
    "content", [b"", b"\n \n", b"\xef\xbb\xbf", gzip.compress(b"")], ids=["nothing", "blank", "a BOM", "packed"]
)
def test_an_empty_file_is_refused(read: Read, content: bytes) -> None:
    assert refusal(read, content)[0] == "file_empty"


@pytest.mark.parametrize("seed", range(5))
def test_binary_noise_is_no_format(read: Read, seed: int) -> None:
    import random

    noise = random.Random(seed).randbytes(5_000)
    code, message = refusal(read, noise)
    assert code == "format_unknown"
    assert message.endswith("is not CSV, XLSX, NDJSON, JSON or Parquet.")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", "a PDF document"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n<title>Sign in</title>", "a web page"),
        (b"<HTML><table><tr><td>id</td></tr></table>", "a web page"),
        (b'<?xml version="1.0"?>\n<Workbook/>', "an XML document"),
        (b"{\\rtf1\\ansi event_id}", "a document of a word processor"),
    ],
)
def test_a_document_is_named_as_what_it_is(read: Read, content: bytes, what: str) -> None:
    code, message = refusal(read, content)
    assert code == "format_unknown"
    assert f" is {what}. Export the data as CSV, XLSX" in message


def test_an_unknown_format_is_refused_with_those_there_are(read: Read) -> None:
    assert (
        refusal(read, MANY, format="xml")[1]
        == "'xml' is not a format; it must be one of csv, xlsx, ndjson, json, parquet, cloudevents."
    )


@pytest.mark.parametrize("share", [0.0005, 0.3, 0.9, 0.9999])
def test_a_truncated_gzip_is_read_up_to_the_cut_and_then_refused(tmp_path: Path, share: float) -> None:
    packed = gzip.compress(MANY)
    path = tmp_path / "events"
    path.write_bytes(packed[: int(len(packed) * share)])
    outcome = Outcome()
    with pytest.raises(Refused, match="is truncated: it ends in the middle of its gzip data") as refused:
        outcome.events.extend(
            result for batch in batches(SourceFile(path=str(path))) for result in batch.events.to_pylist()
        )
    assert refused.value.code == "file_truncated"
    assert len(outcome.events) >= 20_000 * (share - 0.1)


def test_damaged_gzip_is_refused(read: Read) -> None:
    packed = bytearray(gzip.compress(MANY))
    packed[-6] ^= 0xFF
    assert refusal(read, bytes(packed))[0] == "file_damaged"


def test_a_parquet_file_that_is_none_is_refused(read: Read) -> None:
    assert refusal(read, b"PAR1" + b"\0" * 100)[0] == "format_unknown"
    assert refusal(read, MANY, format="parquet")[0] == "format_unknown"


def test_a_parquet_file_with_a_broken_page_is_refused(tmp_path: Path, read: Read) -> None:
    path = tmp_path / "events.parquet"
    table = pa.table({name: [str(value)] * 10_000 for name, value in event().items()})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[40:60] = b"\xff" * 20
    assert refusal(read, bytes(content))[0] == "file_damaged"


def test_a_json_array_that_is_never_closed_is_truncated(read: Read) -> None:
    assert refusal(read, b"[" + b",".join(MANY.splitlines()))[0] == "file_truncated"


def test_text_after_a_json_array_is_refused(read: Read) -> None:
    assert refusal(read, b"[] {}")[0] == "json_invalid"


@pytest.mark.slow
def test_a_line_of_more_than_32_mib_is_refused_with_the_limit(read: Read) -> None:
    with pytest.raises(TooMuch, match="a record of more than 32 MiB, the limit, after 1 others") as refused:
        read(ndjson(event(), event("x" * (33 << 20))))
    assert refused.value.code == "record_too_long"


@pytest.mark.slow
def test_progress_is_counted_in_bytes_of_the_stored_file(tmp_path: Path) -> None:
    for name, content in (("plain", MANY), ("packed", gzip.compress(MANY))):
        path = tmp_path / name
        path.write_bytes(content)
        assert size_bytes(SourceFile(path=str(path))) == len(content)
        assert outcome_of(str(path)).bytes_read[-1] == len(content)


def test_standard_input_is_read_in_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({name: [str(value)] for name, value in event().items()})
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    for content in (
        ndjson(event()),
        gzip.compress(ndjson(event())),
        parquet.getvalue(),
        gzip.compress(parquet.getvalue()),
    ):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))  # type: ignore[arg-type]
        monkeypatch.setattr(sys, "stdin", stdin)
        assert outcome_of("-").ids == ["e1"]
        assert size_bytes(SourceFile(path="-")) is None


def test_several_gzip_members_are_one_file(read: Read) -> None:
    content = gzip.compress(ndjson(event("e1"))) + gzip.compress(ndjson(event("e2"))) + b"\0" * 512
    assert read(content).ids == ["e1", "e2"]


def test_each_rejection_is_in_one_batch(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from botmeter.sources.json_text import elements

    monkeypatch.setattr(elements, "BLOCK_BYTES", 1_000)
    records = [event(f"e{number}", actor="x" if number % 5 == 0 else "bot") for number in range(100)]
    outcome = read(ndjson(*records))
    assert max(outcome.batch_sizes) <= 10
    assert outcome.positions == [number for number in range(100) if number % 5]
    assert outcome.codes == [(number, "actor_unknown") for number in range(0, 100, 5)]


@pytest.mark.slow
def test_memory_holds_a_block_and_not_the_file(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from botmeter.sources.json_text import elements

    monkeypatch.setattr(elements, "BLOCK_BYTES", 10_000)
    monkeypatch.setattr(elements, "ARRAY_BLOCK_BYTES", 10_000)
    for content in (MANY, b"[" + b",\n".join(MANY.splitlines()) + b"]"):
        outcome = read(content)
        assert max(outcome.batch_sizes) < 100
        assert outcome.ids == [f"event-{number:06}" for number in range(20_000)]
        assert outcome.positions == list(range(20_000))
