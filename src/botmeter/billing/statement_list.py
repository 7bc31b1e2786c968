"""Session list of a statement, and its canonical text."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.rated import Funding, RatedMeter, funding_texts

LIST_SCHEMA: Final = pa.schema(
    [
        pa.field("meter", pa.int32(), nullable=False),
        pa.field("policy", pa.string()),
        pa.field("opening_key", pa.uint64(), nullable=False),
        pa.field("started_at", pa.int64(), nullable=False),
        pa.field("bot_id", pa.string()),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("funding", pa.string(), nullable=False),
    ]
)
"""One row per session, by meter in rating order: the plan's policy (null: the account's own), the opening event's key,
start in µs UTC, opening bot and channel, and how it is funded, as `billing.rated.funding_text`."""

NO_SESSION: Final = "none"
"""Funding of a session that an adjustment removed because it is no session any more."""
NOT_CHARGED: Final = frozenset({"stopped", "void", "test", "preview_free"})
_ROWS_A_HASH: Final = 100_000
"""Text of as many sessions is in memory at once, about 8 MB."""


def session_list(sessions: Sequence[pa.Table], meters: Sequence[RatedMeter]) -> pa.Table:
    """List of a rated cycle, with `LIST_SCHEMA`; `sessions` are by meter, in rating order."""
    parts = [
        _meter_list(table, meter, number=number)
        for number, (table, meter) in enumerate(zip(sessions, meters, strict=True))
    ]
    return pa.concat_tables(parts) if parts else LIST_SCHEMA.empty_table()


def list_sha256(rows: pa.Table) -> str:
    """Hash of the canonical text: a JSON array per session and line, its columns in the order of the table.

    The opening event's key is text there, since JSON numbers are exact up to 2^53 only.
    """
    digest = sha256()
    for start in range(0, rows.num_rows, _ROWS_A_HASH):
        digest.update(list_text(rows.slice(start, _ROWS_A_HASH)))
    return digest.hexdigest()


def list_text(rows: pa.Table) -> bytes:
    """Canonical text of sessions."""
    if not rows.num_rows:
        return b""
    columns = [_json_column(rows[name].combine_chunks()) for name in rows.column_names]
    lines = pc.binary_join_element_wise(*columns, pa.scalar(","))
    joined = pc.binary_join_element_wise(pa.scalar("["), lines, pa.scalar("]\n"), pa.scalar(""))
    return b"".join(_chunks_of(joined))


def funding_counts(rows: pa.Table) -> dict[str, int]:
    """Number of sessions by kind of funding, all kinds present."""
    counts = dict.fromkeys((kind.name.lower() for kind in Funding), 0)
    for each in pc.value_counts(rows["funding"]).to_pylist():
        counts[each["values"].partition(" ")[0]] += each["counts"]
    return counts


def _meter_list(table: pa.Table, meter: RatedMeter, *, number: int) -> pa.Table:
    columns = {
        "meter": pa.array(np.full(table.num_rows, number, dtype=np.int32)),
        "policy": table["policy"].cast(pa.string()),
        "opening_key": table["opening_key"],
        "started_at": table["started_at"],
        "bot_id": table["bot_id"].cast(pa.string()),
        "channel": table["channel"].cast(pa.string()),
        "funding": funding_texts(meter),
    }
    return pa.table(columns).cast(LIST_SCHEMA)


def _json_column(column: pa.Array) -> pa.Array:
    if pa.types.is_uint64(column.type):
        return pc.binary_join_element_wise(pa.scalar('"'), column.cast(pa.string()), pa.scalar('"'), pa.scalar(""))
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    encoded = column.dictionary_encode()
    texts = [json.dumps(each, ensure_ascii=False) for each in encoded.dictionary.to_pylist()]
    return pa.array([*texts, "null"], pa.string()).take(pc.fill_null(encoded.indices, len(texts)))


def _chunks_of(texts: pa.Array) -> Iterable[bytes]:
    # The values of a string array stand one after another in its buffer.
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    yield texts.buffers()[2][int(offsets[0]) : int(offsets[-1])].to_pybytes()
