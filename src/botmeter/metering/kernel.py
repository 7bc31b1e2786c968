"""Kernel: one compiled pass over ordered events that alone decides where sessions begin and end.

Events of a scope key lie side by side, in the order (instant, rank, id). The running session is a tuple of integers,
which the compiler keeps in registers; between two passes it is a row of `states`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from botmeter.domain.instant import NEVER_US
from botmeter.metering.addresses import INLINED, PART
from botmeter.metering.compiled import compiled
from botmeter.metering.text_memory import hash_of, is_same_text, text_of

Ints = npt.NDArray[np.int64]

# No limit, no end.
NEVER = NEVER_US

# The role of an event under a policy, in the lowest bits of its WORD.
CUSTOMER, BOT, AGENT = 1, 2, 4  # a message of this side; no bit: not a message, or system
MEMBER = 8  # takes part
ENDS = 16  # its kind is in ends_on
OPENS = 32  # may open a session, as far as its own side and instant go
MATCHES = 64  # neither another bot's nor excluded
_SIDES = CUSTOMER | BOT | AGENT

# Columns of an event: its instant (µs UTC); the entry of its conversation's text and, in the lower bits, the number of
# its touchpoint; and its row, rank and role.
AT, PAIR, WORD = range(3)
EVENT_COLUMNS = 3
TOUCHPOINT_BITS = 32
TOUCHPOINT_MASK = (1 << TOUCHPOINT_BITS) - 1
RANK_SHIFT, ROW_SHIFT = 7, 9
ROLE_MASK, RANK_MASK = (1 << RANK_SHIFT) - 1, (1 << (ROW_SHIFT - RANK_SHIFT)) - 1

# Values of `Rules.turn_of`.
TURN_NONE, TURN_CUSTOMER, TURN_BOT, TURN_ANY, TURN_EXCHANGE = range(5)

# Numbers of `domain.session.ClosedBy`.
_OPEN, _DURATION, _IDLE, _CALENDAR, _TURNS, _END = range(6)

# The session of an event outside every session, and of an event whose session is not counted because `require` is not
# met (the latter is not free for the next policy of a schedule).
FREE, UNCOUNTED = -1, -2

# Columns of the sessions that the pass writes; OPENING and OPENING_PAIR are of its own events.
OPENING, OPENING_PAIR, STARTED_AT, ENDED_AT, LAST_EVENT_AT, EVENT_COUNT, CLOSED_BY, CLOSING = range(8)
SESSION_COLUMNS = 8
# Session, entry of its conversation's text, touchpoint, events.
PART_COLUMNS = 4

# Columns of a state: a key's running session, or IS_OPEN 0; and the side (1 customer, 2 other) that waits for an answer
# to open a session, 0: none. STATE_OPENING is a row of this pass's events, EARLIER for an event of an earlier pass.
IS_OPEN, PENDING, STATE_STARTED_AT, DURATION_END, IDLE_END, CALENDAR_END, TURN_COUNT, IS_WAITING = range(8)
CUSTOMERS, BOTS, AGENTS, MEMBERS, STATE_OPENING, LAST_AT = range(8, 14)
STATE_COLUMNS = 14
EARLIER = -1


class Rules(NamedTuple):
    """Policy as integers; NEVER for no limit. Durations in µs."""

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


class _Session(NamedTuple):
    # A running session: the columns of a state from STATE_STARTED_AT on.
    started_at: int
    duration_end: int
    idle_end: int
    calendar_end: int
    turn_count: int
    is_waiting: int
    customers: int
    bots: int
    agents: int
    members: int
    opening: int
    last_at: int


@compiled
def segmented(  # type: ignore[no-untyped-def]
    events, start, keys, rules, edges, texts, states, carries, session_of_row, number, sessions, parts, counts
):
    """Segment the events of some keys into sessions; write these and their participations behind `counts`.

    Args:
        start: Position of each key's first event, and the number of events.
        keys: The first key, and the one past the last. edges: calendar bounds, ascending.
        states: By key, read before its events and written after them, if `carries`; else all sessions begin and end
            here, and it has one row. session_of_row: takes numbers from `number`, or UNCOUNTED; with a row more than
            there are events, or one row alone, if nobody reads it.
        sessions: With room for a session of each event, and one more for each key that carries; so has `parts`.
    """
    bases, offsets, data = texts
    names_members, has_edges = len(session_of_row) > 1, len(edges) > 0
    session_count, part_count = counts[0], counts[1]
    for key in range(keys[0], keys[1]):
        index, end = start[key], start[key + 1]
        is_open, pending, session = _loaded(states, key, carries)
        first, pair, is_mixed = index, 0, True
        # One step more than there are events closes the last session like all others.
        while index < end or (is_open != 0 and not carries):
            at, word = (events[index, AT], events[index, WORD]) if index < end else (NEVER, 0)
            row, role = word >> ROW_SHIFT, word & ROLE_MASK
            closes, joins, reason, ended_at = False, False, _OPEN, NEVER
            if is_open != 0:
                closes, joins, reason, ended_at = _visited(rules, session, at, role)
            else:
                joins, pending = _opens(rules, pending, role)
                if joins:
                    session = _opened(rules, _edge_after(edges, at) if has_edges else NEVER, at, row)
                    is_open, pending, first, pair, is_mixed = 1, 0, index, events[index, PAIR], carries
            if is_open != 0 and (joins or not closes):
                session = _updated(rules, session, at, role)
            if joins:
                is_mixed |= events[index, PAIR] != pair
                session_of_row[row if names_members else 0] = number + session_count
            index += 1 if joins or not closes else 0
            if closes:
                is_open = 0
                if not _is_counted(rules, session):
                    _mark_uncounted(events, first, index, session_of_row)
                    continue
                closing = row if reason >= _TURNS else -1
                _write(sessions[session_count], session, pair, ended_at, reason, closing)
                # Nothing is called for most sessions, because a call counts references to its arrays.
                if is_mixed:
                    part_count = _write_participations(
                        events, first, index, bases, offsets, data, session_count, parts, part_count
                    )
                else:
                    _write_part(parts[part_count], session_count, pair, session.members)
                    part_count += 1
                session_count += 1
        _store(states[key if carries else 0], is_open, pending, session)
    counts[0], counts[1] = session_count, part_count


@njit(**INLINED)
def _loaded(states, key, carries):  # type: ignore[no-untyped-def]
    if not carries:
        return 0, 0, _Session(0, NEVER, NEVER, NEVER, 0, 0, 0, 0, 0, 0, 0, 0)
    state = states[key]
    session = _Session(
        state[STATE_STARTED_AT],
        state[DURATION_END],
        state[IDLE_END],
        state[CALENDAR_END],
        state[TURN_COUNT],
        state[IS_WAITING],
        state[CUSTOMERS],
        state[BOTS],
        state[AGENTS],
        state[MEMBERS],
        state[STATE_OPENING],
        state[LAST_AT],
    )
    return state[IS_OPEN], state[PENDING], session


@njit(**INLINED)
def _store(state, is_open, pending, session):  # type: ignore[no-untyped-def]
    state[IS_OPEN], state[PENDING] = is_open, pending
    state[STATE_STARTED_AT], state[DURATION_END] = session.started_at, session.duration_end
    state[IDLE_END], state[CALENDAR_END] = session.idle_end, session.calendar_end
    state[TURN_COUNT], state[IS_WAITING] = session.turn_count, session.is_waiting
    state[CUSTOMERS], state[BOTS], state[AGENTS] = session.customers, session.bots, session.agents
    state[MEMBERS], state[STATE_OPENING], state[LAST_AT] = session.members, session.opening, session.last_at


@njit(**INLINED)
def _visited(rules, session, at, role):  # type: ignore[no-untyped-def]
    # Whether an event closes the running session, whether it belongs to it, and why and when that ends.
    reason, ended_at = _OPEN if session.duration_end == NEVER else _DURATION, session.duration_end
    if session.idle_end < ended_at:
        reason, ended_at = _IDLE, session.idle_end
    if session.calendar_end < ended_at:
        reason, ended_at = _CALENDAR, session.calendar_end
    # An inclusive end moves by the smallest step; the calendar's never does.
    step = 1 if rules.inclusive_end else 0
    if at >= session.calendar_end or at >= min(session.duration_end, session.idle_end) + step:
        return True, False, reason, ended_at
    if role & ENDS != 0:
        return True, role & MEMBER != 0, _END, at
    if role & MEMBER != 0 and _overflows(rules, session, role):
        return True, False, _TURNS, at
    return False, role & MEMBER != 0, _OPEN, NEVER


@njit(**INLINED)
def _overflows(rules, session, role):  # type: ignore[no-untyped-def]
    if session.turn_count < rules.max_turns:
        return False
    if rules.turn_of == TURN_CUSTOMER:
        return role & CUSTOMER != 0
    if rules.turn_of == TURN_BOT:
        return role & BOT != 0
    if rules.turn_of == TURN_ANY:
        return role & _SIDES != 0
    return role & CUSTOMER != 0 and session.is_waiting == 0


@njit(**INLINED)
def _opens(rules, pending, role):  # type: ignore[no-untyped-def]
    if not rules.opens_on_exchange:
        return role & OPENS != 0 and role & ENDS == 0, pending
    if role & ENDS != 0 or role & MEMBER == 0 or role & _SIDES == 0:
        return False, pending
    side = 1 if role & CUSTOMER != 0 else 2
    if pending == 3 - side and role & OPENS != 0:
        return True, pending
    return False, side


@njit(**PART)
def _edge_after(edges, at):  # type: ignore[no-untyped-def]
    low, high = 0, len(edges)
    while low < high:
        middle = (low + high) >> 1
        if edges[middle] <= at:
            low = middle + 1
        else:
            high = middle
    return edges[low] if low < len(edges) else NEVER


@njit(**INLINED)
def _opened(rules, calendar_end, at, row):  # type: ignore[no-untyped-def]
    duration_end = NEVER if rules.max_duration == NEVER else at + rules.max_duration
    idle_end = NEVER if rules.idle_timeout == NEVER else at + rules.idle_timeout
    return _Session(at, duration_end, idle_end, calendar_end, 0, 0, 0, 0, 0, 0, row, at)


@njit(**INLINED)
def _updated(rules, session, at, role):  # type: ignore[no-untyped-def]
    # With one more event. Of one that takes no part only an agent's message counts.
    agents = session.agents + (role & AGENT != 0)
    is_member = role & MEMBER != 0
    is_customer = is_member and role & CUSTOMER != 0
    is_message = is_member and role & _SIDES != 0
    restarts_clock = is_customer or (is_message and not rules.idle_customer_only)
    has_clock = rules.idle_timeout != NEVER
    answers = is_message and not is_customer and session.is_waiting != 0
    turns = answers if rules.turn_of == TURN_EXCHANGE else False
    if rules.turn_of == TURN_CUSTOMER:
        turns = is_customer
    elif rules.turn_of == TURN_BOT:
        turns = is_member and role & BOT != 0
    elif rules.turn_of == TURN_ANY:
        turns = is_message
    return _Session(
        session.started_at,
        session.duration_end,
        at + rules.idle_timeout if has_clock and restarts_clock else session.idle_end,
        session.calendar_end,
        session.turn_count + turns,
        1 if is_customer or (session.is_waiting != 0 and not answers) else 0,
        session.customers + is_customer,
        session.bots + (is_member and role & BOT != 0),
        agents,
        session.members + is_member,
        session.opening,
        at if is_member else session.last_at,
    )


@njit(**INLINED)
def _is_counted(rules, session):  # type: ignore[no-untyped-def]
    if session.customers < rules.min_customer or session.bots < rules.min_bot:
        return False
    return session.agents <= rules.max_agent


@njit(**INLINED)
def _write(written, session, pair, ended_at, reason, closing):  # type: ignore[no-untyped-def]
    written[OPENING], written[OPENING_PAIR] = session.opening, pair
    written[STARTED_AT], written[ENDED_AT] = session.started_at, ended_at
    written[LAST_EVENT_AT], written[EVENT_COUNT] = session.last_at, session.members
    written[CLOSED_BY], written[CLOSING] = reason, closing


@njit(**INLINED)
def _write_part(written, session, pair, event_count):  # type: ignore[no-untyped-def]
    written[0], written[1] = session, pair >> TOUCHPOINT_BITS
    written[2], written[3] = pair & TOUCHPOINT_MASK, event_count


@njit(**PART)
def _mark_uncounted(events, first, end, session_of_row):  # type: ignore[no-untyped-def]
    if len(session_of_row) == 1:
        return
    for index in range(first, end):
        if events[index, WORD] & MEMBER != 0:
            session_of_row[events[index, WORD] >> ROW_SHIFT] = UNCOUNTED


@njit(**PART)
def _write_participations(  # type: ignore[no-untyped-def]
    events, first, end, bases, offsets, data, session, parts, part_count
):
    # In the order of their first events. Most sessions have one pair of conversation and touchpoint.
    own, part = part_count, part_count
    slots = np.empty(0, np.int32)
    for index in range(first, end):
        if events[index, WORD] & MEMBER == 0:
            continue
        entry, touchpoint = events[index, PAIR] >> TOUCHPOINT_BITS, events[index, PAIR] & TOUCHPOINT_MASK
        if part == part_count or parts[part, 1] != entry or parts[part, 2] != touchpoint:
            parts[part_count, 0], parts[part_count, 1] = session, entry
            parts[part_count, 2], parts[part_count, 3] = touchpoint, 0
            part = part_count
            if part_count == own + 1:
                slots = _slots_for(end - first)
                _slot_of(slots, bases, offsets, data, parts, own, own)
            if part_count > own:
                part = _slot_of(slots, bases, offsets, data, parts, own, part_count)
            part_count += part == part_count
        parts[part, 3] += 1
    return part_count


@compiled
def write_running(events, firsts, ends, texts, parts):  # type: ignore[no-untyped-def]
    """Write participations of running sessions, numbered from 0, whose events begin there; return their number."""
    bases, offsets, data = texts
    part_count = 0
    for number in range(len(firsts)):
        part_count = _write_participations(
            events, firsts[number], ends[number], bases, offsets, data, number, parts, part_count
        )
    return part_count


@njit(**PART)
def _slots_for(count):  # type: ignore[no-untyped-def]
    size = 8
    while size < 2 * count:
        size *= 2
    slots = np.empty(size, np.int32)
    for slot in range(size):
        slots[slot] = -1
    return slots


@njit(**PART)
def _slot_of(slots, bases, offsets, data, parts, own, part):  # type: ignore[no-untyped-def]
    # The part that has the conversation and touchpoint of this one: an earlier one of its session, or itself.
    at, size = text_of(bases, offsets, data, parts[part, 1])
    mask = np.uint64(len(slots) - 1)
    slot = (hash_of(at, size) + np.uint64(parts[part, 2])) & mask
    while slots[slot] >= 0:
        other = own + slots[slot]
        if parts[other, 2] == parts[part, 2] and is_same_text(bases, offsets, data, parts[other, 1], parts[part, 1]):
            return other
        slot = (slot + np.uint64(1)) & mask
    slots[slot] = part - own
    return part
