"""Admin → Users: list, invite, change and remove members."""

from dataclasses import dataclass

from django.forms import BaseForm
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Conflict, Refused
from botmeter.people import members
from botmeter.people.audit import Action, record
from botmeter.people.links import new_link
from botmeter.people.mail import mail_is_set, public_address, send
from botmeter.people.members import PASSWORD_LINK_LASTS, MemberRole
from botmeter.people.models import Link, Membership
from botmeter.people.rights import Right, Role
from botmeter.people.second_factor import with_second_factor
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.pages.people.forms import InviteForm
from botmeter.web.pages.people.passwords import send_password_link
from botmeter.web.rendering import rendered
from botmeter.web.titles import account_title

_for_user_admins = for_member(Right.MANAGE_USERS, posts=Right.MANAGE_USERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChoice:
    """A selectable role."""

    value: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLine:
    """A member; `state` is e.g. `never signed in`."""

    name: str
    address: str
    roles: tuple[RoleChoice, ...]
    may_export: bool
    state: str
    is_me: bool
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLine:
    """An open invitation."""

    address: str
    standing: str
    expires: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFact:
    """Description of a role."""

    label: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersPage:
    """Members and invitations."""

    frame: Frame
    notice: Notice | None
    title: str
    members: tuple[MemberLine, ...]
    invitations: tuple[InvitationLine, ...]
    invite: BaseForm
    invite_hint: str
    roles: tuple[RoleFact, ...]


_ROLE_FACTS = (
    RoleFact(label=Role.OWNER.label, sentence="Full access, including users, sources, keys and settings"),
    RoleFact(label=Role.BILLING_ADMIN.label, sentence="Reports and billing; can name bots, and save and share views"),
    RoleFact(label=Role.ANALYST.label, sentence="Reports; can save and share views"),
    RoleFact(label=Role.VIEWER.label, sentence="Reports, read-only"),
)


@_for_user_admins
def users(visit: Visit) -> HttpResponse:
    """Show the users; invite one on POST."""
    if visit.request.method != "POST":
        return _page(visit, invite=InviteForm())
    form = InviteForm(visit.request.POST)
    if form.is_valid():
        standing = MemberRole(role=Role(form.cleaned_data["role"]), may_export=form.cleaned_data["may_export"])
        try:
            return _invite(visit, str(form.cleaned_data["email"]).strip().lower(), standing=standing)
        except Conflict as problem:
            add_problem(form, problem, fields={"member_already": "email"})
    return _page(visit, invite=form)


@_for_user_admins
def member(visit: Visit, *, member: int) -> HttpResponse:
    """Change or remove a member, or create a password link."""
    found = Membership.objects.select_related("user").filter(pk=member, account=visit.account).first()
    if found is None or visit.request.method != "POST":
        raise Http404
    match visit.request.POST.get("what"):
        case "remove":
            _remove(visit, found)
        case "password":
            _password_link(visit, found)
        case "change":
            _change(visit, found)
        case _:
            raise Refused("parameter_invalid", "No valid action was given for the member.")
    is_still_admin = Membership.objects.filter(user=visit.user, account=visit.account, role=Role.OWNER).exists()
    return HttpResponseRedirect(reverse("users", args=(visit.account,)) if is_still_admin else reverse("home"))


@_for_user_admins
def invitation_revocation(visit: Visit, *, link: int) -> HttpResponse:
    """Revoke an invitation."""
    found = members.open_invitations(visit.account).filter(pk=link).first()
    if found is None or visit.request.method != "POST":
        raise Http404
    found.delete()
    record(Action.INVITATION_REVOKED, request=visit.request, user=visit.user, account=visit.account, email=found.email)
    add_notice(visit.request, Notice(fact=f"The invitation for {found.email} revoked."))
    return HttpResponseRedirect(reverse("users", args=(visit.account,)))


def _invite(visit: Visit, address: str, *, standing: MemberRole) -> HttpResponse:
    secret = members.invite(visit.account, address, standing=standing, by=visit.user)
    path = reverse("invitation", args=(secret,))
    record(
        Action.MEMBER_INVITED,
        request=visit.request,
        user=visit.user,
        account=visit.account,
        email=address,
        role=standing.role.value,
        may_export=standing.may_export,
    )
    if mail_is_set():
        title = account_title(visit.request, visit.account)
        send(
            f"Invitation to {title}",
            f"{visit.user} invites you to {title} on Botmeter. Join with this link, which works once, for a week:",
            public_address(visit.request, path),
            to=address,
        )
        notice = Notice(fact=f"Invitation sent to {address}.", consequence="The link works once and expires in a week.")
    else:
        notice = Notice(
            fact=f"Send this link to {address}.",
            consequence="It works once, expires in a week and is not shown again.",
            secrets=(visit.request.build_absolute_uri(path),),
        )
    add_notice(visit.request, notice)
    return HttpResponseRedirect(reverse("users", args=(visit.account,)))


def _change(visit: Visit, found: Membership) -> None:
    sent = visit.request.POST
    try:
        role = Role(sent.get("role", ""))
    except ValueError:
        raise Refused("parameter_invalid", f"Unknown role {sent.get('role', '')[:40]!r}.") from None
    before = MemberRole(role=Role(found.role), may_export=found.may_export)
    after = MemberRole(role=role, may_export="may_export" in sent)
    if after == before:
        return
    members.change(found, after)
    details = {"email": found.user.email, "before": str(before), "after": str(after)}
    record(Action.MEMBER_CHANGED, request=visit.request, user=visit.user, account=visit.account, **details)
    add_notice(visit.request, Notice(fact=f"{found.user}: {after}.", consequence=f"Before: {before}."))


def _remove(visit: Visit, found: Membership) -> None:
    members.remove(found)
    record(
        Action.MEMBER_REMOVED,
        request=visit.request,
        user=visit.user,
        account=visit.account,
        email=found.user.email,
        role=found.role,
    )
    add_notice(visit.request, Notice(fact=f"{found.user} no longer has access to this account."))


def _password_link(visit: Visit, found: Membership) -> None:
    user = found.user
    if not mail_is_set():
        members.require_power_over(found, by=visit.user)
    secret = new_link(Link.Purpose.PASSWORD, lasting=PASSWORD_LINK_LASTS, user=user, created_by=visit.user)
    record(
        Action.LINK_MADE, request=visit.request, user=visit.user, account=visit.account, email=user.email, to="password"
    )
    if mail_is_set():
        send_password_link(visit.request, user, secret=secret)
        add_notice(visit.request, Notice(fact=f"Link sent to {user.email}."))
        return
    link = visit.request.build_absolute_uri(reverse("password-choose", args=(secret,)))
    consequence = "They choose a new password with it. It works once, expires in a day and is not shown again."
    add_notice(visit.request, Notice(fact=f"Send this link to {user}.", consequence=consequence, secrets=(link,)))


def _page(visit: Visit, *, invite: BaseForm) -> HttpResponse:
    found = Membership.objects.select_related("user").filter(account=visit.account).order_by("user__email")
    with_two_factor = with_second_factor(each.user for each in found)
    page = UsersPage(
        frame=frame(visit, title="Users", current="users"),
        notice=pop_notice(visit.request),
        title=account_title(visit.request, visit.account),
        members=tuple(_member_line(visit, each, has_second_step=each.user.pk in with_two_factor) for each in found),
        invitations=tuple(_invitation_line(visit, each) for each in members.open_invitations(visit.account)),
        invite=invite,
        invite_hint="We send them a link." if mail_is_set() else "You get a link to send to them.",
        roles=_ROLE_FACTS,
    )
    return rendered(visit.request, "users.html", page=page)


def _member_line(visit: Visit, membership: Membership, *, has_second_step: bool) -> MemberLine:
    user = membership.user
    states = []
    if not user.has_usable_password():
        states.append("no password")
    elif user.last_login is None:
        states.append("never signed in")
    if has_second_step:
        states.append("two-factor authentication")
    return MemberLine(
        name=user.name or user.email,
        address=user.email,
        roles=tuple(
            RoleChoice(value=role.value, label=role.label, is_current=role == membership.role) for role in Role
        ),
        may_export=membership.may_export,
        state=", ".join(states),
        is_me=user.pk == visit.user.pk,
        href=reverse("member", args=(visit.account, membership.pk)),
    )


def _invitation_line(visit: Visit, link: Link) -> InvitationLine:
    return InvitationLine(
        address=link.email,
        standing=str(MemberRole(role=Role(link.role), may_export=link.may_export)),
        expires=text.day_text(link.expires_at.date()),
        href=reverse("invitation-withdrawn", args=(visit.account, link.pk)),
    )
