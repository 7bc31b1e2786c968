"""Bodies larger than a form: read only where a page or route takes one, and only from who is known."""

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from botmeter.domain.errors import NotAllowed
from botmeter.live.server_state import ServerState
from botmeter.people.keys import KeyDraft, Scope, new_key
from botmeter.people.models import User
from botmeter.server.front.request import BodyBudget, Request
from botmeter.server.large_bodies import holder_of_large_body
from botmeter.web.large_bodies import _MARK
from support.asgi_requests import body_stalled_after, scope_of
from support.live import run_beside_django

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db
MERGE, API_MERGE = "/a/acme/customers/same", "/api/v1/accounts/acme/customers/merge"


def holder(state: ServerState, path: str, **headers: str) -> str | None:
    """Holder of a body of which nothing is read."""
    scope = scope_of("POST", path, headers=headers.items())
    request = Request(scope, body_stalled_after(), budget=BodyBudget(bytes_max=0, holder_bytes_max=0))
    found: str | None = run_beside_django(holder_of_large_body(request, state=state))
    return found


def cookie(client: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def test_a_signed_in_browser_may_send_a_file_where_a_page_takes_one(
    state: ServerState, browser: MakeBrowser, owner: User
) -> None:
    signed_in = cookie(browser(owner))
    assert holder(state, MERGE, cookie=signed_in) == f"user {owner.pk}"
    assert holder(state, "/a/acme/settings", cookie=signed_in) is None
    assert holder(state, "/sign-in", cookie=signed_in) is None
    assert holder(state, "/nowhere", cookie=signed_in) is None


@pytest.mark.parametrize("sent", ["", "botmeter_session=guessed", "botmeter_session=", "x=1"])
def test_others_may_not(state: ServerState, sent: str) -> None:
    assert holder(state, MERGE, cookie=sent) is None


def test_a_signed_out_session_may_not(state: ServerState, browser: MakeBrowser, owner: User) -> None:
    client = browser(owner)
    before = cookie(client)
    client.post("/sign-out")
    assert holder(state, MERGE, cookie=before) is None


def test_a_key_may_send_a_large_body_to_routes_of_the_api_that_take_one(state: ServerState) -> None:
    made = new_key("acme", KeyDraft(name="k", scopes=(Scope.ADMIN,)), created_by=None)
    assert holder(state, API_MERGE, authorization=f"Bearer {made.secret}") == f"key {made.key.pk}"
    assert holder(state, "/api/v1/accounts/acme/sessions", authorization=f"Bearer {made.secret}") is None


@pytest.mark.parametrize(("headers", "code"), [({}, "key_missing"), ({"authorization": "Bearer bm_x"}, "key_wrong")])
def test_a_wrong_key_is_refused_before_the_body_is_read(state: ServerState, headers: dict[str, str], code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        holder(state, API_MERGE, **headers)
    assert refused.value.code == code


def test_few_routes_take_large_bodies() -> None:
    def names(resolver: URLResolver) -> list[str]:
        found = []
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                found += names(pattern)
            elif getattr(pattern.callback, _MARK, False):
                found.append(str(pattern.name))
        return found

    assert sorted(names(get_resolver())) == ["merge", "merge-customers", "reconcile", "unmerge"]
