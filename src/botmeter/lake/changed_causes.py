"""Causes that restatements list, after a change of stored events, by the statements of a ledger."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.lake.changes import rows_in, table_to_change
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import read_table
from botmeter.lake.root import LakeRoot
from botmeter.lake.staged import StagedTable, staged_rows
from botmeter.lake.task_database import register
from botmeter.ledger.statements import statements_of

_undoing = statements_of("botmeter.ledger.import_undo")
_erasing = statements_of("botmeter.ledger.erase")


def removed_causes(root: LakeRoot, stored: Sequence[LakeFile], *, removed: Sequence[StagedTable]) -> pa.Table:
    """Ids of removed events that stored restatements list, as `removed_cause` of a ledger."""
    listed = pc.unique(pc.list_flatten(read_table(root, "restatement", files=stored)["because"]))
    ids = [staged_rows(root, table)["event_id"].unique() for table in removed]
    found = [each.filter(pc.is_in(each, value_set=listed)) for each in ids]
    return pa.table({"event_id": pa.chunked_array(found, pa.string()).unique()})


def without_causes(causes: pa.Table, rows: pa.Table) -> pa.Table:
    """Restatements that don't list these events; their numbers stay."""
    with table_to_change("restatement", rows) as connection:
        register(connection, "removed_cause", rows=causes)
        connection.execute(_undoing("forget_causes"))
        return rows_in(connection, "restatement").cast(rows.schema)


def with_pseudonyms(erased_event: pa.Table, rows: pa.Table) -> pa.Table:
    """Restatements that list the pseudonyms of erased events."""
    with table_to_change("restatement", rows) as connection:
        register(connection, "erased_event", rows=erased_event)
        connection.execute(_erasing("update_restatements"))
        return rows_in(connection, "restatement").cast(rows.schema)
