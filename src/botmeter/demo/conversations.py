"""Conversations as columns, and the random choices in them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from botmeter.demo.columns import Flags, Numbers, Units, number_of_day
from botmeter.demo.demand import popularity_shares
from botmeter.demo.retailer import BOTS, Bot, Channel
from botmeter.demo.stories import SETTINGS, SHAPES, stories_of

# Every release of every bot, bot by bot; a version is an index in it.
RELEASES = tuple((bot_no, release) for bot_no, bot in enumerate(BOTS) for release in bot.releases)
_RELEASED = np.array([number_of_day(release.released_on) for _, release in RELEASES])
_ROLLOUT = np.array([release.rollout_days for _, release in RELEASES])
_FIRST_RELEASE = np.searchsorted([bot_no for bot_no, _ in RELEASES], np.arange(len(BOTS)))
_LAUNCHED = _RELEASED[_FIRST_RELEASE]
_PASSES_TO = np.array([bot.passes_to for bot in BOTS])
_BY_DATE = np.argsort(_RELEASED, kind="stable")

# Cumulative shares of a bot's first and second ticket type.
_TICKET_TYPES = np.array([0.62, 0.88])


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """Conversations, unordered; pairs are for the bot and the one it passes to.

    Attributes:
        market: Index in `MARKETS`.
        bot, version, ticket_type: Pairs of indexes in `BOTS`, `RELEASES` and `ticket_types`.
        campaign: Index, -1 for none.
        pause: Relative length; one column per step.
        night: Delay of rising after a night.
    """

    key: Numbers
    customer: Numbers
    market: Numbers
    start_us: Numbers
    bot: Numbers
    version: Numbers
    channel: Numbers
    story: Numbers
    preview: Flags
    campaign: Numbers
    ticket: Numbers
    ticket_type: Numbers
    pause: Units
    night: Units


def joined(parts: list[Conversations]) -> Conversations:
    """Concatenate conversations."""
    return Conversations(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Conversations)}
    )


def chosen_by_popularity(options: Sequence[Bot | Channel], days: Numbers, *, chance: Units) -> Numbers:
    """Choose an option for each day, as an index."""
    distinct, row = np.unique(days, return_inverse=True)
    cumulated = np.cumsum(popularity_shares([option.popularity for option in options], days=distinct), axis=1)
    # The last column is 1 up to rounding, which must not choose past the end.
    return np.asarray((chance[:, None] >= cumulated[row, :-1]).sum(axis=1))


def next_bots(bots: Numbers, days: Numbers) -> Numbers:
    """Bot that each passes to, or another before its launch."""
    following = _PASSES_TO[bots]
    return np.where(_LAUNCHED[following] <= days, following, np.where(bots == 0, 1, 0))


def versions_served(bots: Numbers, days: Numbers, *, chance: Units) -> Numbers:
    """Each version; during a rollout the new or the old one."""
    served = np.zeros(len(bots), np.int64)
    for bot, first in enumerate(_FIRST_RELEASE.tolist()):
        mine = bots == bot
        own = slice(first, first + len(BOTS[bot].releases))
        newest = np.searchsorted(_RELEASED[own], days[mine], side="right") - 1 + first
        waits = days[mine] < _RELEASED[newest] + np.floor(chance[mine] * (_ROLLOUT[newest] + 1))
        served[mine] = np.maximum(newest - waits, first)
    return served


def next_releases(days: Numbers) -> tuple[Numbers, Numbers]:
    """Next release, and days until it (a million: never)."""
    index = np.searchsorted(_RELEASED[_BY_DATE], days, side="right")
    release = _BY_DATE[np.minimum(index, len(_BY_DATE) - 1)]
    return release, np.where(index < len(_BY_DATE), _RELEASED[release] - days, 1_000_000)


def bots_of_releases(releases: Numbers) -> Numbers:
    """Bot of each release."""
    return np.searchsorted(_FIRST_RELEASE, releases, side="right") - 1


def stories_chosen(settings: Numbers, *, chance: Units) -> Numbers:
    """Choose stories by their settings, indexes in `SETTINGS`."""
    chosen = np.zeros(len(settings), np.int64)
    for number, setting in enumerate(SETTINGS):
        stories, cumulated = stories_of(setting)
        mine = settings == number
        chosen[mine] = stories[np.searchsorted(cumulated, chance[mine], side="right")]
    return chosen


def ticket_types_chosen(chance: Units) -> Numbers:
    """Choose two different ticket types each."""
    first = np.searchsorted(_TICKET_TYPES, chance, side="right")
    return np.stack([first, (first + 1) % 3], axis=1)


def has_ticket(stories: Numbers) -> Flags:
    """Flag stories that name a ticket."""
    return np.asarray(SHAPES.ticket[stories].any(axis=1))
