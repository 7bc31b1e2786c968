"""From when a platform is asked: from an hour before the last pull ended, or from where one was cut off."""

import pytest

from botmeter.sources.pull_window import (
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


def plan(rest: Remaining, *, since_us: int | None = None, earliest_us: int = 0) -> PullWindow:
    return pull_window(rest, since_us=since_us, earliest_us=earliest_us, now_us=NOW_US)


def test_a_pull_begins_an_hour_before_the_last_one_ended_and_leaves_the_young_ones_alone() -> None:
    found = plan(Remaining(next_us=900 * HOUR_US))
    assert found == PullWindow(floor_us=899 * HOUR_US, end_us=NOW_US - YOUNG_US, recent_us=899 * HOUR_US)
    assert OVERLAP_US == HOUR_US
    assert remaining_after(found, before=Remaining(next_us=900 * HOUR_US), left=None) == Remaining(
        next_us=NOW_US - YOUNG_US
    )


def test_a_pull_takes_up_what_one_that_was_interrupted_left() -> None:
    left = Remaining(next_us=900 * HOUR_US, floor_us=800 * HOUR_US, ceiling_us=850 * HOUR_US)
    found = plan(left)
    wanted = {hour: found.includes(hour * HOUR_US) for hour in (799, 800, 850, 851, 898, 899, 950)}
    assert wanted == {799: False, 800: True, 850: True, 851: False, 898: False, 899: True, 950: True}
    assert found.includes(None)
    assert plan(whole_window(found)) == found


def test_what_is_asked_for_earlier_covers_what_was_due() -> None:
    before = Remaining(next_us=900 * HOUR_US)
    found = plan(before, since_us=500 * HOUR_US)
    assert (found.floor_us, found.recent_us, found.is_part) == (500 * HOUR_US, 500 * HOUR_US, False)
    assert remaining_after(found, before=before, left=None).next_us == NOW_US - YOUNG_US


def test_what_is_asked_for_in_part_leaves_what_was_due() -> None:
    before = Remaining(next_us=900 * HOUR_US)
    found = plan(before, since_us=950 * HOUR_US)
    assert found.is_part
    assert remaining_after(found, before=before, left=None) == before


def test_nothing_is_asked_for_from_before_the_accounts_first_day() -> None:
    assert plan(Remaining(next_us=10 * HOUR_US), earliest_us=100 * HOUR_US).floor_us == 100 * HOUR_US
    assert plan(Remaining(next_us=0), since_us=5, earliest_us=100 * HOUR_US).floor_us == 100 * HOUR_US


def test_a_clock_that_was_set_back_asks_for_nothing_that_lies_ahead() -> None:
    found = plan(Remaining(next_us=2_000 * HOUR_US))
    assert found.floor_us == found.end_us == NOW_US - YOUNG_US


def test_a_result_is_kept_and_found_again() -> None:
    result = PullResult(
        began_us=1, ended_us=2, since_us=0, until_us=1, seen=3, known=2, accepted=1, rest=Remaining(next_us=1)
    )
    assert PullResult.from_mapping(result.as_mapping()) == result
    assert PullResult.from_mapping(None) is None
    assert PullResult.from_mapping({"began_us": 1}) is None


@pytest.mark.parametrize(("code", "is_whole"), [("", True), ("pull_failed", False)])
def test_a_pull_is_whole_unless_something_cut_it_off(code: str, is_whole: bool) -> None:
    result = PullResult(began_us=1, ended_us=2, since_us=0, until_us=1, code=code, rest=Remaining(next_us=1))
    assert result.is_whole == is_whole
