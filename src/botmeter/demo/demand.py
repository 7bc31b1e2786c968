"""Conversations per day and their random numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np

from botmeter.demo.columns import Numbers, Units, day_of_number, number_of_day
from botmeter.demo.retailer import (
    BOTS,
    CAMPAIGN_BOT,
    CAMPAIGN_CHANNELS,
    CHANNELS,
    FIRST_ON,
    Campaign,
    Popularity,
    campaigns,
)
from botmeter.demo.stories import STEP_COUNT_MAX, mean_event_count

FIRST_DAY = number_of_day(FIRST_ON)

# Conversations on the first day, at the scale that gives a million events in November 2026.
_FIRST_DEMAND = 19.0
# Continuous growth: 65 % more conversations each year.
_GROWTH = 0.5
# From Monday. People shop at the weekend and ask about it on Monday.
_WEEKDAYS = np.array([1.18, 1.08, 1.02, 1.0, 0.98, 0.83, 0.91])
_MONTHS = np.array([1.05, 0.92, 0.95, 0.97, 1.0, 0.98, 0.96, 0.93, 1.0, 1.02, 1.1, 1.12])
# Random variation between days.
_MOOD = 0.07
_LAUNCH_DAYS = 90
_DRIFT_DAYS = 4 * 365
# Measured factor for second conversations of a visit and their greater length.
_EVENTS_BEYOND_THE_FIRST_STORY = 1.107


class Trait(IntEnum):
    """Columns of random numbers before those of the pauses."""

    IS_NEW = 0
    RETURNED_AFTER = 1
    RANK = 2
    HOUR = 3
    SECOND = 4
    CHANNEL = 5
    BOT = 6
    VERSION = 7
    STORY = 8
    TICKET_TYPE = 9
    PREVIEW = 10
    FOLLOWED = 11
    FAITHFUL = 12
    NIGHT = 13


DRAW_COUNT = len(Trait) + STEP_COUNT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Random numbers of conversations, in order of the days.

    Attributes:
        day: Since 1970.
        row: Index in its day.
        units: rows × 2 conversations × DRAW_COUNT, in [0, 1).
    """

    day: Numbers
    row: Numbers
    units: Units


def draws(days: Numbers, *, expected: Units, seed: Sequence[int]) -> Draws:
    """Draw the conversations of `days`, of which `expected` begin on each."""
    parts = []
    for day, mean in zip(days.tolist(), expected.tolist(), strict=True):
        chance = np.random.default_rng([*seed, day])
        mood, rounding = chance.normal(), chance.random()
        count = int(mean * np.exp(_MOOD * mood) + rounding)
        parts.append(chance.random((count, 2 * DRAW_COUNT)))
    counts = np.array([len(part) for part in parts])
    return Draws(
        day=np.repeat(days, counts),
        row=np.concatenate([np.arange(count) for count in counts.tolist()]),
        units=np.concatenate(parts).reshape(-1, 2, DRAW_COUNT),
    )


def scale(events: int, *, now_day: int) -> float:
    """Factor for about `events` events; constant within a month, so that history stays."""
    today_on = day_of_number(now_day)
    middle = max(number_of_day(today_on.replace(day=16)), FIRST_DAY + 6)
    days = np.arange(FIRST_DAY, middle)
    shares = popularity_shares([channel.popularity for channel in CHANNELS], days=days)
    lengths = np.array([mean_event_count(channel.opens_with) for channel in CHANNELS])
    per_visit = shares @ lengths * _EVENTS_BEYOND_THE_FIRST_STORY
    return events / float(demand(days) @ per_visit + mailings(days).sum() * mean_event_count("mailing"))


def demand(days: Numbers) -> Units:
    """Expected conversations of customers on each day, at scale 1."""
    dates = [day_of_number(day) for day in days.tolist()]
    weekday = _WEEKDAYS[(days + 3) % 7]
    month = _MONTHS[np.array([day_on.month - 1 for day_on in dates], int)]
    uplift = np.array([campaign.uplift if (campaign := _running(day_on)) else 1.0 for day_on in dates])
    return np.asarray(_ordinary_demand(days) * weekday * month * uplift)


def mailings(days: Numbers) -> Units:
    """Expected campaign messages on each day, at scale 1."""
    launched = max(
        BOTS[CAMPAIGN_BOT].popularity.since, *(CHANNELS[channel].popularity.since for channel in CAMPAIGN_CHANNELS)
    )
    reach = [
        campaign.reach if (campaign := _running(day_on)) and campaign.first_on == day_on >= launched else 0.0
        for day_on in map(day_of_number, days.tolist())
    ]
    return np.asarray(_ordinary_demand(days) * np.array(reach))


def campaign_names(last_day: int) -> list[str]:
    """Campaigns that begin up to the year of `last_day`."""
    years = range(FIRST_ON.year, day_of_number(last_day).year + 1)
    return [campaign.name for year in years for campaign in campaigns(year)]


def campaign_of(day: int) -> Campaign | None:
    """Campaign that runs on `day`."""
    return _running(day_of_number(day))


def popularity_shares(popularities: Sequence[Popularity], *, days: Numbers) -> Units:
    """Days × popularities; each day's sum is 1."""
    columns = []
    for popularity in popularities:
        age = days - number_of_day(popularity.since)
        weight = np.interp(age, [0, _DRIFT_DAYS], [popularity.first, popularity.later])
        # Bots present from the start show no launch.
        climb = 1.0 if popularity.since == FIRST_ON else np.clip((age + 1) / _LAUNCH_DAYS, 0, 1)
        columns.append(weight * climb)
    weights = np.stack(columns, axis=1)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _ordinary_demand(days: Numbers) -> Units:
    return np.asarray(_FIRST_DEMAND * np.exp(_GROWTH * (days - FIRST_DAY) / 365.25))


def _running(day_on: date) -> Campaign | None:
    for campaign in campaigns(day_on.year):
        if campaign.first_on <= day_on < campaign.first_on + timedelta(days=campaign.day_count):
            return campaign
    return None
