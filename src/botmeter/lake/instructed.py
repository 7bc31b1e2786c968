"""Changes of a lake that wait in its record, as changes of its events."""

from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.lake.change_run import LakeChange, change_lake
from botmeter.lake.changes import move_of, removal_of, rows_in, table_to_change
from botmeter.lake.engine import Engine
from botmeter.lake.files import read_table
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.record import Instruction, LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.touched_tables import Note
from botmeter.ledger.duckdb_calls import execute_with
from botmeter.ledger.restatements import Cause, PastDays
from botmeter.ledger.statements import statements_in, statements_of

_customers = statements_of("botmeter.ledger.customers")
_undoing = statements_of("botmeter.ledger.import_undo")


def apply_waiting(root: LakeRoot, record: LakeRecord, *, engine: Engine, now_us: int, note: Note) -> LakeRecord:
    """Apply the changes that wait, each with a record of its own; return the last one.

    Raises:
        Conflict: `lake_run_superseded`.
    """
    while record.waiting:
        instruction, *later = record.waiting
        change = _removal if instruction.kind == "undo" else _move
        # Numbers change now, not when it was asked for.
        made = change(root, record, instruction=instruction, later=later, now_us=now_us)
        record = change_lake(root, record, change=made, engine=engine, now_us=now_us, note=note)
    return record


def _move(
    root: LakeRoot, record: LakeRecord, *, instruction: Instruction, later: list[Instruction], now_us: int
) -> LakeChange:
    stored = tables_at(root, {"customer_alias": record.versions["customer_alias"]})["customer_alias"].files()
    values = {"number": instruction.number, "now": instruction.at_us, "by": instruction.by}
    before = read_table(root, "customer_alias", files=stored)
    with table_to_change("customer_alias", before) as connection:
        connection.execute(statements_in("botmeter.ledger", "schema.sql")["same_customer"])
        connection.execute(_customers("before"))
        aliases, named = ([*column] for column in zip(*instruction.pairs, strict=True))
        if instruction.kind == "unmerge":
            connection.execute(_customers("undo_aliases"), values | {"aliases": aliases})
        else:
            rows = pa.table({"customer_id": aliases, "same_as": named})
            execute_with(connection, _customers("insert_aliases"), input_rows=rows, values=values)
        connection.execute(_customers("moves"))
        moves, after = (rows_in(connection, table) for table in ("customer_move", "customer_alias"))
    return LakeChange(
        kind=instruction.kind,
        events=move_of(moves),
        rows={"customer_alias": lambda rows: rows.slice(0, 0)},
        new_rows={"customer_alias": after.cast(SCHEMAS["customer_alias"])},
        to_record={"waiting": later},
        past_days=PastDays.of_change(Cause.CUSTOMER_CHANGE, instruction.number, now_us=now_us),
    )


def _removal(
    root: LakeRoot, record: LakeRecord, *, instruction: Instruction, later: list[Instruction], now_us: int
) -> LakeChange:
    stored = tables_at(root, {"receipt": record.versions["receipt"]})["receipt"].files()
    with table_to_change("receipt", read_table(root, "receipt", files=stored)) as connection:
        appends = connection.execute(_undoing("appends"), {"append_no": instruction.append_no}).fetchall()
    append_nos = [append_no for (append_no,) in appends]
    return LakeChange(
        kind=instruction.kind,
        events=removal_of(append_nos),
        rows={
            "quarantine": partial(_with_discarded, instruction, append_nos=append_nos),
            "receipt": partial(_with_undone, instruction),
        },
        to_record={"waiting": later},
        past_days=PastDays.of_change(Cause.IMPORT_UNDONE, instruction.append_no, now_us=now_us),
    )


def _with_discarded(instruction: Instruction, rows: pa.Table, *, append_nos: list[int]) -> pa.Table:
    own: dict[str, object] = {"append_nos": append_nos}
    reason = f"import {instruction.number} undone: {instruction.reason}"
    discarding = {**own, "now": instruction.at_us, "by": instruction.by, "reason": reason}
    with table_to_change("quarantine", rows) as connection:
        connection.execute(_undoing("forget_acceptance"), own)
        connection.execute(_undoing("forget_again"), own)
        connection.execute(_undoing("discard_entries"), discarding)
        connection.execute(_undoing("keep_repeated_entries"), own)
        return rows_in(connection, "quarantine").cast(rows.schema)


def _with_undone(instruction: Instruction, rows: pa.Table) -> pa.Table:
    is_own = pc.equal(rows["append_no"], instruction.append_no)
    undone = {"undone_at": instruction.at_us, "undone_by": instruction.by, "undone_for": instruction.reason}
    for name, value in undone.items():
        place = rows.schema.get_field_index(name)
        kind = rows.schema.field(place).type
        rows = rows.set_column(place, name, pc.if_else(is_own, pa.scalar(value, kind), rows[name]))
    return rows
