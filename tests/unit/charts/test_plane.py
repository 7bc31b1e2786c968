"""The rules of the value axis and of the widths."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from botmeter.charts.plane import gridline_values


@given(st.integers(0, 10**12), st.integers(1, 6))
def test_gridlines_are_whole_evenly_spaced_from_zero_and_reach_the_greatest_count(greatest: int, at_most: int) -> None:
    values = gridline_values(greatest, at_most=at_most)
    steps = {after - before for before, after in itertools.pairwise(values)}
    assert values[0] == 0
    assert len(steps) == 1
    assert 1 <= len(values) - 1 <= at_most
    assert values[-1] >= greatest


@given(st.integers(1, 10**12))
def test_the_highest_gridline_is_not_far_above_the_greatest_count(greatest: int) -> None:
    values = gridline_values(greatest)
    assert values[-2] < greatest
    assert values[-1] <= max(2 * greatest, 5)
