"""Events into the ledger: the account's own rules, once and only once, and quarantine for the rest.

An event is known by (source, event_id), whatever the age of the first copy: it is found again by a
64-bit key, a column of integers that is read whole in milliseconds, and then compared in full.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX, Receipt, Rejection
from botmeter.ledger.commit_summary import CommitSummary
from botmeter.ledger.duplicates import Copies, known_copies, repeats
from botmeter.ledger.event_rows import arrived, keys_of
from botmeter.ledger.known_keys import Suspects
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.read_ahead import read_ahead
from botmeter.ledger.receipts import keep_receipt
from botmeter.ledger.refusals import conflicts, out_of_time, quarantine
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.row_group_writer import RowGroupWriter
from botmeter.ledger.settle import settle
from botmeter.ledger.statements import statements_of
from botmeter.ledger.submission import Submission
from botmeter.metering.schema import EventBatch

sql = statements_of(__name__)


class _Fate(NamedTuple):
    """What became of a batch: the accepted events, counts, and the rejections with the conflicts among them."""

    accepted: pa.Table
    duplicates: int
    conflicts: int
    refused: list[Rejection]


def append(ledger: Ledger, submissions: Sequence[Submission], *, now_us: int) -> list[Receipt]:
    """Append events, meter what they touch, and commit all of it at once.

    Args:
        ledger: The account's ledger, open for writing.
        submissions: One or more, committed together (group commit).
        now_us: The present instant.

    Returns:
        A receipt for each submission. When they are returned, everything is on disk.

    Raises:
        Unavailable: `disk_full` or `ledger_failed`; nothing of any submission was kept.
    """
    # What is counted next may depend on those that came before.
    settle(ledger, now_us=now_us)
    first_append_no, shown_us = ledger.next_append_no(), ledger.latest_us()
    arrivals = CommitSummary(append_no=first_append_no)
    try:
        with ledger.transaction():
            receipts = [
                taken_in(ledger, submission, stamp=(first_append_no + place, now_us), arrivals=arrivals)
                for place, submission in enumerate(submissions)
            ]
            if arrivals.event_count:
                remeter_after(ledger, arrivals, now_us=now_us, shown_us=shown_us)
    except BaseException:
        ledger.keys.forget()
        raise
    # Only now, since what was undone was not seen.
    ledger.note_appended(first_append_no + len(submissions))
    ledger.note_latest(arrivals.last_us if arrivals.event_count else None)
    return receipts


def taken_in(ledger: Ledger, submission: Submission, *, stamp: tuple[int, int], arrivals: CommitSummary) -> Receipt:
    """The receipt of a submission whose events are now in the ledger, not yet metered or committed.

    Args:
        ledger: In a transaction.
        submission: The events.
        stamp: The number of this submission, and the present instant in µs UTC.
        arrivals: Where to note what is accepted.
    """
    append_no, now_us = stamp
    accepted = duplicates = conflicting = rejected = 0
    shown: list[Rejection] = []
    inbox = RowGroupWriter(ledger, sql("keep_events"), values={"append_no": append_no})
    for batch in read_ahead(submission.batches):
        fate = _batch_taken_in(ledger, batch, source=submission.source, to=(inbox, now_us))
        refused = [*batch.rejections, *fate.refused]
        quarantine(ledger, refused, source=submission.source, stamp=stamp)
        if len(fate.accepted):
            arrivals.note(fate.accepted)
        accepted, duplicates = accepted + len(fate.accepted), duplicates + fate.duplicates
        conflicting, rejected = conflicting + fate.conflicts, rejected + len(refused) - fate.conflicts
        shown += refused[: REJECTIONS_SHOWN_MAX - len(shown)]
    inbox.empty()
    keep_receipt(
        ledger,
        [append_no, now_us, submission.source, submission.label, accepted, duplicates, conflicting, rejected],
    )
    return Receipt(
        accepted=accepted, duplicates=duplicates, conflicts=conflicting, rejected=rejected, rejections=tuple(shown)
    )


def _batch_taken_in(ledger: Ledger, batch: EventBatch, *, source: str, to: tuple[RowGroupWriter, int]) -> _Fate:
    inbox, now_us = to
    outside, refused = out_of_time(ledger, batch, now_us=now_us)
    events = arrived(ledger, batch, source=source)
    if len(outside):
        events = events.filter(pa.array(~np.isin(np.arange(len(events)), outside)))
    if len(events) == 0:
        return _Fate(events, 0, 0, refused)
    keys = keys_of(ledger, events)
    events = events.append_column("event_key", pa.array(keys))
    suspects = ledger.known_keys().suspects(keys)
    if suspects.known.any():
        inbox.empty()
    rows, same = _copies(ledger, events, suspects=suspects)
    if len(rows):
        fresh = ~np.isin(events["row"].to_numpy(), rows)
        events, keys = events.filter(pa.array(fresh)), keys[fresh]
    if len(events):
        inbox.add(events)
        ledger.known_keys().add(keys)
    clashing = conflicts(batch, rows[~same], source=source)
    return _Fate(events, int(same.sum()), len(clashing), [*refused, *clashing])


def _copies(ledger: Ledger, events: pa.Table, *, suspects: Suspects) -> Copies:
    """What the ledger has, and what stands earlier in the batch; the ledger comes first."""
    known = known_copies(ledger, events.filter(pa.array(suspects.known)))
    left = suspects.repeated & ~np.isin(events["row"].to_numpy(), known.rows)
    earlier = repeats(ledger, events.filter(pa.array(left))).after_the_first()
    rows, same = np.concatenate((known.rows, earlier.rows)), np.concatenate((known.same, earlier.same))
    order = np.argsort(rows)
    return Copies(rows[order], same[order])
