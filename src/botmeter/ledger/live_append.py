"""Live events taken in: written down and answered; `settling` meters them a moment later.

One short transaction for all that was sent at about the same time, whatever the size of the ledger. What is told of
each event is the same as of an import: new, known, in conflict, or refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt, Rejection
from botmeter.ledger.deliveries import Delivered, keep_deliveries
from botmeter.ledger.duplicates import Ints
from botmeter.ledger.event_rows import arrived, keys_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.ledger.outcomes import Dispatched, Outcome, Outcomes, outcomes_of
from botmeter.ledger.receipts import keep_receipt
from botmeter.ledger.refusals import conflicts, out_of_time, quarantine
from botmeter.ledger.rows import write_given
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

LABEL = "live"
"""What receipts call a submission of live events."""

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """One parcel among those that are taken in together.

    Attributes:
        parcel: What was sent.
        append_no: Its number.
        first_row: The number of its first event among all of them.
        first_dispatch: The number of its first dispatch among all of them.
    """

    parcel: LiveBatch
    append_no: int
    first_row: int
    first_dispatch: int

    @property
    def rows(self) -> slice:
        return slice(self.first_row, self.first_row + len(self.parcel.batch.events))

    @property
    def numbers(self) -> range:
        """The numbers of its dispatches."""
        return range(self.first_dispatch, self.first_dispatch + len(self.parcel.dispatches))

    def dispatch_numbers(self, positions: Ints) -> Ints:
        """The number of the dispatch in which the record at each of those places came."""
        firsts = [dispatch.first_position for dispatch in self.parcel.dispatches]
        return self.first_dispatch + np.searchsorted(firsts, positions, side="right") - 1


class _Judged(NamedTuple):
    """All events that came together and what becomes of them; by dispatch, the counts of fates and the rejections."""

    events: pa.Table
    outcomes: Outcomes
    counts: npt.NDArray[np.int64]
    rejections: list[list[Rejection]]

    def receipts(self, load: _Load) -> tuple[Receipt, ...]:
        """What became of each dispatch of a parcel."""
        return tuple(map(self.receipt, load.numbers))

    def receipt(self, number: int) -> Receipt:
        """What became of the dispatch of that number."""
        rejections = self.rejections[number]
        accepted, duplicates, conflicting = self.counts[number, :3].tolist()
        return Receipt(
            accepted=accepted,
            duplicates=duplicates,
            conflicts=conflicting,
            rejected=len(rejections) - conflicting,
            rejections=tuple(rejections[:REJECTIONS_SHOWN_MAX]),
        )


def live_append(ledger: Ledger, parcels: Sequence[LiveBatch], *, now_us: int) -> list[tuple[Receipt, ...]]:
    """Takes live events in. When the receipts are given, everything is on disk.

    Args:
        ledger: Nobody else takes events of this account in meanwhile.
        parcels: What was sent.
        now_us: The present instant.

    Returns:
        For each parcel a receipt for each of its dispatches; `index` counts from the dispatch's first record.

    Raises:
        Unavailable: `disk_full` or `ledger_failed`; nothing of any parcel was kept.
    """
    first_append_no = ledger.next_append_no()
    loads = _loads(parcels, first_append_no=first_append_no)
    try:
        with ledger.transaction():
            judged = _judged(ledger, loads, now_us=now_us)
            taken = judged.events.filter(pa.array(judged.outcomes.taken))
            if len(taken):
                write_given(ledger.connection, sql("keep_arrivals"), given=taken, values={"now": now_us})
            for load in loads:
                _write_down(ledger, load, judged=judged, now_us=now_us)
    except BaseException:
        # A commit that failed may be on disk all the same.
        ledger.keys.forget()
        raise
    ledger.known_keys().add(taken["event_key"].to_numpy())
    ledger.note_appended(first_append_no + len(parcels))
    return [judged.receipts(load) for load in loads]


def _loads(parcels: Sequence[LiveBatch], *, first_append_no: int) -> list[_Load]:
    loads = []
    first_row = first_dispatch = 0
    for place, parcel in enumerate(parcels):
        load = _Load(
            parcel=parcel, append_no=first_append_no + place, first_row=first_row, first_dispatch=first_dispatch
        )
        first_row, first_dispatch = load.rows.stop, load.numbers.stop
        loads.append(load)
    return loads


def _judged(ledger: Ledger, loads: Sequence[_Load], *, now_us: int) -> _Judged:
    rejections: list[list[Rejection]] = [[] for load in loads for _ in load.numbers]
    refused = np.zeros(loads[-1].rows.stop, np.bool_)
    for load in loads:
        batch = load.parcel.batch
        outside, reasons = out_of_time(ledger, batch, now_us=now_us)
        refused[load.rows][outside] = True
        _sort_in(rejections, load, found=[*batch.rejections, *reasons])
    is_atomic = np.array([dispatch.is_atomic for load in loads for dispatch in load.parcel.dispatches])
    dispatched = Dispatched(
        number=np.concatenate([load.dispatch_numbers(load.parcel.batch.positions.to_numpy()) for load in loads]),
        is_atomic=is_atomic,
        withdrawn=is_atomic & np.array([bool(own) for own in rejections]),
    )
    events = _events(ledger, loads)
    found = outcomes_of(ledger, events, refused=refused, dispatched=dispatched)
    for load in loads:
        clashing = np.flatnonzero(found.of_event[load.rows] == Outcome.CONFLICT)
        _sort_in(rejections, load, found=conflicts(load.parcel.batch, clashing, source=load.parcel.source))
    cells = np.bincount(dispatched.number * len(Outcome) + found.of_event, minlength=len(rejections) * len(Outcome))
    return _Judged(events, found, cells.reshape(-1, len(Outcome)), rejections)


def _events(ledger: Ledger, loads: Sequence[_Load]) -> pa.Table:
    """The events of all parcels: as `arrived` gives them, with the submission's number and the key."""
    tables = []
    for load in loads:
        batch, source = load.parcel.batch, load.parcel.source
        table = arrived(ledger, batch, source=source, first_row=load.first_row)
        tables.append(table.append_column("append_no", pa.array(np.full(len(table), load.append_no, np.int32))))
    events = pa.concat_tables(tables, promote_options="permissive")
    return events.append_column("event_key", pa.array(keys_of(ledger, events)))


def _sort_in(rejections: list[list[Rejection]], load: _Load, *, found: Sequence[Rejection]) -> None:
    """Adds rejections to those of their dispatches, in order, each by its place in the dispatch."""
    if not found:
        return
    numbers = load.dispatch_numbers(np.array([rejection.index for rejection in found], np.int64)).tolist()
    for number, rejection in zip(numbers, found, strict=True):
        first = load.parcel.dispatches[number - load.first_dispatch].first_position
        rejections[number].append(replace(rejection, index=rejection.index - first))
    for number in set(numbers):
        rejections[number].sort(key=lambda rejection: rejection.index)


def _write_down(ledger: Ledger, load: _Load, *, judged: _Judged, now_us: int) -> None:
    """Keeps what was refused of the parcel, its receipt and its dispatches; of a withdrawn one, that it was there."""
    source, stamp, receipts = load.parcel.source, (load.append_no, now_us), judged.receipts(load)
    kept = [number for number in load.numbers if not judged.outcomes.withdrawn[number]]
    refused = [rejection for number in kept for rejection in judged.rejections[number]]
    quarantine(ledger, refused, source=source, stamp=stamp)
    counted = [receipts[number - load.first_dispatch] for number in kept]
    if any(receipt.total for receipt in counted):
        sums = [sum(getattr(receipt, name) for receipt in counted) for name in _COUNTS]
        keep_receipt(ledger, [*stamp, source, LABEL, *sums])
    keep_deliveries(
        ledger,
        [
            _delivered(dispatch, receipt, source=source, stamp=stamp)
            for dispatch, receipt in zip(load.parcel.dispatches, receipts, strict=True)
        ],
    )


def _delivered(dispatch: BatchDelivery, receipt: Receipt, *, source: str, stamp: tuple[int, int]) -> Delivered:
    append_no, now_us = stamp
    reasons = [f"{rejection.code}: {rejection.detail}" for rejection in receipt.rejections[:1]]
    return Delivered(
        append_no=append_no,
        received_at=now_us,
        source=source,
        delivery_id=dispatch.delivery_id,
        subject=dispatch.subject,
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        conflicts=receipt.conflicts,
        rejected=receipt.rejected,
        ignored=dispatch.ignored_count,
        detail=next(iter([*reasons, *dispatch.ignored]), None),
    )
