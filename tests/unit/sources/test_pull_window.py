"""Window of a pull: from an hour before the last pull, or from the end of an interrupted one."""

import pytest

from botmeter.sources.payloads.pull_window import (
    OVERLAP_US,
    YOUNG_US,
    PullResult,
    PullWindow,
    Remaining,
    pull_window,
    remaining_after,
    whole_window,
)

HOUR_US = 3_600_000_000
NOW_US = 1_000 * HOUR_US


def window_of(remaining: Remaining, *, since_us: int | None = None, earliest_us: int = 0) -> PullWindow:
    return pull_window(remaining, since_us=since_us, earliest_us=earliest_us, now_us=NOW_US)


def test_a_window_overlaps_the_last_pull_by_an_hour_and_excludes_young_events() -> None:
    result = window_of(Remaining(next_us=900 * HOUR_US))
    assert result == PullWindow(floor_us=899 * HOUR_US, end_us=NOW_US - YOUNG_US, recent_us=899 * HOUR_US)
    assert OVERLAP_US == HOUR_US
    assert remaining_after(result, before=Remaining(next_us=900 * HOUR_US), left=None) == Remaining(
        next_us=NOW_US - YOUNG_US
    )


def test_a_window_covers_the_work_of_an_interrupted_pull() -> None:
    left = Remaining(next_us=900 * HOUR_US, floor_us=800 * HOUR_US, ceiling_us=850 * HOUR_US)
    result = window_of(left)
    included = {hour: result.includes(hour * HOUR_US) for hour in (799, 800, 850, 851, 898, 899, 950)}
    assert included == {799: False, 800: True, 850: True, 851: False, 898: False, 899: True, 950: True}
    assert result.includes(None)
    assert window_of(whole_window(result)) == result


def test_an_earlier_start_covers_the_remaining_work() -> None:
    before = Remaining(next_us=900 * HOUR_US)
    result = window_of(before, since_us=500 * HOUR_US)
    assert (result.floor_us, result.recent_us, result.is_part) == (500 * HOUR_US, 500 * HOUR_US, False)
    assert remaining_after(result, before=before, left=None).next_us == NOW_US - YOUNG_US


def test_a_later_start_leaves_the_remaining_work() -> None:
    before = Remaining(next_us=900 * HOUR_US)
    result = window_of(before, since_us=950 * HOUR_US)
    assert result.is_part
    assert remaining_after(result, before=before, left=None) == before


def test_a_window_starts_no_earlier_than_the_accounts_first_day() -> None:
    assert window_of(Remaining(next_us=10 * HOUR_US), earliest_us=100 * HOUR_US).floor_us == 100 * HOUR_US
    assert window_of(Remaining(next_us=0), since_us=5, earliest_us=100 * HOUR_US).floor_us == 100 * HOUR_US


def test_a_clock_set_back_gives_an_empty_window() -> None:
    result = window_of(Remaining(next_us=2_000 * HOUR_US))
    assert result.floor_us == result.end_us == NOW_US - YOUNG_US


def test_a_stored_result_is_restored() -> None:
    result = PullResult(
        began_us=1, ended_us=2, since_us=0, until_us=1, seen=3, known=2, accepted=1, rest=Remaining(next_us=1)
    )
    assert PullResult.from_mapping(result.as_mapping()) == result
    assert PullResult.from_mapping(None) is None
    assert PullResult.from_mapping({"began_us": 1}) is None


@pytest.mark.parametrize(("code", "is_whole"), [("", True), ("pull_failed", False)])
def test_a_pull_is_whole_without_an_error(code: str, is_whole: bool) -> None:
    result = PullResult(began_us=1, ended_us=2, since_us=0, until_us=1, code=code, rest=Remaining(next_us=1))
    assert result.is_whole == is_whole
