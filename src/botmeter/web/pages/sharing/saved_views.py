"""Saved views: a report's address under a name, for oneself or for everybody in the account."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from botmeter.domain.errors import Conflict, Refused
from botmeter.web.address import read_address
from botmeter.web.pages.frame import Crumb, Frame, frame
from botmeter.web.people.models import SavedView, User
from botmeter.web.people.rights import Right, Role
from botmeter.web.rendering import rendered
from botmeter.web.visits import Visit, for_member

NAME_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """A saved view, and what may be done with it."""

    number: int
    name: str
    href: str
    owner: str
    is_for_all: bool
    may_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsPage:
    """The views of the account that the person sees, and the one that is about to be saved."""

    frame: Frame
    new_query: str | None
    report_href: str
    views: tuple[ViewLine, ...]


@for_member(Right.SEE_REPORTS, posts=Right.SAVE_VIEWS)
def views(visit: Visit) -> HttpResponse:
    """The saved views; sent, a new one, another name, or one less."""
    if visit.request.method == "POST":
        return _changed(visit)
    query = visit.request.GET.urlencode()
    wanted = bool(query) or "new" in visit.request.GET
    lines = tuple(_line(view, visit) for view in seen_by(visit.user, visit.account))
    page = ViewsPage(
        frame=frame(
            visit,
            title="Saved views",
            current="reports",
            crumbs=(Crumb(label="Reports", href=reverse("reports", args=(visit.account,))),),
        ),
        new_query=canonical(visit.request.GET) if wanted and visit.may(Right.SAVE_VIEWS) else None,
        report_href=reverse("report", args=(visit.account,)),
        views=lines,
    )
    return rendered(visit.request, "views.html", page=page)


def canonical(given: QueryDict) -> str:
    """The query of a report in the one form in which it is kept: what is the default is left out."""
    return read_address(given).query().removeprefix("?")


def seen_by(user: User, account: str) -> "QuerySet[SavedView]":
    """The views that a person sees in an account: their own, and those for all."""
    seen = SavedView.objects.filter(Q(owner=user) | Q(is_for_all=True), account=account)
    return seen.select_related("owner").order_by("name", "pk")


def view_named(account: str, user: User, *, query: str) -> str:
    """The name of the view that this query is; empty for none."""
    found = seen_by(user, account).filter(query=query).values_list("name", flat=True).first()
    return found or ""


def _changed(visit: Visit) -> HttpResponse:
    given = visit.request.POST
    match given.get("deed"):
        case "save":
            _save(visit, name=given.get("name", ""), query=given.get("query", ""), is_for_all="for_all" in given)
        case "rename":
            _rename(_own(visit, given), name=given.get("name", ""))
        case "delete":
            _own(visit, given).delete()
        case deed:
            raise Refused("deed_unknown", f"A view can be saved, renamed or deleted, not {str(deed)[:40]!r}.")
    return HttpResponseRedirect(reverse("views", args=(visit.account,)))


def _save(visit: Visit, *, name: str, query: str, is_for_all: bool) -> None:
    kept = canonical(QueryDict(query))
    try:
        with transaction.atomic():
            SavedView.objects.create(
                account=visit.account, owner=visit.user, name=_checked(name), query=kept, is_for_all=is_for_all
            )
    except IntegrityError:
        raise _taken(name) from None


def _rename(view: SavedView, *, name: str) -> None:
    view.name = _checked(name)
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError:
        raise _taken(name) from None


def _own(visit: Visit, given: QueryDict) -> SavedView:
    """The view that is named, if this person may change it; 404 otherwise."""
    number = given.get("view", "")
    view = seen_by(visit.user, visit.account).filter(pk=int(number)).first() if number.isdecimal() else None
    if view is None or not _may_change(view, visit):
        raise Http404
    return view


def _may_change(view: SavedView, visit: Visit) -> bool:
    return view.owner_id == visit.user.pk or (view.is_for_all and visit.role is Role.OWNER)


def _checked(name: str) -> str:
    stripped = " ".join(name.split())
    if not stripped or len(stripped) > NAME_LENGTH_MAX:
        raise Refused(
            "view_name_invalid", f"A view's name has 1 to {NAME_LENGTH_MAX} characters; this one has {len(stripped)}."
        )
    return stripped


def _taken(name: str) -> Conflict:
    return Conflict("view_exists", f"You have a view called {name[:60]!r} already.")


def _line(view: SavedView, visit: Visit) -> ViewLine:
    query = f"?{view.query}" if view.query else ""
    return ViewLine(
        number=view.pk,
        name=view.name,
        href=reverse("report", args=(visit.account,)) + query,
        owner="you" if view.owner_id == visit.user.pk else str(view.owner),
        is_for_all=view.is_for_all,
        may_change=_may_change(view, visit) and visit.may(Right.SAVE_VIEWS),
    )
