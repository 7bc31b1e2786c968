"""Saved views: named report URLs."""

from dataclasses import dataclass
from typing import Final

from django import forms
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX, required_name_fault
from botmeter.domain.errors import Conflict, Refused
from botmeter.people.models import SavedView
from botmeter.people.rights import Right, Role
from botmeter.people.saved_views import visible_views
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.pages.sharing.saved_address import address_text, kept_address, kept_query
from botmeter.web.rendering import rendered
from botmeter.web.report_query import read_address

_OF_NAME: Final = {"view_exists": "name", "view_name_invalid": "name"}


class ViewForm(forms.Form):
    """Name and visibility of a view."""

    name = forms.CharField(
        label="Name",
        max_length=DISPLAY_NAME_CHARACTERS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    for_all = forms.BooleanField(
        label="Share with everyone in the account",
        required=False,
        help_text="Others can open it. You and account owners can change it.",
    )
    query = forms.CharField(widget=forms.HiddenInput, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """A saved view."""

    name: str
    href: str
    shows: str
    owner: str
    seen_by: str
    change_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsPage:
    """Visible views."""

    frame: Frame
    notice: Notice | None
    form: forms.Form | None
    new_shows: str
    report_href: str
    may_save: bool
    views: tuple[ViewLine, ...]


@for_member(Right.SEE_REPORTS, posts=Right.SAVE_VIEWS)
def views(visit: Visit) -> HttpResponse:
    """List views; save one on POST."""
    given = visit.request.GET
    if visit.request.method != "POST":
        wants_new = bool(given) and visit.may(Right.SAVE_VIEWS)
        form = ViewForm(initial={"query": kept_query(read_address(given))}) if wants_new else None
        return _page(visit, form=form)
    form = ViewForm(visit.request.POST)
    if form.is_valid():
        try:
            return _save(visit, form)
        except Refused as problem:
            if problem.code not in _OF_NAME:
                raise
            add_problem(form, problem, fields=_OF_NAME)
    return _page(visit, form=form)


@for_member(Right.SAVE_VIEWS, posts=Right.SAVE_VIEWS)
def view(visit: Visit, *, view: int) -> HttpResponse:
    """Rename or delete a view."""
    found = visible_views(visit.user, visit.account).filter(pk=view).first()
    if found is None or visit.request.method != "POST" or not _may_change(found, visit):
        raise Http404
    match visit.request.POST.get("what"):
        case "rename":
            _rename(visit, found)
        case "delete":
            found.delete()
            add_notice(visit.request, Notice(fact=f"View {found.name} deleted."))
        case _:
            raise Refused("parameter_invalid", "No valid action was given for the view.")
    return HttpResponseRedirect(reverse("views", args=(visit.account,)))


def _save(visit: Visit, form: forms.Form) -> HttpResponse:
    given = form.cleaned_data
    query = kept_query(kept_address(given["query"]))
    name = _valid_name(given["name"])
    try:
        with transaction.atomic():
            SavedView.objects.create(
                account=visit.account, owner=visit.user, name=name, query=query, is_for_all=given["for_all"]
            )
    except IntegrityError:
        raise _name_conflict(name) from None
    add_notice(visit.request, Notice(fact=f"View {name} saved.", consequence="You also find it under Reports."))
    return HttpResponseRedirect(reverse("views", args=(visit.account,)))


def _rename(visit: Visit, view: SavedView) -> None:
    view.name = _valid_name(visit.request.POST.get("name", ""))
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError:
        raise _name_conflict(view.name) from None
    add_notice(visit.request, Notice(fact=f"View renamed to {view.name}."))


def _may_change(view: SavedView, visit: Visit) -> bool:
    return view.owner_id == visit.user.pk or (view.is_for_all and visit.role is Role.OWNER)


def _valid_name(name: str) -> str:
    stripped = name.strip()
    fault = required_name_fault(stripped)
    if fault:
        raise Refused("view_name_invalid", f"Invalid view name {stripped[:40]!r}: {fault}.")
    return stripped


def _name_conflict(name: str) -> Conflict:
    return Conflict("view_exists", f"You already have a view named {name[:60]!r}.")


def _page(visit: Visit, *, form: forms.Form | None) -> HttpResponse:
    page = ViewsPage(
        frame=frame(visit, title="Saved views", current="reports", crumbs=(_reports(visit.account),)),
        notice=pop_notice(visit.request),
        form=form,
        new_shows="" if form is None else _shows(QueryDict(str(form["query"].value() or ""))),
        report_href=reverse("report", args=(visit.account,)),
        may_save=visit.may(Right.SAVE_VIEWS),
        views=tuple(_line(view, visit) for view in visible_views(visit.user, visit.account)),
    )
    return rendered(visit.request, "views.html", page=page)


def _reports(account: str) -> Crumb:
    return Crumb(label="Reports", href=reverse("reports", args=(account,)))


def _line(view: SavedView, visit: Visit) -> ViewLine:
    may_change = visit.may(Right.SAVE_VIEWS) and _may_change(view, visit)
    query = f"?{view.query}" if view.query else ""
    return ViewLine(
        name=view.name,
        href=reverse("report", args=(visit.account,)) + query,
        shows=_shows(QueryDict(view.query)),
        owner="You" if view.owner_id == visit.user.pk else str(view.owner),
        seen_by="Everyone" if view.is_for_all else "You",
        change_href=reverse("view", args=(visit.account, view.pk)) if may_change else "",
    )


def _shows(given: QueryDict) -> str:
    return address_text(read_address(given))
