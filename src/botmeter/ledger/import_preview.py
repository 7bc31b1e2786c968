"""Preview of an import, which is done and rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass

from botmeter.domain.receipt import Receipt
from botmeter.ledger.append import Submission, append_within
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.session_changes import SessionChange, note_sessions, session_change


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """Outcome that an import would have: a receipt per submission, and the effect on sessions."""

    receipts: tuple[Receipt, ...]
    sessions: SessionChange


def import_preview(ledger: Ledger, submissions: Sequence[Submission], *, now_us: int) -> ImportPreview:
    """Return what `append` would do; nothing changes.

    `Folder.rehearsing` opens the ledger, as live events may be appended meanwhile.
    """
    keys = ledger.keys
    try:
        with ledger.dry_run() as connection:
            # The keys are shared with live events, which must not see those of this transaction.
            ledger.keys = keys.copy(connection)
            note_sessions(connection)
            appended = append_within(ledger, submissions, now_us=now_us)
            receipts = tuple(each.receipt for each in appended)
            preview = ImportPreview(receipts=receipts, sessions=session_change(connection))
    finally:
        ledger.keys = keys
    return preview
