"""Instants of each step: pauses, nights and outages."""

from dataclasses import dataclass

import numpy as np

from botmeter.demo.clock import HOUR_US, sleep_us
from botmeter.demo.columns import Flags, Numbers, number_of_day
from botmeter.demo.conversations import Conversations
from botmeter.demo.retailer import CHANNELS, OUTAGES, Outage
from botmeter.demo.stories import SHAPES, STEP_COUNT_MAX
from botmeter.domain.event import Actor
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND

_PACE = np.array([channel.pace for channel in CHANNELS])
_SHORTEST_SECONDS = 0.05
# Longest pause as a multiple of its mean, so that no conversation lasts for weeks.
_LONGEST_PAUSE = 5.0
_MILLISECOND_US = 1_000
# A few answers arrive during an outage.
_ANSWERED_IN_OUTAGE = 0.03
# Customers who open the widget, see nothing and leave without writing.
_LEFT_UNGREETED = 0.6
_FLOOD_SECONDS_MEAN = 1_500
_STEPS = np.arange(STEP_COUNT_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Conversations × steps.

    Attributes:
        instants: µs UTC in whole milliseconds, ascending.
        happens: False past the story's end, or in an outage.
    """

    instants: Numbers
    happens: Flags


def timeline(conversations: Conversations) -> Timeline:
    """Instants of all steps."""
    story = conversations.story
    slower = np.where(SHAPES.human[story], _PACE[conversations.channel][:, None], 1.0)
    long = np.minimum(-np.log1p(-conversations.pause), _LONGEST_PAUSE)
    seconds = SHAPES.pause[story] * slower * long + _SHORTEST_SECONDS
    seconds[:, 0] = 0
    after_us = np.cumsum(seconds * MICROSECONDS_PER_SECOND, axis=1).astype(np.int64)
    instants = conversations.start_us[:, None] + after_us // _MILLISECOND_US * _MILLISECOND_US
    _sleep(instants, conversations)
    happens = SHAPES.length[story][:, None] > _STEPS
    for outage in OUTAGES:
        _fail(instants, happens, conversations=conversations, outage=outage)
    return Timeline(instants=instants // _MILLISECOND_US * _MILLISECOND_US, happens=happens)


def _sleep(instants: Numbers, conversations: Conversations) -> None:
    wait = SHAPES.wait[conversations.story]
    rows = np.flatnonzero(wait < STEP_COUNT_MAX)
    asleep_us = sleep_us(
        instants[rows, wait[rows]], market=conversations.market[rows], chance=conversations.night[rows]
    )
    instants[rows] += asleep_us[:, None] * (wait[rows][:, None] <= _STEPS)


def _fail(instants: Numbers, happens: Flags, *, conversations: Conversations, outage: Outage) -> None:
    midnight_us = number_of_day(outage.on) * DAY_US
    start_us, end_us = (midnight_us + int(hour * HOUR_US) for hour in (outage.start_hour, outage.end_hour))
    affected = (instants >= start_us) & (instants < end_us) & (SHAPES.actor[conversations.story] == Actor.BOT) & happens
    affected &= conversations.pause[:, :1] >= _ANSWERED_IN_OUTAGE
    greeting = SHAPES.hello[conversations.story]
    ungreeted = affected & greeting
    happens &= ~ungreeted
    happens[:, 1:] &= ~(ungreeted.any(axis=1) & (conversations.night < _LEFT_UNGREETED))[:, None]
    unanswered = affected & ~greeting & happens
    rows = np.flatnonzero(unanswered.any(axis=1))
    step = unanswered[rows].argmax(axis=1)
    flood_us = -np.log1p(-conversations.night[rows]) * _FLOOD_SECONDS_MEAN * MICROSECONDS_PER_SECOND
    delay_us = end_us + flood_us.astype(np.int64) - instants[rows, step]
    instants[rows] += delay_us[:, None] * (step[:, None] <= _STEPS)
