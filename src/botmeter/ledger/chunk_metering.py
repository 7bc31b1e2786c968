"""Metering of events that come nearly in order of time, while they are read.

Events are metered in chunks. Sessions that no later event can change are stored; the events of the others, and those
after the chunk's boundary, are metered again with the next chunk.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.ledger.event_rows import has_aliases
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.metered_rows import meter_events, metered_rows
from botmeter.ledger.partitions import (
    SharedKey,
    TimeSlice,
    insert_participations,
    insert_sessions,
    is_anchored,
    rows_since_start,
)
from botmeter.ledger.row_groups import RowGroupBuffer
from botmeter.ledger.usage_tables import LatestBotNames
from botmeter.metering.schema import METER_SCHEMA

if TYPE_CHECKING:
    from botmeter.metering.meter import Metered

CHUNK_EVENTS: Final = 200_000
"""With a million an import took 0.3 GB more, with 300,000 0.04 GB, and as long."""
AFTER_BOUNDARY: Final = 0.1
"""Part of a chunk after its boundary: events may come late by so many others, and these are metered twice."""
CARRIED_MAX: Final = 0.75
"""Part of a chunk from which on metering by partitions of the keys is cheaper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Events being metered; later ones are not before the boundary (µs UTC)."""

    events: pa.Table
    boundary_us: int
    metered: "Future[Metered]"


class ChunkMetering:
    """Sessions of events, given to the callables in pieces. In a transaction.

    Attributes:
        bot_names: Of all events of an append.
    """

    def __init__(
        self,
        ledger: Ledger,
        key: SharedKey,
        *,
        take_sessions: Callable[[pa.Table], None],
        take_participations: Callable[[pa.Table], None],
    ) -> None:
        self._ledger, self._key = ledger, key
        self._columns = [name for name in METER_SCHEMA.names if name != "attributes" or key.reads_attributes]
        self._meter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="meter")
        self._held: list[pa.Table] = []
        self._chunk: _Chunk | None = None
        self._sessions, self._participations = RowGroupBuffer(take_sessions), RowGroupBuffer(take_participations)
        self._session_count = 0
        self._given_up = False
        self.bot_names = LatestBotNames()

    @classmethod
    def storing(cls, ledger: Ledger, key: SharedKey) -> Self:
        """Store all sessions of a ledger."""
        return cls(
            ledger,
            key,
            take_sessions=partial(ledger.insert, insert_sessions),
            take_participations=partial(ledger.insert, insert_participations),
        )

    @classmethod
    def of_append(cls, ledger: Ledger) -> Self | None:
        """Return None for a ledger with events, or whose events change after they were accepted."""
        if ledger.latest_us_before(ledger.next_append_no()) is not None or has_aliases(ledger):
            return None
        return cls.storing(ledger, SharedKey.of([term.policy for term in ledger.schedule]))

    def add(self, rows: pa.Table) -> None:
        """Take accepted `event_rows`."""
        self.bot_names.add(rows)
        if self._given_up:
            return
        self._held.append(rows.select(self._columns))
        if sum(map(len, self._held)) >= CHUNK_EVENTS:
            held, self._held = self._held, []
            self._given_up = self._is_late(held) or not self._begin_chunk(held)

    def meter(self, slices: Iterable[TimeSlice]) -> int | None:
        """Take all events in slices, then `finish` and `close`; read each slice while the one before is metered."""
        with closing(self):
            for each in slices:
                if len(each.events) and not self._begin_chunk([each.events.select(self._columns)], end_us=each.end_us):
                    return None
            return self.finish()

    def finish(self) -> int | None:
        """Give the last sessions and return the number of all; None: all events must be metered again."""
        if self._given_up or self._is_late(self._held):
            return None
        carried, over = self._carried()
        left, self._held = [*carried, *self._held], []
        for metered in (over, meter_events(self._ledger, self._table(left)) if left else None):
            self._store(metered)
        self._sessions.flush()
        self._participations.flush()
        return self._session_count

    def close(self) -> None:
        self._held, self._chunk = [], None
        self._meter.shutdown(cancel_futures=True)

    def _begin_chunk(self, held: list[pa.Table], *, end_us: int | None = None) -> bool:
        # Without an end, others may come late.
        if not is_anchored(self._ledger.schedule, self._key):
            return False
        carried, over = self._carried()
        if sum(map(len, carried)) > max(CHUNK_EVENTS, sum(map(len, held))) * CARRIED_MAX:
            return False
        events = self._table([*carried, *held])
        if end_us is None:
            before = int(len(events) * (1 - AFTER_BOUNDARY))
            end_us = int(np.partition(events["occurred_at"].to_numpy(), before)[before])
        metered = self._meter.submit(meter_events, self._ledger, events)
        self._chunk = _Chunk(events=events, boundary_us=end_us, metered=metered)
        self._store(over)
        return True

    def _is_late(self, held: list[pa.Table]) -> bool:
        chunk = self._chunk
        return chunk is not None and any(pc.min(each["occurred_at"]).as_py() < chunk.boundary_us for each in held)

    def _table(self, tables: list[pa.Table]) -> pa.Table:
        events = pa.concat_tables(tables, promote_options="permissive")
        if self._key.reads_attributes:
            return events
        return events.append_column("attributes", pa.nulls(len(events), pa.string()))

    def _carried(self) -> "tuple[list[pa.Table], Metered | None]":
        """Events of all sessions that are not over, and the others."""
        chunk, self._chunk = self._chunk, None
        if chunk is None:
            return [], None
        metered = chunk.metered.result()
        is_over = pc.fill_null(pc.less(metered.sessions["ended_at"], chunk.boundary_us), False)
        is_running = pc.and_(pc.invert(is_over), pc.less(metered.sessions["started_at"], chunk.boundary_us))
        carried = self._events_since(metered.sessions.filter(is_running), chunk)
        return carried, _only(metered, is_over)

    def _events_since(self, running: pa.Table, chunk: _Chunk) -> list[pa.Table]:
        occurred_at = chunk.events["occurred_at"]
        is_after = pc.greater_equal(occurred_at, chunk.boundary_us)
        events = chunk.events.select(self._columns)
        if not len(running):
            return [events.filter(is_after)]
        is_before = pc.and_(pc.invert(is_after), pc.greater_equal(occurred_at, pc.min(running["started_at"])))
        before = events.filter(is_before)
        rows = rows_since_start(self._ledger, before, running=running, key=self._key)
        return [before.take(rows), events.filter(is_after)]

    def _store(self, metered: "Metered | None") -> None:
        if metered is None:
            return
        sessions, participations = metered_rows(self._ledger, metered)
        self._sessions.add(sessions)
        self._participations.add(participations)
        self._session_count += len(sessions)
        # What the pool keeps for the next chunk becomes fragmented and grows.
        pa.default_memory_pool().release_unused()


def _only(metered: "Metered", is_chosen: pa.ChunkedArray) -> "Metered":
    chosen = is_chosen.to_numpy()
    parts = metered.participations
    rows = parts["session_row"].to_numpy()
    parts = parts.filter(pa.array(chosen[rows]))
    new_rows = (np.cumsum(chosen) - 1)[rows[chosen[rows]]]
    index = parts.schema.get_field_index("session_row")
    return replace(
        metered,
        sessions=metered.sessions.filter(is_chosen),
        participations=parts.set_column(index, "session_row", pa.array(new_rows, pa.int64())),
    )
