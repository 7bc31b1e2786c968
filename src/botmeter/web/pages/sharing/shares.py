"""Share links of an account."""

from dataclasses import dataclass
from typing import Any, Final, cast

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.errors import NotAllowed
from botmeter.people.access_state import AccessState, state_of
from botmeter.people.audit import DETAIL_LENGTH_MAX, Action
from botmeter.people.models import ShareLink
from botmeter.people.public_address import public_address
from botmeter.people.removed_rows import row_copy
from botmeter.people.rights import Right, Role
from botmeter.people.saved_views import saved_view_name
from botmeter.people.shares import LASTING_DAYS, ShareDraft, new_share, revoke_share
from botmeter.web.access import Visit, for_member
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import COPY_NOW, Notice, add_notice
from botmeter.web.pages.sharing.password_page import PASSWORD_LENGTH_MAX
from botmeter.web.pages.sharing.saved_address import (
    address_of_query,
    address_text,
    canonical_query,
    is_moving,
    period_text,
)
from botmeter.web.pages.sharing.scope import pinned
from botmeter.web.pages.sharing.way_back import ReportStateForm, report_href, shown_state
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress
from botmeter.web.undo import UndoKind, offer_undo

MOVING: Final = "moving"
FIXED: Final = "fixed"
YEAR_DAYS: Final = 365
_for_sharers = for_member(Right.SHARE, posts=Right.SHARE)


class ShareForm(ReportStateForm):
    """Options of a new link; a view of fixed dates has no choice of them."""

    name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="Shown as the heading of the shared report.",
    )
    dates = forms.ChoiceField(label="Dates", required=False, widget=forms.RadioSelect, initial=MOVING)
    lasting_days = forms.TypedChoiceField(
        label="Expires in",
        choices=[(days, "1 year" if days == YEAR_DAYS else text.counted(days, "day")) for days in LASTING_DAYS],
        coerce=int,
        initial=7,
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        max_length=PASSWORD_LENGTH_MAX,
        # Shown while it is typed, as it has to be passed on.
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="Optional. Visitors enter it before they see anything.",
    )
    may_see_rows = forms.BooleanField(
        label="Include underlying data",
        required=False,
        help_text="Shows single sessions with customer and conversation IDs.",
    )

    def __init__(self, *args: Any, may_export: bool, dates: tuple[tuple[str, str], ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_export:
            del self.fields["may_see_rows"]
        if dates:
            cast("forms.ChoiceField", self.fields["dates"]).choices = dates
        else:
            del self.fields["dates"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """Share link; `href` revokes it."""

    name: str
    description: str
    created: str
    expires: str
    opened: str
    state: AccessState
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage:
    """Account's share links; `description` is of the view to share."""

    frame: Frame
    form: ShareForm | None
    description: str
    report_href: str
    cancel_href: str
    shares: tuple[ShareLine, ...]


@_for_sharers
def shares(visit: Visit) -> HttpResponse:
    """List links; create one on POST."""
    if visit.request.method != "POST":
        if not visit.request.GET:
            return _page(visit, form=None, address=None)
        state = shown_state(visit.request)
        address = _pinned_address(visit, state["query"])
        initial = {**state, "name": saved_view_name(visit.account, visit.user, query=state["query"])}
        return _page(visit, form=_form(visit, address, initial=initial), address=address)
    address = _pinned_address(visit, visit.request.POST.get("query", ""))
    form = _form(visit, address, visit.request.POST)
    if form.is_valid():
        is_fixed = form.cleaned_data.get("dates") == FIXED
        query = canonical_query(_fixed_address(visit, address) if is_fixed else address)
        with form_errors(form, fields={"share_name_invalid": "name", "passwords_busy": "password"}):
            draft = ShareDraft(
                name=form.cleaned_data["name"],
                query=query,
                lasting_days=form.cleaned_data["lasting_days"],
                may_see_rows=form.cleaned_data.get("may_see_rows", False),
                password=form.cleaned_data["password"],
            )
            _create(visit, draft)
            return redirect(report_href(visit, form.cleaned_data))
    return _page(visit, form=form, address=address)


@_for_sharers
def share(visit: Visit, *, share: int) -> HttpResponse:
    """Revoke a link."""
    visit.require_post()
    link = get_object_or_404(ShareLink, pk=share, account=visit.account)
    if not _may_revoke(link, visit):
        raise NotAllowed("right_missing", "Only the creator of a link and account owners can revoke it.")
    undo = None
    if revoke_share(link):
        visit.record(Action.SHARE_REVOKED, name=link.name, shows=_description(link)[:DETAIL_LENGTH_MAX])
        back_href = reverse("shares", args=(visit.account,))
        undo = offer_undo(visit, UndoKind.SHARE_REVOKED, before=row_copy(link), back_href=back_href)
    notice = Notice(fact=f"Link {link.name} revoked.", consequence="It can no longer be opened.", undo=undo)
    add_notice(visit.request, notice)
    return redirect("shares", visit.account)


def _form(visit: Visit, address: ReportAddress, *args: Any, **kwargs: Any) -> ShareForm:
    dates: tuple[tuple[str, str], ...] = ()
    if is_moving(address):
        moving, fixed = period_text(address), period_text(_fixed_address(visit, address))
        dates = ((MOVING, f"Move with time: {moving}"), (FIXED, f"Stay as they are: {fixed}"))
    return ShareForm(*args, may_export=visit.may(Right.EXPORT), dates=dates, **kwargs)


def _create(visit: Visit, draft: ShareDraft) -> None:
    new = new_share(visit.account, draft, created_by=visit.user)
    link = new.link
    visit.record(
        Action.VIEW_SHARED,
        name=link.name,
        shows=_description(link)[:DETAIL_LENGTH_MAX],
        until=text.moment_text(link.expires_at),
        rows=link.may_see_rows,
        password=bool(link.password),
    )
    readers = "Anyone with the link and its password" if link.password else "Anyone with the link"
    notice = Notice(
        fact=f"Link to {link.name} created.",
        consequence=f"{COPY_NOW} {readers} can see the report without signing in.",
        secrets=(public_address(visit.request, reverse("shared", args=(new.secret,))),),
    )
    add_notice(visit.request, notice)


def _description(link: ShareLink) -> str:
    return address_text(address_of_query(link.query))


def _pinned_address(visit: Visit, query: str) -> ReportAddress:
    return pinned(address_of_query(query), zone=preferred_zone(visit.account))


def _fixed_address(visit: Visit, address: ReportAddress) -> ReportAddress:
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        return report_question(ledger, address, zone=zone).dated_address


def _may_revoke(link: ShareLink, visit: Visit) -> bool:
    return link.created_by_id == visit.user.pk or visit.role is Role.OWNER


def _page(visit: Visit, *, form: ShareForm | None, address: ReportAddress | None) -> HttpResponse:
    links = ShareLink.objects.select_related("created_by").filter(account=visit.account).order_by("-created_at", "-pk")
    page = SharesPage(
        frame=frame(visit, title="Share links", current="reports", crumbs=section_links(visit.account, "reports")),
        form=form,
        description="" if address is None else address_text(address),
        cancel_href="" if form is None else report_href(visit, _state(form)),
        report_href=reverse("report", args=(visit.account,)),
        shares=tuple(_line(link, visit) for link in links),
    )
    return rendered(visit.request, "shares.html", page=page)


def _state(form: ShareForm) -> dict[str, str]:
    return {name: str(form[name].value() or "") for name in ("query", "back")}


def _line(link: ShareLink, visit: Visit) -> ShareLine:
    state, address = state_of(link), address_of_query(link.query)
    words = (
        address_text(address),
        "dates move with time" if is_moving(address) else "dates are fixed",
        "with underlying data" if link.may_see_rows else "",
        "with password" if link.password else "",
    )
    may_revoke = state is AccessState.WORKS and _may_revoke(link, visit)
    return ShareLine(
        name=link.name,
        description=", ".join(filter(None, words)),
        created=f"{text.day_text(link.created_at.date())} by {link.created_by or 'former user'}",
        expires=text.moment_text(link.expires_at),
        opened=f"{text.counted(link.open_count, 'time')}, last {text.moment_text(link.last_opened_at)}"
        if link.last_opened_at
        else "Never",
        state=state,
        href=reverse("share", args=(visit.account, link.pk)) if may_revoke else "",
    )
