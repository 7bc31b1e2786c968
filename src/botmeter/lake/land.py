"""Task: read a file of events with the product's readers, and stage its events by scope key and its keys by key."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import write_rejections
from botmeter.lake.known_customers import KnownCustomers
from botmeter.lake.staged import StagedTable, Workspace
from botmeter.lake.text_hash import combined, text_hashes
from botmeter.ledger.admit import outside_time
from botmeter.metering.columns import Ints, repeated_text
from botmeter.metering.schema import EventBatch
from botmeter.metering.touchpoints import Touchpoint, Touchpoints
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

PART_EVENTS_MAX: Final = 1_000_000
"""Events that are staged together: about 400 MB of them in memory, whatever the size of a file."""
REJECTIONS_MAX: Final = 100_000
"""Refused events that are written together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandTask:
    """File to read.

    Attributes:
        append_no: Number of the file among all that the lake has read.
        scope: Names of the shared scope; nothing: all events are of one key.
        skips_unreadable: A file that can't be read is an outcome, not an error.
    """

    workspace: Workspace
    append_no: int
    file: SourceFile
    source: Source | None
    source_name: str
    scope: tuple[str, ...]
    available_from: date
    customers: KnownCustomers
    now_us: int
    skips_unreadable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedPart:
    """Events of a file, at most `PART_EVENTS_MAX`.

    Attributes:
        events: Staged by bucket of their scope key, with `row` in the file and the number of their touchpoint in
            `touchpoints`.
        keys: Their `event_key` and place in `events`, by bucket of the key.
    """

    append_no: int
    source: str
    events: StagedTable
    keys: StagedTable
    touchpoints: tuple[Touchpoint, ...]
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Outcome of a `LandTask`; with a `problem` nothing of the file counts.

    Attributes:
        erased_count: Events of erased customers, which are duplicates.
    """

    append_no: int
    parts: tuple[LandedPart, ...] = ()
    rejected_count: int = 0
    erased_count: int = 0
    quarantined: tuple[LakeFile, ...] = ()
    problem: str | None = None


def land(task: LandTask) -> Landed:
    """Read, check and stage a file.

    Raises:
        Refused: As readers of files, unless the task skips these.
    """
    try:
        return _landed(task)
    except Refused as error:
        if not task.skips_unreadable:
            raise
        return Landed(append_no=task.append_no, problem=error.message)


def _landed(task: LandTask) -> Landed:
    parts: list[LandedPart] = []
    waiting: list[pa.Table] = []
    quarantined: list[LakeFile] = []
    rejections: list[Rejection] = []
    row_count = rejected_count = erased_count = 0
    for batch in _batches(task.file, task.source):
        events, refused = _admissible(batch, task, first_row=row_count)
        row_count += len(batch.events)
        rejected_count += len(refused)
        rejections += refused
        kept = task.customers.without_erased(events, source=task.source_name)
        erased_count += len(events) - len(kept)
        events = task.customers.resolved(kept)
        if len(events):
            waiting.append(events)
        if sum(map(len, waiting)) >= PART_EVENTS_MAX:
            parts.append(_staged(waiting, task))
            waiting = []
        if len(rejections) >= REJECTIONS_MAX:
            quarantined += _quarantined(rejections, task)
            rejections = []
    if waiting:
        parts.append(_staged(waiting, task))
    return Landed(
        append_no=task.append_no,
        parts=tuple(parts),
        rejected_count=rejected_count,
        erased_count=erased_count,
        quarantined=(*quarantined, *_quarantined(rejections, task)),
    )


def _quarantined(rejections: list[Rejection], task: LandTask) -> list[LakeFile]:
    file = write_rejections(
        task.workspace.root,
        rejections,
        run=task.workspace.run,
        append_no=task.append_no,
        source=task.source_name,
        now_us=task.now_us,
    )
    return [] if file is None else [file]


def _batches(file: SourceFile, source: Source | None) -> Iterator[EventBatch]:
    try:
        yield from batches_of_source(file, source)
    except Refused as error:
        if file.label in error.message:
            raise
        raise type(error)(error.code, f"File {file.label}: {error.message}") from error
    except OSError as problem:
        raise Refused("file_damaged", f"{file.label} can't be read: {problem.strerror or problem}.") from problem


def event_keys(events: pa.Table) -> pa.Array:
    """Hash source and id of each event, as `event_key` of the lake."""
    keys = combined(text_hashes(events["source"]), text_hashes(events["event_id"]))
    return pa.array(keys.view(np.int64))


def _admissible(batch: EventBatch, task: LandTask, *, first_row: int) -> tuple[pa.Table, list[Rejection]]:
    is_outside, outside = outside_time(batch, available_from=task.available_from, now_us=task.now_us)
    rows = pa.array(np.arange(first_row, first_row + len(batch.events)))
    events = batch.events.append_column("position", batch.positions).append_column("row", rows)
    if outside:
        events = events.filter(pa.array(~is_outside))
    return events, sorted([*batch.rejections, *outside], key=lambda rejection: rejection.index)


def _staged(waiting: list[pa.Table], task: LandTask) -> LandedPart:
    events = pa.concat_tables(waiting, promote_options="permissive").unify_dictionaries()
    count = len(events)
    touchpoints = Touchpoints()
    numbers = touchpoints.numbers(events)
    buckets = scope_buckets(events, task.scope, bucket_count=task.workspace.bucket_count)
    events = (
        events.drop_columns(list(Touchpoint._fields))
        .append_column("touchpoint", pa.array(numbers))
        .append_column("source", repeated_text(task.source_name, count))
    )
    events = events.append_column("event_key", event_keys(events)).append_column(
        "bucket", pa.array(buckets.astype(np.int32))
    )
    landed = task.workspace.stage(events, buckets=buckets)
    # In the order of `landed`, which is stable too.
    keys = events["event_key"].take(pa.array(np.argsort(buckets, kind="stable"))).combine_chunks()
    span = pc.min_max(events["occurred_at"]).as_py()
    return LandedPart(
        append_no=task.append_no,
        source=task.source_name,
        events=landed,
        keys=task.workspace.stage(
            pa.table({"event_key": keys, "row": pa.array(np.arange(count, dtype=np.int32))}),
            buckets=key_buckets(keys.to_numpy(), task.workspace.bucket_count),
        ),
        touchpoints=tuple(touchpoints.all()),
        first_us=span["min"],
        last_us=span["max"],
    )


def key_buckets(keys: Ints, bucket_count: int) -> Ints:
    """Bucket of each `event_key`."""
    buckets: Ints = (keys.view(np.uint64) % np.uint64(bucket_count)).astype(np.int64)
    return buckets


def text_buckets(column: pa.Array | pa.ChunkedArray, bucket_count: int) -> Ints:
    """Bucket of each text."""
    buckets: Ints = (text_hashes(column) % np.uint64(bucket_count)).astype(np.int64)
    return buckets


def scope_buckets(rows: pa.Table, scope: tuple[str, ...], *, bucket_count: int) -> Ints:
    """Bucket of each event's or session's scope key; `rows` has the columns that the scope names."""
    hashes = np.zeros(len(rows), np.uint64)
    for name in scope:
        column = rows["channel" if name == "channel" else f"{name}_id"]
        # As in the scope key of a ledger, no bot is the empty text.
        hashes = combined(hashes, text_hashes(pc.fill_null(column.cast(pa.string()), "")))
    buckets: Ints = (hashes % np.uint64(bucket_count)).astype(np.int64)
    return buckets
