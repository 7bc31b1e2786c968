"""Parquet, whose instants have the zone of the period."""

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from botmeter.reports.export_instants import InstantTexts

# Rows of a Parquet row group: large enough to compress well, small enough to hold.
_ROWS_A_GROUP = 100_000


def parquet_chunks(batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    """Generate row groups; only the display zone of instants changes."""
    zoned = pa.schema([_zoned(field, instants.timezone) for field in schema])
    buffer = _Buffer()
    with pq.ParquetWriter(buffer, zoned, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches:
            group.append(batch)
            if sum(each.num_rows for each in group) >= _ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(group).cast(zoned))
                group = []
                yield buffer.drain()
        if group:
            writer.write_table(pa.Table.from_batches(group).cast(zoned))
    yield buffer.drain()


def _zoned(field: pa.Field, timezone: str) -> pa.Field:
    is_zoned = pa.types.is_timestamp(field.type) and field.type.tz is not None
    return field.with_type(pa.timestamp(field.type.unit, tz=timezone)) if is_zoned else field


class _Buffer(io.BytesIO):
    """File's bytes since the last `drain`; positions are those in the whole file."""

    _drained_bytes = 0

    def tell(self) -> int:
        return self._drained_bytes + super().tell()

    def drain(self) -> bytes:
        data = self.getvalue()
        self._drained_bytes += len(data)
        self.seek(0)
        self.truncate()
        return data
