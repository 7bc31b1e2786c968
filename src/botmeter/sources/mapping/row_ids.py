"""Generated event ids: content of a row, and its ordinal among identical rows of the file."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import IO, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records

Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

RUN_LENGTH_MAX: Final = 2_000_000
"""Different rows counted in memory, at 16 bytes each; more are counted on disk."""
_CHUNK_LENGTH: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    keys: Keys
    counts: Counts

    def counts_of(self, keys: Keys) -> Counts:
        indexes = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[indexes] == keys, self.counts[indexes], 0)


class RowCounts:
    """Count of each row so far; bounded memory, the rest in temporary files."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []
        self._stored: list[tuple[IO[bytes], int]] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def ordinals(self, keys: Keys) -> Counts:
        """Count rows; return the ordinal of each among those with its key, from 1."""
        if not len(keys):
            return np.array([], np.int64)
        order = np.argsort(keys, kind="stable")
        different, starts, counts = np.unique(keys[order], return_index=True, return_counts=True)
        ranks = np.arange(len(keys)) - np.repeat(starts, counts)
        ordinals = np.empty(len(keys), np.int64)
        ordinals[order] = ranks + 1 + np.repeat(self._counts_of(different), counts)
        self._add(_Run(keys=different, counts=counts))
        return ordinals

    def _counts_of(self, keys: Keys) -> Counts:
        counts = np.zeros(len(keys), np.int64)
        for run in self._runs:
            counts += run.counts_of(keys)
        for file, length in self._stored:
            for run in _chunks(file, length=length):
                counts += run.counts_of(keys)
        return counts

    def _add(self, run: _Run) -> None:
        # Runs of like lengths are merged, so that there are few, and each row is merged a few times only.
        while self._runs and len(self._runs[-1].keys) <= 2 * len(run.keys):
            run = _merged(self._runs.pop(), run)
        if len(run.keys) < RUN_LENGTH_MAX:
            self._runs.append(run)
            return
        file = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
        for start in range(0, len(run.keys), _CHUNK_LENGTH):
            file.write(run.keys[start : start + _CHUNK_LENGTH].tobytes())
            file.write(run.counts[start : start + _CHUNK_LENGTH].tobytes())
        self._stored.append((file, len(run.keys)))


def records_with_row_ids(tables: Iterable[Records], *, mapping: FieldMapping) -> Iterator[Records]:
    """Replace digests in column `event_id` by ids, where these are generated."""
    if not mapping.has_generated_ids:
        yield from tables
        return
    with RowCounts() as counts:
        for records in tables:
            yield _with_ids(records, counts) if len(records.positions) else records


def _with_ids(records: Records, counts: RowCounts) -> Records:
    digests = records.columns["event_id"].to_pylist()
    keys = np.frombuffer(b"".join(digest[:8] for digest in digests), np.uint64)
    ids = [f"row-{digest.hex()}-{ordinal}" for digest, ordinal in zip(digests, counts.ordinals(keys), strict=True)]

    def record(row: int) -> Mapping[str, object]:
        return {**records.record(row), "event_id": ids[row]}

    return replace(records, columns={**records.columns, "event_id": pa.array(ids, pa.string())}, record=record)


def _merged(one: _Run, other: _Run) -> _Run:
    keys = np.concatenate([one.keys, other.keys])
    counts = np.concatenate([one.counts, other.counts])
    # Stable sorting merges sorted halves.
    order = np.argsort(keys, kind="stable")
    different, starts = np.unique(keys[order], return_index=True)
    return _Run(keys=different, counts=np.add.reduceat(counts[order], starts))


def _chunks(file: IO[bytes], *, length: int) -> Iterator[_Run]:
    file.seek(0)
    for start in range(0, length, _CHUNK_LENGTH):
        size = min(_CHUNK_LENGTH, length - start)
        keys = np.frombuffer(file.read(8 * size), np.uint64)
        yield _Run(keys=keys, counts=np.frombuffer(file.read(8 * size), np.int64))
