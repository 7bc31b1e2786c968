"""Share links of an account."""

from dataclasses import dataclass
from typing import Any

from django import forms
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
from botmeter.web.pages.sharing.saved_address import address_of_query, address_text, canonical_query
from botmeter.web.pages.sharing.scope import pinned
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, read_address
from botmeter.web.undo import UndoKind, offer_undo

_for_sharers = for_member(Right.SHARE, posts=Right.SHARE)


class ShareForm(forms.Form):
    """Options of a new link."""

    name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text="Shown as the heading of the shared report.",
    )
    lasting_days = forms.TypedChoiceField(
        label="Expires in",
        choices=[(days, text.counted(days, "day")) for days in LASTING_DAYS],
        coerce=int,
        initial=7,
    )
    may_see_rows = forms.BooleanField(
        label="Include underlying data",
        required=False,
        help_text="Shows single sessions with customer and conversation IDs.",
    )
    query = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, may_export: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_export:
            del self.fields["may_see_rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """A share link; `href` revokes it."""

    name: str
    description: str
    created: str
    expires: str
    opened: str
    state: AccessState
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage:
    """The account's share links; `description` is of the view to share."""

    frame: Frame
    form: forms.Form | None
    description: str
    report_href: str
    shares: tuple[ShareLine, ...]


@_for_sharers
def shares(visit: Visit) -> HttpResponse:
    """List links; create one on POST."""
    may_export = visit.may(Right.EXPORT)
    if visit.request.method != "POST":
        if not visit.request.GET:
            return _page(visit, form=None)
        query = canonical_query(read_address(visit.request.GET))
        initial = {"query": query, "name": saved_view_name(visit.account, visit.user, query=query)}
        return _page(visit, form=ShareForm(initial=initial, may_export=may_export))
    form = ShareForm(visit.request.POST, may_export=may_export)
    if form.is_valid():
        query = canonical_query(_pinned_address(visit, form.cleaned_data["query"]))
        with form_errors(form, fields={"share_name_invalid": "name"}):
            draft = ShareDraft(
                name=form.cleaned_data["name"],
                query=query,
                lasting_days=form.cleaned_data["lasting_days"],
                may_see_rows=form.cleaned_data.get("may_see_rows", False),
            )
            return _create(visit, draft)
    return _page(visit, form=form)


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
        undo = offer_undo(visit, UndoKind.SHARE_REVOKED, row=row_copy(link), back_href=back_href)
    notice = Notice(fact=f"Link {link.name} revoked.", consequence="It can no longer be opened.", undo=undo)
    add_notice(visit.request, notice)
    return redirect("shares", visit.account)


def _create(visit: Visit, draft: ShareDraft) -> HttpResponse:
    new = new_share(visit.account, draft, created_by=visit.user)
    link = new.link
    visit.record(
        Action.VIEW_SHARED,
        name=link.name,
        shows=_description(link)[:DETAIL_LENGTH_MAX],
        until=text.moment_text(link.expires_at),
        rows=link.may_see_rows,
    )
    notice = Notice(
        fact=f"Link to {link.name} created.",
        consequence=f"{COPY_NOW} Anyone with the link can see the report without signing in.",
        secrets=(public_address(visit.request, reverse("shared", args=(new.secret,))),),
    )
    add_notice(visit.request, notice)
    return redirect("shares", visit.account)


def _description(link: ShareLink) -> str:
    return address_text(address_of_query(link.query))


def _pinned_address(visit: Visit, query: str) -> ReportAddress:
    return pinned(address_of_query(query), zone=preferred_zone(visit.account))


def _may_revoke(link: ShareLink, visit: Visit) -> bool:
    return link.created_by_id == visit.user.pk or visit.role is Role.OWNER


def _page(visit: Visit, *, form: ShareForm | None) -> HttpResponse:
    links = ShareLink.objects.select_related("created_by").filter(account=visit.account).order_by("-created_at", "-pk")
    page = SharesPage(
        frame=frame(visit, title="Share links", current="reports", crumbs=section_links(visit.account, "reports")),
        form=form,
        description="" if form is None else address_text(_pinned_address(visit, str(form["query"].value() or ""))),
        report_href=reverse("report", args=(visit.account,)),
        shares=tuple(_line(link, visit) for link in links),
    )
    return rendered(visit.request, "shares.html", page=page)


def _line(link: ShareLink, visit: Visit) -> ShareLine:
    state, description = state_of(link), _description(link)
    may_revoke = state is AccessState.WORKS and _may_revoke(link, visit)
    return ShareLine(
        name=link.name,
        description=f"{description}, with underlying data" if link.may_see_rows else description,
        created=f"{text.day_text(link.created_at.date())} by {link.created_by or 'former user'}",
        expires=text.moment_text(link.expires_at),
        opened=f"{text.counted(link.open_count, 'time')}, last {text.moment_text(link.last_opened_at)}"
        if link.last_opened_at
        else "Never",
        state=state,
        href=reverse("share", args=(visit.account, link.pk)) if may_revoke else "",
    )
