"""Audit log."""

from enum import StrEnum
from typing import Any, Final

from django.http import HttpRequest

from botmeter.people.client_address import address_of
from botmeter.people.models import AuditEntry, User

COMMAND_LINE: Final = "command line"
DETAIL_LENGTH_MAX: Final = 500
"""Longest query or description in a detail; callers cut longer ones."""


class Action(StrEnum):
    """Audited actions; labels are in the past tense."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the word, not one
    SECOND_FACTOR_ADDED = "second_step_added"
    SECOND_FACTOR_REMOVED = "second_step_removed"
    EXPORTED = "exported"
    SETTING_CHANGED = "setting_changed"
    POLICY_SET = "policy_set"
    BOT_NAMED = "bot_named"
    CUSTOMERS_MERGED = "customers_merged"
    CUSTOMERS_UNMERGED = "customers_unmerged"
    MEMBER_INVITED = "member_invited"
    INVITATION_REVOKED = "invitation_revoked"
    MEMBER_JOINED = "member_joined"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    ACCOUNT_CREATED = "account_created"
    LINK_MADE = "link_made"
    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    SOURCE_CREATED = "source_created"
    SOURCE_CHANGED = "source_changed"
    SOURCE_REMOVED = "source_removed"
    SOURCE_KEY_ROTATED = "source_key_rotated"
    SOURCE_PULLED = "source_pulled"
    VIEW_SHARED = "view_shared"
    SHARE_REVOKED = "share_revoked"


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
        account: Empty for entries that the owners of all the user's accounts see.
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
