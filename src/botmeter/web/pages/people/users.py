"""Admin → Users."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.people import members
from botmeter.people.audit import Action
from botmeter.people.email_limits import email_allowed
from botmeter.people.links import new_link
from botmeter.people.mail_settings import mail_is_set
from botmeter.people.members import PASSWORD_LINK_LASTS, MemberRole
from botmeter.people.models import Link, Membership, User
from botmeter.people.notifications.security_messages import put_invitation, put_password_link
from botmeter.people.public_address import origin_of, public_address
from botmeter.people.removed_rows import row_copy
from botmeter.people.rights import Right, Role
from botmeter.people.second_factor import with_second_factor
from botmeter.web.access import Visit, for_member
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.people.forms import InviteForm, RoleForm
from botmeter.web.rendering import rendered
from botmeter.web.titles import account_title
from botmeter.web.undo import UndoKind, offer_undo

_for_user_admins = for_member(Right.MANAGE_USERS, posts=Right.MANAGE_USERS)
_ROLE_DESCRIPTIONS: Final = {
    Role.OWNER: "Full access, including users, sources, keys and settings",
    Role.BILLING_ADMIN: "Reports and billing; can name bots, and save and share views",
    Role.ANALYST: "Reports; can save and share views",
    Role.VIEWER: "Reports, read-only",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """Member; `state` is e.g. `Never signed in`, `leave_href` asks before the user removes themselves."""

    name: str
    address: str
    role: str
    may_export: bool
    state: str
    is_me: bool
    is_only_owner: bool
    href: str
    leave_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLine:
    """Open invitation."""

    address: str
    role: str
    expires: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPage:
    """Members and invitations; `roles` have a description each."""

    frame: Frame
    members: tuple[MemberLine, ...]
    invitations: tuple[InvitationLine, ...]
    form: InviteForm
    form_hint: str
    roles: tuple[tuple[Role, str], ...]


@_for_user_admins
def users(visit: Visit) -> HttpResponse:
    """Show the users; invite one on POST."""
    form = InviteForm(visit.request.POST if visit.request.method == "POST" else None)
    if form.is_valid():
        with form_errors(form, fields={"member_already": "email", "emails_exceeded": "email"}):
            add_notice(visit.request, _invite(visit, form.cleaned_data["email"], role=form.member_role()))
            return redirect("users", visit.account)
    return _page(visit, form=form)


@_for_user_admins
def member(visit: Visit, *, member: int) -> HttpResponse:
    """Change or remove a member, or create a password link."""
    membership = get_object_or_404(Membership.objects.select_related("user"), pk=member, account=visit.account)
    confirmation = _confirmation(visit, membership)
    if confirmation is not None and not is_confirmed(visit.request):
        with transaction.atomic():
            members.require_another_owner(membership)
        return account_confirmation(visit, confirmation, section="users")
    visit.require_post()
    match visit.request.POST.get("what"):
        case "remove":
            _remove(visit, membership)
        case "password":
            _password_link(visit, membership)
        case "change":
            _change(visit, membership)
        case _:
            raise Refused("parameter_invalid", "No valid action was given for the member.")
    is_still_admin = Membership.objects.filter(user=visit.user, account=visit.account, role=Role.OWNER).exists()
    return redirect("users", visit.account) if is_still_admin else redirect("home")


@_for_user_admins
def invitation_revocation(visit: Visit, *, link: int) -> HttpResponse:
    """Revoke an invitation."""
    visit.require_post()
    invitation = get_object_or_404(members.open_invitations(visit.account), pk=link)
    row = row_copy(invitation)
    invitation.delete()
    visit.record(Action.INVITATION_REVOKED, email=row.email)
    undo = offer_undo(visit, UndoKind.INVITATION_REVOKED, before=row, back_href=_users_href(visit))
    notice = Notice(fact=f"Invitation for {row.email} revoked.", consequence="Its link no longer works.", undo=undo)
    add_notice(visit.request, notice)
    return redirect("users", visit.account)


def _users_href(visit: Visit) -> str:
    return reverse("users", args=(visit.account,))


def _confirmation(visit: Visit, membership: Membership) -> Confirmation | None:
    sent = sent_parameters(visit.request)
    if membership.user_id != visit.user.pk:
        return None
    title, role = account_title(visit.request, visit.account), sent.get("role")
    again = "Another owner can give it back to you."
    if sent.get("what") == "remove":
        effect = f"You lose your access to {title} at once. {again}"
        return Confirmation(
            question=f"Leave {title}?", effect=effect, button="Leave account", cancel_href=_users_href(visit)
        )
    if sent.get("what") == "change" and role in set(Role) - {Role.OWNER}:
        effect = f"You can no longer manage users, sources, keys and settings of {title}. {again}"
        question = f"Change your own role to {Role(role).label.lower()}?"
        return Confirmation(question=question, effect=effect, button="Change role", cancel_href=_users_href(visit))
    return None


def _invite(visit: Visit, address: str, *, role: MemberRole) -> Notice:
    if mail_is_set():
        with email_allowed(address, by=visit.user), transaction.atomic():
            _new_invitation(visit, address, role=role)
            put_invitation(visit.account, address, origin=origin_of(visit.request))
        return Notice(fact=f"Invitation sent to {address}.", consequence="The link works once and expires in a week.")
    return Notice(
        fact=f"Send this link to {address}.",
        consequence="It works once, expires in a week and is not shown again.",
        secrets=(public_address(visit.request, _new_invitation(visit, address, role=role)),),
    )


def _new_invitation(visit: Visit, address: str, *, role: MemberRole) -> str:
    path = reverse("invitation", args=(members.invite(visit.account, address, role=role, by=visit.user),))
    visit.record(Action.MEMBER_INVITED, email=address, role=role.role.value, may_export=role.may_export)
    return path


def _change(visit: Visit, membership: Membership) -> None:
    form = RoleForm(visit.request.POST)
    if not form.is_valid():
        raise Refused("parameter_invalid", f"Unknown role {visit.request.POST.get('role', '')[:40]!r}.")
    before = MemberRole(role=Role(membership.role), may_export=membership.may_export)
    after = form.member_role()
    if after == before:
        return
    members.change(membership, after)
    visit.record(Action.MEMBER_CHANGED, email=membership.user.email, before=str(before), after=str(after))
    add_notice(
        visit.request, Notice(fact=f"Role of {membership.user} changed: {after}.", consequence=f"Before: {before}.")
    )


def _remove(visit: Visit, membership: Membership) -> None:
    user, row = membership.user, row_copy(membership)
    members.remove(membership)
    visit.record(Action.MEMBER_REMOVED, email=user.email, role=row.role)
    if user == visit.user:
        add_notice(visit.request, Notice(fact=f"You left {account_title(visit.request, visit.account)}."))
        return
    undo = offer_undo(visit, UndoKind.MEMBER_REMOVED, before=row, back_href=_users_href(visit))
    add_notice(visit.request, Notice(fact=f"{user} no longer has access to this account.", undo=undo))


def _password_link(visit: Visit, membership: Membership) -> None:
    user = membership.user
    if mail_is_set():
        with email_allowed(user.email, by=visit.user), transaction.atomic():
            put_password_link(user.email, account=visit.account, by=visit.user, origin=origin_of(visit.request))
            visit.record(Action.LINK_MADE, email=user.email, to="password")
        add_notice(visit.request, Notice(fact=f"Link sent to {user.email}."))
        return
    members.require_power_over(membership, by=visit.user)
    link = public_address(visit.request, reverse("password-choose", args=(_new_password_link(visit, user),)))
    consequence = "They choose a new password with it. It works once, expires in a day and is not shown again."
    add_notice(visit.request, Notice(fact=f"Send this link to {user}.", consequence=consequence, secrets=(link,)))


def _new_password_link(visit: Visit, user: User) -> str:
    secret = new_link(Link.Purpose.PASSWORD, lasting=PASSWORD_LINK_LASTS, user=user, created_by=visit.user)
    visit.record(Action.LINK_MADE, email=user.email, to="password")
    return secret


def _page(visit: Visit, *, form: InviteForm) -> HttpResponse:
    memberships = Membership.objects.select_related("user").filter(account=visit.account).order_by("user__email")
    with_two_factor = with_second_factor(each.user for each in memberships)
    owners = [each for each in memberships if each.role == Role.OWNER]
    page = UsersPage(
        frame=frame(visit, title="Users", current="users"),
        members=tuple(
            _member_line(visit, each, is_only_owner=owners == [each], has_two_factor=each.user.pk in with_two_factor)
            for each in memberships
        ),
        invitations=tuple(_invitation_line(visit, each) for each in members.open_invitations(visit.account)),
        form=form,
        form_hint="We send them a link." if mail_is_set() else "You get a link to send to them.",
        roles=tuple(_ROLE_DESCRIPTIONS.items()),
    )
    return rendered(visit.request, "users.html", page=page)


def _member_line(visit: Visit, membership: Membership, *, is_only_owner: bool, has_two_factor: bool) -> MemberLine:
    user, href = membership.user, reverse("member", args=(visit.account, membership.pk))
    states = []
    if not user.has_usable_password():
        states.append("No password")
    elif user.last_login is None:
        states.append("Never signed in")
    if has_two_factor:
        states.append("Two-factor authentication")
    return MemberLine(
        name=user.name or user.email,
        address=user.email,
        role=membership.role,
        may_export=membership.may_export,
        state=" · ".join(states),
        is_me=user.pk == visit.user.pk,
        is_only_owner=is_only_owner,
        href=href,
        leave_href=f"{href}?what=remove" if user.pk == visit.user.pk and not is_only_owner else "",
    )


def _invitation_line(visit: Visit, link: Link) -> InvitationLine:
    return InvitationLine(
        address=link.email,
        role=str(MemberRole(role=Role(link.role), may_export=link.may_export)),
        expires=text.day_text(link.expires_at.date()),
        href=reverse("invitation-withdrawn", args=(visit.account, link.pk)),
    )
