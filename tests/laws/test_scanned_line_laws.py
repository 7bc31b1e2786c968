"""Lines are read alike with the compiled scanner and without it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.sources.columns import batch_from_records
from botmeter.sources.json_records import records_from_texts
from botmeter.sources.json_text import plain_lines
from botmeter.sources.reader import batch_from_json
from support.examples import examples
from support.scanned_lines import lines_of, read_lines

pytestmark = pytest.mark.slow


@examples(cost=2)
@given(seed=st.integers(0, 2**64), block_bytes=st.sampled_from([16 << 20, 1_000, 200]))
def test_lines_give_the_same_events_and_rejections_with_the_scanner_and_without(seed: int, block_bytes: int) -> None:
    content = lines_of(Random(seed))
    with_scanner = read_lines(content, scans=True, block_bytes=block_bytes)
    assert with_scanner == read_lines(content, scans=False, block_bytes=block_bytes)


@examples(cost=2)
@given(seed=st.integers(0, 2**64), are_broken_up=st.booleans())
def test_a_body_gives_the_same_events_and_rejections_with_the_scanner_and_without(
    seed: int, are_broken_up: bool
) -> None:
    plain_lines.load()
    texts = [text for line in lines_of(Random(seed)).split(b"\n") if (text := line.strip(b" \t\r\n"))]
    if are_broken_up:
        texts = [text.replace(b",", b",\n") if number % 7 == 3 else text for number, text in enumerate(texts)]
    with_scanner = batch_from_records(records_from_texts(texts))
    without = batch_from_json(texts)
    assert with_scanner.events.to_pylist() == without.events.to_pylist()
    assert with_scanner.positions == without.positions
    assert with_scanner.rejections == without.rejections


@given(content=st.binary(max_size=300))
def test_any_bytes_give_the_same_rejections(content: bytes) -> None:
    assert read_lines(content, scans=True) == read_lines(content, scans=False)
