"""States of running sessions, moved on by the kernel between one event and the next."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from botmeter.metering import kernel
from botmeter.metering.arrange import Arranged
from botmeter.metering.columns import Ints
from botmeter.metering.text_column import TextColumn
from botmeter.metering.text_memory import Texts

# What became of an event; IS_LATE: its scope's state can't say.
IS_LATE, IS_FREE, JOINS, OPENS_SESSION = -1, 0, 1, 2
# A message alone needs no conversation's text.
_NO_TEXTS: Final = TextColumn(pa.array([""]))
_ONE_EVENT: Final[Ints] = np.array([0, 1])
_NO_EDGES: Final[Ints] = np.zeros(0, np.int64)


class Scopes(NamedTuple):
    """States of scopes, and the instant of each one's latest event."""

    states: Ints
    last_at: Ints


def advanced(given: Arranged, rules: kernel.Rules, *, texts: Texts, edges: Ints, states: Ints, row_count: int) -> Ints:
    """Move the states of keys on by their next events; return each row's outcome."""
    session_of_row = np.full(row_count + 1, kernel.FREE, np.int32)
    key_count = len(given.start) - 1
    room = len(given.events) + key_count
    sessions = np.empty((room, kernel.SESSION_COLUMNS), np.int64)
    parts, counts = np.empty((room, kernel.PART_COLUMNS), np.int64), np.zeros(2, np.int64)
    states[:, kernel.STATE_OPENING] = kernel.EARLIER
    output = session_of_row, 0, sessions, parts, counts
    kernel.segmented(*given, (0, key_count), rules, edges, texts, states, True, *output)
    outcomes = np.where(session_of_row[:row_count] == kernel.FREE, IS_FREE, JOINS)
    for opening in (sessions[: counts[0], kernel.OPENING], states[:, kernel.STATE_OPENING]):
        outcomes[opening[opening >= 0]] = OPENS_SESSION
    return outcomes


def next_outcome(rules: kernel.Rules, state: Ints, *, at_us: int, roles: tuple[int, int]) -> tuple[int, int]:
    """Outcome of a next message, or of the answer to it if that opens; with the end of the running session.

    A running session that lacks messages that it must have opens with this one; one that can't count any more is free.
    """
    after = state[np.newaxis].copy()
    ended_at = int(ends_of(after)[0]) if state[kernel.IS_OPEN] else kernel.NEVER
    # Not counted itself: the next message may still make the session count.
    rules_of_one = rules._replace(min_customer=0, min_bot=0, max_agent=kernel.NEVER)
    outcome = IS_FREE
    for role in roles:
        if outcome == IS_FREE and role:
            given = Arranged(np.array([[at_us, 0, role]]), _ONE_EVENT)
            outcome = int(
                advanced(given, rules_of_one, texts=_NO_TEXTS.texts, edges=_NO_EDGES, states=after, row_count=1)[0]
            )
    if outcome == JOINS:
        if state[kernel.AGENTS] > rules.max_agent:
            return kernel.UNCOUNTED, ended_at
        if state[kernel.CUSTOMERS] < rules.min_customer or state[kernel.BOTS] < rules.min_bot:
            return OPENS_SESSION, ended_at
    return outcome, ended_at


def opened_at(rules: kernel.Rules, started_at: Ints, *, edges: Ints) -> Ints:
    """States of sessions that depend on their start alone."""
    states = np.zeros((len(started_at), kernel.STATE_COLUMNS), np.int64)
    states[:, kernel.IS_OPEN] = 1
    states[:, [kernel.STATE_STARTED_AT, kernel.LAST_AT]] = started_at[:, np.newaxis]
    states[:, kernel.DURATION_END] = (
        kernel.NEVER if rules.max_duration == kernel.NEVER else started_at + rules.max_duration
    )
    states[:, kernel.IDLE_END] = kernel.NEVER if rules.idle_timeout == kernel.NEVER else started_at + rules.idle_timeout
    states[:, kernel.CALENDAR_END] = np.append(edges, kernel.NEVER)[np.searchsorted(edges, started_at, side="right")]
    return states


def ends_of(states: Ints) -> Ints:
    """Ends of running sessions, NEVER where no limit ends them."""
    ends: Ints = states[:, [kernel.DURATION_END, kernel.IDLE_END, kernel.CALENDAR_END]].min(axis=1)
    return ends
