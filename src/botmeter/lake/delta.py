"""Delta tables of a lake: which files a version has, and commits that are refused when another came first.

The only module that imports deltalake.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from botmeter.domain.errors import Conflict, Missing, Refused, Unavailable
from botmeter.lake.root import LakeRoot, path_in, sizes_of, storage_failed, storage_options

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

# Else a checkpoint deletes the log of versions that a record may name.
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}
_EPOCH = date(1970, 1, 1)

Bounds = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFile:
    """Parquet file of a table.

    Attributes:
        name: Relative to the lake.
        bounds: By column of whole numbers or days (since 1970): the least and the greatest value.
    """

    name: str
    row_count: int
    size_bytes: int
    bounds: Bounds

    def may_have(self, column: str, *, first: int, last: int) -> bool:
        low, high = self.bounds.get(column, (first, last))
        return low <= last and high >= first


class LakeTable:
    """Table at one version, or at the newest."""

    def __init__(self, root: LakeRoot, name: str, *, version: int | None = None) -> None:
        deltalake = require_deltalake()
        self._root, self.name = root, name
        with _storage_refused(root):
            try:
                self._handle: DeltaTable = deltalake.DeltaTable(
                    root.table_uri(name), version=version, storage_options=storage_options(root)
                )
            except deltalake.exceptions.TableNotFoundError as problem:
                raise Missing("lake_missing", f"There is no lake at {root.uri}.") from problem

    @property
    def version(self) -> int:
        return int(self._handle.version())

    def files(self) -> list[LakeFile]:
        actions = pa.table(self._handle.get_add_actions(flatten=True)).to_pylist()
        return sorted((_file_of(self.name, action) for action in actions), key=lambda file: file.name)

    def commit(self, added: Sequence[LakeFile], *, removed: Sequence[LakeFile] = (), now_us: int) -> int:
        """Commit the next version; return it.

        Raises:
            Conflict: `lake_run_superseded` if another commit has made that version.
            Unavailable: `lake_file_lost`.
        """
        from deltalake.transaction import AddAction, RemoveAction

        _check_files(self._root, added)
        now_ms = now_us // 1_000
        actions: list[Any] = [
            AddAction(self._name_in_table(file), file.size_bytes, {}, now_ms, True, json.dumps(_statistics(file)))
            for file in added
        ]
        actions += [RemoveAction(self._name_in_table(file), True, now_ms) for file in removed]
        with _commit_refused(self._root), _storage_refused(self._root):
            self._handle.create_write_transaction(
                actions, "append", self._handle.schema(), commit_properties=_without_retries()
            )
        return self.version + 1

    def restore(self, version: int) -> int:
        """Commit the content of an earlier version; return the new one."""
        with _commit_refused(self._root), _storage_refused(self._root):
            self._handle.restore(version, commit_properties=_without_retries())
        return self.version

    def unnamed_files(self, *, keep_versions: Sequence[int], older_than_hours: int) -> list[str]:
        """List files in the table's folder that neither these versions nor this one have, relative to the lake."""
        # The library's own deletion would commit two versions, which a run must put back.
        with _storage_refused(self._root):
            names = self._handle.vacuum(
                retention_hours=older_than_hours,
                dry_run=True,
                enforce_retention_duration=False,
                full=True,
                keep_versions=list(keep_versions),
            )
        return sorted(f"{self.name}/{path_in(name)}" for name in names)

    def _name_in_table(self, file: LakeFile) -> str:
        return file.name.removeprefix(f"{self.name}/")


def create_table(root: LakeRoot, name: str, *, schema: pa.Schema) -> None:
    """Create an empty table unless it exists."""
    deltalake = require_deltalake()
    with _commit_refused(root), _storage_refused(root):
        deltalake.DeltaTable.create(
            root.table_uri(name),
            schema,
            mode="ignore",
            configuration=_CONFIGURATION,
            storage_options=storage_options(root),
            commit_properties=_without_retries(),
        )


class Creation(Enum):
    """Outcome of one of several creations of a table."""

    DONE = "done"
    REFUSED = "refused"
    SEEN = "seen"


def created_by_several(root: LakeRoot, name: str) -> Creation:
    """Create a table that others create at the same time: one is done, the others are refused or see it before.

    Raises:
        Unavailable: `lake_storage_failed`.
    """
    deltalake = require_deltalake()
    try:
        deltalake.DeltaTable.create(
            root.table_uri(name),
            pa.schema([("nothing", pa.int64())]),
            storage_options=storage_options(root),
            commit_properties=_without_retries(),
        )
    except deltalake.exceptions.CommitFailedError:
        return Creation.REFUSED
    except (OSError, deltalake.exceptions.DeltaError) as problem:
        if "already exists" in str(problem):
            return Creation.SEEN
        raise storage_failed(root, problem) from problem
    return Creation.DONE


def require_deltalake() -> Any:
    """Import deltalake.

    Raises:
        Refused: `extra_missing`.
    """
    try:
        import deltalake
        import deltalake.exceptions
    except ImportError as problem:
        raise Refused(
            "extra_missing", "A lake needs the package deltalake. Install it: pip install 'botmeter[lake]'."
        ) from problem
    return deltalake


def _without_retries() -> "CommitProperties":
    # By itself the library tries again on top of another's commit, which may have changed what this one rests on.
    return require_deltalake().CommitProperties(max_commit_retries=0)


def _check_files(root: LakeRoot, added: Sequence[LakeFile]) -> None:
    # The library commits names without looking.
    sizes = sizes_of(root, [root.uri_of(file.name) for file in added])
    for file, size in zip(added, sizes, strict=True):
        if size != file.size_bytes:
            raise Unavailable(
                "lake_file_lost",
                f"File {file.name} of the lake should have {file.size_bytes:,} bytes and has {size or 0:,}; nothing "
                "was committed. Run it again.",
            )


def _statistics(file: LakeFile) -> dict[str, object]:
    low = {column: _stated(column, value) for column, (value, _) in file.bounds.items()}
    high = {column: _stated(column, value) for column, (_, value) in file.bounds.items()}
    return {"numRecords": file.row_count, "minValues": low, "maxValues": high, "nullCount": dict.fromkeys(low, 0)}


def _stated(column: str, value: int) -> int | str:
    return (_EPOCH + timedelta(days=value)).isoformat() if column == "day" else value


def _file_of(table: str, action: Mapping[str, Any]) -> LakeFile:
    bounds = {
        column.removeprefix("min."): (_as_int(low), _as_int(action[f"max.{column.removeprefix('min.')}"]))
        for column, low in action.items()
        if column.startswith("min.") and low is not None
    }
    return LakeFile(
        name=f"{table}/{path_in(action['path'])}",
        row_count=action["num_records"],
        size_bytes=action["size_bytes"],
        bounds=bounds,
    )


def _as_int(value: int | date) -> int:
    return (value - _EPOCH).days if isinstance(value, date) else value


@contextmanager
def _commit_refused(root: LakeRoot) -> Iterator[None]:
    deltalake = require_deltalake()
    try:
        yield
    except deltalake.exceptions.CommitFailedError as problem:
        raise Conflict(
            "lake_run_superseded",
            f"Another run has changed the lake at {root.uri} meanwhile; nothing of this one counts. Run it again.",
        ) from problem


@contextmanager
def _storage_refused(root: LakeRoot) -> Iterator[None]:
    deltalake = require_deltalake()
    try:
        yield
    except (deltalake.exceptions.CommitFailedError, deltalake.exceptions.TableNotFoundError):
        raise
    except (OSError, deltalake.exceptions.DeltaError) as problem:
        raise storage_failed(root, problem) from problem
