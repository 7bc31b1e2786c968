"""Vectorized reading of times agrees with `domain.instant`."""

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, us_from_text
from botmeter.sources.times.time_columns import us_from_texts


def by_the_rule(text: str) -> int | None:
    try:
        return us_from_text(text)
    except Refused:
        return None


def nearly_times() -> st.SearchStrategy[str]:
    """Times, often with parts out of range and wrong marks."""
    two = st.one_of(st.integers(0, 99), st.sampled_from([0, 1, 2, 12, 23, 24, 28, 29, 30, 31, 59, 60])).map(
        "{:02}".format
    )
    year = st.one_of(st.integers(1, 9999), st.sampled_from([1900, 2000, 2024, 2026, 2100])).map("{:04}".format)
    fraction = st.one_of(st.just(""), st.text("0123456789", min_size=0, max_size=11).map(".{}".format))
    offset = st.one_of(
        st.sampled_from(["Z", "z", "", "+05:30", "-00:00", "+0530", "+05", "+24:00", "+05:60"]), st.text(max_size=3)
    )
    marks = st.sampled_from(["--T::", "--t::", "-- ::", "-/T::", "--T:."])
    return st.builds(
        lambda parts, mark, tail: (
            f"{parts[0]}{mark[0]}{parts[1]}{mark[1]}{parts[2]}{mark[2]}{parts[3]}{mark[3]}{parts[4]}{mark[4]}{parts[5]}{tail}"
        ),
        st.tuples(year, two, two, two, two, two),
        marks,
        st.builds("{}{}".format, fraction, offset),
    )


@given(st.lists(st.one_of(nearly_times(), st.text(max_size=40), st.none()), max_size=20))
@example(
    ["2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T23:59:59.999999999-23:59"]
)
@example(["0000-01-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-13-01T00:00:00Z"])
def test_the_vectorized_reader_agrees_with_the_rule(texts: list[str | None]) -> None:
    instants, read = us_from_texts(pa.array(texts, pa.string()))
    for text, instant_us, is_read in zip(texts, instants.tolist(), read.tolist(), strict=True):
        if is_read:
            assert text is not None
            expected = by_the_rule(text)
            # The column check rejects instants outside the years of an event.
            assert expected == instant_us or not INSTANT_FIRST_US <= instant_us < INSTANT_END_US


@given(
    st.lists(
        st.datetimes().map(lambda moment: f"{max(moment.year, 1000):04}" + moment.isoformat()[4:] + "Z"),
        min_size=1,
        max_size=20,
    )
)
def test_the_vectorized_reader_reads_every_common_format(texts: list[str]) -> None:
    shapes = [
        shape for text in texts for shape in (text, text[:19] + "Z", text[:19] + "+05:30", text[:19] + ".123-11:45")
    ]
    real = [shape for shape in shapes if by_the_rule(shape) is not None]
    instants, read = us_from_texts(pa.array(real, pa.string()))
    assert read.all()
    assert instants.tolist() == [us_from_text(text) for text in real]


def test_a_slice_of_a_column_is_read_from_its_offset() -> None:
    column = pa.array([None, "nonsense", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.5+01:00", ""], pa.string())
    instants, read = us_from_texts(column.slice(1, 3))
    assert read.tolist() == [False, True, True]
    assert instants.tolist() == [0, us_from_text("2026-11-22T10:00:00Z"), us_from_text("2026-11-22T09:00:00.5Z")]
