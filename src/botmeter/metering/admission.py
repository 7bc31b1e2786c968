"""Admission rule: events are accepted, duplicates, in conflict or rejected.

The first event of a (source, event_id) stands; a later one with the same content is a duplicate, else a conflict.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.event import FIELDS
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.metering.columns import Ints, Mask, codes_of

CONTENT_FIELDS = tuple(name for name in FIELDS if name != "event_id")
"""Fields that are equal in events with the same content; the customer is compared as sent."""

PULLED_FIELDS = ("conversation_id", "customer_id", "kind")
"""Fields that are equal in a pulled event and its webhook; an API tells less of the others."""

PULLED_TOLERANCE_US = MICROSECONDS_PER_SECOND
"""A platform's API may give most times in whole seconds, and others as of the message's last change."""

# The clocks of senders run ahead; a whole day ahead is a mistake.
FUTURE_MAX_US = DAY_US


class Outcome(IntEnum):
    """Outcome of one event."""

    ACCEPTED = 0
    DUPLICATE = 1
    CONFLICT = 2
    REJECTED = 3
    WITHDRAWN = 4
    """Not accepted, because its delivery is atomic and another event of it is rejected or in conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDeliveries:
    """Deliveries of a batch's events.

    Attributes:
        numbers: Delivery of each event, from 0, ascending.
        is_atomic: By delivery: all events are accepted or none.
        is_withdrawn: By delivery: nothing is accepted, because a record is rejected.
    """

    numbers: Ints
    is_atomic: Mask
    is_withdrawn: Mask

    @classmethod
    def single(cls, event_count: int) -> "EventDeliveries":
        no = np.zeros(1, np.bool_)
        return cls(numbers=np.zeros(event_count, np.int64), is_atomic=no, is_withdrawn=no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Outcome of each event, and by delivery, withdrawal because it is atomic."""

    outcomes: npt.NDArray[np.int8]
    is_withdrawn: Mask

    @property
    def is_accepted(self) -> Mask:
        return self.outcomes == Outcome.ACCEPTED

    def count(self, outcome: Outcome) -> int:
        return int((self.outcomes == outcome).sum())


def rows_outside_time(events: pa.Table, *, data_start_us: int, now_us: int) -> tuple[Ints, Ints]:
    """Rows before the account's data start, and more than a day after the clock."""
    occurred_at = events["occurred_at"].to_numpy()
    return np.flatnonzero(occurred_at < data_start_us), np.flatnonzero(occurred_at > now_us + FUTURE_MAX_US)


def admission(
    events: pa.Table,
    *,
    stored: pa.Table | None = None,
    repeated: Mask | None = None,
    rejected: Mask | None = None,
    deliveries: EventDeliveries | None = None,
) -> Admission:
    """Decide on each event of a batch.

    Args:
        events: `source`, the fields of the event contract, and optionally `is_pulled`.
        stored: Stored events with the identity of one in `events`, whose `row` they have: `CONTENT_FIELDS`, and
            optionally `is_pulled`, `is_erased` (content unknown) and `is_conversation_erased` (conversation unknown).
        repeated: Events whose identity may occur in several rows; None: unknown.
        deliveries: None: a single one that is not atomic.
    """
    outcomes = np.zeros(len(events), np.int8)
    if rejected is not None:
        outcomes[rejected] = Outcome.REJECTED
    deliveries = deliveries or EventDeliveries.single(len(events))
    withdrawn = deliveries.is_withdrawn.copy()
    if stored is not None and len(stored):
        _compare_with_stored(events, stored, outcomes=outcomes)
        clashing = deliveries.numbers[outcomes == Outcome.CONFLICT]
        withdrawn[clashing[deliveries.is_atomic[clashing]]] = True
    may_repeat = _repeated(events) if repeated is None else repeated
    rows = np.flatnonzero(may_repeat & (outcomes == Outcome.ACCEPTED))
    if len(rows):
        _compare_repeats(events, rows, outcomes=outcomes, deliveries=deliveries, withdrawn=withdrawn)
    outcomes[(outcomes == Outcome.ACCEPTED) & withdrawn[deliveries.numbers]] = Outcome.WITHDRAWN
    return Admission(outcomes=outcomes, is_withdrawn=withdrawn)


def _compare_with_stored(events: pa.Table, stored: pa.Table, *, outcomes: npt.NDArray[np.int8]) -> None:
    rows = stored["row"].to_numpy()
    counted = outcomes[rows] != Outcome.REJECTED
    same = _same_content(_rows_of(events, rows), stored)
    outcomes[rows[counted]] = Outcome.CONFLICT
    outcomes[rows[counted & same]] = Outcome.DUPLICATE


def _compare_repeats(
    events: pa.Table, rows: Ints, *, outcomes: npt.NDArray[np.int8], deliveries: EventDeliveries, withdrawn: Mask
) -> None:
    # Withdraw atomic deliveries with a conflict. Their events make no later one a duplicate, so the comparison then
    # starts again.
    ids, numbers = _identities(_rows_of(events.select(["source", "event_id"]), rows)), deliveries.numbers[rows]
    first_in_own = _first_indexes(np.unique(ids * len(withdrawn) + numbers, return_inverse=True)[1])
    indexes = np.arange(len(rows))
    while True:
        first = _first_indexes(ids, counted=~withdrawn[numbers])
        first = np.where(first < indexes, first, first_in_own)
        later = np.flatnonzero(first < indexes)
        same = _same_content(_rows_of(events, rows[later]), _rows_of(events, rows[first[later]]))
        compared = np.zeros(len(rows), np.int8)
        compared[later] = np.where(same, Outcome.DUPLICATE, Outcome.CONFLICT)
        clashing = numbers[compared == Outcome.CONFLICT]
        clashing = clashing[deliveries.is_atomic[clashing] & ~withdrawn[clashing]]
        if not len(clashing):
            outcomes[rows] = compared
            return
        # Those after it may clash with it alone.
        withdrawn[clashing.min()] = True


def _first_indexes(ids: Ints, *, counted: Mask | None = None) -> Ints:
    first = np.full(ids.max() + 1, len(ids))
    indexes = np.arange(len(ids)) if counted is None else np.flatnonzero(counted)
    # Of several values for one index NumPy keeps the last.
    first[ids[indexes[::-1]]] = indexes[::-1]
    return first[ids]


def _repeated(events: pa.Table) -> Mask:
    ids = _identities(events)
    counts = np.bincount(ids)
    return np.zeros(len(ids), np.bool_) if len(counts) == len(ids) else counts[ids] > 1


def _identities(events: pa.Table) -> Ints:
    sources, names = codes_of(events["source"])
    ids, _ = codes_of(events["event_id"])
    if len(names) <= 1:
        return ids
    return np.unique(ids * len(names) + sources, return_inverse=True)[1]


def _same_content(events: pa.Table, firsts: pa.Table) -> Mask:
    differs = {name: _differs(events[name], firsts[name]) for name in CONTENT_FIELDS}
    differs["conversation_id"] &= ~_flags(firsts, "is_conversation_erased")
    same = ~np.logical_or.reduce(list(differs.values()))
    is_pulled = _flags(firsts, "is_pulled")
    if is_pulled.any():
        apart_us = np.abs(events["occurred_at"].to_numpy() - firsts["occurred_at"].to_numpy())
        known = ~np.logical_or.reduce([differs[name] for name in PULLED_FIELDS])
        same |= is_pulled & known & (apart_us < PULLED_TOLERANCE_US)
    return same | _flags(firsts, "is_erased")


def _differs(values: pa.ChunkedArray, others: pa.ChunkedArray) -> Mask:
    these, those = _plain(values), _plain(others)
    one_is_null = pc.xor(pc.is_null(these), pc.is_null(those))
    differs: Mask = pc.coalesce(pc.not_equal(these, those), one_is_null).to_numpy(zero_copy_only=False)
    return differs


def _plain(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def _flags(table: pa.Table, name: str) -> Mask:
    if name not in table.column_names:
        return np.zeros(len(table), np.bool_)
    flags: Mask = table[name].to_numpy()
    return flags


def _rows_of(table: pa.Table, rows: Ints) -> pa.Table:
    return table.take(pa.array(rows))
