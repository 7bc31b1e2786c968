"""Events scattered into the order of the kernel: each key's side by side, by (instant, rank, id, source)."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

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


@njit(cache=True, nogil=True)
def count_by_key(columns, rows, keys, session_of_row, excluded, roles, counts):  # type: ignore[no-untyped-def]
    """Count the events of each key that the policy looks at, at position key + 1."""
    # Tuples are unpacked once: doing it per event would count references.
    actor, kind, touchpoint = columns[1], columns[2], columns[3]
    of_actor_and_kind, of_touchpoint, relevant = roles[0], roles[1], roles[3]
    for row in range(rows[0], rows[1]):
        role = of_actor_and_kind[(np.intp(actor[row]) << KIND_BITS) | np.intp(kind[row])]
        role &= of_touchpoint[touchpoint[row]]
        if role & relevant != 0 and _is_free(row, session_of_row, excluded):
            counts[keys[row] + 1] += 1


@njit(cache=True, nogil=True)
def scatter(  # type: ignore[no-untyped-def]
    columns, rows, keys, entries, session_of_row, excluded, roles, positions, events
):
    """Write these events at their key's position, which moves on."""
    at, actor, kind, touchpoint = columns
    of_actor_and_kind, of_touchpoint, of_kind, relevant, opens_from_us, opens_before_us = roles
    for row in range(rows[0], rows[1]):
        role = np.int64(of_actor_and_kind[(np.intp(actor[row]) << KIND_BITS) | np.intp(kind[row])])
        role &= np.int64(of_touchpoint[touchpoint[row]])
        if role & relevant == 0 or not _is_free(row, session_of_row, excluded):
            continue
        if role & MEMBER == 0 or at[row] < opens_from_us or at[row] >= opens_before_us:
            role &= ~OPENS
        key = keys[row]
        position = positions[key]
        positions[key] = position + 1
        events[position, AT] = at[row]
        events[position, PAIR] = (np.int64(entries[row]) << 32) | np.int64(touchpoint[row])
        events[position, WORD] = (row << ROW_SHIFT) | (of_kind[kind[row]] << RANK_SHIFT) | role


@njit(forceinline=True)
def _is_free(row, session_of_row, excluded):  # type: ignore[no-untyped-def]
    if len(session_of_row) > 0 and session_of_row[row] != _FREE:
        return False
    return len(excluded) == 0 or not excluded[row]


@njit(cache=True, nogil=True)
def add_up(counts, first, second):  # type: ignore[no-untyped-def]
    """Turn counts at key + 1 into positions: where each key begins, and where the second part of its events goes."""
    total = 0
    for key in range(len(counts) - 1):
        of_first, of_second = first[key + 1], second[key + 1]
        counts[key], first[key], second[key] = total, total, total + of_first
        total += of_first + of_second
    counts[-1] = total


@njit(cache=True, nogil=True)
def put_in_order(events, start, first, end, ids, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    """Order the events of each key, most of which come in order."""
    bases, offsets, data = ids
    for key in range(first, end):
        low, high = start[key], start[key + 1]
        moves_left = 8 * (high - low) + 64
        for index in range(low + 1, high):
            if not _is_before(events, index, index - 1, bases, offsets, data, id_entries, source_ranks):
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


@njit(cache=True, nogil=True)
def _merge(events, low, high, bases, offsets, data, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    source = events[low:high].copy()
    target = np.empty_like(source)
    count, width = high - low, 1
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
    events[low:high] = source


@njit(forceinline=True)
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


@njit(cache=True, nogil=True)
def _id_is_before(row, other_row, bases, offsets, data, id_entries, source_ranks):  # type: ignore[no-untyped-def]
    entry, other_entry = row, other_row
    if len(id_entries) > 0:
        entry, other_entry = np.int64(id_entries[row]), np.int64(id_entries[other_row])
    order = text_order(bases, offsets, data, entry, other_entry)
    if order != 0 or len(source_ranks) == 0:
        return order < 0
    return source_ranks[row] < source_ranks[other_row]
