"""Customers' visits, of one conversation or two, and campaign messages."""

from dataclasses import dataclass, replace

import numpy as np

from botmeter.demo.clock import HOUR_US, instants_of_day, sleep_us
from botmeter.demo.columns import Flags, Numbers, Units
from botmeter.demo.conversations import (
    Conversations,
    bots_of_releases,
    chosen_by_popularity,
    has_ticket,
    next_bots,
    next_releases,
    stories_chosen,
    ticket_types_chosen,
    versions_served,
)
from botmeter.demo.demand import FIRST_DAY, Draws, Trait
from botmeter.demo.identity import units
from botmeter.demo.retailer import BOTS, CAMPAIGN_BOT, CAMPAIGN_CHANNELS, CHANNELS, MARKETS
from botmeter.demo.stories import SETTINGS, SHAPES, stories_of
from botmeter.domain.instant import DAY_US

_NEW_CUSTOMERS = 0.4
_RETURN_DAYS_MEAN = 70
# Share of customers who stay on their usual channel.
_FAITHFUL = 0.8
_FOLLOW_UPS = 0.1
_FOLLOW_UPS_WITH_NEXT_BOT = 0.3
_FOLLOW_UPS_ON_ANOTHER_CHANNEL = 0.4
_FOLLOW_UP_HOURS_MEAN = 7.0
_TESTERS = 24
_TESTED_DAYS_BEFORE_RELEASE = 14
_PREVIEWS_BEFORE_RELEASE = 0.028
_MAILED_FROM_HOUR = 8
_MAILED_HOURS = 3

# Bits of a key: follow-up flag, row in its day, day, origin of the row.
_ROW_BIT = 1
_DAY_BIT = 22
_MAILING_BIT = 40
_TESTER_BIT = 41
_TICKETS_PER_DAY = 400_000
_FIRST_TICKET = 1_000_000_000

_OPEN_CASE, _PREVIEW, _MAILING = (SETTINGS.index(name) for name in ("open case", "preview", "mailing"))
_SETTING_OF_CHANNEL = np.array([SETTINGS.index(channel.opens_with) for channel in CHANNELS])
_MAILED_CHANNELS = np.array(CAMPAIGN_CHANNELS)
_EMAIL = next(number for number, channel in enumerate(CHANNELS) if channel.name == "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Customers by seed; `known` are those of each day who may return."""

    seed: int
    known: Units


def visits(draws: Draws, *, population: Population) -> Conversations:
    """First conversation of every visit."""
    chance = draws.units[:, 0]
    is_preview, release = _tested(draws.day, chance[:, Trait.PREVIEW])
    customer = np.where(is_preview, _testers(chance[:, Trait.RANK]), _customers(draws, population))
    market = _markets(customer, population)
    channel = np.where(is_preview, 0, _channels(draws, customer, population=population))
    bot = np.where(
        is_preview, bots_of_releases(release), chosen_by_popularity(BOTS, draws.day, chance=chance[:, Trait.BOT])
    )
    bots = np.stack([bot, next_bots(bot, draws.day)], axis=1)
    versions = _versions(bots, draws.day, chance=chance[:, Trait.VERSION])
    versions[is_preview, 0] = release[is_preview]
    settings = np.where(is_preview, _PREVIEW, _SETTING_OF_CHANNEL[channel])
    number = _FIRST_TICKET + (draws.day - FIRST_DAY) * _TICKETS_PER_DAY + draws.row * 4
    return Conversations(
        key=_key(draws.day, draws.row),
        customer=customer,
        market=market,
        start_us=instants_of_day(draws.day, market=market, hour=chance[:, Trait.HOUR], second=chance[:, Trait.SECOND]),
        bot=bots,
        version=versions,
        channel=channel,
        story=stories_chosen(settings, chance=chance[:, Trait.STORY]),
        preview=is_preview,
        campaign=np.full(len(draws.day), -1),
        ticket=np.stack([number, number + 1], axis=1),
        ticket_type=ticket_types_chosen(chance[:, Trait.TICKET_TYPE]),
        pause=chance[:, len(Trait) :],
        night=chance[:, Trait.NIGHT],
    )


def follow_ups(first: Conversations, draws: Draws) -> Conversations:
    """Second conversations of the visits `first`."""
    spoken = (SHAPES.length[first.story] > 2) & ~first.preview
    rows = np.flatnonzero(spoken & (draws.units[:, 0, Trait.FOLLOWED] < _FOLLOW_UPS))
    before, chance = _rows(first, rows), draws.units[rows, 1]
    pause_us = (900e6 - np.log1p(-chance[:, Trait.HOUR]) * _FOLLOW_UP_HOURS_MEAN * HOUR_US).astype(np.int64)
    start_us = before.start_us + pause_us
    start_us += sleep_us(start_us, market=before.market, chance=chance[:, Trait.NIGHT])
    days = start_us // DAY_US
    moves_on = chance[:, Trait.BOT] < _FOLLOW_UPS_WITH_NEXT_BOT
    bot = np.where(moves_on, before.bot[:, 1], before.bot[:, 0])
    bots = np.stack([bot, next_bots(bot, days)], axis=1)
    changes_channel = chance[:, Trait.FAITHFUL] < _FOLLOW_UPS_ON_ANOTHER_CHANNEL
    channel = np.where(
        changes_channel, chosen_by_popularity(CHANNELS, days, chance=chance[:, Trait.CHANNEL]), before.channel
    )
    about_ticket = has_ticket(before.story)
    # The second bot may name ticket types differently; the ticket keeps the first bot's type.
    bots[about_ticket] = before.bot[about_ticket]
    settings = np.where(about_ticket, _OPEN_CASE, _SETTING_OF_CHANNEL[channel])
    return replace(
        before,
        key=before.key | 1,
        start_us=start_us,
        bot=bots,
        version=_versions(bots, days, chance=chance[:, Trait.VERSION]),
        channel=channel,
        story=stories_chosen(settings, chance=chance[:, Trait.STORY]),
        ticket=np.where(about_ticket[:, None], before.ticket, before.ticket + 2),
        ticket_type=np.where(
            about_ticket[:, None], before.ticket_type, ticket_types_chosen(chance[:, Trait.TICKET_TYPE])
        ),
        pause=chance[:, len(Trait) :],
        night=chance[:, Trait.NIGHT],
    )


def mailings_sent(draws: Draws, *, population: Population, campaign: Numbers) -> Conversations:
    """Conversations opened by campaign messages."""
    chance = draws.units[:, 0]
    birth = FIRST_DAY + (chance[:, Trait.RETURNED_AFTER] * (draws.day - FIRST_DAY)).astype(np.int64)
    customer = _known_customers(birth, chance[:, Trait.RANK], population=population)
    channel = _MAILED_CHANNELS[(chance[:, Trait.CHANNEL] * len(_MAILED_CHANNELS)).astype(np.int64)]
    bot = np.full(len(draws.day), CAMPAIGN_BOT)
    bots = np.stack([bot, next_bots(bot, draws.day)], axis=1)
    story = stories_chosen(np.full(len(bot), _MAILING), chance=chance[:, Trait.STORY])
    unanswered = stories_of("mailing")[0][0]
    # Only mail programs reply automatically.
    story = np.where(SHAPES.autoreply[story].any(axis=1) & (channel != _EMAIL), unanswered, story)
    sent_us = (_MAILED_FROM_HOUR + chance[:, Trait.HOUR] * _MAILED_HOURS) * HOUR_US
    return Conversations(
        key=_key(draws.day, draws.row) | 1 << _MAILING_BIT,
        customer=customer,
        market=_markets(customer, population),
        start_us=draws.day * DAY_US + sent_us.astype(np.int64),
        bot=bots,
        version=_versions(bots, draws.day, chance=chance[:, Trait.VERSION]),
        channel=channel,
        story=story,
        preview=np.zeros(len(bot), np.bool_),
        campaign=campaign,
        ticket=np.zeros((len(bot), 2), np.int64),
        ticket_type=np.zeros((len(bot), 2), np.int64),
        pause=chance[:, len(Trait) :],
        night=chance[:, Trait.NIGHT],
    )


def _rows(conversations: Conversations, rows: Numbers) -> Conversations:
    names = Conversations.__dataclass_fields__
    return Conversations(**{name: getattr(conversations, name)[rows] for name in names})


def _tested(days: Numbers, chance: Units) -> tuple[Flags, Numbers]:
    release, days_left = next_releases(days)
    return (chance < _PREVIEWS_BEFORE_RELEASE) & (days_left <= _TESTED_DAYS_BEFORE_RELEASE), release


def _testers(chance: Units) -> Numbers:
    return (chance * _TESTERS).astype(np.int64) | 1 << _TESTER_BIT


def _customers(draws: Draws, population: Population) -> Numbers:
    chance = draws.units[:, 0]
    birth = draws.day - 1 + np.log1p(-chance[:, Trait.RETURNED_AFTER]) * _RETURN_DAYS_MEAN
    is_new = (chance[:, Trait.IS_NEW] < _NEW_CUSTOMERS) | (birth < FIRST_DAY)
    birth = np.maximum(birth, FIRST_DAY).astype(np.int64)
    known = _known_customers(birth, chance[:, Trait.RANK], population=population)
    return np.where(is_new, _key(draws.day, draws.row), known)


def _known_customers(birth: Numbers, chance: Units, *, population: Population) -> Numbers:
    return _key(birth, (population.known[birth - FIRST_DAY] * chance**2).astype(np.int64))


def _markets(customers: Numbers, population: Population) -> Numbers:
    shares = np.cumsum([market.share for market in MARKETS])[:-1]
    return np.searchsorted(shares, units(customers, salt=population.seed + 1), side="right")


def _channels(draws: Draws, customers: Numbers, *, population: Population) -> Numbers:
    chance = draws.units[:, 0]
    habit = units(customers, salt=population.seed + 2)
    chance_of_channel = np.where(chance[:, Trait.FAITHFUL] < _FAITHFUL, habit, chance[:, Trait.CHANNEL])
    return chosen_by_popularity(CHANNELS, draws.day, chance=chance_of_channel)


def _versions(bots: Numbers, days: Numbers, *, chance: Units) -> Numbers:
    return np.stack([versions_served(bots[:, side], days, chance=chance) for side in (0, 1)], axis=1)


def _key(days: Numbers, rows: Numbers) -> Numbers:
    return (days - FIRST_DAY) << _DAY_BIT | rows << _ROW_BIT
