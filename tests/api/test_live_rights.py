"""A key reaches its own account only, on the routes of Django and on those of the server."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.unit.sources import test_chatwoot as chatwoot
from tests.unit.sources.test_chatwoot import SOURCE

from botmeter.live.server_state import ServerState
from botmeter.people.keys import ACCOUNT_SCOPES, Scope
from botmeter.server.routes import own_routes
from botmeter.web.api.table import ROUTES
from support.live import Live, counts, message, problem_of

pytestmark = pytest.mark.slow

ALL = ACCOUNT_SCOPES
OTHERS = tuple(scope for scope in ACCOUNT_SCOPES if scope not in (Scope.EVENTS_WRITE, Scope.ADMIN))
OWN = {route.name: route for route in own_routes(cast("ServerState", None))}
DJANGO_ROUTES = [route for route in ROUTES if route.view is not None]
PATHS = [route.path.replace("{session_id}", "0" * 8 + "-0000" * 3 + "-" + "0" * 12) for route in DJANGO_ROUTES]


def by_key(live: Live, secret: str) -> Any:
    return live.send(secret, [message("a")])


def by_address(live: Live, secret: str) -> Any:
    return live.request("POST", secret, json.dumps(chatwoot.message()).encode())


# Route of the server → request to it, and the key or address of an account.
REQUESTS: dict[str, tuple[Callable[[Live, str], Any], Callable[[Live, str], str]]] = {
    "events": (by_key, lambda live, account: live.key(account)),
    "webhooks": (by_address, lambda live, account: live.source(account, SOURCE)),
}


def test_every_route_of_the_server_is_tested_here() -> None:
    # tests/api/test_entitlement.py asks the one that writes nothing.
    assert {*REQUESTS, "entitlement"} == set(OWN)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_key_or_address_writes_to_its_own_account_only(live: Live, key: str, name: str) -> None:
    live.create("globex")
    ask, secret_of = REQUESTS[name]
    assert counts(ask(live, secret_of(live, "acme"))) == (1, 0, 0, 0)
    assert (len(live.event_ids("acme")), live.event_ids("globex")) == (1, [])
    # The same event in another account is another event.
    assert counts(ask(live, secret_of(live, "globex"))) == (1, 0, 0, 0)
    assert len(live.event_ids("acme")) == len(live.event_ids("globex")) == 1


def test_a_key_without_the_scope_writes_nothing(live: Live, key: str) -> None:
    for scope in OTHERS:
        response = live.send(live.key("acme", scope), [message("a")])
        assert problem_of(response) == (403, "scope_missing")
        assert "events:write" in response.json()["detail"]
    assert live.event_ids("acme") == []


def test_a_request_can_not_name_another_account(live: Live, key: str) -> None:
    live.create("globex")
    for sent in ("?account=globex", "?source=globex"):
        live.send(key, [message("a", account="globex", account_id="globex")], query=sent, x_account="globex")
    assert live.event_ids("globex") == []


@pytest.mark.parametrize("path", PATHS)
def test_a_key_reads_nothing_without_the_scope_or_of_another_account(
    live: Live, key: str, path: str, client: Any
) -> None:
    live.create("globex")
    live.send(key, [message("a")])
    live.settle("acme")
    route = DJANGO_ROUTES[PATHS.index(path)]
    ask = client.post if route.body else client.get
    for secret, account, status in (
        (key, "acme", 403),
        (live.key("acme", *ALL), "globex", 404),
        (live.key("globex", *ALL), "acme", 404),
    ):
        address = f"/api/v1/{path}".replace("{account}", account)
        answer = ask(address, headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert b"c1" not in answer.content.replace(secret[:10].encode(), b"")
