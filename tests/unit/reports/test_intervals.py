"""Intervals of charts over time."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.domain.period import Period
from botmeter.reports.intervals import (
    POINTS_MAX,
    Interval,
    fitting_interval,
    offered_intervals,
    point_count,
    shown_interval,
    spans_of,
)

CALENDAR = st.dates() | st.sampled_from([date.min, date.max, date(2024, 2, 29), date(2026, 12, 31)])


def period_of(first_on: date, day_count: int) -> Period:
    last_on = date.fromordinal(min(first_on.toordinal() + day_count - 1, date.max.toordinal()))
    return Period(first_on=first_on, last_on=last_on)


@pytest.mark.parametrize(
    ("day_count", "fitting"),
    [
        (1, Interval.HOUR),
        (2, Interval.HOUR),
        (3, Interval.DAY),
        (89, Interval.DAY),
        (90, Interval.WEEK),
        (729, Interval.WEEK),
        (730, Interval.MONTH),
        (7_300, Interval.MONTH),
    ],
)
def test_the_interval_follows_from_the_length_of_the_period(day_count: int, fitting: Interval) -> None:
    assert fitting_interval(day_count) is fitting
    assert shown_interval(None, period_of(date(2020, 1, 1), day_count)) is fitting


@pytest.mark.parametrize(
    ("chosen", "day_count", "shown"),
    [
        (Interval.DAY, 1, Interval.HOUR),
        (Interval.DAY, 2, Interval.DAY),
        (Interval.HOUR, 16, Interval.HOUR),
        (Interval.HOUR, 17, Interval.DAY),
        (Interval.DAY, 365, Interval.DAY),
        (Interval.DAY, 401, Interval.WEEK),
        (Interval.MONTH, 31, Interval.DAY),
        (Interval.MONTH, 32, Interval.MONTH),
        (Interval.WEEK, 2_800, Interval.MONTH),
    ],
)
def test_a_chosen_interval_of_one_point_or_too_many_gives_way_to_the_fitting_one(
    chosen: Interval, day_count: int, shown: Interval
) -> None:
    assert shown_interval(chosen, period_of(date(2025, 1, 1), day_count)) is shown


@given(st.integers(1, 30_000) | st.integers(2_780, 2_810), st.integers(2, 8))
@example(2_795, 2)
def test_at_most_three_intervals_are_offered_and_the_fitting_one_is_among_them(day_count: int, day: int) -> None:
    offered = offered_intervals(day_count)
    assert len(offered) <= 3
    assert fitting_interval(day_count) in offered
    assert all(shown_interval(each, period_of(date(2000, 1, day), day_count)) is each for each in offered)


@given(CALENDAR, st.integers(1, 1_200), st.sampled_from([Interval.DAY, Interval.WEEK, Interval.MONTH]))
def test_spans_hold_each_day_once_and_are_as_many_as_points(first_on: date, day_count: int, interval: Interval) -> None:
    period = period_of(first_on, day_count)
    spans = spans_of(period, interval)
    days = [span.first_on + timedelta(days=n) for span in spans for n in range((span.last_on - span.first_on).days + 1)]
    assert days == list(period.days())
    assert len(spans) == point_count(interval, period)
    assert all(span.whole[0] <= span.first_on <= span.last_on <= span.whole[1] for span in spans)
    # Only the first and the last are cut.
    assert all(span.whole == (span.first_on, span.last_on) for span in spans[1:-1])


def test_a_year_by_day_and_thirty_years_by_month_stay_below_the_limit() -> None:
    assert point_count(Interval.DAY, period_of(date(2024, 1, 1), 366)) <= POINTS_MAX
    assert point_count(Interval.MONTH, period_of(date(2000, 1, 1), 30 * 365)) <= POINTS_MAX
