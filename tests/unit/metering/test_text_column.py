"""Columns of text in every encoding, read by address."""

from collections.abc import Callable
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pytest

from botmeter.metering import text_column
from botmeter.metering.sha256_lanes import digests
from botmeter.metering.text_column import TextColumn

TEXTS = ["b", "", "é", "b", "a text of more than eight bytes", "\U0001f600", "a text of more than eight bytez", "", "b"]


def dictionaries(texts: list[str | None]) -> pa.ChunkedArray:
    """Three chunks, each with a dictionary of its own."""
    return pa.chunked_array([pa.array(texts[first : first + 3]).dictionary_encode() for first in (0, 3, 6)])


def repeating_dictionary(texts: list[str | None]) -> pa.ChunkedArray:
    """A dictionary that has each row's text, equal ones several times."""
    numbers = pa.array(np.arange(len(texts), dtype=np.uint8))
    return pa.chunked_array([pa.DictionaryArray.from_arrays(numbers, pa.array(texts, pa.large_string()))])


ENCODINGS: dict[str, Callable[[list[str | None]], pa.ChunkedArray]] = {
    "string": lambda texts: pa.chunked_array([texts]),
    "chunks": lambda texts: pa.chunked_array([texts[:4], [], texts[4:]], pa.string()),
    "slice": lambda texts: pa.chunked_array([["x", *texts, "y"]]).slice(1, len(texts)),
    "large_string": lambda texts: pa.chunked_array([pa.array(texts, pa.large_string())]),
    "string_view": lambda texts: pa.chunked_array([pa.array(texts, pa.string_view())]),
    "dictionaries": dictionaries,
    "repeating dictionary": repeating_dictionary,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_rows_have_their_texts_by_code_by_entry_and_by_hash(encoding: str) -> None:
    column = TextColumn(ENCODINGS[encoding](list(TEXTS)))
    codes, entries = column.codes()
    assert column.gathered(entries[codes]).to_pylist() == TEXTS
    assert len(entries) == len(set(TEXTS))
    assert column.gathered(column.entries().astype(np.int64)).to_pylist() == TEXTS
    rows = np.array([8, 2, 2, 0])
    assert column.gathered(column.entries_of(rows)).to_pylist() == ["b", "é", "é", "b"]
    assert len(set(column.hashes().tolist())) == len(set(TEXTS))


@pytest.mark.parametrize("encoding", ["string", "large_string", "dictionaries"])
def test_a_null_reads_as_an_empty_text(encoding: str) -> None:
    column = TextColumn(ENCODINGS[encoding](["a", None, "b", "a", "", "b", None, "c", "c"]))
    assert column.gathered(column.entries().astype(np.int64)).to_pylist() == ["a", "", "b", "a", "", "b", "", "c", "c"]


def test_texts_beyond_one_arrays_bytes_go_into_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_column, "PIECE_BYTES_MAX", 40)
    gathered = TextColumn(pa.chunked_array([TEXTS])).gathered(np.arange(len(TEXTS)))
    assert gathered.num_chunks > 1
    assert gathered.to_pylist() == TEXTS


def test_more_texts_than_the_table_first_holds_have_codes_of_their_own() -> None:
    texts = [f"text {number % 5_000}" for number in range(10_000)]
    codes, entries = TextColumn(pa.chunked_array([texts])).codes()
    assert codes.tolist() == [number % 5_000 for number in range(10_000)]
    assert entries.tolist() == list(range(5_000))


def test_digests_side_by_side_are_those_of_one_after_another() -> None:
    texts = ["é" * (number % 7) + "x" * number for number in range(200)] + ["short", ""]
    column = TextColumn(pa.chunked_array([texts]))
    found = digests(column.texts, np.arange(len(texts)), prefix=np.frombuffer(b"policy\0source\0", np.uint8))
    expected = [sha256(b"policy\0source\0" + text.encode()).digest()[:16] for text in texts]
    assert [row.tobytes() for row in found] == expected
