"""The parts that the demo is made of, each by itself."""

import numpy as np
import pytest

from botmeter.demo.clock import instants_of_day, sleep_us
from botmeter.demo.conversations import RELEASES, next_releases, versions_served
from botmeter.demo.demand import FIRST_DAY, draws, popularity_shares
from botmeter.demo.identity import ids, mixed, numbered_ids
from botmeter.demo.retailer import BOTS, CHANNELS, MARKETS
from botmeter.demo.stories import SETTINGS, SHAPES, STORIES, stories_of
from botmeter.domain.instant import DAY_US, us_from_text

BERLIN = next(number for number, market in enumerate(MARKETS) if market.timezone == "Europe/Berlin")


def day(text: str) -> int:
    return us_from_text(f"{text}T00:00:00Z") // DAY_US


def test_fewer_conversations_are_the_first_of_more() -> None:
    days = np.arange(FIRST_DAY, FIRST_DAY + 5)
    many = draws(days, expected=np.full(5, 40.0), seed=(7, 0))
    few = draws(days, expected=np.full(5, 10.0), seed=(7, 0))
    assert 0 < len(few.day) < len(many.day)
    for number in days.tolist():
        mine = few.units[few.day == number]
        assert np.array_equal(mine, many.units[many.day == number][: len(mine)])


def test_different_keys_have_different_ids() -> None:
    keys = np.arange(100_000)
    assert len(np.unique(mixed(keys, salt=3))) == len(keys)
    assert len(set(ids(keys, prefix="x_", salt=3).to_pylist())) == len(keys)


def test_an_id_is_a_prefix_and_thirteen_characters() -> None:
    (text,) = ids(np.array([5]), prefix="evt_", salt=1).to_pylist()
    assert text.startswith("evt_")
    assert len(text) == 17


def test_a_numbered_id_has_ten_digits() -> None:
    assert numbered_ids(np.array([1_000_000_042]), prefix="HD-").to_pylist() == ["HD-1000000042"]


@pytest.mark.parametrize(
    ("date", "local_nine"), [("2025-01-15", "2025-01-15T08:00:00Z"), ("2025-07-15", "2025-07-15T07:00:00Z")]
)
def test_customers_rise_by_the_clock_on_their_wall_in_summer_and_winter(date: str, local_nine: str) -> None:
    hours = np.linspace(0, 0.999, 1_000)
    days = np.full(1_000, day(date))
    instants = instants_of_day(days, market=np.full(1_000, BERLIN), hour=hours, second=np.zeros(1_000))
    assert us_from_text(local_nine) in instants
    assert (instants // DAY_US == day(date)).all()


def test_who_would_write_at_night_sleeps_until_the_morning() -> None:
    instants = np.array([us_from_text("2025-01-15T02:00:00Z"), us_from_text("2025-01-15T12:00:00Z")])
    slept = sleep_us(instants, market=np.full(2, BERLIN), chance=np.zeros(2))
    assert slept.tolist() == [4 * DAY_US // 24, 0]


def test_a_release_without_rollout_is_served_to_all_from_its_day_on() -> None:
    days = np.array([day("2022-02-14"), day("2022-02-15")])
    served = versions_served(np.zeros(2, int), days, chance=np.full(2, 0.99))
    assert [RELEASES[release][1].version for release in served.tolist()] == ["1.0", "1.0.1"]


def test_a_rollout_reaches_everyone_after_its_days() -> None:
    days = np.repeat([day("2023-04-17"), day("2023-04-22"), day("2023-04-27")], 100)
    served = versions_served(np.zeros(300, int), days, chance=np.tile(np.linspace(0, 0.99, 100), 3))
    versions = np.array([RELEASES[release][1].version for release in served.tolist()]).reshape(3, 100)
    assert [sorted(set(row.tolist())) for row in versions] == [["1.2.1"], ["1.2.1", "2.0"], ["2.0"]]


def test_after_the_last_release_none_comes_any_more() -> None:
    _, days_left = next_releases(np.array([day("2040-01-01")]))
    assert days_left[0] > 365


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot.bot_id)
def test_the_releases_of_a_bot_begin_at_its_launch_and_ascend(bot) -> None:
    days = [release.released_on for release in bot.releases]
    assert days[0] == bot.popularity.since
    assert days == sorted(set(days))
    assert len({release.version for release in bot.releases}) == len(bot.releases)


def test_shares_of_channels_add_up_and_begin_with_the_launch() -> None:
    days = np.arange(FIRST_DAY, day("2027-01-01"))
    shares = popularity_shares([channel.popularity for channel in CHANNELS], days=days)
    assert np.allclose(shares.sum(axis=1), 1)
    for column, channel in enumerate(CHANNELS):
        launched = day(str(channel.popularity.since))
        assert (shares[days < launched, column] == 0).all()
        assert (shares[days >= launched, column] > 0).all()


def test_no_story_has_more_than_one_wait() -> None:
    waiting = [sum(word in ("later", "days_later") for word in story.words.split()) for story in STORIES]
    assert max(waiting) == 1


def test_every_setting_has_stories_that_cover_all_chances() -> None:
    assert {story.setting for story in STORIES} == set(SETTINGS)
    for setting in SETTINGS:
        stories, cumulated = stories_of(setting)
        assert len(stories) > 0
        assert cumulated[-1] == 1
        assert (SHAPES.length[stories] > 0).all()
