"""Every page of users, for those without access: signed out, strangers, viewers, and forms of other sites."""

from typing import Any

import pytest
from django.urls import URLPattern, reverse

from botmeter.people.models import AuditEntry, Link, Membership, User
from botmeter.people.rights import RIGHTS_OF_ROLE, Role
from botmeter.web.pages.people.urls import urlpatterns
from web.conftest import PASSWORD, MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]

EXAMPLES: dict[str, Any] = {"account": "acme", "member": 1, "link": 1, "secret": "x" * 43}
ROUTES = {str(route.name): route for route in urlpatterns}
# Valid values for each form, so that nothing is refused because of an invalid one.
SENT: dict[str, dict[str, str]] = {
    "sign-in": {"username": "olga@example.org", "password": PASSWORD},
    "accounts": {"account_name": "stolen", "account_title": "Stolen"},
    "users": {"email": "new@example.org", "role": "owner"},
    "member": {"what": "change", "role": "viewer"},
    "settings": {"title": "Stolen", "available_from": "2022-02-04", "timezone": "UTC"},
    "settings-policy": {"policy": "freshchat.session", "from_on": "2030-01-01"},
    "own-password": {"current_password": PASSWORD, "password": "quite another one"},
}


def address_of(route: URLPattern) -> str:
    names = route.pattern.converters
    return reverse(str(route.name), kwargs={name: EXAMPLES[name] for name in names})


def world() -> tuple[object, ...]:
    """Stored data of people."""
    return (
        list(User.objects.values_list("email", "password", "sign_out_count", "name").order_by("pk")),
        list(Membership.objects.values_list("user", "account", "role", "may_export").order_by("pk")),
        list(Link.objects.values_list("pk", "used_at").order_by("pk")),
        AuditEntry.objects.exclude(action="sign_in_failed").count(),
    )


def of(who: str) -> list[str]:
    return [name for name, route in ROUTES.items() if route.callback.who == who]


def test_every_route_declares_its_audience() -> None:
    assert set(of("everyone")) | set(of("person")) | set(of("member")) == set(ROUTES)
    assert set(of("everyone")) == {
        "sign-in",
        "second-factor",
        "sign-out",
        "by-link",
        "first-start",
        "invitation",
        "password-reset",
        "password-choose",
    }


@pytest.mark.parametrize("name", [*of("person"), *of("member")])
def test_signed_out_users_are_redirected_to_sign_in(name: str, owner: User, browser: MakeBrowser) -> None:
    path, before = address_of(ROUTES[name]), world()
    for answer in (browser().get(path), browser().post(path, SENT.get(name, {}))):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in?next=/")
    assert world() == before


@pytest.mark.parametrize("name", of("member"))
def test_an_account_does_not_exist_for_a_stranger(name: str, owner: User, stranger: User, browser: MakeBrowser) -> None:
    path, before = address_of(ROUTES[name]), world()
    unknown = path.replace("/acme/", "/nowhere/")
    client = browser(stranger)
    for ours, none in ((client.get(path), client.get(unknown)), (client.post(path), client.post(unknown))):
        assert (ours.status_code, none.status_code) == (404, 404)
        assert ours.content == none.content
    assert world() == before


@pytest.mark.parametrize("name", of("member"))
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.BILLING_ADMIN])
def test_a_member_without_the_right_can_neither_open_nor_submit(
    name: str, role: Role, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    Membership.objects.filter(user=viewer).update(role=role)
    view, path, before = ROUTES[name].callback, address_of(ROUTES[name]), world()
    assert view.right not in RIGHTS_OF_ROLE[role]
    client = browser(viewer)
    for answer in (client.get(path), client.post(path, SENT.get(name, {}))):
        assert answer.status_code == 403
        assert "right_missing" in answer.content.decode()
    assert world() == before


@pytest.mark.parametrize("name", ROUTES)
def test_a_form_without_a_csrf_token_changes_nothing(
    name: str, owner: User, viewer: User, browser: MakeBrowser
) -> None:
    path = address_of(ROUTES[name])
    if name == "member":
        path = f"/a/acme/admin/users/{Membership.objects.get(user=viewer).pk}"
    before, client = world(), browser(owner, checks_csrf=True)
    thief = browser(viewer, checks_csrf=True)
    thief.get("/me")
    stolen = thief.cookies["botmeter_csrf"].value
    for token in ("", "x" * 64, stolen):
        answer = client.post(path, {**SENT.get(name, {}), "csrfmiddlewaretoken": token})
        assert answer.status_code == 403
        assert "form_foreign" in answer.content.decode()
    assert world() == before


def test_a_form_from_another_site_changes_nothing_even_with_the_token(owner: User, browser: MakeBrowser) -> None:
    client = browser(owner, checks_csrf=True)
    client.get("/me")
    sent = {"name": "Stolen", "theme": "dark", "csrfmiddlewaretoken": client.cookies["botmeter_csrf"].value}
    assert client.post("/me", sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert client.post("/me", sent).status_code == 302


@pytest.mark.parametrize("name", ROUTES)
def test_every_response_forbids_frames_scripts_and_caching(name: str, owner: User, browser: MakeBrowser) -> None:
    for client in (browser(), browser(owner)):
        headers = client.get(address_of(ROUTES[name])).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store, private"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ROUTES)
def test_an_unknown_host_is_refused(name: str, owner: User, browser: MakeBrowser) -> None:
    path = address_of(ROUTES[name])
    for host in ("evil.example", "testserver.evil.example", "testserver:80@evil.example", "a b"):
        answer = browser(owner).get(path, headers={"host": host})
        assert answer.status_code == 400
        assert b"evil" not in answer.content


@pytest.mark.parametrize("name", ROUTES)
def test_every_page_has_one_heading_and_labels_and_no_inline_code(name: str, owner: User, browser: MakeBrowser) -> None:
    for client in (browser(), browser(owner)):
        answer = client.get(address_of(ROUTES[name]))
        if answer.status_code != 200:
            continue
        page = answer.content.decode()
        assert page.count("<h1") == 1
        assert "style=" not in page
        assert " onclick" not in page
        for part in page.split("<form")[1:]:
            form = part.partition("</form>")[0]
            assert 'method="post"' not in form or "csrfmiddlewaretoken" in form


def test_cookies_are_hidden_from_scripts_and_other_sites(owner: User, browser: MakeBrowser) -> None:
    client = browser()
    client.post("/sign-in", SENT["sign-in"])
    session = client.cookies["botmeter_session"]
    assert session["httponly"]
    assert session["samesite"] == "Lax"


@pytest.mark.parametrize("letter", ["\n", "\x1b", "\x85", "\u202e", "\u2066"])
@pytest.mark.usefixtures("ledgers")
def test_names_and_addresses_of_users_and_views_fit_on_one_line(owner: User, browser: MakeBrowser, letter: str) -> None:
    client, name, before = browser(owner), f"a{letter}b", world()
    for path, sent in (
        ("/me", {"name": name, "theme": "dark"}),
        ("/a/acme/admin/users", {"email": f"a@b{letter}c.example", "role": "viewer"}),
        ("/a/acme/views", {"name": name, "query": ""}),
        ("/accounts", {"account_name": "new", "account_title": name}),
    ):
        assert client.post(path, sent).status_code == 200, path
    assert world() == before
