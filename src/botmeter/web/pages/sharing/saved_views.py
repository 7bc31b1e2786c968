"""Saved views: named report URLs."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from botmeter.domain.display_name import DISPLAY_NAME_CHARACTERS_MAX, required_name_fault
from botmeter.domain.errors import Conflict, Refused
from botmeter.people.models import SavedView
from botmeter.people.removed_rows import row_copy
from botmeter.people.rights import Right, Role
from botmeter.people.saved_views import visible_views
from botmeter.web.access import Visit, for_member
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.sharing.saved_address import address_of_query, address_text, canonical_query
from botmeter.web.pages.sharing.way_back import ReportStateForm, report_href, shown_state
from botmeter.web.rendering import rendered
from botmeter.web.undo import UndoKind, offer_undo


class ViewForm(ReportStateForm):
    """New view."""

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


class UpdateForm(ReportStateForm):
    """View to update."""

    view = forms.ModelChoiceField(label="Saved view", queryset=SavedView.objects.none(), empty_label=None)

    def __init__(self, *args: Any, views: "QuerySet[SavedView]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[SavedView]", self.fields["view"]).queryset = views


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """Saved view."""

    name: str
    href: str
    description: str
    owner: str
    visible_to: str
    change_href: str
    schedule_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsPage:
    """Visible views; `description` is of the view to save, `update` is None without views to update."""

    frame: Frame
    form: ReportStateForm | None
    update: UpdateForm | None
    description: str
    cancel_href: str
    report_href: str
    may_save: bool
    views: tuple[ViewLine, ...]


@for_member(Right.SEE_REPORTS, posts=Right.SAVE_VIEWS)
def views(visit: Visit) -> HttpResponse:
    """List views; on POST save or update one, and go back to the report."""
    if visit.request.method != "POST":
        if not visit.request.GET or not visit.may(Right.SAVE_VIEWS):
            return _page(visit, form=None)
        state = shown_state(visit.request)
        return _page(visit, form=ViewForm(initial=state), update=_update_form(visit, initial=state))
    if visit.request.POST.get("what") == "update":
        return _update(visit)
    form = ViewForm(visit.request.POST)
    if form.is_valid():
        query = canonical_query(address_of_query(form.cleaned_data["query"]))
        with form_errors(form, fields={"view_exists": "name", "view_name_invalid": "name"}):
            view = SavedView(
                account=visit.account, owner=visit.user, query=query, is_for_all=form.cleaned_data["for_all"]
            )
            _save(view, name=form.cleaned_data["name"])
            notice = Notice(fact=f"View {view.name} saved.", consequence="It is also listed under Reports.")
            add_notice(visit.request, notice)
            return redirect(report_href(visit, form.cleaned_data))
    return _page(visit, form=form)


@for_member(Right.SAVE_VIEWS, posts=Right.SAVE_VIEWS)
def view(visit: Visit, *, view: int) -> HttpResponse:
    """Rename or delete a view."""
    visit.require_post()
    saved = get_object_or_404(visible_views(visit.user, visit.account), pk=view)
    if not _may_change(saved, visit):
        raise Http404
    match visit.request.POST.get("what"):
        case "rename":
            _save(saved, name=visit.request.POST.get("name", ""))
            notice = Notice(fact=f"View renamed to {saved.name}.")
        case "delete":
            row = row_copy(saved)
            saved.delete()
            undo = offer_undo(
                visit, UndoKind.VIEW_DELETED, before=row, back_href=reverse("views", args=(visit.account,))
            )
            notice = Notice(fact=f"View {row.name} deleted.", undo=undo)
        case _:
            raise Refused("parameter_invalid", "No valid action was given for the view.")
    add_notice(visit.request, notice)
    return redirect("views", visit.account)


def _update(visit: Visit) -> HttpResponse:
    form = _update_form(visit, visit.request.POST)
    if form is None:
        raise Http404
    if not form.is_valid():
        return _page(visit, form=ViewForm(initial=visit.request.POST.dict()), update=form)
    saved: SavedView = form.cleaned_data["view"]
    before = row_copy(saved)
    saved.query = canonical_query(address_of_query(form.cleaned_data["query"]))
    saved.save(update_fields=["query"])
    back_href = report_href(visit, form.cleaned_data)
    undo = offer_undo(visit, UndoKind.VIEW_UPDATED, before=before, back_href=back_href)
    consequence = f"It was: {_description(before.query)}."
    add_notice(visit.request, Notice(fact=f"View {saved.name} updated.", consequence=consequence, undo=undo))
    return redirect(back_href)


def _update_form(visit: Visit, *args: Any, **kwargs: Any) -> UpdateForm | None:
    own = Q(owner=visit.user) | Q(is_for_all=True) if visit.role is Role.OWNER else Q(owner=visit.user)
    views = visible_views(visit.user, visit.account).filter(own)
    return UpdateForm(*args, views=views, auto_id="update_%s", **kwargs) if views.exists() else None


def _save(view: SavedView, *, name: str) -> None:
    view.name = name.strip()
    if fault := required_name_fault(view.name):
        raise Refused("view_name_invalid", f"Invalid view name {view.name[:40]!r}: {fault}.")
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise Conflict("view_exists", f"You already have a view named {view.name[:60]!r}.") from None


def _may_change(view: SavedView, visit: Visit) -> bool:
    return view.owner_id == visit.user.pk or (view.is_for_all and visit.role is Role.OWNER)


def _page(visit: Visit, *, form: ReportStateForm | None, update: UpdateForm | None = None) -> HttpResponse:
    state = {name: str((form and form[name].value()) or "") for name in ("query", "back")}
    page = ViewsPage(
        frame=frame(visit, title="Saved views", current="reports", crumbs=section_links(visit.account, "reports")),
        form=form,
        update=update,
        description="" if form is None else _description(state["query"]),
        cancel_href="" if form is None else report_href(visit, state),
        report_href=reverse("report", args=(visit.account,)),
        may_save=visit.may(Right.SAVE_VIEWS),
        views=tuple(_line(view, visit) for view in visible_views(visit.user, visit.account)),
    )
    return rendered(visit.request, "views.html", page=page)


def _line(view: SavedView, visit: Visit) -> ViewLine:
    may_change = visit.may(Right.SAVE_VIEWS) and _may_change(view, visit)
    return ViewLine(
        name=view.name,
        href=reverse("report", args=(visit.account,)) + (f"?{view.query}" if view.query else ""),
        description=_description(view.query),
        owner="You" if view.owner_id == visit.user.pk else str(view.owner),
        visible_to="Everyone" if view.is_for_all else "You",
        change_href=reverse("view", args=(visit.account, view.pk)) if may_change else "",
        schedule_href=f"{reverse('schedule-new', args=(visit.account,))}?report=view-{view.pk}"
        if visit.may(Right.SCHEDULE_REPORTS)
        else "",
    )


def _description(query: str) -> str:
    return address_text(address_of_query(query))
