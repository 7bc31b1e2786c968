"""The rules of the value axis and of the widths."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from botmeter.charts.plane import gridline_values
from botmeter.charts.trend import POINTS_MAX, Step, fitting_step


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


@given(st.integers(1, 11_000))
def test_a_trend_of_up_to_thirty_years_stays_under_four_hundred_points(day_count: int) -> None:
    days_in = {Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 30}
    assert day_count / days_in[fitting_step(day_count)] <= POINTS_MAX
