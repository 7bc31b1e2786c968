"""Access to pages, declared by their views.

Account pages are 404 for non-members and 403 without the permission.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from botmeter.domain.errors import NotAllowed
from botmeter.people.audit import Action, record
from botmeter.people.database_failures import optional_write
from botmeter.people.models import Membership, User
from botmeter.people.password_hashing import of_known_person
from botmeter.people.rights import Right, Role
from botmeter.web import ledgers
from botmeter.web.exchange import name_sender
from botmeter.web.server_state import server_state

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.ledger.settle import Backlog

Who = Literal["everyone", "person", "member"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Member's request to an account page."""

    request: HttpRequest
    user: User
    account: str
    membership: Membership

    @property
    def role(self) -> Role:
        return Role(self.membership.role)

    def reading(self) -> "AbstractContextManager[ReadableLedger]":
        return ledgers.reading(self.request, self.account)

    def writing(self) -> "AbstractContextManager[Ledger]":
        return ledgers.writing(self.request, self.account)

    def unsettled(self) -> "Backlog":
        return server_state(self.request).ledgers.unsettled(self.account)

    def may(self, right: Right) -> bool:
        return right in self.membership.rights

    def record(self, action: Action, **details: Any) -> None:
        record(action, request=self.request, user=self.user, account=self.account, **details)

    def require_post(self) -> None:
        """Answer 404 unless a form was submitted."""
        if self.request.method != "POST":
            raise Http404

    def require(self, right: Right) -> None:
        """Raise NotAllowed `right_missing` without the permission."""
        if not self.may(right):
            raise NotAllowed(
                "right_missing",
                f"Your role in {self.account} ({self.role.label.lower()}) lacks the permission "
                f"“{right.value.replace('_', ' ')}”. An account owner can change your role.",
            )


class View(Protocol):
    """View with its declared audience."""

    who: Who
    right: Right | None
    posts: Right | None

    def __call__(self, request: HttpRequest, **parameters: Any) -> HttpResponseBase: ...


def for_everyone(view: Callable[..., HttpResponseBase]) -> View:
    """Declare a page that needs no sign-in."""
    return _declared(view, who="everyone")


def for_person(view: Callable[..., HttpResponseBase]) -> View:
    """Declare a page of the signed-in user."""
    page = require_http_methods(["GET", "HEAD", "POST"])(view)

    @wraps(view)
    def guarded(request: HttpRequest, **parameters: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        name_sender(request, f"user {request.user.pk}")
        with of_known_person():
            return page(request, request.user, **parameters)

    return _declared(guarded, who="person")


def for_member(right: Right, *, posts: Right | None = None) -> Callable[[Callable[..., HttpResponseBase]], View]:
    """Declare a page of an account; `posts` is the permission to submit its form."""

    def declared(view: Callable[..., HttpResponseBase]) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *, account: str, **parameters: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            name_sender(request, f"user {request.user.pk}")
            visit = visit_of(request, account=account)
            visit.require(right)
            if request.method not in {"GET", "HEAD"}:
                if posts is None or request.method != "POST":
                    return HttpResponseNotAllowed(["GET", "HEAD"] + (["POST"] if posts else []))
                visit.require(posts)
            return view(visit, **parameters)

        return _declared(guarded, who="member", right=right, posts=posts)

    return declared


def visit_of(request: HttpRequest, *, account: str) -> Visit:
    """Visit to an account; 404 for non-members."""
    user = cast("User", request.user)
    membership = Membership.objects.filter(user=user, account=account).first()
    if membership is None:
        raise Http404
    if user.last_account != account:
        with optional_write("the last account of a user"):
            User.objects.filter(pk=user.pk).update(last_account=account)
    return Visit(request=request, user=user, account=account, membership=membership)


def _declared(
    view: Callable[..., HttpResponse | HttpResponseBase],
    *,
    who: Who,
    right: Right | None = None,
    posts: Right | None = None,
) -> View:
    declared = cast("View", view)
    declared.who, declared.right, declared.posts = who, right, posts
    return declared
