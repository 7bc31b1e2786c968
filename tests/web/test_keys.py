"""Admin → API keys: created and displayed once, replaced, revoked, by owners alone, and audited."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from botmeter.domain.errors import NotAllowed, Refused
from botmeter.domain.instant import present
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.access_state import state_of
from botmeter.people.keys import (
    ACCOUNT_SCOPES,
    KeyDraft,
    NewKey,
    Scope,
    accounts_with,
    end_of_day,
    key_of,
    lives_on_from_text,
    new_key,
    require_scope,
    rotate_key,
    scopes_from_texts,
    valid_key,
)
from botmeter.people.links import digest_of
from botmeter.people.models import ApiKey, AuditEntry, User
from support.html import code_blocks

pytestmark = pytest.mark.django_db
KEYS = "/a/acme/admin/keys"


@pytest.fixture
def made(ledgers: OpenLedgers) -> NewKey:
    return new_key("acme", KeyDraft(name="nightly", scopes=(Scope.REPORTS_READ,)), created_by=None)


@pytest.fixture
def olga(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> Client:
    return browser(owner)


def sent(client: Client, path: str = KEYS, **fields: Any) -> Any:
    return client.post(path, {"name": "nightly", "scopes": ["reports:read"], **fields}, follow=True)


def test_a_key_is_displayed_once_and_stored_as_a_digest(olga: Client) -> None:
    page = sent(olga).content.decode()
    secret = next(block for block in code_blocks(page) if block.startswith("bm_"))
    assert re.fullmatch(r"bm_[\w-]{43}", secret)
    assert ApiKey.objects.get().digest == digest_of(secret)
    assert valid_key(secret).scopes == ["reports:read"]
    assert secret not in olga.get(KEYS).content.decode()


def test_the_stored_session_never_contains_the_new_key(olga: Client) -> None:
    olga.post(KEYS, {"name": "nightly", "scopes": ["reports:read"]})
    waiting = str(dict(olga.session))
    secret = next(block for block in code_blocks(olga.get(KEYS).content.decode()) if block.startswith("bm_"))
    assert "Key nightly created" in waiting
    assert secret not in waiting


def test_creating_a_key_is_audited_without_its_secret(olga: Client, owner: User) -> None:
    sent(olga)
    entry = AuditEntry.objects.get(action="key_created")
    assert (entry.account, entry.who, entry.detail["name"]) == ("acme", owner.email, "nightly")
    assert len(entry.detail["key"]) < 15


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "n" * 101},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["events:write", "events:read"]},
        {"last_on": "2020-01-01"},
        {"last_on": "9999-12-31"},
        {"last_on": "soon"},
    ],
)
def test_an_invalid_key_shows_an_error_at_its_field(olga: Client, fields: dict[str, Any]) -> None:
    answer = sent(olga, **fields)
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_expires_after_its_last_day(olga: Client) -> None:
    last_on = present().date() + timedelta(days=3)
    sent(olga, last_on=last_on.isoformat())
    ends_at = ApiKey.objects.get().expires_at
    assert ends_at is not None
    assert (ends_at.date(), ends_at.hour) == (last_on + timedelta(days=1), 0)


def test_revoking_a_key_takes_effect_at_once(olga: Client, made: NewKey) -> None:
    page = olga.post(f"{KEYS}/{made.key.pk}/revoke", {"confirmed": "yes"}, follow=True).content.decode()
    assert "revoked" in page
    made.key.refresh_from_db()
    assert state_of(made.key) == "revoked"
    assert AuditEntry.objects.filter(action="key_revoked", account="acme").count() == 1


@pytest.mark.parametrize(("lives_on", "works_now"), [("now", False), ("hour", True), ("day", True), ("week", True)])
def test_a_replaced_key_works_until_its_chosen_expiry(
    olga: Client, made: NewKey, lives_on: str, works_now: bool
) -> None:
    page = olga.post(
        f"{KEYS}/replace", {"key": made.key.pk, "lives_on": lives_on, "confirmed": "yes"}, follow=True
    ).content.decode()
    secret = next(block for block in code_blocks(page) if block.startswith("bm_"))
    assert valid_key(secret).name == "nightly"
    made.key.refresh_from_db()
    assert (state_of(made.key) == "works") is works_now
    assert made.key.expires_at is not None


def test_a_key_of_another_account_is_not_found(olga: Client) -> None:
    other = new_key("other", KeyDraft(name="theirs", scopes=(Scope.REPORTS_READ,)), created_by=None).key
    assert olga.post(f"{KEYS}/{other.pk}/revoke").status_code == 404
    olga.post(f"{KEYS}/replace", {"key": other.pk, "lives_on": "now"})
    assert "theirs" not in olga.get(KEYS).content.decode()
    other.refresh_from_db()
    assert (other.revoked_at, other.expires_at) == (None, None)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("fields", [{}, {"lives_on": "ever"}, {"key": "0"}, {"key": "x"}])
def test_an_invalid_replacement_shows_an_error_at_its_field(olga: Client, made: NewKey, fields: dict[str, str]) -> None:
    answer = olga.post(f"{KEYS}/replace", {"key": made.key.pk, **fields} if fields else {})
    assert "has-error" in answer.content.decode()
    assert ApiKey.objects.count() == 1


def test_only_active_keys_can_be_replaced(olga: Client, made: NewKey) -> None:
    assert "replace-key" in olga.get(KEYS).content.decode()
    olga.post(f"{KEYS}/{made.key.pk}/revoke", {"confirmed": "yes"})
    assert "replace-key" not in olga.get(KEYS).content.decode()
    assert "has-error" not in olga.post(f"{KEYS}/replace", {"key": made.key.pk, "lives_on": "now"}).content.decode()
    assert ApiKey.objects.count() == 1


def test_a_viewer_can_neither_open_the_page_nor_submit_its_forms(
    made: NewKey, viewer: User, browser: Callable[..., Client]
) -> None:
    client = browser(viewer)
    assert client.get(KEYS).status_code == 403
    assert sent(client).status_code == 403
    assert client.post(f"{KEYS}/{made.key.pk}/revoke").status_code == 403
    assert client.post(f"{KEYS}/replace", {"key": made.key.pk, "lives_on": "now"}).status_code == 403
    assert ApiKey.objects.count() == 1


def test_a_form_without_its_csrf_token_is_refused(
    ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]
) -> None:
    client = browser(owner, checks_csrf=True)
    assert client.post(KEYS, {"name": "n", "scopes": ["reports:read"]}).status_code == 403
    assert not ApiKey.objects.exists()


def test_html_in_a_name_is_escaped(olga: Client) -> None:
    page = sent(olga, name="<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def allowed(scopes: list[str]) -> set[Scope]:
    allowed = set()
    for scope in ACCOUNT_SCOPES:
        with suppress(NotAllowed):
            require_scope(ApiKey(start="bm_1", scopes=scopes), scope)
            allowed.add(scope)
    return allowed


@pytest.mark.parametrize("scope", ACCOUNT_SCOPES)
def test_a_scope_allows_only_itself_and_admin_allows_everything(scope: Scope) -> None:
    assert allowed([scope.value]) == (set(ACCOUNT_SCOPES) if scope is Scope.ADMIN else {scope})
    assert allowed([]) == set()


def test_the_page_offers_every_scope_with_its_description(olga: Client) -> None:
    page = olga.get(KEYS).content.decode()
    assert all(scope.value in page and scope.sentence.rstrip(".") in page for scope in ACCOUNT_SCOPES)
    assert Scope.METRICS_READ.value not in page
    assert sent(olga, scopes=[Scope.METRICS_READ.value]).status_code == 200
    assert not ApiKey.objects.exists()
    assert sent(olga, scopes=[scope.value for scope in ACCOUNT_SCOPES]).status_code == 200
    assert set(ApiKey.objects.get().scopes) == {scope.value for scope in ACCOUNT_SCOPES}


def made_with(**fields: Any) -> NewKey:
    return new_key("acme", KeyDraft(**{"name": "k", "scopes": (Scope.REPORTS_READ,), **fields}), created_by=None)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda: made_with(name=" "), "key_name_invalid"),
        (lambda: made_with(scopes=()), "scopes_missing"),
        (lambda: scopes_from_texts(["reports:read", "root"]), "scope_unknown"),
        (lambda: lives_on_from_text("24"), "lives_on_invalid"),
        (lambda: end_of_day(present().date() - timedelta(days=1)), "key_expiry_past"),
        (lambda: key_of("acme", ""), "key_unknown"),
        (lambda: [key_of("acme", made_with().key.name) for _ in range(2)], "key_ambiguous"),
        (
            lambda: rotate_key(made_with(expires_at=present()).key, lives_on=timedelta(1), created_by=None),
            "key_over",
        ),
    ],
)
def test_an_invalid_change_is_refused_with_its_code(action: Callable[[], object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        action()
    assert refused.value.code == code


def test_a_replacement_key_has_the_lifetime_of_the_old_one() -> None:
    old = made_with(expires_at=present() + timedelta(days=30)).key
    new = rotate_key(old, lives_on=timedelta(hours=1), created_by=None).key
    old.refresh_from_db()
    assert old.expires_at is not None
    assert new.expires_at is not None
    assert old.expires_at - present() <= timedelta(hours=1)
    assert timedelta(days=29, hours=23) < new.expires_at - present() <= timedelta(days=30)


def test_the_api_reference_is_public_and_lists_every_route(client: Client, ledgers: OpenLedgers) -> None:
    page = client.get(reverse("api-reference")).content.decode()
    document = client.get(reverse("openapi")).json()
    assert all(path in page for path in document["paths"])
    assert "style=" not in page
    assert len(re.findall(r"<h1\b", page)) == 1


@pytest.mark.django_db
def test_accounts_with_a_scope_have_a_key_that_works() -> None:
    def made(account: str, *scopes: Scope) -> NewKey:
        return new_key(account, KeyDraft(name="bot", scopes=scopes), created_by=None)

    made("zeta", Scope.ENTITLEMENT_READ, Scope.EVENTS_WRITE)
    made("acme", Scope.EVENTS_WRITE)
    revoked = made("beta", Scope.ENTITLEMENT_READ).key
    revoked.revoked_at = present()
    revoked.save()
    made("", Scope.METRICS_READ)
    assert accounts_with(Scope.ENTITLEMENT_READ) == ["zeta"]
