"""Access to every route with every kind of key."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from botmeter.domain.instant import present
from botmeter.domain.rate_limit import WINDOW_SECONDS
from botmeter.people import keys
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, Scope, new_key, revoke_key, rotate_key
from botmeter.people.models import ApiKey
from botmeter.web.api import authentication
from botmeter.web.api.codes import CODES
from botmeter.web.api.document import document
from botmeter.web.api.table import ROUTES
from support import server_state
from support.json_schema import faults, schema_of_answer

Ask = Callable[..., Any]
SESSION = "224634e6-e695-851d-b72e-afc38b8464c1"
PATHS = [
    route.path.replace("{session_id}", SESSION)
    .replace("{number}", "1")
    .replace("{plan}", "session.price")
    .removeprefix("accounts/{account}/")
    for route in ROUTES
    if route.view is not None and not route.body
]
BILLING = {
    route.path.replace("{number}", "1").replace("{plan}", "session.price").removeprefix("accounts/{account}/")
    for route in ROUTES
    if route.tag == "Billing"
}
SCOPE_OF = {
    path: Scope.EXPORTS_READ
    if path.endswith("export")
    else Scope.BILLING_READ
    if path in BILLING
    else Scope.REPORTS_READ
    for path in PATHS
}
# What a route needs, as its documentation has it.
NEEDS = {
    route.path.removeprefix("accounts/{account}/"): {
        parameter.name: parameter.example for parameter in route.parameters if parameter.is_required
    }
    for route in ROUTES
}
# The account has no plan, which a key with the scope learns.
NO_BILL = {"plan_missing", "statement_unknown"}


def key(account: str = "acme", *, scopes: tuple[Scope, ...] = ACCOUNT_SCOPES, days: int | None = None) -> str:
    expires_at = None if days is None else present() + timedelta(days=days)
    return new_key(account, KeyDraft(name="k", scopes=scopes, expires_at=expires_at), created_by=None).secret


def revoked() -> str:
    made = new_key("acme", KeyDraft(name="k", scopes=ACCOUNT_SCOPES), created_by=None)
    assert revoke_key(made.key)
    assert not revoke_key(made.key)
    return made.secret


def is_problem(answer: Any, status: int, *, code: str) -> bool:
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    schema = schema_of_answer(document(), "session_usage", status=400)
    assert not list(faults(problem, schema, document=document()))
    assert (code, status) in {(known, its_status) for known, its_status, _ in CODES}
    return (answer.status_code, problem["status"], problem["code"]) == (status, status, code)


def is_answered(answer: Any, path: str) -> bool:
    if path in BILLING and answer.status_code == 404:
        return not answer.content or answer.json()["code"] in NO_BILL
    return bool(answer.status_code == 200)


@pytest.mark.parametrize("path", PATHS)
def test_a_key_with_the_scope_is_answered(ask: Ask, path: str) -> None:
    for asked in ({}, {"key": key(scopes=(SCOPE_OF[path],))}, {"method": "head"}):
        answer = ask(path, **asked, **NEEDS.get(path, {}))
        answer.close()
        assert is_answered(answer, path)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("made", "status", "code"),
    [
        (lambda: None, 401, "key_missing"),
        (lambda: "bm_made-up", 401, "key_wrong"),
        (lambda: "", 401, "key_missing"),
        (lambda: "\u202e\x00", 401, "key_wrong"),
        (revoked, 401, "key_revoked"),
        (lambda: key(days=-1), 401, "key_expired"),
        (lambda: key("globex"), 404, "account_unknown"),
    ],
)
def test_any_other_key_is_refused(ask: Ask, path: str, made: Callable[[], str | None], status: int, code: str) -> None:
    answer = ask(path, key=made())
    assert is_problem(answer, status, code=code)
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize("path", PATHS)
def test_a_key_without_the_scope_is_refused_by_name_of_the_scope(ask: Ask, path: str) -> None:
    others = tuple(scope for scope in ACCOUNT_SCOPES if scope not in (SCOPE_OF[path], Scope.ADMIN))
    answer = ask(path, key=key(scopes=others))
    assert is_problem(answer, 403, code="scope_missing")
    assert SCOPE_OF[path] in answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
def test_the_admin_scope_includes_all_others(ask: Ask, path: str) -> None:
    assert is_answered(ask(path, key=key(scopes=(Scope.ADMIN,)), **NEEDS.get(path, {})), path)
    assert is_problem(ask(path, key=key("globex", scopes=(Scope.ADMIN,))), 404, code="account_unknown")


@pytest.mark.parametrize("path", PATHS)
def test_another_account_looks_like_one_that_does_not_exist(ask: Ask, path: str) -> None:
    there, nowhere = ask(f"/api/v1/accounts/globex/{path}"), ask(f"/api/v1/accounts/nobody/{path}")
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_read_routes_allow_no_other_method(ask: Ask, path: str, method: str) -> None:
    answer = ask(path, method=method)
    assert is_problem(answer, 405, code="method_unknown")
    assert "GET" in answer.headers["Allow"]


def test_a_key_can_be_sent_in_x_api_key(client: Client, secret: str) -> None:
    path = "/api/v1/accounts/acme/reports/session-usage"
    assert client.get(path, headers={"X-API-Key": secret}).status_code == 200
    assert is_problem(client.get(path, headers={"X-API-Key": "bm_no"}), 401, code="key_wrong")
    assert is_problem(client.get(path, headers={"Authorization": "Basic YTpi"}), 401, code="key_missing")


def test_a_signed_in_session_does_not_replace_a_key(client: Client, django_user_model: Any) -> None:
    client.force_login(
        django_user_model.objects.create_user("a@b.example"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert is_problem(client.get("/api/v1/accounts/acme/sessions"), 401, code="key_missing")


def test_account_names_ignore_case(ask: Ask) -> None:
    assert ask("/api/v1/accounts/ACME/reports/session-usage").json()["account"] == "acme"


def test_use_of_a_key_is_recorded_once_a_minute(ask: Ask, secret: str) -> None:
    ask("sessions")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    ask("sessions")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    ask("sessions")
    used_at = ApiKey.objects.get().last_used_at
    assert used_at is not None
    assert used_at >= first


def test_a_replaced_key_works_beside_the_new_one_until_it_expires(ask: Ask) -> None:
    made = new_key("acme", KeyDraft(name="k", scopes=ACCOUNT_SCOPES), created_by=None)
    new = rotate_key(made.key, lives_on=timedelta(hours=1), created_by=None)
    assert [ask("sessions", key=secret).status_code for secret in (made.secret, new.secret)] == [200, 200]
    made.key.refresh_from_db()
    rotate_key(made.key, lives_on=timedelta(0), created_by=None)
    assert is_problem(ask("sessions", key=made.secret), 401, code="key_expired")


def test_a_key_over_its_rate_waits_for_the_next_minute(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "REQUESTS_A_MINUTE", 1)
    monkeypatch.setattr(keys, "present", lambda: datetime.fromtimestamp(60, UTC))
    assert ask("sessions").status_code == 200
    answer = ask("sessions")
    assert is_problem(answer, 429, code="rate_exceeded")
    assert 0 < int(answer.headers["Retry-After"]) <= WINDOW_SECONDS
    assert ask("sessions", key=key()).status_code == 200
    monkeypatch.setattr(keys, "present", lambda: datetime.fromtimestamp(120, UTC))
    assert ask("sessions").status_code == 200


def test_a_stopping_server_answers_try_again(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(server_state, "_current", [])
        answer = ask("sessions")
    assert is_problem(answer, 503, code="server_stopping")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v2/accounts", "/api/v1/accounts/acme", "/api/v1/accounts/acme/sessions/a/b/c"]
)
def test_an_unknown_address_is_a_problem(ask: Ask, path: str) -> None:
    assert is_problem(ask(path), 404, code="route_unknown")
    assert is_problem(ask(path, key=None), 404, code="route_unknown")
