"""Undoing of imports.

Duplicates are not stored, so events that a later submission repeated leave too; it must be imported again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from botmeter.domain.errors import Conflict
from botmeter.domain.reason import checked_reason
from botmeter.ledger.duckdb_calls import records_of, row_of
from botmeter.ledger.imports import ImportRecord, import_numbered
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.remeter import remeter_without
from botmeter.ledger.restatements import Cause, PastDays
from botmeter.ledger.session_changes import SessionChange, note_sessions, session_change
from botmeter.ledger.settle import settle
from botmeter.ledger.statements import statements_of
from botmeter.ledger.usage_tables import upsert_bot_names

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterRepeats:
    """Later events that may repeat those of an import, of which only one was stored.

    Attributes:
        import_no: None: live events, pulls and retries of the source together.
        label: The file's name; empty for those.
    """

    import_no: int | None
    label: str
    duplicates: int
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneImport:
    """Result of undoing an import.

    Attributes:
        discarded_count: Entries of quarantine.
        later_repeats: Submissions of its source with duplicates or conflicts, oldest first.
        sessions: None while it waits.
        waits: The next run of the account's lake undoes it.
    """

    record: ImportRecord
    event_count: int
    discarded_count: int
    sessions: SessionChange | None
    later_repeats: tuple[LaterRepeats, ...]
    waits: bool = False


def undo_import(ledger: Ledger, number: int, *, reason: str, now_us: int, by: str | None = None) -> UndoneImport:
    """Undo an import, with its events accepted from quarantine since.

    Raises:
        Missing: `import_unknown`.
        Conflict: `import_undone` if it is already.
        Refused: `reason_invalid`.
    """
    ledger.refuse_in_lake("Its imports can't be undone")
    checked = checked_reason(reason)
    settle(ledger, now_us=now_us)
    try:
        with ledger.transaction():
            return _undo(ledger, number, reason=checked, by=by, now_us=now_us)
    finally:
        ledger.forget_events()


def undo_preview(ledger: Ledger, number: int, *, now_us: int) -> UndoneImport:
    """As `undo_import`, and nothing changes; live events may be appended meanwhile."""
    ledger.refuse_in_lake("Its imports can't be undone")
    with ledger.dry_run():
        return _undo(ledger, number, reason="", by=None, now_us=now_us)


def _undo(ledger: Ledger, number: int, *, reason: str, by: str | None, now_us: int) -> UndoneImport:
    record, connection = import_in_force(ledger, number), ledger.connection
    note_sessions(connection)
    appends = [
        append_no for (append_no,) in connection.execute(sql("appends"), {"append_no": record.append_no}).fetchall()
    ]
    event_count = _remove_events(ledger, appends, import_append_no=record.append_no, now_us=now_us)
    values = {"append_no": record.append_no, "now": now_us, "by": by, "reason": reason}
    connection.execute(sql("mark_undone"), values)
    discarded_count = _discard_entries(
        ledger, appends, values={"now": now_us, "by": by, "reason": f"import {number} undone: {reason}"}
    )
    return UndoneImport(
        record=import_numbered(ledger, number),
        event_count=event_count,
        discarded_count=discarded_count,
        later_repeats=later_repeats(ledger, record),
        sessions=session_change(connection),
    )


def import_in_force(ledger: ReadableLedger, number: int) -> ImportRecord:
    """Import to undo; raise as `undo_import`."""
    record = import_numbered(ledger, number)
    if record.undone_at is not None:
        raise Conflict("import_undone", f"Import {number} of account {ledger.account.name} was undone already.")
    return record


def counts_to_undo(ledger: ReadableLedger, record: ImportRecord) -> tuple[int, int]:
    """Events that undoing an import removes, and entries of quarantine that it discards."""
    rows = ledger.connection.execute(sql("appends"), {"append_no": record.append_no}).fetchall()
    event_count, entry_count = row_of(
        ledger.connection, sql("counts_to_undo"), values={"append_nos": [append_no for (append_no,) in rows]}
    )
    return event_count, entry_count


def later_repeats(ledger: ReadableLedger, record: ImportRecord) -> tuple[LaterRepeats, ...]:
    """Later submissions of the import's source with duplicates or conflicts, oldest first."""
    later = {"append_no": record.append_no, "source": record.source}
    return tuple(records_of(LaterRepeats, ledger.connection.execute(sql("later_repeats"), later).fetchall()))


def _remove_events(ledger: Ledger, appends: Sequence[int], *, import_append_no: int, now_us: int) -> int:
    connection, values = ledger.connection, {"append_nos": list(appends)}
    for step in ("removed_conversations", "removed_bots", "removed_causes", "keep_erased_keys"):
        connection.execute(sql(step), values)
    past_days = PastDays.of_change(Cause.IMPORT_UNDONE, import_append_no, now_us=now_us)
    for step in ("delete_spans", "insert_spans", "delete_tickets", "insert_tickets", "delete_bot_names"):
        connection.execute(sql(step), values if step.startswith("insert") else None)
    event_count = remeter_without(ledger, appends, past_days=past_days)
    if row_of(connection, sql("removed_bot_count"))[0]:
        upsert_bot_names(connection, append_no=0)
    for step in ("forget_causes", "drop_removed_conversations", "drop_removed_bots", "drop_removed_causes"):
        connection.execute(sql(step))
    return event_count


def _discard_entries(ledger: Ledger, appends: Sequence[int], *, values: dict[str, object]) -> int:
    connection, own = ledger.connection, {"append_nos": list(appends)}
    connection.execute(sql("forget_acceptance"), own)
    connection.execute(sql("forget_again"), own)
    discarded_count = int(row_of(connection, sql("discard_entries"), values=own | values)[0])
    connection.execute(sql("keep_repeated_entries"), own)
    return discarded_count
