"""Record of a lake: the versions of its tables that belong together, committed last.

Table `runs` has one row per record, at the version of its number: a writer adds number n only on top of n - 1, so that
of two writers one is refused. A row's `record` is a `LakeRecord` as JSON. Readers take the newest, and open the
versions that it names; a run that was killed has left newer ones, which the next writer puts back first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeVar

import msgspec
import pyarrow as pa

from botmeter.domain.account import Account
from botmeter.domain.errors import Missing, Unavailable
from botmeter.lake.delta import LakeFile, LakeTable, create_table
from botmeter.lake.layout import BUCKETS, SCHEMAS
from botmeter.lake.root import LakeRoot, new_name, read_parquet, storage_refused, write_parquet
from botmeter.lake.store_probe import refuse_unsafe_store
from botmeter.metering.policy import InForce, Schedule
from botmeter.metering.policy_text import policy_as_mapping, policy_from_mapping

RUNS: Final = "runs"
_RUNS_SCHEMA: Final = pa.schema(
    [("number", pa.int64()), ("recorded_at", pa.int64()), ("kind", pa.string()), ("record", pa.string())]
)
_OPENED_AT_ONCE: Final = 8
Result = TypeVar("Result")
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerm:
    """Policy of a record's schedule; `definition` has the keys of a policy file."""

    from_us: int
    definition: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """Change that people asked for, which the next run applies.

    Attributes:
        kind: merge, unmerge or undo.
        number: Of the change of customers, or of the import.
        at_us: µs UTC.
        pairs: Alias and customer of each merge or undo of one.
        append_no: Of the import.
    """

    kind: Literal["merge", "unmerge", "undo"]
    number: int
    at_us: int
    by: str | None
    pairs: list[tuple[str, str]] = field(default_factory=list)
    append_no: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeRecord:
    """State of a lake after one change.

    Attributes:
        number: From 1.
        kind: What made it: create, import, run, instruct, merge, unmerge, undo, erase, compact
            or vacuum.
        run: Number of the last run, which its rows have.
        versions: By table.
        files: Input files of the run.
        counts: Of the run, by name.
        last_event_us: Latest instant of any event; None: no event.
        waiting: Instructions that the next run follows, in order.
        is_purge_due: Earlier records have an erased customer; they and their files are to be deleted.
        format: Of the lake; a later one is refused.
    """

    number: int
    kind: str
    recorded_at: int
    run: int
    account: str
    title: str
    available_from: date
    policies: list[PolicyTerm]
    versions: dict[str, int]
    buckets: int = BUCKETS
    next_append_no: int = 1
    files: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    event_count: int = 0
    last_event_us: int | None = None
    waiting: list[Instruction] = field(default_factory=list)
    is_purge_due: bool = False
    format: int = FORMAT

    @property
    def schedule(self) -> Schedule:
        return tuple(
            InForce(policy=policy_from_mapping(term.definition), from_us=term.from_us) for term in self.policies
        )

    @property
    def as_account(self) -> Account:
        return Account(name=self.account, title=self.title, available_from=self.available_from)


def create_lake(root: LakeRoot, account: Account, *, schedule: Schedule, now_us: int) -> LakeRecord:
    """Create the tables of a lake and its first record; what an interrupted creation left is used.

    Raises:
        Conflict: `lake_run_superseded`.
        Refused: `lake_store_unsafe`.
        Unavailable: `lake_storage_failed`.
    """
    refuse_unsafe_store(root)
    schemas = {**SCHEMAS, RUNS: _RUNS_SCHEMA}
    _of_each(root, lambda name: create_table(root, name, schema=schemas[name]), names=schemas)
    record = LakeRecord(
        number=1,
        kind="create",
        recorded_at=now_us,
        run=0,
        account=account.name,
        title=account.own_title or "",
        available_from=account.available_from,
        policies=policy_terms(schedule),
        versions=dict.fromkeys(SCHEMAS, 0),
    )
    commit_record(root, record)
    return record


def policy_terms(schedule: Schedule) -> list[PolicyTerm]:
    """Write a schedule down as in a record."""
    return [
        PolicyTerm(
            from_us=term.from_us,
            definition={
                "name": term.policy.name,
                "version": term.policy.version,
                **policy_as_mapping(term.policy),
            },
        )
        for term in schedule
    ]


def newest_record(root: LakeRoot) -> LakeRecord:
    """Read the record that counts.

    Raises:
        Missing: `lake_missing`.
        Unavailable: `lake_newer`.
    """
    files = LakeTable(root, RUNS).files()
    if not files:
        raise Missing("lake_missing", f"There is no lake at {root.uri}: its creation did not end. Create it again.")
    newest = max(files, key=lambda file: file.bounds["number"])
    return _record_in(root, newest)


def _record_in(root: LakeRoot, file: LakeFile) -> LakeRecord:
    with storage_refused(root):
        rows = read_parquet(root, file.name)
    text = rows["record"][0].as_py()
    # Before the other fields, which a later format may lack.
    written = msgspec.json.decode(text, type=_Format).format
    if written > FORMAT:
        raise Unavailable(
            "lake_newer",
            f"The lake at {root.uri} has format {written}, and this Botmeter supports formats up to {FORMAT}. Update "
            "Botmeter.",
        )
    return msgspec.json.decode(text, type=LakeRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """Record and its file in `runs`."""

    file: LakeFile
    record: LakeRecord


def records(root: LakeRoot) -> list[RecordFile]:
    """Read all kept records, the newest last.

    Raises:
        Missing: `lake_missing`.
    """
    newest_record(root)
    files = sorted(LakeTable(root, RUNS).files(), key=lambda file: file.bounds["number"])
    return [RecordFile(file=file, record=_record_in(root, file)) for file in files]


def is_lake(root: LakeRoot) -> bool:
    """Test for a lake with a record."""
    try:
        newest_record(root)
    except Missing:
        return False
    return True


def commit_record(root: LakeRoot, record: LakeRecord, *, dropped: Sequence[LakeFile] = ()) -> None:
    """Make a record the newest, and drop earlier ones.

    Raises:
        Conflict: `lake_run_superseded` if there is one of its number.
    """
    row = {
        "number": [record.number],
        "recorded_at": [record.recorded_at],
        "kind": [record.kind],
        "record": [msgspec.json.encode(record).decode()],
    }
    with storage_refused(root):
        name = new_name(root, RUNS, ending="parquet")
        size_bytes = write_parquet(root, pa.table(row, schema=_RUNS_SCHEMA), name=name)
    file = LakeFile(name=name, row_count=1, size_bytes=size_bytes, bounds={"number": (record.number, record.number)})
    LakeTable(root, RUNS, version=record.number - 1).commit([file], removed=dropped, now_us=record.recorded_at)


def tables_at(root: LakeRoot, versions: Mapping[str, int]) -> dict[str, LakeTable]:
    """Open tables at the versions of a record."""
    return _opened(root, versions)


def tables_for_writing(root: LakeRoot, record: LakeRecord) -> dict[str, LakeTable]:
    """Open tables with the content of a record as their newest version; what killed runs left is put back.

    Tables that lakes of an earlier layout lack are created.

    Raises:
        Conflict: `lake_run_superseded`.
    """
    versions = {**dict.fromkeys(SCHEMAS, 0), **record.versions}
    for name in versions.keys() - record.versions.keys():
        create_table(root, name, schema=SCHEMAS[name])
    tables = _opened(root, dict.fromkeys(versions))
    left = [name for name, table in tables.items() if table.version != versions[name]]
    for name in left:
        tables[name].restore(versions[name])
    return {**tables, **_opened(root, dict.fromkeys(left))}


def _opened(root: LakeRoot, versions: Mapping[str, int | None]) -> dict[str, LakeTable]:
    return _of_each(root, lambda name: LakeTable(root, name, version=versions[name]), names=versions)


def _of_each(root: LakeRoot, function: Callable[[str], Result], *, names: Iterable[str]) -> dict[str, Result]:
    if not root.is_bucket:
        return {name: function(name) for name in names}
    # Each asks a bucket some times, one after another.
    names = list(names)
    with ThreadPoolExecutor(_OPENED_AT_ONCE) as pool:
        return dict(zip(names, pool.map(function, names), strict=True))
