"""Append of files and pulls: accepted events are stored and metered."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import require_source_id
from botmeter.ledger.admit import NumberedBatch, admit
from botmeter.ledger.chunk_metering import ChunkMetering
from botmeter.ledger.event_rows import insert_events
from botmeter.ledger.imports import ImportedFile, insert_import
from botmeter.ledger.large_appends import less_memory
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_batch import BatchDelivery
from botmeter.ledger.quarantine import note_accepted, note_again, quarantine
from botmeter.ledger.receipts import insert_receipt, set_retry_of
from botmeter.ledger.recent_memory import Kept
from botmeter.ledger.remeter import remeter_after
from botmeter.ledger.row_groups import ROW_GROUP_ROWS, RowGroupBuffer
from botmeter.ledger.settle import noting_recharge_span, settle
from botmeter.metering.reading import allocating_from, read_ahead
from botmeter.metering.schema import EventBatch
from botmeter.metering.touchpoints import Touchpoint

FLUSH_ROWS: Final = ROW_GROUP_ROWS
"""Inserted in the background; one piece is being inserted while the next one is gathered."""
PULLED_RECENT_US: Final = DAY_US
"""Older sessions of a pull never make a plan buy, since the first pull of a platform has its history, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events of one source to append.

    Attributes:
        batches: Read once, one at a time.
        label: A file's name, or how the events came.
        is_pulled: Their webhooks are no conflicts.
        file: Makes it an import, which can be undone.
        retry_of: Append number of the import that quarantined these events; 0: of none; None: not from quarantine.

    Raises:
        Refused: `source_invalid`.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str
    is_pulled: bool = False
    file: ImportedFile | None = None
    retry_of: int | None = None

    def __post_init__(self) -> None:
        require_source_id(self.source)


def append(ledger: Ledger, submissions: Sequence[Submission], *, now_us: int) -> list[Receipt]:
    """Append and meter events, all or nothing; return a receipt per submission."""
    # Events that wait to be settled were committed before these, so they are metered first.
    settle(ledger, now_us=now_us)
    first_append_no = ledger.next_append_no()
    try:
        is_pulled = any(each.is_pulled for each in submissions)
        with ledger.transaction():
            noting = noting_recharge_span(ledger, now_us=now_us, recent_us=PULLED_RECENT_US)
            with noting if is_pulled else nullcontext():
                appended = append_within(ledger, submissions, now_us=now_us)
            note_in_quarantine(ledger, appended, first_append_no=first_append_no)
    except BaseException:
        ledger.keys.forget()
        raise
    ledger.note_appended(first_append_no + len(submissions))
    return [each.receipt for each in appended]


class Appended(NamedTuple):
    """Submission in a transaction, and the entries of quarantine that it brought again."""

    receipt: Receipt
    again_no: int | None
    again: list[int]


def append_within(ledger: Ledger, submissions: Sequence[Submission], *, now_us: int) -> list[Appended]:
    """Append as `append`, within a transaction, all but `note_in_quarantine`."""
    ledger.refuse_in_lake("Events can't be appended to its ledger")
    first_append_no = ledger.next_append_no()
    ledger.memory.keep(Kept.EVENTS)
    with ExitStack() as large_append:
        if not ledger.has_readers:
            # Threads free what others allocated, and from Arrow's own pool or jemalloc an import takes 0.1 GB more.
            large_append.enter_context(allocating_from(pa.system_memory_pool()))
        chunks = ChunkMetering.of_append(ledger)
        if chunks is not None:
            large_append.callback(chunks.close)
        writer = _EventWriter(ledger, chunks=chunks, large_append=large_append)
        with ledger.inserting_in_background():
            appended = [
                _append_submission(ledger, submission, append_no=append_no, now_us=now_us, writer=writer)
                for append_no, submission in enumerate(submissions, start=first_append_no)
            ]
        if sum(each.receipt.accepted for each in appended) >= FLUSH_ROWS:
            # They are read again when the next event comes; metering needs the memory.
            ledger.keys.forget()
        remeter_after(ledger, first_append_no, now_us=now_us, chunks=chunks)
    return appended


def note_in_quarantine(ledger: Ledger, appended: Sequence[Appended], *, first_append_no: int) -> int:
    """Note earlier entries that came again or were corrected; return how many. In a transaction."""
    for each in appended:
        note_again(ledger.connection, each.again, again_no=each.again_no)
    corrected_count = note_accepted(ledger.connection, append_no=first_append_no)
    return corrected_count + sum(len(each.again) for each in appended)


def _append_submission(
    ledger: Ledger, submission: Submission, *, append_no: int, now_us: int, writer: "_EventWriter"
) -> Appended:
    receipts: list[Receipt] = []
    again: list[int] = []
    again_no = _again_no(submission, append_no=append_no)
    for batch in read_ahead(submission.batches):
        numbered = NumberedBatch(
            source=submission.source,
            parsed=batch,
            deliveries=[BatchDelivery(first_position=0)],
            append_no=append_no,
            is_pulled=submission.is_pulled,
            again_no=again_no,
        )
        # A stored event can be one that is still buffered.
        admitted = admit(ledger, [numbered], now_us=now_us, before_search=writer.flush)
        if len(admitted.accepted):
            writer.add(admitted.accepted.drop_columns(list(Touchpoint._fields)))
            ledger.known_keys().add_ordered(admitted.ordered_keys)
        ledger.memory.events.add(admitted.accepted)
        again += quarantine(ledger, admitted.rejections[0], batch=numbered, now_us=now_us)
        receipts += admitted.receipts
    writer.flush()
    receipt = Receipt.sum_of(receipts)
    insert_receipt(
        ledger, receipt, append_no=append_no, now_us=now_us, source=submission.source, label=submission.label
    )
    if submission.file is not None:
        insert_import(ledger.connection, submission.file, append_no=append_no)
    if submission.retry_of is not None:
        set_retry_of(ledger, append_no=append_no, retry_of=submission.retry_of)
    return Appended(receipt=receipt, again_no=again_no, again=again)


def _again_no(submission: Submission, *, append_no: int) -> int | None:
    if submission.retry_of is not None:
        return None
    return 0 if submission.file is None else append_no


class _EventWriter:
    def __init__(self, ledger: Ledger, *, chunks: ChunkMetering | None, large_append: ExitStack) -> None:
        self._ledger, self._chunks, self._large_append = ledger, chunks, large_append
        self._is_large = False
        self._buffer = RowGroupBuffer(self._insert, flush_rows=FLUSH_ROWS)

    def add(self, rows: pa.Table) -> None:
        if self._chunks is not None:
            self._chunks.add(rows)
        self._buffer.add(rows)

    def flush(self) -> None:
        self._buffer.flush()

    def _insert(self, rows: pa.Table) -> None:
        if len(rows) < FLUSH_ROWS:
            insert_events(self._ledger.connection, rows)
            return
        if not self._is_large and not self._ledger.has_readers:
            self._large_append.enter_context(less_memory(self._ledger.connection))
        self._is_large = True
        self._ledger.insert(insert_events, rows)
