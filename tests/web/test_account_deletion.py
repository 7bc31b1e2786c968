"""Admin → Settings → Delete account."""

from typing import Any

import pytest
from django.apps import apps

from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.people.audit import Action
from botmeter.people.models import AuditEntry, Membership, SavedView, User
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.rights import Role
from web.conftest import MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGE = "/a/acme/admin/settings/delete"


def accounts(ledgers: OpenLedgers) -> list[str]:
    return SharedFolder(ledgers).accounts()


def models_of_accounts() -> list[type[Any]]:
    models = apps.get_app_config("people").get_models()
    return [model for model in models if any(field.name == "account" for field in model._meta.fields)]


def test_an_owner_who_types_the_account_deletes_it_with_everything_in_it(
    ledgers: OpenLedgers, owner: User, viewer: User, person: MakePerson, browser: MakeBrowser
) -> None:
    person(owner.email, role=Role.OWNER, account="beta")
    SavedView.objects.create(account="acme", owner=owner, name="mine", query="")
    Destination.objects.create(account="acme", name="Finance", kind="webhook")
    Notification.objects.create(account="acme", key="k", recipient=viewer.email, user=viewer)
    client = browser(owner)
    assert PAGE in client.get("/a/acme/admin/settings").content.decode()
    page = client.get(PAGE).content.decode()
    assert "2 users" in page
    assert "Type acme to confirm." in page
    answer = client.post(PAGE, {"name": "acme"}, follow=True)
    assert "Account acme was deleted." in answer.content.decode()
    assert "acme" not in accounts(ledgers)
    assert not Membership.objects.filter(account="acme").exists()
    assert not [model for model in models_of_accounts() if model.objects.filter(account="acme").exists()]
    assert User.objects.filter(pk=viewer.pk).exists()
    [entry] = AuditEntry.objects.filter(action=Action.ACCOUNT_DELETED)
    assert (entry.account, entry.user, entry.detail) == ("", owner, {"name": "acme"})
    assert client.get("/a/acme/reports").status_code == 404


@pytest.mark.parametrize("name", ["", "Acme", "acm", "beta"])
def test_another_name_deletes_nothing(ledgers: OpenLedgers, owner: User, browser: MakeBrowser, name: str) -> None:
    answer = browser(owner).post(PAGE, {"name": name})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert "acme" in accounts(ledgers)
    assert Membership.objects.filter(account="acme").exists()


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.ANALYST])
def test_only_owners_delete_an_account(
    ledgers: OpenLedgers, person: MakePerson, browser: MakeBrowser, role: Role
) -> None:
    client = browser(person("mia@example.org", role=role))
    assert client.get(PAGE).status_code == client.post(PAGE, {"name": "acme"}).status_code == 403
    assert "acme" in accounts(ledgers)
