"""Conversations as columns, and the random choices in them."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from botmeter.demo.demand import popularity_shares
from botmeter.demo.retailer import BOTS, CHANNELS, Popularity
from botmeter.demo.stories import SHAPES, stories_of
from botmeter.domain.instant import EPOCH

Numbers = npt.NDArray[np.int64]
Units = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Every release of every bot, bot by bot; a version is an index in it.
RELEASES = tuple((place, release) for place, bot in enumerate(BOTS) for release in bot.releases)
_RELEASED = np.array([(release.released_on - EPOCH.date()).days for _, release in RELEASES])
_ROLLOUT = np.array([release.rollout_days for _, release in RELEASES])
_FIRST_RELEASE = np.searchsorted([place for place, _ in RELEASES], np.arange(len(BOTS)))
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
        start_us: First event.
        bot: Pair of indexes in `BOTS`.
        version: Pair of indexes in `RELEASES`.
        campaign: Index, -1 for none.
        ticket: Pair of numbers.
        ticket_type: Pair of indexes in `ticket_types`.
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


def bots_chosen(days: Numbers, *, chance: Units) -> Numbers:
    """Choose bots by popularity on each day."""
    return _chosen([bot.popularity for bot in BOTS], days=days, chance=chance)


def channels_chosen(days: Numbers, *, chance: Units) -> Numbers:
    """Choose channels by popularity on each day."""
    return _chosen([channel.popularity for channel in CHANNELS], days=days, chance=chance)


def next_bots(bots: Numbers, days: Numbers) -> Numbers:
    """Return the bot that each passes to, or another before its launch."""
    following = _PASSES_TO[bots]
    return np.where(_LAUNCHED[following] <= days, following, np.where(bots == 0, 1, 0))


def versions_served(bots: Numbers, days: Numbers, *, chance: Units) -> Numbers:
    """Return each version; during a rollout the new or the old one."""
    served = np.zeros(len(bots), np.int64)
    for bot, first in enumerate(_FIRST_RELEASE.tolist()):
        mine = bots == bot
        own = slice(first, first + len(BOTS[bot].releases))
        newest = np.searchsorted(_RELEASED[own], days[mine], side="right") - 1 + first
        waits = days[mine] < _RELEASED[newest] + np.floor(chance[mine] * (_ROLLOUT[newest] + 1))
        served[mine] = np.maximum(newest - waits, first)
    return served


def next_releases(days: Numbers) -> tuple[Numbers, Numbers]:
    """Return the next release, and days until it (a million: never)."""
    place = np.searchsorted(_RELEASED[_BY_DATE], days, side="right")
    release = _BY_DATE[np.minimum(place, len(_BY_DATE) - 1)]
    return release, np.where(place < len(_BY_DATE), _RELEASED[release] - days, 1_000_000)


def bots_of_releases(releases: Numbers) -> Numbers:
    """Return the bot of each release."""
    return np.searchsorted(_FIRST_RELEASE, releases, side="right") - 1


def stories_chosen(told_in: list[str], *, where: Numbers, chance: Units) -> Numbers:
    """Choose stories among those of `told_in[where]`."""
    chosen = np.zeros(len(where), np.int64)
    for number, setting in enumerate(told_in):
        places, cumulated = stories_of(setting)
        mine = where == number
        chosen[mine] = places[np.searchsorted(cumulated, chance[mine], side="right")]
    return chosen


def ticket_types_chosen(chance: Units) -> Numbers:
    """Choose two different ticket types each."""
    first = np.searchsorted(_TICKET_TYPES, chance, side="right")
    return np.stack([first, (first + 1) % 3], axis=1)


def has_ticket(stories: Numbers) -> Flags:
    """Flag stories that name a ticket."""
    return np.asarray(SHAPES.ticket[stories].any(axis=1))


def _chosen(popularities: list[Popularity], *, days: Numbers, chance: Units) -> Numbers:
    distinct, row = np.unique(days, return_inverse=True)
    cumulated = np.cumsum(popularity_shares(popularities, days=distinct), axis=1)
    # The last column is 1 up to rounding, which must not choose past the end.
    return np.asarray((chance[:, None] >= cumulated[row, :-1]).sum(axis=1))
