"""Invitations, changes and removal of members.

An account in use keeps an owner, and no one gains power over another account through a shared member.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from botmeter.domain.errors import Conflict, NotAllowed, Refused
from botmeter.people.links import new_link, use_up
from botmeter.people.models import Link, Membership, User
from botmeter.people.rights import Role

INVITATION_LASTS: Final = timedelta(days=7)
PASSWORD_LINK_LASTS: Final = timedelta(days=1)
# Enough for any company; stops a script from sending endless invitations.
INVITATIONS_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRole:
    """Role and export right of a member."""

    role: Role
    may_export: bool

    def __str__(self) -> str:
        export = "can export" if self.may_export else "can't export"
        return f"{self.role.label.lower()}, {export}"


def invite(account: str, email: str, *, role: MemberRole, by: User) -> str:
    """Invite a person for a week, and return the link's secret.

    Raises:
        Conflict: `member_already`.
        Refused: `invitations_too_many` while 200 are open.
    """
    address = email.strip().lower()
    if Membership.objects.filter(account=account, user__email=address).exists():
        raise Conflict("member_already", f"{address} already belongs to account {account}.")
    open_count = open_invitations(account).exclude(email=address).count()
    if open_count >= INVITATIONS_MAX:
        raise Refused(
            "invitations_too_many",
            f"Account {account} has {open_count} open invitations; the limit is {INVITATIONS_MAX}. Revoke some.",
        )
    with transaction.atomic():
        # A new invitation replaces an earlier one to the same address.
        open_invitations(account).filter(email=address).delete()
        return new_link(
            Link.Purpose.INVITATION,
            lasting=INVITATION_LASTS,
            account=account,
            email=address,
            role=role.role.value,
            may_export=role.may_export,
            created_by=by,
        )


def open_invitations(account: str) -> QuerySet[Link]:
    """Invitations not yet accepted, expired ones included."""
    return Link.objects.filter(purpose=Link.Purpose.INVITATION, account=account, used_at=None).order_by("email")


def join(link: Link, user: User) -> Membership:
    """Accept an invitation.

    Raises:
        Conflict: `member_already`.
    """
    if Membership.objects.filter(account=link.account, user=user).exists():
        raise Conflict("member_already", f"{user.email} already belongs to account {link.account}.")
    with transaction.atomic():
        use_up(link)
        return Membership.objects.create(user=user, account=link.account, role=link.role, may_export=link.may_export)


def change(membership: Membership, role: MemberRole) -> None:
    """Change a member's role or export right."""
    with transaction.atomic():
        if role.role is not Role.OWNER:
            require_another_owner(membership)
        membership.role, membership.may_export = role.role.value, role.may_export
        membership.save(update_fields=["role", "may_export"])


def remove(membership: Membership) -> None:
    """Remove a member from the account."""
    with transaction.atomic():
        require_another_owner(membership)
        membership.delete()


def require_another_owner(membership: Membership) -> None:
    """Raise Refused `last_owner` for an account's only owner; within a transaction."""
    # Locked, so that two owners can't remove each other at once.
    owners = list(
        Membership.objects.select_for_update()
        .filter(account=membership.account, role=Role.OWNER)
        .values_list("pk", flat=True)
    )
    if owners == [membership.pk]:
        raise Refused(
            "last_owner",
            f"{membership.user.email} is the only owner of account {membership.account}; "
            "make another member an owner first.",
        )


def require_power_over(membership: Membership, *, by: User) -> None:
    """Raise NotAllowed `member_elsewhere` unless `by` owns all the member's accounts."""
    owned = Membership.objects.filter(user=by, role=Role.OWNER).values("account")
    if Membership.objects.filter(user=membership.user).exclude(account__in=owned).exists():
        raise NotAllowed(
            "member_elsewhere",
            f"{membership.user.email} also belongs to an account that you don't own, so you can't get a link to reset "
            "their password. The server administrator can create one: botmeter user link.",
        )


def may_create_accounts(user: User) -> bool:
    """Check that the user owns an account, or nobody does yet."""
    return (
        Membership.objects.filter(user=user, role=Role.OWNER).exists()
        or not Membership.objects.filter(role=Role.OWNER).exists()
    )
