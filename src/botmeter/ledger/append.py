"""Append of files and pulls: accepted events are stored and metered."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.commit_summary import CommitSummary
from botmeter.ledger.event_rows import event_rows, without_places
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.read_ahead import read_ahead
from botmeter.ledger.receipts import keep_receipt
from botmeter.ledger.refusals import conflicts, outside_time, quarantine
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.row_group_writer import RowGroupWriter
from botmeter.ledger.settle import settle
from botmeter.ledger.statements import statements_of
from botmeter.ledger.stored_events import stored_events
from botmeter.ledger.submission import Submission
from botmeter.metering.admission import Outcome, admission
from botmeter.metering.schema import EventBatch

sql = statements_of(__name__)


def append(ledger: Ledger, submissions: Sequence[Submission], *, now_us: int) -> list[Receipt]:
    """Append and meter events, all or nothing; return a receipt per submission."""
    # Events that wait to be settled were committed before these, so they are metered first.
    settle(ledger, now_us=now_us)
    first_append_no, shown_us = ledger.next_append_no(), ledger.latest_us()
    summary = CommitSummary(append_no=first_append_no)
    try:
        with ledger.transaction():
            receipts = [
                _append_submission(ledger, submission, append_no=append_no, now_us=now_us, summary=summary)
                for append_no, submission in enumerate(submissions, start=first_append_no)
            ]
            if summary.event_count:
                remeter_after(ledger, summary, now_us=now_us, shown_us=shown_us)
    except BaseException:
        ledger.keys.forget()
        raise
    # After the commit only: nobody has seen the numbers of a commit that failed.
    ledger.note_appended(first_append_no + len(submissions))
    ledger.note_latest(summary.last_us if summary.event_count else None)
    return receipts


@dataclass(frozen=True, slots=True, kw_only=True)
class _AdmittedBatch:
    accepted: pa.Table
    receipt: Receipt
    rejections: list[Rejection] = field(default_factory=list)


def _append_submission(
    ledger: Ledger, submission: Submission, *, append_no: int, now_us: int, summary: CommitSummary
) -> Receipt:
    receipts: list[Receipt] = []
    values = {"append_no": append_no, "is_pulled": submission.is_pulled}
    writer = RowGroupWriter(ledger, sql("keep_events"), values=values)
    for batch in read_ahead(submission.batches):
        admitted = _append_batch(ledger, batch, submission=submission, writer=writer, now_us=now_us)
        receipts.append(admitted.receipt)
        if len(admitted.accepted):
            summary.note(admitted.accepted)
        quarantine(
            ledger,
            admitted.rejections,
            source=submission.source,
            append_no=append_no,
            now_us=now_us,
            is_pulled=submission.is_pulled,
        )
    writer.flush()
    receipt = Receipt.sum_of(receipts)
    keep_receipt(ledger, receipt, append_no=append_no, now_us=now_us, source=submission.source, label=submission.label)
    return receipt


def _append_batch(
    ledger: Ledger, batch: EventBatch, *, submission: Submission, writer: RowGroupWriter, now_us: int
) -> _AdmittedBatch:
    is_outside, rejections = outside_time(ledger, batch, now_us=now_us)
    events = event_rows(ledger, batch, source=submission.source)
    keys = events["event_key"].to_numpy()
    suspects = ledger.known_keys().suspects(keys)
    if suspects.known.any():
        # The stored event can be one that is still buffered.
        writer.flush()
    admitted = admission(
        events.append_column("is_pulled", pa.array(np.full(len(events), submission.is_pulled))),
        stored=stored_events(ledger, events, is_known=suspects.known),
        repeated=suspects.repeated,
        rejected=is_outside,
    )
    is_accepted = admitted.is_accepted
    accepted = events if is_accepted.all() else events.filter(pa.array(is_accepted))
    if len(accepted):
        writer.add(without_places(accepted))
        ledger.known_keys().add(keys[is_accepted])
    clashing = conflicts(batch, np.flatnonzero(admitted.outcomes == Outcome.CONFLICT), source=submission.source)
    rejections = [*batch.rejections, *rejections, *clashing]
    receipt = Receipt.of(
        rejections,
        accepted=len(accepted),
        duplicates=admitted.count(Outcome.DUPLICATE),
        conflicts=len(clashing),
    )
    return _AdmittedBatch(accepted=accepted, receipt=receipt, rejections=rejections)
