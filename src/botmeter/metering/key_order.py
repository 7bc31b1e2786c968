"""Events scattered into the order of the kernel: each key's side by side, by (instant, rank, id, source)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from botmeter.metering.addresses import INLINED, PART
from botmeter.metering.compiled import compiled
from botmeter.metering.kernel import AT, EVENT_COLUMNS, MEMBER, OPENS, PAIR, RANK_MASK, RANK_SHIFT, ROW_SHIFT, WORD
from botmeter.metering.text_memory import text_order

KIND_BITS = 3
# Keys without an event that a few events may have.
KEYS_SPARED = 1_024

_FREE = -1


class Roles(NamedTuple):
    """Roles of events under a policy, by their columns.

    Attributes:
        of_actor_and_kind: uint8: role by actor and, in the lower bits, kind.
        of_touchpoint: uint8: the bits of the role that a touchpoint leaves.
        of_kind: int64: rank at one instant.
        relevant: Events whose role has none of these bits are left out.
    """

    of_actor_and_kind: npt.NDArray[np.uint8]
    of_touchpoint: npt.NDArray[np.uint8]
    of_kind: npt.NDArray[np.int64]
    relevant: int
    opens_from_us: int
    opens_before_us: int


@compiled
def count_by_key(batch, keys, session_of_row, excluded, roles, counts):  # type: ignore[no-untyped-def]
    """Count the events of each key that the policy looks at, at position key + 1."""
    # Tuples are unpacked once: doing it per event would count references.
    first, _, actor, kind, touchpoint = batch
    of_actor_and_kind, of_touchpoint, _, relevant, _, _ = roles
    has_sessions, excludes = len(session_of_row) > 1, len(excluded) > 0
    for index in range(len(actor)):
        role = of_actor_and_kind[(np.intp(actor[index]) << KIND_BITS) | np.intp(kind[index])]
        role &= of_touchpoint[touchpoint[index]]
        row = first + index
        if role & relevant == 0 or (has_sessions and session_of_row[row] != _FREE) or (excludes and excluded[row]):
            continue
        counts[keys[row] + 1] += 1


@compiled
def scatter(  # type: ignore[no-untyped-def]
    batch, keys, entries, session_of_row, excluded, roles, positions, events
):
    """Write these events at their key's position, which advances."""
    first, at, actor, kind, touchpoint = batch
    of_actor_and_kind, of_touchpoint, of_kind, relevant, opens_from_us, opens_before_us = roles
    has_sessions, excludes = len(session_of_row) > 1, len(excluded) > 0
    for index in range(len(at)):
        role = np.int64(of_actor_and_kind[(np.intp(actor[index]) << KIND_BITS) | np.intp(kind[index])])
        role &= np.int64(of_touchpoint[touchpoint[index]])
        row = first + index
        if role & relevant == 0 or (has_sessions and session_of_row[row] != _FREE) or (excludes and excluded[row]):
            continue
        if role & MEMBER == 0 or at[index] < opens_from_us or at[index] >= opens_before_us:
            role &= ~OPENS
        position = positions[keys[row]]
        positions[keys[row]] = position + 1
        events[position, AT] = at[index]
        events[position, PAIR] = (np.int64(entries[row]) << 32) | np.int64(touchpoint[index])
        events[position, WORD] = (row << ROW_SHIFT) | (of_kind[kind[index]] << RANK_SHIFT) | role


@compiled
def add_up(counts, first, second):  # type: ignore[no-untyped-def]
    """Turn counts at key + 1 into positions: where each key begins, and where the second part of its events goes."""
    total = 0
    for key in range(len(counts) - 1):
        of_first, of_second = first[key + 1], second[key + 1]
        counts[key], first[key], second[key] = total, total, total + of_first
        total += of_first + of_second
    counts[-1] = total


@compiled
def put_in_order(events, start, first, end, ids, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    """Order the events of each key, most of which come in order."""
    bases, offsets, data = ids
    for key in range(first, end):
        low, high = start[key], start[key + 1]
        moves_left = 8 * (high - low) + 64
        for index in range(low + 1, high):
            # Most are in order by their instants alone, and a call would count references to its arrays.
            if events[index, AT] > events[index - 1, AT]:
                continue
            moved = index
            while moved > low and _is_before(events, moved, moved - 1, bases, offsets, data, id_entries, source_ranks):
                for column in range(EVENT_COLUMNS):
                    value = events[moved, column]
                    events[moved, column] = events[moved - 1, column]
                    events[moved - 1, column] = value
                moved -= 1
            moves_left -= index - moved
            if moves_left < 0:
                _merge(events, low, high, bases, offsets, data, id_entries, source_ranks)
                break


@njit(**PART)
def _merge(events, low, high, bases, offsets, data, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    # Elements are copied one by one: slices would make the compiler compile messages about shapes, for a second.
    count, width = high - low, 1
    source, target = np.empty((count, EVENT_COLUMNS), np.int64), np.empty((count, EVENT_COLUMNS), np.int64)
    for index in range(count):
        for column in range(EVENT_COLUMNS):
            source[index, column] = events[low + index, column]
    while width < count:
        for left in range(0, count, 2 * width):
            middle, right = min(left + width, count), min(left + 2 * width, count)
            one, other = left, middle
            for position in range(left, right):
                takes_other = one == middle or (
                    other < right and _is_before(source, other, one, bases, offsets, data, id_entries, source_ranks)
                )
                taken = other if takes_other else one
                for column in range(EVENT_COLUMNS):
                    target[position, column] = source[taken, column]
                one, other = one + (not takes_other), other + takes_other
        source, target = target, source
        width *= 2
    for index in range(count):
        for column in range(EVENT_COLUMNS):
            events[low + index, column] = source[index, column]


@njit(**INLINED)
def _is_before(events, one, other, bases, offsets, data, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    if events[one, AT] != events[other, AT]:
        return events[one, AT] < events[other, AT]
    rank = (events[one, WORD] >> RANK_SHIFT) & RANK_MASK
    other_rank = (events[other, WORD] >> RANK_SHIFT) & RANK_MASK
    if rank != other_rank:
        return rank < other_rank
    return _id_is_before(
        events[one, WORD] >> ROW_SHIFT, events[other, WORD] >> ROW_SHIFT, bases, offsets, data, id_entries, source_ranks
    )


@njit(**PART)
def _id_is_before(row, other_row, bases, offsets, data, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    entry, other_entry = row, other_row
    if len(id_entries) > 0:
        entry, other_entry = np.int64(id_entries[row]), np.int64(id_entries[other_row])
    order = text_order(bases, offsets, data, entry, other_entry)
    if order != 0 or len(source_ranks) == 0:
        return order < 0
    return source_ranks[row] < source_ranks[other_row]
