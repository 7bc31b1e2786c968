"""Lines are read alike with the compiled scanner and without it."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.examples import examples
from support.scanned_lines import lines_of, read_lines

pytestmark = pytest.mark.slow


@examples(cost=2)
@given(seed=st.integers(0, 2**64), block_bytes=st.sampled_from([16 << 20, 1_000, 200]))
def test_lines_give_the_same_events_and_rejections_with_the_scanner_and_without(seed: int, block_bytes: int) -> None:
    content = lines_of(Random(seed))
    with_scanner = read_lines(content, scans=True, block_bytes=block_bytes)
    assert with_scanner == read_lines(content, scans=False, block_bytes=block_bytes)


@given(content=st.binary(max_size=300))
def test_any_bytes_give_the_same_rejections(content: bytes) -> None:
    assert read_lines(content, scans=True) == read_lines(content, scans=False)
