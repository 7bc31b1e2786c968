"""Rights of roles; exporting is a separate right of each member."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Role of a member."""

    OWNER = "owner"
    BILLING_ADMIN = "billing_admin"
    ANALYST = "analyst"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Right(StrEnum):
    """Right required by a page or action."""

    SEE_REPORTS = "see_reports"
    SEE_BILLING = "see_billing"
    SEE_MONEY = "see_money"
    CHANGE_BILLING = "change_billing"
    EXPORT = "export"
    SAVE_VIEWS = "save_views"
    SHARE = "share"
    NAME_BOTS = "name_bots"
    MERGE_CUSTOMERS = "merge_customers"
    WRITE_NOTES = "write_notes"
    CHANGE_SETTINGS = "change_settings"
    MANAGE_USERS = "manage_users"
    MANAGE_KEYS = "manage_keys"
    MANAGE_SOURCES = "manage_sources"
    IMPORT_FILES = "import_files"
    SEE_QUARANTINE = "see_quarantine"
    MANAGE_QUARANTINE = "manage_quarantine"
    SEE_AUDIT = "see_audit"
    MANAGE_NOTIFICATIONS = "manage_notifications"
    SCHEDULE_REPORTS = "schedule_reports"


_VIEWER: Final = frozenset({Right.SEE_REPORTS})
_ANALYST: Final = _VIEWER | {
    Right.SEE_BILLING,
    Right.SEE_MONEY,
    Right.SAVE_VIEWS,
    Right.SHARE,
    Right.SEE_QUARANTINE,
    Right.SCHEDULE_REPORTS,
}
_BILLING_ADMIN: Final = _ANALYST | {
    Right.CHANGE_BILLING,
    Right.NAME_BOTS,
    Right.MERGE_CUSTOMERS,
    Right.WRITE_NOTES,
    Right.IMPORT_FILES,
    Right.MANAGE_QUARANTINE,
    Right.MANAGE_NOTIFICATIONS,
}

RIGHTS_OF_ROLE: Final[dict[Role, frozenset[Right]]] = {
    Role.VIEWER: _VIEWER,
    Role.ANALYST: _ANALYST,
    Role.BILLING_ADMIN: _BILLING_ADMIN,
    Role.OWNER: frozenset(Right) - {Right.EXPORT},
}

VIEWER_RIGHTS_TO_MONEY: Final = frozenset({Right.SEE_BILLING, Right.SEE_MONEY})
"""Rights of viewers in an account that lets them see what sessions cost."""

# Roles whose new members may export by default; the membership stores EXPORT itself.
EXPORTS_BY_DEFAULT: Final = frozenset({Role.OWNER, Role.BILLING_ADMIN, Role.ANALYST})


def rights(role: Role, *, may_export: bool) -> frozenset[Right]:
    """All rights of a member."""
    return RIGHTS_OF_ROLE[role] | {Right.EXPORT} if may_export else RIGHTS_OF_ROLE[role]
