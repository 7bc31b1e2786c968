"""Audit log."""

from typing import Any, Final

from django.http import HttpRequest

from botmeter.people.audit_actions import Action
from botmeter.people.client_address import address_of
from botmeter.people.models import AuditEntry, User

__all__ = ("COMMAND_LINE", "DETAIL_LENGTH_MAX", "Action", "record")

COMMAND_LINE: Final = "command line"
DETAIL_LENGTH_MAX: Final = 500
"""Longest query or description in a detail; callers cut longer ones."""


def record(
    action: Action,
    *,
    request: HttpRequest | None = None,
    user: User | None = None,
    account: str = "",
    who: str | None = None,
    **detail: Any,
) -> None:
    """Add an entry.

    Args:
        account: Empty for entries to owners of all the user's accounts.
        who: Default: the user's email address, or the command line.
        detail: JSON values.
    """
    AuditEntry.objects.create(
        account=account,
        user=user,
        who=who or (user.email if user else COMMAND_LINE),
        action=action.value,
        detail=detail,
        address=address_of(request) if request else "",
    )
