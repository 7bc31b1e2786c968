"""Access to every page, from the route table, so that none is forgotten."""

from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import URLResolver

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.people.rights import RIGHTS_OF_ROLE, Role, rights
from botmeter.web.access import View
from botmeter.web.gallery.page import gallery
from botmeter.web.headers import CONTENT_SECURITY_POLICY

from .conftest import MakeBrowser, MakePerson

pytestmark = pytest.mark.django_db

# Example values of the parameters of routes.
WORDS = {
    "name": "hours",
    "field": "bot",
    "format": "csv",
    "session": "none",
    "secret": "none",
    "member": 1,
    "link": 1,
    "alert": 1,
    "notification": "00000000-0000-4000-8000-000000000000",
}


def routes(who: str) -> Iterator[tuple[str, View, dict[str, object]]]:
    """(name, view, parameters) of every route with this audience."""

    def inside(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from inside(pattern.url_patterns)
            else:
                yield pattern

    for pattern in inside(get_resolver().url_patterns):
        if getattr(pattern.callback, "who", None) == who and pattern.name:
            words = {word: WORDS.get(word, 1) for word in pattern.pattern.converters if word != "account"}
            yield pattern.name, pattern.callback, words


MEMBER_ROUTES = sorted(routes("member"), key=lambda route: route[0])
PERSON_ROUTES = sorted(routes("person"), key=lambda route: route[0])


each_page_of_an_account = pytest.mark.parametrize("route", MEMBER_ROUTES, ids=lambda route: route[0])
# The rule is one for all roles: what differs most is proven with each change, the rest by the slow lane too.
each_role = pytest.mark.parametrize(
    "role", [role if role in (Role.OWNER, Role.VIEWER) else pytest.param(role, marks=pytest.mark.slow) for role in Role]
)
each_method = pytest.mark.parametrize("method", ["get", pytest.param("post", marks=pytest.mark.slow)])


def address(name: str, words: dict[str, object], *, account: str = "acme") -> str:
    return reverse(name, kwargs={"account": account, **words})


def test_every_route_outside_the_api_declares_its_audience() -> None:
    declared = {name for who in ("member", "person", "everyone") for name, _, _ in routes(who)}
    named = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    unsaid = {name for name in named - declared if "api" not in name and name != "openapi"}
    assert not unsaid, "Declare the view's audience by for_everyone, for_person or for_member."


@each_page_of_an_account
@each_method
def test_an_account_page_redirects_signed_out_users_to_sign_in(
    browser: MakeBrowser, ledgers: OpenLedgers, route: tuple[str, View, dict[str, object]], method: str
) -> None:
    answer = getattr(browser(), method)(address(route[0], route[2]))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=/a/acme/")


@each_page_of_an_account
@each_method
def test_an_account_page_is_not_found_for_a_stranger(
    browser: MakeBrowser,
    stranger: User,
    ledgers: OpenLedgers,
    route: tuple[str, View, dict[str, object]],
    method: str,
) -> None:
    answer = getattr(browser(stranger), method)(address(route[0], route[2]))
    assert answer.status_code == 404
    assert "acme" not in answer.content.decode().replace(answer.request["PATH_INFO"], "")


@each_role
@each_page_of_an_account
def test_an_account_page_opens_for_roles_with_its_right(
    browser: MakeBrowser,
    person: MakePerson,
    ledgers: OpenLedgers,
    route: tuple[str, View, dict[str, object]],
    role: Role,
) -> None:
    name, view, words = route
    member = person("mia@example.org", role=role, may_export=False)
    answer = browser(member).get(address(name, words))
    assert (answer.status_code == 403) == (view.right not in rights(role, may_export=False))


@each_role
@each_page_of_an_account
def test_only_roles_with_the_right_can_submit_a_form(
    browser: MakeBrowser,
    person: MakePerson,
    ledgers: OpenLedgers,
    route: tuple[str, View, dict[str, object]],
    role: Role,
) -> None:
    name, view, words = route
    member = person("mia@example.org", role=role, may_export=False)
    answer = browser(member).post(address(name, words))
    may_see = view.right in RIGHTS_OF_ROLE[role]
    if may_see and view.posts is None:
        assert answer.status_code == 405
    else:
        assert (answer.status_code == 403) == (not may_see or view.posts not in RIGHTS_OF_ROLE[role])


@pytest.mark.parametrize("route", PERSON_ROUTES, ids=lambda route: route[0])
def test_a_page_of_the_user_redirects_signed_out_users_to_sign_in(
    browser: MakeBrowser, route: tuple[str, View, dict[str, object]]
) -> None:
    answer = browser().get(reverse(route[0], kwargs=route[2]))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in")


@pytest.mark.parametrize("route", [*MEMBER_ROUTES, *PERSON_ROUTES], ids=lambda route: route[0])
def test_every_response_has_the_security_headers_and_every_page_a_sign_out(
    browser: MakeBrowser, owner: User, ledgers: OpenLedgers, route: tuple[str, View, dict[str, object]]
) -> None:
    name, view, words = route
    path = address(name, words) if view.who == "member" else reverse(name, kwargs=words)
    answer = browser(owner).get(path)
    if not answer.streaming and b"<html" in answer.content:
        assert f'action="{reverse("sign-out")}"'.encode() in answer.content
    # A streamed response holds its ledger until it is sent or closed.
    answer.close()
    assert answer["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "no-store" in answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer


def test_the_gallery_of_components_is_not_routed_in_a_normal_server(client: Client) -> None:
    assert client.get("/parts").status_code == 404


def test_the_gallery_shows_every_component_in_development(rf: RequestFactory) -> None:
    answer = gallery(rf.get("/parts"))
    assert isinstance(answer, HttpResponse)
    assert 'data-widget="buttons-dark"' in answer.content.decode()


def test_the_content_security_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
