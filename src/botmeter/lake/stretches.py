"""Stretches: the times in which keys with new events are metered again.

A stretch starts with the session that was open at a new event, or with that event, and has all sessions and new events
that follow each other within the reach of a session: none is open at its end, so that all later ones stay as they are.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.metering.columns import Ints
from botmeter.metering.policy import Policy, Schedule


class Stretches(NamedTuple):
    """Stretches (`number`, `restart_at`, `until_at`) and when their sessions start (`started_at`), not once each."""

    rows: pa.Table
    sessions: pa.Table


def touched_stretches(parts: pa.Table, schedule: Schedule) -> Stretches:
    """Find the stretches with a new event.

    Args:
        parts: `number` of the key, `start_at`, `end_at` and `is_new`: of new events, and of sessions. With one that no
            longer counts, a stretch can be too long, or start too early.
    """
    reach_us = _reach_us(schedule)
    order = np.lexsort((parts["start_at"].to_numpy(), parts["number"].to_numpy()))
    number, start_at, end_at, is_new = (parts[name].to_numpy()[order] for name in parts.column_names)
    is_first = np.diff(number, prepend=-1) != 0
    is_apart = is_first.copy()
    is_apart[1:] |= start_at[1:] - reach_us > _greatest_so_far(end_at, number)[:-1]
    firsts = np.flatnonzero(is_apart)
    until_at = np.full(len(firsts), NEVER_US)
    until_at[:-1] = np.where(is_first[firsts[1:]], NEVER_US, start_at[firsts[1:]])
    stretches = pa.table({"number": number[firsts], "restart_at": start_at[firsts], "until_at": until_at})
    is_touched = np.logical_or.reduceat(is_new, firsts)
    is_within = np.repeat(is_touched, np.diff(firsts, append=len(number)))
    return Stretches(
        rows=stretches.filter(pa.array(is_touched)),
        sessions=pa.table({"started_at": start_at[is_within & ~is_new]}),
    )


def _greatest_so_far(values: Ints, groups: Ints) -> Ints:
    # Of each group, whose rows are together. Twice as far back each time.
    greatest, back = values.copy(), 1
    while back < len(values) and (is_same := groups[back:] == groups[:-back]).any():
        greatest[back:] = np.where(is_same, np.maximum(greatest[back:], greatest[:-back]), greatest[back:])
        back *= 2
    return greatest


def _reach_us(schedule: Schedule) -> int:
    """Time after its last event for which no session of these policies can be open; without limit, all time."""
    return max(min(_limits(term.policy), default=NEVER_US) for term in schedule)


def _limits(policy: Policy) -> Iterator[int]:
    if policy.max_duration_us is not None:
        yield policy.max_duration_us
    if policy.calendar is not None:
        # A day or month in any zone, also where its clock was changed.
        yield {"day": 2 * DAY_US, "month": 33 * DAY_US}[policy.calendar]
    # Messages that open no session, and so may be outside every one, can keep an idle session open.
    every_message_opens = policy.opens_on == "any" or (policy.opens_on, policy.idle_clock) == ("customer", "customer")
    if policy.idle_timeout_us is not None and every_message_opens:
        yield policy.idle_timeout_us
