"""The kernel: one compiled pass over ordered events that alone decides where sessions begin and end.

Events are integers in the order (scope key, instant, rank, id).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from botmeter.domain.instant import NEVER_US

Ints = npt.NDArray[np.int64]

# No limit, no end.
NEVER = NEVER_US

# The role of an event under a policy: bits of the column ROLE.
CUSTOMER, BOT, AGENT = 1, 2, 4  # a message of this side; no bit: not a message, or system
MEMBER = 8  # takes part
ENDS = 16  # its kind is in ends_on
OPENS = 32  # may open a session, as far as its own side and instant go

# Values of `Rules.opens_exchange`/`turn_of`.
TURN_NONE, TURN_CUSTOMER, TURN_BOT, TURN_ANY, TURN_EXCHANGE = range(5)

# Numbers of `domain.session.ClosedBy`.
_OPEN, _DURATION, _IDLE, _CALENDAR, _TURNS, _END = range(6)

# The session of an event outside every session, and of an event whose session is not counted because `require` is not
# met (the latter is not free for the next policy of a schedule).
FREE, UNCOUNTED = -1, -2

# Slots of the state.
_IS_OPEN, _STARTED, _CLOCK, _CALENDAR_END, _TURN_COUNT, _WAITING, _PENDING = range(7)
_CUSTOMERS, _BOTS, _AGENTS, _MEMBERS, _OPENING, _LAST = range(7, 13)
_REASON, _ENDED, _CLOSING = 13, 14, 15
_STATE_SLOTS = 16

# Columns of the sessions that the pass returns.
OPENING, STARTED_AT, ENDED_AT, LAST_EVENT_AT, EVENT_COUNT, CLOSED_BY, CLOSING = range(7)
_SESSION_COLUMNS = 7
# Columns of the participations: session, conversation and touchpoint codes, events.
_PARTICIPATION_COLUMNS = 4
_FIRST_CAPACITY = 1024


# Columns of `Events.columns`. An event's four integers are adjacent, so that a visit costs one cache miss: in the
# order of keys, neighbours are far apart in memory.
KEY, AT, ROLE, PAIR = range(4)
# A pair is the conversation's code and, in the lower bits, the touchpoint's number.
TOUCHPOINT_BITS = 32


class Events(NamedTuple):
    """Events as rows of integers (columns KEY … PAIR), the order to visit them, and ascending calendar edges."""

    order: Ints
    columns: Ints
    edges: Ints


class Rules(NamedTuple):
    """A policy as integers; NEVER for no limit. Durations in µs."""

    max_duration: int
    idle_timeout: int
    idle_customer_only: bool
    inclusive_end: bool
    max_turns: int
    turn_of: int
    opens_on_exchange: bool
    min_customer: int
    min_bot: int
    max_agent: int


@njit(cache=True, nogil=True)
def segmented(events, rules, session_of_row, first):  # type: ignore[no-untyped-def]
    """Segment events into sessions, numbered from `first`, and write each row's into `session_of_row` (or UNCOUNTED).

    Returns:
        int64 arrays: sessions (columns OPENING … CLOSING; ENDED_AT is NEVER while open, CLOSING -1 unless a turn or end
        closed it), and participations (session, conversation, touchpoint, events; ordered by session).
    """
    # The tuple is unpacked once: passing it on would count references per event.
    order, columns, edges = events
    sessions = np.empty((_FIRST_CAPACITY, _SESSION_COLUMNS), np.int64)
    parts = np.empty((_FIRST_CAPACITY, _PARTICIPATION_COLUMNS), np.int64)
    counts = np.zeros(2, np.int64)
    members = np.empty(_FIRST_CAPACITY, np.int64)
    pairs = np.empty(_FIRST_CAPACITY, np.int64)
    state = np.zeros(_STATE_SLOTS, np.int64)
    key = -1
    # One step more than there are events, so that the last session is closed like all others.
    for step in range(len(order) + 1):
        row = order[step] if step < len(order) else -1
        is_new_key = row < 0 or columns[row, KEY] != key
        closes, joins = bool(state[_IS_OPEN]), False
        if is_new_key:
            _limit(state, rules)
        else:
            closes, joins = _visit(rules, state, columns[row, AT], columns[row, ROLE])
        ends_with_it = closes and joins and state[_REASON] == _END
        if closes:
            state[_CLOSING] = row if state[_REASON] == _TURNS or state[_REASON] == _END else -1
        if closes and not ends_with_it:
            sessions, parts = _with_room(sessions, counts[0], 1), _with_room(parts, counts[1], state[_MEMBERS])
            _close(rules, state, (members, pairs), (session_of_row, sessions, parts, counts, first))
        if row < 0:
            break
        if is_new_key:
            key = columns[row, KEY]
            state[_PENDING] = 0
            closes, joins = _visit(rules, state, columns[row, AT], columns[row, ROLE])
        if not joins:
            continue
        if not state[_IS_OPEN]:
            _open(edges, state, columns[row, AT], row)
        if state[_MEMBERS] == len(members):
            members, pairs = np.concatenate((members, members)), np.concatenate((pairs, pairs))
        members[state[_MEMBERS]], pairs[state[_MEMBERS]] = row, columns[row, PAIR]
        _join(rules, state, columns[row, AT], columns[row, ROLE])
        if ends_with_it:
            sessions, parts = _with_room(sessions, counts[0], 1), _with_room(parts, counts[1], state[_MEMBERS])
            _close(rules, state, (members, pairs), (session_of_row, sessions, parts, counts, first))
    parts[: counts[1], 0] += first
    return sessions[: counts[0]], parts[: counts[1]]


# What became of an event that `advanced` visits; IS_LATE: its scope's state can't say.
IS_LATE, IS_FREE, JOINS, OPENS_SESSION = -1, 0, 1, 2
STATE_SLOTS = _STATE_SLOTS


class Scopes(NamedTuple):
    """States of scopes, and the instant of each one's latest event."""

    states: Ints
    last_at: Ints


@njit(cache=True, nogil=True)
def advanced(events, rules, scopes, runs, ignores_order):  # type: ignore[no-untyped-def]
    """Move the states of scopes on by their next events.

    Args:
        runs: int64 rows (first and end of the scope's events in the order, its row in `scopes`).
        ignores_order: Nothing but its opening event affects a session.

    Returns:
        What became of each event, by row; and of each run the row that opened its running session, -1: none of these.
    """
    order, columns, edges = events
    states, last_at = scopes
    outcomes = np.zeros(len(columns), np.int64)
    openings = np.full(len(runs), -1, np.int64)
    for run in range(len(runs)):
        first, end, scope = runs[run]
        state, at = states[scope], columns[order[first], AT]
        if at <= last_at[scope] and not (ignores_order and state[_IS_OPEN] and at > state[_STARTED]):
            for step in range(first, end):
                outcomes[order[step]] = IS_LATE
            continue
        for step in range(first, end):
            row = order[step]
            outcome = _advanced(rules, edges, state, columns[row, AT], columns[row, ROLE])
            outcomes[row] = outcome
            if outcome == OPENS_SESSION:
                openings[run] = row
        last_at[scope] = max(last_at[scope], columns[order[end - 1], AT])
    return outcomes, openings


@njit(cache=True, nogil=True)
def _advanced(rules, edges, state, at, role):  # type: ignore[no-untyped-def]
    closes, joins = _visit(rules, state, at, role)
    ends_with_it = closes and joins and state[_REASON] == _END
    if closes and not ends_with_it:
        state[_IS_OPEN] = 0
    if not joins:
        return IS_FREE
    opens = not state[_IS_OPEN]
    if opens:
        _open(edges, state, at, 0)
    _join(rules, state, at, role)
    if ends_with_it:
        state[_IS_OPEN] = 0
    return OPENS_SESSION if opens else JOINS


@njit(cache=True, nogil=True)
def next_outcome(rules, state, at, role, answer_role):  # type: ignore[no-untyped-def]
    """Outcome of a next message, or of the answer to it if that opens; with the end of the running session.

    A running session that lacks messages that it must have opens with this one; one that can't count any more is free.
    """
    after = state.copy()
    ended_at = NEVER
    if after[_IS_OPEN]:
        _limit(after, rules)
        ended_at = after[_ENDED]
    edges = np.empty(0, np.int64)
    outcome = _advanced(rules, edges, after, at, role)
    if outcome == IS_FREE and answer_role:
        outcome = _advanced(rules, edges, after, at, answer_role)
    if outcome == JOINS:
        if state[_AGENTS] > rules.max_agent:
            return UNCOUNTED, ended_at
        if state[_CUSTOMERS] < rules.min_customer or state[_BOTS] < rules.min_bot:
            return OPENS_SESSION, ended_at
    return outcome, ended_at


@njit(cache=True, nogil=True)
def is_over(scopes, rules, used, at):  # type: ignore[no-untyped-def]
    """Mask of the used states that say the same as none, for events from an instant on."""
    states, last_at = scopes
    over = np.zeros(len(states), np.bool_)
    step = 1 if rules.inclusive_end else 0
    for scope in range(len(states)):
        if not used[scope] or last_at[scope] >= at:
            continue
        state = states[scope]
        if state[_IS_OPEN]:
            _limit(state, rules)
            over[scope] = state[_ENDED] != NEVER and state[_ENDED] + step <= at
        else:
            over[scope] = state[_PENDING] == 0
    return over


@njit(cache=True, nogil=True)
def put_open(scopes, scope, started_at, edges):  # type: ignore[no-untyped-def]
    """Give scopes running sessions of a policy whose sessions depend on nothing but their start."""
    for index in range(len(scope)):
        _open(edges, scopes[0][scope[index]], started_at[index], 0)


@njit(cache=True, nogil=True)
def _with_room(table, row_count, more):  # type: ignore[no-untyped-def]
    while row_count + more > len(table):
        table = np.concatenate((table, np.empty_like(table)))
    return table


@njit(cache=True, nogil=True)
def _visit(rules, state, at, role):  # type: ignore[no-untyped-def]
    closes = False
    if state[_IS_OPEN]:
        _limit(state, rules)
        closes = _is_beyond(state, rules, at)
        if not closes and role & ENDS:
            state[_REASON], state[_ENDED] = _END, at
            return True, bool(role & MEMBER)
        if not closes and not role & MEMBER:
            state[_AGENTS] += role & AGENT != 0
            return False, False
        if not closes and _overflows(state, rules, role):
            closes = True
            state[_REASON], state[_ENDED] = _TURNS, at
        if not closes:
            return False, True
    return closes, not role & ENDS and _may_open(rules, state, role)


@njit(cache=True, nogil=True)
def _limit(state, rules):  # type: ignore[no-untyped-def]
    reason, end = _OPEN, NEVER
    if rules.max_duration != NEVER:
        reason, end = _DURATION, state[_STARTED] + rules.max_duration
    if rules.idle_timeout != NEVER and state[_CLOCK] + rules.idle_timeout < end:
        reason, end = _IDLE, state[_CLOCK] + rules.idle_timeout
    if state[_CALENDAR_END] < end:
        reason, end = _CALENDAR, state[_CALENDAR_END]
    state[_REASON], state[_ENDED] = reason, end


@njit(cache=True, nogil=True)
def _is_beyond(state, rules, at):  # type: ignore[no-untyped-def]
    # An inclusive end moves by the smallest step; the calendar's never does.
    step = 1 if rules.inclusive_end else 0
    if rules.max_duration != NEVER and at >= state[_STARTED] + rules.max_duration + step:
        return True
    if rules.idle_timeout != NEVER and at >= state[_CLOCK] + rules.idle_timeout + step:
        return True
    return at >= state[_CALENDAR_END]


@njit(cache=True, nogil=True)
def _overflows(state, rules, role):  # type: ignore[no-untyped-def]
    if state[_TURN_COUNT] < rules.max_turns:
        return False
    if rules.turn_of == TURN_CUSTOMER:
        return bool(role & CUSTOMER)
    if rules.turn_of == TURN_BOT:
        return bool(role & BOT)
    if rules.turn_of == TURN_ANY:
        return bool(role & (CUSTOMER | BOT | AGENT))
    return bool(role & CUSTOMER) and not state[_WAITING]


@njit(cache=True, nogil=True)
def _may_open(rules, state, role):  # type: ignore[no-untyped-def]
    if not rules.opens_on_exchange:
        return bool(role & OPENS)
    if not role & MEMBER or not role & (CUSTOMER | BOT | AGENT):
        return False
    side = 1 if role & CUSTOMER else 2
    answers = state[_PENDING] != 0 and state[_PENDING] != side
    if answers and role & OPENS:
        return True
    state[_PENDING] = side
    return False


@njit(cache=True, nogil=True)
def _open(edges, state, at, row):  # type: ignore[no-untyped-def]
    state[:] = 0
    state[_IS_OPEN] = 1
    state[_STARTED] = at
    state[_CLOCK] = at
    state[_OPENING] = row
    edge = np.searchsorted(edges, at, side="right")
    state[_CALENDAR_END] = edges[edge] if edge < len(edges) else NEVER


@njit(cache=True, nogil=True)
def _join(rules, state, at, role):  # type: ignore[no-untyped-def]
    is_message = role & (CUSTOMER | BOT | AGENT) != 0
    state[_MEMBERS] += 1
    state[_LAST] = at
    state[_CUSTOMERS] += role & CUSTOMER != 0
    state[_BOTS] += role & BOT != 0
    state[_AGENTS] += role & AGENT != 0
    if role & CUSTOMER or (is_message and not rules.idle_customer_only):
        state[_CLOCK] = at
    if rules.turn_of == TURN_CUSTOMER:
        state[_TURN_COUNT] += role & CUSTOMER != 0
    elif rules.turn_of == TURN_BOT:
        state[_TURN_COUNT] += role & BOT != 0
    elif rules.turn_of == TURN_ANY:
        state[_TURN_COUNT] += is_message
    elif rules.turn_of == TURN_EXCHANGE:
        if role & CUSTOMER:
            state[_WAITING] = 1
        elif is_message and state[_WAITING]:
            state[_WAITING] = 0
            state[_TURN_COUNT] += 1


@njit(cache=True, nogil=True)
def _close(rules, state, open_events, output):  # type: ignore[no-untyped-def]
    members, pairs = open_events
    session_of_row, sessions, parts, counts, first = output
    member_count, session_count, part_count = state[_MEMBERS], counts[0], counts[1]
    state[_IS_OPEN] = 0
    if state[_CUSTOMERS] < rules.min_customer or state[_BOTS] < rules.min_bot or state[_AGENTS] > rules.max_agent:
        session_of_row[members[:member_count]] = UNCOUNTED
        return
    written = sessions[session_count]
    written[OPENING], written[STARTED_AT], written[ENDED_AT] = state[_OPENING], state[_STARTED], state[_ENDED]
    written[LAST_EVENT_AT], written[EVENT_COUNT], written[CLOSED_BY] = state[_LAST], member_count, state[_REASON]
    written[CLOSING] = state[_CLOSING]
    is_one_pair = True
    for member in range(member_count):
        session_of_row[members[member]] = first + session_count
        is_one_pair &= pairs[member] == pairs[0]
    if not is_one_pair:
        pairs[:member_count].sort()
    for member in range(member_count):
        if member > 0 and pairs[member] == pairs[member - 1]:
            parts[part_count - 1, 3] += 1
            continue
        parts[part_count, 0], parts[part_count, 1] = session_count, pairs[member] >> TOUCHPOINT_BITS
        parts[part_count, 2], parts[part_count, 3] = pairs[member] & ((1 << TOUCHPOINT_BITS) - 1), 1
        part_count += 1
    counts[0], counts[1] = session_count + 1, part_count
