"""Vendor's list of charged sessions, in any format that events have."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.receipt import Rejection
from botmeter.sources.mapping.mapped import cell_value
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.mapping.mapping_file import mapping_from_file
from botmeter.sources.mapping.record_shape import RecordShape
from botmeter.sources.reader import SourceFile, records_of_file
from botmeter.sources.records import Records
from botmeter.sources.suggest.words import words_of
from botmeter.sources.tables.table import total_word
from botmeter.sources.times.clock import Clock
from botmeter.sources.times.instant_columns import checked_instants
from botmeter.sources.validation import checked_text
from botmeter.sources.vectorized_checks import checked_column
from botmeter.sources.vendor_amounts import AMOUNT, COMMA, amount, amounts, decimal_mark

ROWS_MAX: Final = 1_500_000
"""Compared in about 1.5 GB of memory; a longer bill is compared a few days at a time."""
REJECTIONS_KEPT: Final = 1_000

FIELDS: Final = ("started_at", "customer_id", "conversation_id", "bot_id", "channel", "amount")
_COMMAS_NOTE: Final = "The amounts are read with decimal commas, as they are written: 0,10 is a tenth."
_TEXTS: Final = ("customer_id", "conversation_id", "bot_id", "channel")
# `row` is the number below the header, from 1.
VENDOR_SCHEMA: Final = pa.schema(
    [
        pa.field("row", pa.int64()),
        pa.field("started_at", pa.int64()),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        pa.field("amount", AMOUNT),
    ]
)

# Names that vendors use, the words joined by "_"; the first that a file has is proposed.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "started_at": (
        *("session_start", "session_started_at", "session_start_time", "start_time", "started", "start", "start_date"),
        *(
            "session_date",
            "created_at",
            "created_time",
            "created",
            "opened_at",
            "timestamp",
            "date",
            "time",
            "datetime",
        ),
    ),
    "customer_id": ("customer", "user_id", "contact_id", "contact", "visitor_id", "user", "end_user_id", "client_id"),
    "conversation_id": ("conversation", "chat_id", "thread_id", "interaction_id", "ticket_id", "chat"),
    "bot_id": ("bot", "bot_name", "assistant_id", "agent_id", "flow_id"),
    "channel": ("channel_name", "channel_type", "source", "platform", "medium"),
    "amount": ("cost", "charge", "price", "total", "fee", "charged", "net_amount"),
}


def proposed_columns(columns: Sequence[str]) -> dict[str, str]:
    """Field → best column by name, if any."""
    words = {words_of(column): column for column in reversed(columns)}
    fitting = {field: [each for each in (field, *names) if each in words] for field, names in _NAMES.items()}
    return {field: words[names[0]] for field, names in fitting.items() if names}


def _hint(columns: Sequence[str]) -> str:
    proposed = proposed_columns(columns)
    lines = [f'{field} = {{ column = "{column}" }}' for field, column in proposed.items()]
    proposal = f" A mapping of this file may be: {', '.join(lines)}." if "started_at" in proposed else ""
    optional = f"{', '.join(FIELDS[1:-1])} and {FIELDS[-1]}"
    return f"Expected are {FIELDS[0]}, and where known {optional}; name others with --mapping.{proposal}"


VENDOR_SESSIONS: Final = RecordShape(
    fields=FIELDS,
    required=("started_at",),
    time="started_at",
    ids=("customer_id", "conversation_id", "bot_id"),
    numbers=("amount",),
    hint=_hint,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorList:
    """Rows of a list.

    Attributes:
        rows: As `VENDOR_SCHEMA`, in file order.
        rejections: First `REJECTIONS_KEPT` unreadable rows, of `rejected_count`.
        total_count: Rows of totals, which are not rejected ones.
    """

    rows: pa.Table
    rejections: tuple[Rejection, ...]
    rejected_count: int
    total_count: int
    notes: tuple[str, ...]


def vendor_mapping(path: str | Path) -> FieldMapping:
    """Read a mapping file of a list; raises as `mapping_from_file`."""
    return mapping_from_file(path, shape=VENDOR_SESSIONS)


def vendor_list(file: SourceFile, *, on_read: Callable[[int, int], None] = lambda *_: None) -> VendorList:
    """Read a list; without a mapping its columns have our names.

    Args:
        on_read: Called with the bytes and rows read so far.

    Raises:
        Refused: `column_missing`, and as `batches`.
        TooMuch: `list_too_long`.
    """
    file = replace(file, mapping=file.mapping or FieldMapping(shape=VENDOR_SESSIONS))
    parts = [VENDOR_SCHEMA.empty_table()]
    rejections: list[Rejection] = []
    notes: list[str] = []
    row_count = rejected_count = total_count = 0
    mark = file.mapping.decimal_mark if file.mapping else ""
    with closing(records_of_file(file)) as blocks:
        for records in blocks:
            if not mark:
                # The first rows decide for all, so that no amount is read in two ways.
                mark = decimal_mark(_column(records, "amount"))
                notes += [_COMMAS_NOTE] if mark == COMMA else []
            part, refused = _rows(records, mark=mark)
            row_count += len(part) + len(refused)
            if row_count > ROWS_MAX:
                raise TooMuch(
                    "list_too_long",
                    f"{file.label} has more than {ROWS_MAX:,} rows, the limit. Compare a few days at a time.",
                )
            parts.append(part)
            on_read(records.bytes_read, row_count)
            notes += records.notes
            total_count += sum(each.code == "row_total" for each in refused)
            rejected_count += sum(each.code != "row_total" for each in refused)
            rejections += refused[: REJECTIONS_KEPT - len(rejections)]
    return VendorList(
        rows=pa.concat_tables(parts).combine_chunks(),
        rejections=tuple(rejections),
        rejected_count=rejected_count,
        total_count=total_count,
        notes=tuple(notes),
    )


def _rows(records: Records, *, mark: str) -> tuple[pa.Table, list[Rejection]]:
    started, doubt = checked_instants(_column(records, "started_at"), clock=records.clock)
    columns: dict[str, pa.Array] = {"row": pa.array(records.positions + 1), "started_at": started}
    for name in _TEXTS:
        # As ids are: a missing channel stays missing.
        text, doubtful = checked_column("customer_id", _column(records, name), clock=records.clock, default_channel="")
        columns[name], doubt = text, doubt | doubtful
    columns["amount"], doubtful = amounts(_column(records, "amount"), mark=mark)
    doubt = doubt | doubtful
    table = pa.table([columns[field.name] for field in VENDOR_SCHEMA], schema=VENDOR_SCHEMA).filter(pa.array(~doubt))
    rejections = list(records.rejections)
    corrected = []
    for row in np.flatnonzero(doubt).tolist():
        try:
            fields = _fields(records.record(row), records.clock, mark=mark)
            corrected.append({"row": int(records.positions[row]) + 1, **fields})
        except Refused as fault:
            position = int(records.positions[row])
            rejections.append(
                Rejection(index=position, event_id=None, code=fault.code, detail=fault.message, raw=records.raw(row))
            )
    rejections.sort(key=lambda each: each.index)
    if corrected:
        table = pa.concat_tables([table, pa.Table.from_pylist(corrected, schema=VENDOR_SCHEMA)])
    return table, rejections


def _column(records: Records, name: str) -> pa.Array:
    column = records.columns.get(name)
    return pa.nulls(len(records.positions), pa.string()) if column is None else column


def _fields(record: Mapping[str, object], clock: Clock, *, mark: str) -> dict[str, object]:
    sent = {name: record.get(name) for name in FIELDS}
    filled = {name: value for name, value in sent.items() if value is not None and value != ""}
    if "started_at" not in filled:
        raise Refused("field_missing", "started_at is missing.")
    started_at = filled["started_at"]
    if (word := total_word([str(cell_value(started_at))])) is not None:
        raise Refused("row_total", f"The row is a total ({word[:40]!r}), not a session.")
    fields: dict[str, object] = {"started_at": clock.us(started_at)}
    fields |= {name: checked_text(name, filled[name]) for name in _TEXTS if name in filled}
    return fields | ({"amount": amount(filled["amount"], mark=mark)} if "amount" in filled else {})
