"""Forecasts of hand-made series that can be checked with a pencil."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import exp, sqrt

import pytest

from botmeter.billing.forecast import Crossing, Forecast, forecast

# A cycle of 30 days, November, as of the day after the first ten.
CYCLE = (date(2026, 11, 1), date(2026, 11, 30))
TODAY = date(2026, 11, 11)


def of(
    counts: Sequence[int | None],
    *,
    today_count: int | None = None,
    as_of_on: date = TODAY,
    cycle: tuple[date, date] = CYCLE,
) -> Forecast | None:
    """Forecast whose counts end yesterday."""
    return forecast(
        [*counts, today_count],
        first_on=as_of_on - timedelta(days=len(counts)),
        as_of_on=as_of_on,
        cycle_first_on=cycle[0],
        cycle_last_on=cycle[1],
    )


def made(counts: Sequence[int | None], **arguments: object) -> Forecast:
    result = of(counts, **arguments)  # type: ignore[arg-type]
    assert result is not None
    return result


def test_a_steady_account_goes_on_as_it_was_and_its_band_is_that_of_the_formula() -> None:
    result = made([10] * 60)
    # Four weekly origins have 14 days before and 20 after them. They were right, so the prior error is all there is.
    error = sqrt(8 * (0.15**2 + 1 / 200) / (8 + 4))
    assert (result.method, result.counted_count, result.end.expected_count) == ("pace", 100, 300)
    assert result.end.low_count == 100 + round(200 * exp(-1.28 * error))
    assert result.end.high_count == 100 + round(200 * exp(1.28 * error))
    assert result.counted_path == tuple(range(10, 101, 10))
    assert [day.expected_count for day in result.days] == list(range(110, 301, 10))
    assert [day.on for day in result.days][::19] == [TODAY, CYCLE[1]]


def test_days_five_days_older_weigh_half() -> None:
    result = made([100] * 95 + [200] * 5)
    # Half of the weight is on the last five days. The week behind them is 3 of 56, so that weekdays move it a little.
    assert (result.end.expected_count - result.counted_count) / 20 == pytest.approx(150, rel=0.05)


def test_weekdays_keep_their_shares_shrunk_by_one_week_in_which_all_are_equal() -> None:
    # TODAY is a Wednesday; the counts begin with one: 8 on six days and 64 on the last, Tuesday.
    result = made([8, 8, 8, 8, 8, 8, 64] * 8)
    steps = [after.expected_count - before.expected_count for before, after in pairwise(result.days)]
    # Of 8 weeks, and one of 16 a day: (8·8 + 16) ÷ 9 and (8·64 + 16) ÷ 9, before the level.
    assert steps[5] / steps[4] == pytest.approx((8 * 64 + 16) / (8 * 8 + 16), rel=0.06)


def test_a_spike_counts_as_two_and_a_half_usual_days_and_three() -> None:
    spike, limit = (made([*[10] * 59, count]) for count in (1_000, 28))
    assert spike.counted_count - limit.counted_count == 972
    assert spike.end.expected_count - limit.end.expected_count == 972
    assert made([*[10] * 59, 27]).end.expected_count < limit.end.expected_count - 1


def test_todays_partial_count_is_left_out_and_is_the_least_of_the_day() -> None:
    usual, small, great = (made([10] * 60, today_count=count) for count in (None, 4, 50))
    assert (small.counted_count, small.days) == (104, usual.days)
    assert great.counted_count == 150
    assert great.days[0].low_count == great.days[0].expected_count == 150
    assert great.end.expected_count == usual.end.expected_count + 40


@pytest.mark.parametrize(("day_count", "method"), [(1, "line"), (13, "line"), (14, "pace")])
def test_under_fourteen_days_with_data_the_forecast_is_a_straight_line_without_a_band(
    day_count: int, method: str
) -> None:
    result = made([*[None] * 30, *[6] * day_count])
    assert (result.method, result.data_day_count) == (method, day_count)
    assert result.end.expected_count == result.counted_count + 20 * 6
    assert result.has_band is (method == "pace")
    assert {day.low_count is None for day in result.days} == {not result.has_band}


def test_a_line_has_the_mean_of_its_days_and_says_no_earliest_or_latest_day() -> None:
    result = made([2, 4])
    assert [day.expected_count for day in result.days[:3]] == [9, 12, 15]
    assert result.crossing(12) == Crossing(earliest_on=None, expected_on=date(2026, 11, 12), latest_on=None)


@pytest.mark.parametrize("counts", [[], [None] * 40])
def test_without_a_whole_day_of_data_there_is_no_forecast(counts: list[None]) -> None:
    assert of(counts, today_count=7) is None


def test_only_zeros_are_forecast_as_zero() -> None:
    assert made([0] * 40).end.high_count == 0
    assert made([0] * 5).end.expected_count == 0


def test_days_without_data_are_not_zeros() -> None:
    gap = [*[10] * 40, *[None] * 9, *[10] * 11]
    assert made(gap).end.expected_count == 300
    assert made([*[10] * 60, None, None, None]).end.expected_count == 70 + 200
    assert made([*[10] * 60, *[None] * 80]).end.expected_count == 200


def test_weeks_with_a_gap_say_nothing_about_weekdays() -> None:
    result = made([10, 10, 10, 10, 10, 10, None] * 8)
    assert result.end.expected_count - result.counted_count == 200


def test_a_cycle_that_has_not_begun_is_forecast_whole() -> None:
    result = made([10] * 60, as_of_on=date(2026, 10, 20), today_count=3)
    assert (result.counted_count, result.counted_path) == (0, ())
    assert (result.days[0].on, len(result.days), result.end.expected_count) == (CYCLE[0], 30, 300)


def test_on_the_last_day_one_day_is_open() -> None:
    result = made([10] * 60, as_of_on=CYCLE[1])
    (last,) = result.days
    assert (result.counted_count, last.expected_count) == (290, 300)
    assert last.low_count is not None
    assert 290 < last.low_count < 300


def test_a_cycle_that_is_over_has_its_count_and_nothing_ahead() -> None:
    result = made([10] * 60, as_of_on=date(2026, 12, 5), today_count=10)
    assert (result.days, result.counted_count) == ((), 300)
    assert (result.end.low_count, result.end.expected_count, result.end.high_count) == (300, 300, 300)
    assert result.crossing(301) == Crossing(earliest_on=None, expected_on=None, latest_on=None)


@pytest.mark.parametrize("day_count", [14, 60, 400, 800])
@pytest.mark.parametrize("cycle", [(date(2026, 11, 1), date(2027, 1, 31)), (date(2026, 11, 1), date(2027, 10, 31))])
def test_quarters_and_years_have_a_band_that_is_wide_and_finite(day_count: int, cycle: tuple[date, date]) -> None:
    month, long = made([100] * day_count), made([100] * day_count, cycle=cycle)
    ratios = [(one.end.high_count or 0) / one.end.expected_count for one in (month, long)]
    assert 1 < ratios[0] < ratios[1] < 3


def test_the_day_of_a_crossing_is_early_when_sessions_are_many_and_late_when_they_are_few() -> None:
    result = made([10] * 60)
    crossing = result.crossing(200)
    assert crossing.expected_on == date(2026, 11, 20)
    assert crossing.earliest_on is not None
    assert crossing.latest_on is not None
    assert crossing.earliest_on < date(2026, 11, 20) < crossing.latest_on


@pytest.mark.parametrize(
    ("count", "days"),
    [
        (95, (10, 10, 10)),  # Counted already.
        (100, (10, 10, 10)),
        (101, (11, 11, 11)),
        (300, (27, 30, None)),
        (350, (None, None, None)),
    ],
)
def test_a_count_is_reached_on_a_counted_day_or_on_one_of_the_paths(
    count: int, days: tuple[int | None, int | None, int | None]
) -> None:
    crossing = made([10] * 60).crossing(count)
    reached = (crossing.earliest_on, crossing.expected_on, crossing.latest_on)
    assert [None if on is None else on.day for on in reached] == list(days)


def test_today_can_reach_a_count_before_it_is_over() -> None:
    crossing = made([10] * 60, today_count=25).crossing(125)
    assert crossing == Crossing(earliest_on=TODAY, expected_on=TODAY, latest_on=TODAY)


def test_a_cycle_that_ends_before_it_begins_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="can't end on 2026-11-01, before its first day 2026-11-30"):
        made([10] * 60, cycle=(CYCLE[1], CYCLE[0]))
