"""Frame of every page."""

from dataclasses import dataclass
from typing import Final, cast

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from botmeter.domain import text
from botmeter.people.models import User
from botmeter.people.rights import Right
from botmeter.web.access import Visit
from botmeter.web.components import Link
from botmeter.web.notices import Notice, pop_notice
from botmeter.web.titles import account_title, listed_title


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedNote:
    """Header of a shared page."""

    title: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Values of the base template.

    Attributes:
        theme: `light` or `dark`; empty follows the system.
        has_shortcuts: False for visitors, who can't turn them off.
        accounts: Empty with only one.
        person: None if signed out.
        notice: Read at rendering, so that no other answer uses it up.
    """

    title: str
    csrf_token: str
    theme: str
    has_shortcuts: bool = False
    crumbs: tuple[Link, ...] = ()
    account: Link | None = None
    account_initial: str = ""
    accounts: tuple[Link, ...] = ()
    person: str | None = None
    person_initials: str = ""
    person_role: str = ""
    nav: tuple[Link, ...] = ()
    nav_admin: tuple[Link, ...] = ()
    shared: SharedNote | None = None
    notice: Notice | None = None


# Label, icon, route, required right.
_NAV: Final = (
    ("Reports", "chart", "reports", Right.SEE_REPORTS),
    ("My Bots", "bot", "bots", Right.SEE_REPORTS),
    ("Customers", "people", "customers", Right.SEE_REPORTS),
)
_NAV_ADMIN: Final = (
    ("Billing", "bill", "billing", Right.SEE_BILLING),
    ("Alerts", "bell", "alerts", Right.MANAGE_NOTIFICATIONS),
    ("Users", "user", "users", Right.MANAGE_USERS),
    ("Sources", "source", "sources", Right.MANAGE_SOURCES),
    ("Imports", "file", "imports", Right.IMPORT_FILES),
    ("Quarantine", "warn", "quarantine", Right.SEE_QUARANTINE),
    ("API keys", "key", "keys", Right.MANAGE_KEYS),
    ("Notifications", "mail", "notifications", Right.MANAGE_NOTIFICATIONS),
    ("Audit log", "history", "audit", Right.SEE_AUDIT),
    ("Settings", "settings", "settings", Right.CHANGE_SETTINGS),
)


def frame(visit: Visit, *, title: str, current: str, crumbs: tuple[Link, ...] = ()) -> Frame:
    """Build an account page's frame; `current` is its navigation route."""
    memberships = visit.user.memberships.order_by("account")
    accounts = tuple(_account(visit, name) for name in memberships.values_list("account", flat=True))
    account = next(each for each in accounts if each.is_current)
    return Frame(
        title=title,
        csrf_token=get_token(visit.request),
        theme=_theme(visit.user),
        has_shortcuts=visit.user.has_shortcuts,
        crumbs=crumbs,
        account=account,
        account_initial=account.label[:1],
        accounts=accounts if len(accounts) > 1 else (),
        person=str(visit.user),
        person_initials=text.initials(str(visit.user)),
        person_role=visit.role.label,
        nav=_items(_NAV, visit, current=current),
        nav_admin=_items(_NAV_ADMIN, visit, current=current),
        notice=_pending_notice(visit.request),
    )


def section_links(account: str, *routes: str) -> tuple[Link, ...]:
    """Links to sections of the navigation, for crumbs."""
    labels = {route: label for label, _, route, _ in (*_NAV, *_NAV_ADMIN)}
    return tuple(Link(label=labels[route], href=reverse(route, args=(account,))) for route in routes)


def plain_frame(request: HttpRequest, *, title: str, notice: Notice | None = None) -> Frame:
    """Build the frame of a page without an account."""
    # A request that failed early has none yet.
    requester: object = getattr(request, "user", None)
    user = requester if isinstance(requester, User) else None
    return Frame(
        title=title,
        csrf_token=get_token(request),
        theme=_theme(user),
        person=str(user) if user else None,
        person_initials=text.initials(str(user)) if user else "",
        notice=notice or _pending_notice(request),
    )


def anonymous_frame(request: HttpRequest, *, title: str) -> Frame:
    """Build the frame of a page that reads no database."""
    return Frame(title=title, csrf_token=get_token(request), theme="")


def _account(visit: Visit, name: str) -> Link:
    is_current, request = name == visit.account, visit.request
    title = account_title(request, name) if is_current else listed_title(request, name)
    return Link(label=title, href=reverse("report", args=(name,)), is_current=is_current)


def _items(lines: tuple[tuple[str, str, str, Right], ...], visit: Visit, *, current: str) -> tuple[Link, ...]:
    return tuple(
        Link(label=label, symbol=icon, href=reverse(route, args=(visit.account,)), is_current=route == current)
        for label, icon, route, right in lines
        if visit.may(right)
    )


def _pending_notice(request: HttpRequest) -> Notice | None:
    return cast("Notice | None", SimpleLazyObject(lambda: pop_notice(request)))


def _theme(user: User | None) -> str:
    return "" if user is None or user.theme == User.Theme.SYSTEM else user.theme
