"""Laws of forecasts, for every series."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from botmeter.billing.forecast import Forecast, ForecastDay, forecast

FIRST_ON = date(2025, 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[int | None]:
    """Series with gaps and spikes, of a few sessions or many."""
    size = draw(st.sampled_from([1, 5, 300, 1_000_000]))
    count = st.one_of(st.integers(0, size), st.integers(0, size), st.integers(0, 100 * size), st.none())
    return draw(st.lists(count, min_size=1, max_size=160))


def made(counts: list[int | None], *, today: int, cycle: tuple[int, int]) -> Forecast | None:
    first, last = (FIRST_ON + timedelta(days=day) for day in cycle)
    as_of_on = FIRST_ON + timedelta(days=today)
    return forecast(counts, first_on=FIRST_ON, as_of_on=as_of_on, cycle_first_on=first, cycle_last_on=last)


def band(day: ForecastDay) -> tuple[int, int, int]:
    assert day.low_count is not None
    assert day.high_count is not None
    return day.low_count, day.expected_count, day.high_count


@given(histories(), st.integers(-5, 170), st.integers(-40, 200), st.sampled_from([1, 28, 31, 92, 366]))
def test_paths_rise_from_what_is_counted_inside_a_band_that_never_narrows(
    counts: list[int | None], today: int, start: int, length: int
) -> None:
    result = made(counts, today=today, cycle=(start, start + length - 1))
    if result is None:
        return
    counted = [count or 0 for day, count in enumerate(counts) if start <= day < start + length and day <= today]
    assert result.counted_count == sum(counted)
    assert list(result.counted_path) == sorted(result.counted_path)
    assert len(result.counted_path) + len(result.days) == length
    assert result.end.expected_count >= result.counted_count
    assert all(before.expected_count <= after.expected_count for before, after in pairwise(result.days))
    if result.days and result.has_band:
        rows = [band(day) for day in result.days]
        assert all(result.counted_count <= low <= expected <= high for low, expected, high in rows)
        for before, after in pairwise(rows):
            assert all(earlier <= later for earlier, later in zip(before, after, strict=True))
            # Each end is rounded to a session.
            assert after[2] - after[0] >= before[2] - before[0] - 2


@given(st.lists(st.integers(100, 240), min_size=14, max_size=120), st.integers(2, 50))
def test_ten_times_the_sessions_are_ten_times_the_forecast_and_no_wider_a_band(counts: list[int], factor: int) -> None:
    one, many = (
        made([count * times for count in counts], today=len(counts), cycle=(len(counts) - 5, len(counts) + 24))
        for times in (1, factor)
    )
    assert one is not None
    assert many is not None
    assert abs(many.end.expected_count - factor * one.end.expected_count) <= factor
    low, _, high = band(many.end)
    assert high - low <= factor * (band(one.end)[2] - band(one.end)[0] + 2)


@given(histories(), st.integers(0, 500), st.integers(0, 500))
def test_a_higher_count_is_reached_no_earlier_and_the_band_holds_the_expected_day(
    counts: list[int | None], lower: int, more: int
) -> None:
    result = made(counts, today=len(counts), cycle=(len(counts) - 10, len(counts) + 20))
    if result is None or not result.has_band:
        return
    few, many = (
        [on or date.max for on in (crossing.earliest_on, crossing.expected_on, crossing.latest_on)]
        for crossing in (result.crossing(lower), result.crossing(lower + more))
    )
    assert few == sorted(few)
    assert many == sorted(many)
    assert all(earlier <= later for earlier, later in zip(few, many, strict=True))


@given(histories(), st.integers(0, 60))
def test_days_without_data_before_the_first_change_nothing(counts: list[int | None], gap: int) -> None:
    plain = made(counts, today=len(counts), cycle=(len(counts) - 7, len(counts) + 21))
    later = made(
        [*[None] * gap, *counts], today=gap + len(counts), cycle=(gap + len(counts) - 7, gap + len(counts) + 21)
    )
    if plain is None or later is None:
        assert plain is later
    else:
        assert [band_of.expected_count for band_of in plain.days] == [day.expected_count for day in later.days]
        assert plain.end.low_count == later.end.low_count
