"""Audit entries of commands, as files until the server, or a command about users, opens the database.

Setting up Django would add half of the time that a small import takes.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botmeter.domain.durable_files import durable_file, locked_folder, private_folder
from botmeter.domain.instant import datetime_from_us
from botmeter.ledger.erased_ids import ErasedIds
from botmeter.people.audit_actions import Action

_log: Final = logging.getLogger(__name__)
FOLDER: Final = "audit"
"""Folder of the files in the data folder."""
_SUFFIX: Final = ".json"


def note_entry(folder: Path, action: Action, *, account: str, who: str, at_us: int, detail: Mapping[str, Any]) -> None:
    """Write an entry to a file, which is on disk when this returns; raises `OSError`.

    Args:
        detail: JSON values.
    """
    entry = {"action": action.value, "account": account, "who": who, "at_us": at_us, "detail": dict(detail)}
    name = f"{at_us:020}-{secrets.token_hex(4)}{_SUFFIX}"
    with durable_file(private_folder(folder / FOLDER) / name) as file:
        file.write(json.dumps(entry).encode())


def has_pending(folder: Path) -> bool:
    """Test for entries that wait for the database."""
    return any((folder / FOLDER).glob(f"*{_SUFFIX}"))


def add_pending(folder: Path) -> None:
    """Move entries into the open database; those that fail stay for the next time."""
    from django.db import DatabaseError

    if not has_pending(folder):
        return
    try:
        # Without a lock an entry could be added twice.
        with locked_folder(folder / FOLDER):
            for file in sorted((folder / FOLDER).glob(f"*{_SUFFIX}")):
                _add(file)
    except (DatabaseError, OSError, ValueError, KeyError) as problem:
        _log.warning("Entries of the audit log in %s wait: %s", folder / FOLDER, problem)


def forget_in_pending(folder: Path, account: str, *, ids: ErasedIds) -> int:
    """Replace an erased customer's ids in reasons; return the number of changed entries."""
    changed = 0
    for file in sorted((folder / FOLDER).glob(f"*{_SUFFIX}")):
        entry = json.loads(file.read_bytes())
        reason = entry["detail"].get("reason", "")
        if entry["account"] == account and (after := ids.in_text(reason)) != reason:
            entry["detail"]["reason"] = after
            with durable_file(file) as rewritten:
                rewritten.write(json.dumps(entry).encode())
            changed += 1
    return changed


def remove_pending(folder: Path, account: str) -> None:
    """Remove a deleted account's entries."""
    for file in sorted((folder / FOLDER).glob(f"*{_SUFFIX}")):
        if json.loads(file.read_bytes())["account"] == account:
            file.unlink()


def _add(file: Path) -> None:
    from botmeter.people.models import AuditEntry

    entry = json.loads(file.read_bytes())
    # A process that was killed before it removed the file has added it already.
    AuditEntry.objects.get_or_create(
        account=entry["account"],
        who=entry["who"],
        action=entry["action"],
        recorded_at=datetime_from_us(entry["at_us"]),
        defaults={"detail": entry["detail"]},
    )
    file.unlink()
