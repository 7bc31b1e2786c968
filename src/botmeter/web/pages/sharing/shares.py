"""Share links of an account: create, list, revoke."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX
from botmeter.domain.errors import NotAllowed, Refused
from botmeter.people.audit import Action, record
from botmeter.people.mail import public_address
from botmeter.people.models import ShareLink
from botmeter.people.rights import Right, Role
from botmeter.people.saved_views import saved_view_name
from botmeter.people.shares import (
    LASTING_DAYS,
    NewShare,
    ShareDraft,
    ShareState,
    new_share,
    revoke_share,
    state_of,
)
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.pages.sharing.saved_address import address_text, kept_address, kept_query
from botmeter.web.pages.sharing.scope import pinned
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_query import ReportAddress, read_address

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

    def without_rows(self) -> "ShareForm":
        """Remove the option to share rows."""
        del self.fields["may_see_rows"]
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLine:
    """A share link; `href` revokes it."""

    name: str
    shows: str
    made: str
    ends: str
    opened: str
    state: tuple[str, str]
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage:
    """The account's share links."""

    frame: Frame
    notice: Notice | None
    form: forms.Form | None
    new_shows: str
    report_href: str
    shares: tuple[ShareLine, ...]


@_for_sharers
def shares(visit: Visit) -> HttpResponse:
    """List links; create one on POST."""
    given = visit.request.GET
    if visit.request.method != "POST":
        return _page(visit, form=_empty_form(visit, read_address(given)) if given else None)
    form = _form(visit, visit.request.POST)
    if form.is_valid():
        try:
            return _create(visit, form.cleaned_data)
        except Refused as problem:
            if problem.code != "share_name_invalid":
                raise
            add_problem(form, problem, fields={"share_name_invalid": "name"})
    return _page(visit, form=form)


@_for_sharers
def share(visit: Visit, *, share: int) -> HttpResponse:
    """Revoke a link."""
    found = ShareLink.objects.filter(pk=share, account=visit.account).first()
    if found is None or visit.request.method != "POST":
        raise Http404
    if not _may_revoke(found, visit):
        raise NotAllowed("right_missing", "Only the creator of a link and account owners can revoke it.")
    if revoke_share(found):
        _note(visit, found, action=Action.SHARE_REVOKED)
    add_notice(visit.request, Notice(fact=f"Link {found.name} revoked.", consequence="It can no longer be opened."))
    return HttpResponseRedirect(reverse("shares", args=(visit.account,)))


def _empty_form(visit: Visit, address: ReportAddress) -> ShareForm:
    query = kept_query(address)
    name = saved_view_name(visit.account, visit.user, query=query)
    return _form(visit, None, initial={"query": query, "name": name})


def _form(visit: Visit, given: QueryDict | None, *, initial: dict[str, str] | None = None) -> ShareForm:
    form = ShareForm(given, initial=initial)
    return form if visit.may(Right.EXPORT) else form.without_rows()


def _create(visit: Visit, given: dict[str, Any]) -> HttpResponse:
    address = pinned(kept_address(given["query"]), zone=preferred_zone(visit.account))
    draft = ShareDraft(
        name=given["name"],
        query=kept_query(address),
        lasting_days=given["lasting_days"],
        may_see_rows=given.get("may_see_rows", False),
    )
    made = new_share(visit.account, draft, created_by=visit.user)
    _note(
        visit,
        made.link,
        action=Action.VIEW_SHARED,
        until=text.moment_text(made.link.expires_at),
        rows=made.link.may_see_rows,
    )
    _show(visit, made)
    return HttpResponseRedirect(reverse("shares", args=(visit.account,)))


def _show(visit: Visit, made: NewShare) -> None:
    href = public_address(visit.request, reverse("shared", args=(made.secret,)))
    notice = Notice(
        fact=f"Link to {made.link.name} created.",
        consequence="Copy it now. It is not shown again. Anyone with the link can see the report without signing in.",
        secrets=(href,),
    )
    add_notice(visit.request, notice)


def _note(visit: Visit, link: ShareLink, *, action: Action, **detail: Any) -> None:
    details = {"name": link.name, "shows": address_text(kept_address(link.query))[:500], **detail}
    record(action, request=visit.request, user=visit.user, account=visit.account, **details)


def _may_revoke(link: ShareLink, visit: Visit) -> bool:
    return link.created_by_id == visit.user.pk or visit.role is Role.OWNER


def _page(visit: Visit, *, form: ShareForm | None) -> HttpResponse:
    reports = Crumb(label="Reports", href=reverse("reports", args=(visit.account,)))
    found = ShareLink.objects.select_related("created_by").filter(account=visit.account).order_by("-created_at", "-pk")
    page = SharesPage(
        frame=frame(visit, title="Share links", current="reports", crumbs=(reports,)),
        notice=pop_notice(visit.request),
        form=form,
        new_shows="" if form is None else address_text(_address_of(form, visit)),
        report_href=reverse("report", args=(visit.account,)),
        shares=tuple(_line(link, visit) for link in found),
    )
    return rendered(visit.request, "shares.html", page=page)


def _address_of(form: ShareForm, visit: Visit) -> ReportAddress:
    return pinned(kept_address(str(form["query"].value() or "")), zone=preferred_zone(visit.account))


def _line(link: ShareLink, visit: Visit) -> ShareLine:
    state = state_of(link)
    shows = address_text(kept_address(link.query))
    may_revoke = state is ShareState.WORKS and _may_revoke(link, visit)
    return ShareLine(
        name=link.name,
        shows=f"{shows}, with underlying data" if link.may_see_rows else shows,
        made=f"{text.day_text(link.created_at.date())} by {link.created_by or 'former user'}",
        ends=text.moment_text(link.expires_at),
        opened=_opened(link),
        state=_STATES[state],
        href=reverse("share", args=(visit.account, link.pk)) if may_revoke else "",
    )


def _opened(link: ShareLink) -> str:
    if link.last_opened_at is None:
        return "never"
    times = "once" if link.open_count == 1 else f"{text.count_text(link.open_count)} times"
    return f"{times}, last {text.moment_text(link.last_opened_at)}"


_STATES: Final = {
    ShareState.WORKS: ("Active", "ok"),
    ShareState.EXPIRED: ("Expired", ""),
    ShareState.REVOKED: ("Revoked", ""),
}
