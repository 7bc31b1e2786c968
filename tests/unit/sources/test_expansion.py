"""Small files that stand for much are read a bounded number of bytes at a time, or refused with a sentence."""

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Read, event, ndjson

from botmeter.domain.errors import BotmeterError, Refused, TooMuch
from botmeter.sources import stream
from botmeter.sources.arrow import parquet as parquet_reading
from botmeter.sources.arrow import parquet_pages
from botmeter.sources.arrow.parquet_pages import column_bounds
from botmeter.sources.json_text import elements
from botmeter.sources.payloads.payload_json import json_value
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.tables import delimited as csv_reading

LONG = 100_000


def repeated(text: str, *, rows: int) -> pa.Array:
    """One value for many rows, stored once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([text]))


def parquet(rows: int, *, compression: str = "zstd", **columns: object) -> bytes:
    sent: dict[str, object] = {name: repeated(str(value), rows=rows) for name, value in event().items()}
    sent["event_id"] = [f"e{number}" for number in range(rows)]
    sink = io.BytesIO()
    pq.write_table(pa.table({**sent, **columns}), sink, compression=compression, store_schema=False)
    return sink.getvalue()


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_rows_with_long_repeated_values_are_read_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    monkeypatch.setattr(parquet_reading, "BATCH_BYTES_MAX", 5 * LONG)
    content = parquet(20, compression=compression, conversation_id=repeated("x" * LONG, rows=20), more=["y"] * 20)
    file = tmp_path / "events.parquet"
    file.write_bytes(content)
    read = list(batches(SourceFile(path=str(file))))
    assert len(read) >= 5
    rejections = [each for batch in read for each in batch.rejections]
    assert [each.index for each in rejections] == list(range(20))
    assert all(b'"more": "y"' in each.raw and f"e{each.index}" in each.raw.decode() for each in rejections)


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])
def test_bounds_hold_for_every_encoding_of_text(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "texts.parquet"
    texts = ["x" * LONG] * 30
    pq.write_table(
        pa.table({"a": texts}), file, use_dictionary=False, column_encoding={"a": encoding}, compression="zstd"
    )
    with file.open("rb") as content, pq.ParquetFile(file) as opened:
        (bound,) = column_bounds(content, opened, group=0, name="texts")
    assert bound.value >= LONG
    assert bound.name == "a"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("short", id="of another length"),
        pytest.param("y" * LONG, id="of the same length"),
        pytest.param("y" * ((LONG - 4) // 2), id="so long that two of them, with their lengths, are as long"),
    ],
)
def test_bounds_of_a_dictionary_are_its_longest_value(other: str, tmp_path: Path) -> None:
    file = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"a": [other, "x" * LONG] * 100, "n": range(200)}), file, compression="zstd")
    assert file.stat().st_size < LONG
    with file.open("rb") as content, pq.ParquetFile(file) as opened:
        text, number = column_bounds(content, opened, group=0, name="texts")
    assert (text.value, text.dictionary_value) == (LONG, LONG)
    assert number.value <= 16


def test_a_page_or_a_column_of_maps_that_is_too_large_is_refused(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_pages, "PAGE_BYTES_MAX", LONG)
    with pytest.raises(
        TooMuch, match=r"'conversation_id' .* has a page of up to 200,004 bytes in row group 1; the lim"
    ):
        read(parquet(3, conversation_id=repeated("x" * 2 * LONG, rows=3)))
    monkeypatch.undo()
    monkeypatch.setattr(parquet_pages, "REPEATED_BYTES_MAX", 10 * LONG)
    maps = pa.array([[("k", "x" * LONG)]] * 20, pa.map_(pa.string(), pa.string()))
    with pytest.raises(TooMuch, match="has lists or maps of up to") as refused:
        read(parquet(20, attributes=maps))
    assert refused.value.code == "row_group_too_large"


@pytest.mark.parametrize("at", range(4, 400, 11))
def test_a_damaged_parquet_file_is_refused_or_read_but_never_fails(read: Read, at: int) -> None:
    content = bytearray(parquet(50))
    content[at % len(content)] ^= 0xFF
    try:
        read(bytes(content))
    except BotmeterError as error:
        assert error.code in {"file_damaged", "format_unknown", "row_group_too_large", "column_missing"}  # noqa: PT017


def test_gzip_that_unpacks_to_much_more_than_compressed_files_do_is_refused(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "UNPACKED_MAX", 1)
    monkeypatch.setattr(stream, "_BUFFER_BYTES", 1 << 16)
    with pytest.raises(TooMuch, match="unpacks to more than 1 times its size") as refused:
        read(gzip.compress(b"PAR1" + bytes(8 << 20) + b"PAR1"))
    assert refused.value.code == "file_too_large"


def test_blocks_of_tiny_records_are_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (elements, csv_reading):
        monkeypatch.setattr(module, "RECORDS_MAX", 10)
    header = ",".join(event())
    contents = {
        "a.ndjson": b"{}\n" * 35,
        "a.json": b"[" + b"{}," * 34 + b"{}]",
        "a.csv": f"{header}\n".encode() + b"x,,,,\n" * 35,
    }
    for name, content in contents.items():
        file = tmp_path / name
        file.write_bytes(content)
        read = list(batches(SourceFile(path=str(file))))
        assert [each.index for batch in read for each in batch.rejections] == list(range(35))
        assert max(len(batch.rejections) for batch in read) == 10


def test_rows_of_another_width_than_the_header_are_rejected_up_to_a_number(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_reading, "UNEVEN_MAX", 10)
    header = ",".join(event()).encode() + b"\n"
    assert len(read(header + b"a\n" * 10).rejections) == 10
    with pytest.raises(
        TooMuch, match="more than 10 rows within 16 MiB that have not as many cells as its header"
    ) as refused:
        read(header + b"a\n" * 11)
    assert refused.value.code == "rows_uneven"


def test_an_event_of_very_many_values_is_one_rejection(read: Read) -> None:
    lists = b'{"event_id":"many","attributes":{"a":[' + b"[]," * 600_000 + b"[]]}}"
    outcome = read(ndjson(event("first")) + lists + b"\n" + ndjson(event("last")))
    assert outcome.ids == ["first", "last"]
    assert outcome.codes == [(1, "json_too_large")]
    assert "1,200,005 JSON values; the limit is 500,000" in outcome.rejections[0].detail


def test_a_payload_of_very_many_values_is_not_understood() -> None:
    with pytest.raises(Refused, match="has 3,000,001 JSON values; the limit is 2,000,000") as refused:
        json_value(b"[" + b"1," * 3_000_000 + b"1]")
    assert refused.value.code == "payload_not_understood"
