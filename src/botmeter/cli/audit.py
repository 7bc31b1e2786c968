"""Audit entries of commands."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from botmeter.cli.context import COMMAND_LINE, command_context
from botmeter.cli.data_dir import data_folder
from botmeter.cli.output import say
from botmeter.domain.instant import now_us
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.ledger.imports import ImportRecord


def record_in_audit(data: Path | None, action: Action, *, account: str, **detail: Any) -> None:
    """Add an entry to the account's audit log; warn if that fails, as the change is made.

    Args:
        detail: JSON values.
    """
    from botmeter.people.pending_audit import add_pending, note_entry

    owned = command_context().folder
    folder = data_folder(data) if owned is None else owned.path
    try:
        note_entry(folder, action, account=account, who=COMMAND_LINE, at_us=now_us(), detail=detail)
    except OSError as problem:
        say(f"warning: no entry was written to the audit log: {problem.strerror}")
        return
    if owned is not None:
        from django.conf import settings

        # In the folder's server its database is open.
        if settings.configured and settings.DATA.samefile(folder):
            add_pending(folder)


def import_detail(record: "ImportRecord") -> dict[str, Any]:
    """Detail of an import's entry."""
    counts = {"accepted": record.accepted, "duplicates": record.duplicates}
    counts |= {"conflicts": record.conflicts, "rejected": record.rejected}
    return {"import": record.number, "file": record.file_name, "source": record.source, **counts}
