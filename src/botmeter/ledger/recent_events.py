"""Memory of a ledger's latest events: a sender repeats what it sent just before, and reading that takes 12 ms.

Not all events are in memory; the others are read. A rollback, and any commit that can change stored events, drops it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.ledger.known_keys import Keys
from botmeter.metering.admission import CONTENT_FIELDS
from botmeter.metering.columns import Ints, Mask
from botmeter.metering.schema import EVENTS_SCHEMA

BYTES_MAX: Final = 16 << 20
"""About 60,000 events. Beyond it, those go among which no event was found for longest."""
_PIECE_ROWS: Final = 8_000
"""Pieces are merged up to this size: finding a few events takes time for each piece, and merging for each row."""
_READ_ROWS: Final = 20_000

_PLAIN: Final = pa.schema(
    [
        ("event_key", pa.uint64()),
        ("source", pa.string()),
        ("event_id", pa.string()),
        *(
            (name, field.value_type if pa.types.is_dictionary(field) else field)
            for name, field in ((name, EVENTS_SCHEMA.field(name).type) for name in CONTENT_FIELDS)
        ),
        ("is_pulled", pa.bool_()),
    ]
)


@dataclass(slots=True, kw_only=True, eq=False)
class _Piece:
    keys: Keys
    rows: Ints
    events: pa.Table
    size_bytes: int
    used_no: int

    @classmethod
    def of(cls, events: pa.Table, *, used_no: int) -> "_Piece":
        keys = events["event_key"].to_numpy()
        order = np.argsort(keys, kind="stable")
        return cls(keys=keys[order], rows=order, events=events, size_bytes=events.nbytes, used_no=used_no)


class RecentEvents:
    """Events in memory."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._is_read = False
        self._use_count = 0

    def clear(self) -> None:
        self._pieces, self._is_read = [], False

    def add(self, accepted: pa.Table) -> None:
        """Add accepted `event_rows`; many are not worth their memory."""
        if len(accepted) <= _PIECE_ROWS:
            self._add(accepted.select(_PLAIN.names).cast(_PLAIN).combine_chunks())

    def stored(self, searched: pa.Table, *, read_latest: Callable[[int], pa.Table]) -> tuple[pa.Table, Mask]:
        """Find events by `event_key`, `source` and `event_id`.

        Args:
            read_latest: Reads about so many of the latest stored events, the first time.

        Returns:
            The events in memory, as `stored` of `admission` with their row in `searched`; and which rows those are.
        """
        if not self._is_read:
            self._is_read = True
            latest = read_latest(_READ_ROWS).cast(_PLAIN)
            for first in range(0, len(latest), _PIECE_ROWS):
                # Copied, since a slice would keep all of them in memory.
                self._add(latest.take(pa.array(range(first, min(first + _PIECE_ROWS, len(latest))))))
        keys = searched["event_key"].to_numpy()
        is_stored = np.zeros(len(searched), np.bool_)
        tables = [
            self._matching(piece, searched, rows=rows, is_stored=is_stored)
            for piece in self._pieces
            if len(rows := np.flatnonzero(_is_in(piece, keys) & ~is_stored))
        ]
        no = pa.array(np.zeros(int(is_stored.sum()), np.bool_))
        table = pa.concat_tables([_EMPTY, *tables]).drop_columns(["event_key", "source", "event_id"])
        return table.append_column("is_erased", no).append_column("is_conversation_erased", no), is_stored

    def _add(self, events: pa.Table) -> None:
        if len(events) == 0:
            return
        pieces = self._pieces
        while (
            pieces and len(pieces[-1].events) <= 2 * len(events) and len(pieces[-1].events) + len(events) <= _PIECE_ROWS
        ):
            events = pa.concat_tables([pieces.pop().events, events]).combine_chunks()
        self._use_count += 1
        pieces.append(_Piece.of(events, used_no=self._use_count))
        while len(pieces) > 1 and sum(piece.size_bytes for piece in pieces) > BYTES_MAX:
            pieces.remove(min(pieces, key=lambda piece: piece.used_no))

    def _matching(self, piece: _Piece, searched: pa.Table, *, rows: Ints, is_stored: Mask) -> pa.Table:
        named = searched.take(pa.array(rows))
        at = np.searchsorted(piece.keys, named["event_key"].to_numpy())
        found = piece.events.take(pa.array(piece.rows[at]))
        # Another event can have the same key.
        is_same = pc.and_(*(pc.equal(found[name], named[name].cast(pa.string())) for name in ("source", "event_id")))
        same = rows[is_same.to_numpy()]
        is_stored[same] = True
        piece.used_no = self._use_count
        return found.filter(is_same).append_column("row", pa.array(same, pa.int64()))


def _is_in(piece: _Piece, keys: Keys) -> Mask:
    is_in: Mask = piece.keys[np.minimum(np.searchsorted(piece.keys, keys), len(piece.keys) - 1)] == keys
    return is_in


# Without `empty_table`, which imports pandas.
_EMPTY: Final = pa.Table.from_batches([], _PLAIN.append(pa.field("row", pa.int64())))
