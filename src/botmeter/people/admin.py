"""Administration of users on the command line."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.people import members
from botmeter.people.audit import COMMAND_LINE, Action, record
from botmeter.people.display_names import validate_display_name
from botmeter.people.links import new_link
from botmeter.people.members import MemberRole
from botmeter.people.models import Link, Membership, User
from botmeter.people.public_address import path_after_server
from botmeter.people.rights import EXPORTS_BY_DEFAULT, Role
from botmeter.people.second_factor import remove_second_factor

LINK_LASTS: Final = timedelta(days=1)


def new_user(email: str, *, name: str) -> User:
    """Create a user without password.

    Raises:
        Refused: `email_invalid`, `person_name_invalid`.
        Conflict: `user_exists`.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
        validate_display_name(address)
    except ValidationError:
        raise Refused("email_invalid", f"{email[:80]!r} is not a valid e-mail address.") from None
    if fault := display_name_fault(name):
        raise Refused("person_name_invalid", f"{name[:40]!r} is not a valid name: {fault}.")
    if User.objects.filter(email=address).exists():
        raise Conflict("user_exists", f"User {address} already exists.")
    return User.objects.create_user(address, name=name)


def user_of(email: str) -> User:
    """User with this address.

    Raises:
        Missing: `user_unknown`.
    """
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise Missing("user_unknown", f"Unknown user {email[:80]}. `botmeter user list` lists all users.")
    return user


def link_for(user: User, *, to_password: bool) -> str:
    """Create a one-day, one-time path for sign-in or a new password."""
    purpose = Link.Purpose.PASSWORD if to_password else Link.Purpose.SIGN_IN
    secret = new_link(purpose, lasting=LINK_LASTS, user=user)
    record(Action.LINK_MADE, user=user, who=COMMAND_LINE, email=user.email, to=purpose.value)
    return path_after_server(reverse("password-choose" if to_password else "by-link", args=(secret,)))


def drop_second_factor(user: User) -> bool:
    """Remove the second factor and end the user's sessions; False if there was none."""
    is_removed = remove_second_factor(user)
    if is_removed:
        # The lost device can have a session.
        user.sign_out_everywhere()
        record(Action.SECOND_FACTOR_REMOVED, user=user, who=COMMAND_LINE, email=user.email)
    return is_removed


def sign_out(users: Iterable[User]) -> int:
    """End users' sessions; return their number."""
    count = 0
    for user in users:
        user.sign_out_everywhere()
        record(Action.SIGNED_OUT_EVERYWHERE, user=user, who=COMMAND_LINE, email=user.email)
        count += 1
    return count


def set_role(user: User, account: str, *, role: str, may_export: bool | None) -> MemberRole:
    """Set a user's role; None for `may_export` keeps the right, or uses the role's default."""
    membership = Membership.objects.filter(user=user, account=account).first()
    default = membership.may_export if membership else Role(role) in EXPORTS_BY_DEFAULT
    after = MemberRole(role=Role(role), may_export=default if may_export is None else may_export)
    if membership is None:
        Membership.objects.create(user=user, account=account, role=role, may_export=after.may_export)
    else:
        members.change(membership, after)
    record(Action.MEMBER_CHANGED, account=account, email=user.email, after=str(after))
    return after


def remove_member(user: User, account: str) -> None:
    """Remove a user from an account.

    Raises:
        Missing: `member_unknown`.
    """
    membership = Membership.objects.filter(user=user, account=account).first()
    if membership is None:
        raise Missing("member_unknown", f"{user.email} does not belong to account {account}.")
    members.remove(membership)
    record(Action.MEMBER_REMOVED, account=account, email=user.email)
