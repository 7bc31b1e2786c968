"""Tasks: which new events are duplicates or conflicts, by the product's admission rule.

`find` compares keys, `collect` brings the few events together whose keys occur twice, `judge` compares their content.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.lake.delta import LakeFile
from botmeter.lake.files import repeated, write_rejections, write_rows
from botmeter.lake.known_customers import as_sent
from botmeter.lake.land import LandedPart, key_buckets
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.root import LakeRoot
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, rows_of_all, staged_rows
from botmeter.lake.task_database import TableFiles, create_current_view, create_view, task_database
from botmeter.ledger.admit import conflicts
from botmeter.ledger.duckdb_calls import row_of, table_from
from botmeter.ledger.statements import statements_of
from botmeter.metering.admission import Outcome, admission
from botmeter.metering.columns import Ints, Mask
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)

_PLACE = pa.schema([("part", pa.int32()), ("row", pa.int32()), ("event_key", pa.int64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlice:
    """Keys of some buckets, or a slice of those of a bucket with too many: number `number` of `count`."""

    buckets: BucketRange
    number: int
    count: int

    def of(self, rows: pa.Table, *, bucket_count: int) -> pa.Table:
        """Rows whose `event_key` is in the slice."""
        if self.count == 1:
            return rows
        keys = rows["event_key"].to_numpy().view(np.uint64)
        # The remainder by the number of buckets is the same in all of them.
        return rows.filter(pa.array(keys // np.uint64(bucket_count) % np.uint64(self.count) == self.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class FindTask:
    """Keys to compare with each other, and with `event_key`."""

    workspace: Workspace
    keys: KeySlice
    parts: tuple[LandedPart, ...]
    known: TableFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """Outcome of a `FindTask`.

    Attributes:
        places: Part and row of each event whose key occurs twice, by part.
        index: New file of `event_key`.
        is_stored: A key is that of a stored event.
    """

    places: StagedTable | None
    index: LakeFile | None
    is_stored: bool


def find(task: FindTask) -> Suspects:
    """Find new events with the key of another, new or stored."""
    keys = _new_keys(task)
    sorted_keys = np.sort(keys["event_key"].to_numpy())
    is_again = np.zeros(len(sorted_keys), np.bool_)
    is_again[1:] = sorted_keys[1:] == sorted_keys[:-1]
    stored = _stored_keys(task, keys)
    wanted = np.union1d(sorted_keys[is_again], stored)
    suspect = keys.filter(pa.array(np.isin(keys["event_key"].to_numpy(), wanted))) if len(wanted) else keys.slice(0, 0)
    new = sorted_keys[~is_again]
    new = np.setdiff1d(new, stored, assume_unique=True)
    index = {
        "run": repeated(task.workspace.run, len(new)),
        "bucket": pa.array(key_buckets(new, task.workspace.bucket_count).astype(np.int32)),
        "event_key": pa.array(new),
    }
    rows = pa.table(index, schema=SCHEMAS["event_key"]).sort_by([("bucket", "ascending"), ("event_key", "ascending")])
    return Suspects(
        places=task.workspace.stage_by_part(suspect, len(task.parts)) if len(suspect) else None,
        index=write_rows(task.workspace.root, "event_key", rows=rows),
        is_stored=bool(len(stored)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectTask:
    """Part of a file of which some events are suspect."""

    workspace: Workspace
    part_no: int
    part: LandedPart
    places: tuple[StagedTable, ...]


def collect(task: CollectTask) -> StagedTable | None:
    """Stage a part's suspect events by bucket of their keys; None: none."""
    own = rows_of_all(task.workspace.root, task.places, buckets=BucketRange.of(task.part_no))
    if own is None or not len(own):
        return None
    rows = np.sort(own["row"].to_numpy())
    landed = staged_rows(task.workspace.root, task.part.events).take(pa.array(rows))
    count = len(landed)
    events = (
        with_touchpoint_texts(as_sent(landed), task.part.touchpoints)
        .append_column("part", repeated(task.part_no, count))
        .append_column("place", pa.array(rows))
        .append_column("append_no", repeated(task.part.append_no, count))
    )
    buckets = key_buckets(events["event_key"].to_numpy(), task.workspace.bucket_count)
    return task.workspace.stage(events, buckets=buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTask:
    """Keys of suspect events; `stored` has `event` and `touchpoint`, or no files where no key is known."""

    workspace: Workspace
    now_us: int
    keys: KeySlice
    part_count: int
    collected: tuple[StagedTable, ...]
    stored: TableFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Outcome of a `JudgeTask`: places of events that don't count, by part, and counts by `append_no`."""

    dropped: StagedTable | None
    duplicates: dict[int, int]
    conflicts: dict[int, int]
    quarantined: tuple[LakeFile, ...]


def judge(task: JudgeTask) -> Judged:
    """Apply the admission rule to suspect events, in order of their files."""
    bucket_count = task.workspace.bucket_count
    collected = [
        task.keys.of(staged_rows(task.workspace.root, each, buckets=task.keys.buckets), bucket_count=bucket_count)
        for each in task.collected
    ]
    if not any(map(len, collected)):
        return Judged(dropped=None, duplicates={}, conflicts={}, quarantined=())
    suspect = pa.concat_tables(collected, promote_options="permissive").unify_dictionaries()
    events = suspect.sort_by([("append_no", "ascending"), ("row", "ascending")])
    outcomes = admission(events, stored=_stored_events(task, events)).outcomes
    append_nos = events["append_no"].to_numpy()
    dropped = events.filter(pa.array(outcomes != Outcome.ACCEPTED)).select(["part", "place"])
    return Judged(
        dropped=task.workspace.stage_by_part(dropped, task.part_count) if len(dropped) else None,
        duplicates=_counts(append_nos[outcomes == Outcome.DUPLICATE]),
        conflicts=_counts(append_nos[outcomes == Outcome.CONFLICT]),
        quarantined=_quarantined(task, events, rows=np.flatnonzero(outcomes == Outcome.CONFLICT)),
    )


def with_touchpoint_texts(events: pa.Table, touchpoints: tuple[Touchpoint, ...]) -> pa.Table:
    """Add bot, version and channel for the numbers of touchpoints."""
    numbers = pa.array(events["touchpoint"].to_numpy().astype(np.int32))
    for name, texts in zip(Touchpoint._fields, zip(*touchpoints, strict=True), strict=True):
        column = pa.DictionaryArray.from_arrays(numbers, pa.array(texts, pa.string()))
        events = events.append_column(name, column.dictionary_decode().dictionary_encode())
    return events


def _new_keys(task: FindTask) -> pa.Table:
    tables = []
    for part_no, part in enumerate(task.parts):
        keys = staged_rows(task.workspace.root, part.keys, buckets=task.keys.buckets)
        keys = task.keys.of(keys, bucket_count=task.workspace.bucket_count)
        tables.append(keys.append_column("part", repeated(part_no, len(keys))).select(_PLACE.names))
    return pa.concat_tables(tables)


def _stored_keys(task: FindTask, keys: pa.Table) -> Ints:
    if not task.known.files["event_key"] or not len(keys):
        return np.zeros(0, np.int64)
    with task_database() as connection:
        create_current_view(connection, "event_key", available=task.known)
        buckets, stored_in, bounds = task.keys.buckets, "event_key", None
        if len(buckets.numbers) < task.workspace.bucket_count:
            # Reading the buckets of all keys takes a fifth of the time.
            stored_in, bounds = f"({sql('keys_of_buckets')})", {"first": buckets.first, "last": buckets.last}
        query = sql("stored_keys", keys=stored_in)
        found = table_from(connection, query, input_rows=keys.select(["event_key"]), values=bounds)
    stored: Ints = np.sort(found["event_key"].to_numpy())
    return stored


def _stored_events(task: JudgeTask, events: pa.Table) -> pa.Table | None:
    """Stored events with the identity of one in `events`, as `stored` of `admission`."""
    if not task.stored.files.get("event"):
        return None
    wanted = events.select(["source", "event_id", "event_key"]).append_column("row", pa.array(np.arange(len(events))))
    with task_database() as connection:
        for table in ("event", "touchpoint"):
            files = task.stored.files[table]
            create_view(connection, table, files=files, schema=SCHEMAS[table], root=task.workspace.root)
        # Reading the ids of all stored events is half of the work, so they are compared only where a key alone does
        # not tell: events with the same 64 bits and the same content to the microsecond are the same.
        found = table_from(connection, _stored_by("i"), input_rows=wanted)
        is_same = _is_same_by_content(events, found)
        unsure = np.unique(found["row"].to_numpy()[~is_same])
        if not len(unsure):
            return found
        compared = table_from(connection, _stored_by("s"), input_rows=wanted.take(pa.array(unsure)))
        return pa.concat_tables([found.filter(pa.array(is_same)), compared])


def _stored_by(side: str) -> str:
    return sql("stored_events", source=f"{side}.source", event_id=f"{side}.event_id")


def _is_same_by_content(events: pa.Table, found: pa.Table) -> Mask:
    if not len(found):
        return np.zeros(0, np.bool_)
    is_same = (admission(events, stored=found).outcomes == Outcome.DUPLICATE)[found["row"].to_numpy()]
    for name in ("is_pulled", "is_erased", "is_conversation_erased"):
        is_same &= ~found[name].to_numpy()
    return is_same


def _quarantined(task: JudgeTask, events: pa.Table, *, rows: Ints) -> tuple[LakeFile, ...]:
    append_nos = events["append_no"].to_numpy()
    files = []
    for append_no in np.unique(append_nos[rows]).tolist():
        own = events.take(pa.array(rows[append_nos[rows] == append_no]))
        source = own["source"][0].as_py()
        batch = EventBatch(events=own.select(EVENTS_SCHEMA.names), positions=own["position"].combine_chunks())
        files.append(
            write_rejections(
                task.workspace.root,
                conflicts(batch, np.arange(len(own)), source=source),
                run=task.workspace.run,
                append_no=append_no,
                source=source,
                now_us=task.now_us,
            )
        )
    return tuple(file for file in files if file is not None)


def _counts(append_nos: Ints) -> dict[int, int]:
    numbers, counts = np.unique(append_nos, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def unpaired_key_count(root: LakeRoot, *, events: Sequence[LakeFile], keys: Sequence[LakeFile]) -> int:
    """Count the keys of stored events that `event_key` lacks, and its keys without an event."""
    with task_database() as connection:
        for name, files in (("event", events), ("event_key", keys)):
            create_view(connection, name, files=files, schema=SCHEMAS[name], root=root)
        return int(row_of(connection, sql("unpaired_keys"))[0])
