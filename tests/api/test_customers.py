"""Merges of customers by the API: effect, access and refusals."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, Scope, new_key
from botmeter.people.models import AuditEntry
from botmeter.web.api.codes import CODES
from botmeter.web.api.document import document
from botmeter.web.api.table import ROUTES
from support.json_schema import faults, schema_of_answer
from support.served import EVENTS, served
from support.server_state import in_use

SENT_TO = [
    route.path.removeprefix("accounts/{account}/")
    for route in ROUTES
    if route.tag == "Customers" and route.view is not None and route.body
]
BODIES = {"customers/merge": {"customer_id": "new", "aliases": ["old"]}, "customers/unmerge": {"aliases": ["old"]}}
Tell = Callable[..., Any]


@pytest.fixture(autouse=True)
def _changeable(_served: None, tmp_path: Path) -> Iterator[None]:
    """Accounts that this test alone changes."""
    with served(tmp_path / "data", {"acme": EVENTS, "globex": EVENTS[:1]}) as opened, in_use(opened):
        yield


@pytest.fixture
def tell(client: Client, secret: str) -> Tell:
    """`tell("customers/merge", {…})`: the answer to a body sent about acme, with a key that may."""

    def send(path: str, body: Any, *, key: str | None = secret, **more: Any) -> Any:
        account = more.pop("account", "acme")
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        usual = {"content_type": "application/json", "headers": headers}
        return client.post(f"/api/v1/accounts/{account}/{path}", body, **{**usual, **more})

    return send


def key_for(account: str, *scopes: Scope) -> str:
    return new_key(account, KeyDraft(name="k", scopes=scopes), created_by=None).secret


def is_problem(answer: Any, status: int, *, code: str) -> bool:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not list(faults(answer.json(), schema_of_answer(document(), "merge", status=400), document=document()))
    assert (code, status) in {(known, its_status) for known, its_status, _ in CODES}
    return (answer.status_code, answer.json()["code"]) == (status, code)


def sessions_of(client: Client, secret: str) -> int:
    address = "/api/v1/accounts/acme/reports/session-usage?period=all"
    return int(client.get(address, headers={"Authorization": f"Bearer {secret}"}).json()["sessions_consumed"])


@pytest.mark.slow
def test_a_merge_answers_its_effect_and_is_undone_by_its_number(tell: Tell, client: Client, secret: str) -> None:
    customers = sorted({each["customer_id"] for each in EVENTS})
    before = sessions_of(client, secret)
    merged = tell("customers/merge", {"customer_id": customers[0], "aliases": customers[1:]}).json()
    assert not list(faults(merged, schema_of_answer(document(), "merge"), document=document()))
    assert merged["aliases"] == [{"customer_id": customers[0], "alias": alias} for alias in customers[1:]]
    assert (merged["change"], merged["sessions_before"]) == (1, before)
    assert merged["sessions_after"] == sessions_of(client, secret) < before
    assert merged["events"] == sum(each["customer_id"] != customers[0] for each in EVENTS)
    assert merged["restated_days"] > 0
    undone = tell("customers/unmerge", {"change": 1}).json()
    assert not list(faults(undone, schema_of_answer(document(), "unmerge"), document=document()))
    assert (undone["change"], undone["sessions_before"], undone["sessions_after"]) == (
        2, merged["sessions_after"], before,
    )  # fmt: skip
    assert sessions_of(client, secret) == before
    entries = AuditEntry.objects.filter(account="acme").order_by("pk").values_list("action", "who", "detail")
    assert [action for action, _, _ in entries] == ["customers_merged", "customers_unmerged"]
    assert all(who.startswith("key for tests (bm_") for _, who, _ in entries)
    assert not any(customer in str(detail) for _, _, detail in entries for customer in customers)


def test_a_list_is_merged_as_a_whole_or_not_at_all(tell: Tell) -> None:
    good, bad = {"customer_id": "a", "aliases": ["b"]}, {"customer_id": "c", "aliases": ["d", "c"]}
    answer = tell("customers/merge", [good, bad])
    assert is_problem(answer, 400, code="merge_invalid")
    assert "item 1: 'c' can't be an alias of itself" in answer.json()["detail"]
    assert [each["alias"] for each in tell("customers/merge", [good]).json()["aliases"]] == ["b"]
    assert tell("customers/merge", [good]).json()["change"] is None


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("customers/merge", {"customer_id": "a"}, 400, "body_invalid"),
        ("customers/merge", {"customer_id": "a", "aliases": "b"}, 400, "body_invalid"),
        ("customers/merge", {"customer_id": "a", "aliases": ["b"], "x": 1}, 400, "body_invalid"),
        ("customers/merge", b"\xff{", 400, "body_invalid"),
        ("customers/merge", b" ", 400, "body_invalid"),
        ("customers/merge", {"customer_id": "a", "aliases": []}, 400, "merge_invalid"),
        ("customers/merge", [], 400, "merge_invalid"),
        ("customers/merge", {"customer_id": "a", "aliases": [f"b{n}" for n in range(1001)]}, 413, "merge_too_large"),
        ("customers/merge", {"customer_id": "a", "aliases": ["b" * 3_000_000]}, 413, "body_too_large"),
        ("customers/unmerge", {"aliases": ["nobody"]}, 404, "alias_unknown"),
        ("customers/unmerge", {"change": 7}, 404, "merge_unknown"),
        ("customers/unmerge", {}, 400, "body_invalid"),
        ("customers/unmerge", {"aliases": ["a"], "change": 1}, 400, "body_invalid"),
    ],
)
def test_an_invalid_change_is_a_problem(tell: Tell, path: str, body: Any, status: int, code: str) -> None:
    assert is_problem(tell(path, body), status, code=code)


def test_an_alias_of_another_customer_is_a_conflict(tell: Tell) -> None:
    tell("customers/merge", {"customer_id": "a", "aliases": ["b"]})
    assert is_problem(tell("customers/merge", {"customer_id": "c", "aliases": ["b"]}), 409, code="customer_merged")


def test_other_media_types_and_parameters_are_refused(tell: Tell) -> None:
    form = tell("customers/merge", "customer_id=a", content_type="application/x-www-form-urlencoded")
    assert is_problem(form, 415, code="media_type_unknown")
    assert is_problem(tell("customers/merge?dry=1", BODIES["customers/merge"]), 400, code="parameter_unknown")


@pytest.mark.parametrize("path", SENT_TO)
def test_only_an_admin_key_of_the_account_changes_customers(tell: Tell, path: str) -> None:
    body, others = BODIES[path], [scope for scope in ACCOUNT_SCOPES if scope is not Scope.ADMIN]
    assert is_problem(tell(path, body, key=None), 401, code="key_missing")
    assert is_problem(tell(path, body, key="bm_made-up"), 401, code="key_wrong")
    assert is_problem(tell(path, body, key=key_for("acme", *others)), 403, code="scope_missing")
    assert is_problem(tell(path, body, key=key_for("globex", Scope.ADMIN)), 404, code="account_unknown")
    assert is_problem(tell(path, body, account="globex"), 404, code="account_unknown")
    assert not AuditEntry.objects.exists()
    tell("customers/merge", BODIES["customers/merge"])
    assert tell(path, body, key=key_for("acme", Scope.ADMIN)).status_code == 200


@pytest.mark.parametrize("path", SENT_TO)
def test_routes_of_changes_allow_only_post(client: Client, secret: str, path: str) -> None:
    answer = client.get(f"/api/v1/accounts/acme/{path}", headers={"Authorization": f"Bearer {secret}"})
    assert is_problem(answer, 405, code="method_unknown")
    assert answer.headers["Allow"] == "POST"
    assert "allows POST, not GET" in answer.json()["detail"]


def test_the_reference_page_shows_the_request(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert '<span class="tag acc">POST</span> <code>/api/v1/accounts/{account}/customers/merge</code>' in page
    assert "Content-Type: application/json" in page
