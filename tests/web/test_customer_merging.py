"""Merge customers: preview, merge and undo on the page."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.support.workbooks import workbook

from botmeter.ledger.customers import customer_aliases, other_ids
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import AuditEntry, User

pytestmark = pytest.mark.django_db
PATH = "/a/acme/customers/same"
PAIRS = "customer_id,alias\nc1,c2\n"


@pytest.fixture
def client(owner: User, browser: Callable[..., Client], ledgers: OpenLedgers) -> Client:
    return browser(owner)


def aliases(ledgers: OpenLedgers, customer_id: str = "c1") -> list[str]:
    with ledgers.reading("acme") as ledger:
        return other_ids(ledger, customer_id)


def test_a_preview_shows_the_effect_and_changes_nothing(client: Client, ledgers: OpenLedgers) -> None:
    answer = client.post(PATH, {"step": "preview", "customer_id": "c1", "aliases": " c2 \n\n"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "These customers have 3 sessions now and would have 2." in page
    assert "2 events would count for another customer, and 1 past day would be restated." in page
    assert "customer_id,alias\nc1,c2\n</textarea>" in page
    assert aliases(ledgers) == []
    assert not AuditEntry.objects.filter(action="customers_merged").exists()


def test_a_merge_is_confirmed_listed_and_audited_without_ids(client: Client, ledgers: OpenLedgers, owner: User) -> None:
    answer = client.post(PATH, {"step": "merge", "pairs": PAIRS})
    assert (answer.status_code, answer.headers["Location"]) == (302, PATH)
    page = client.get(PATH).content.decode()
    assert "Customers merged." in page
    assert "These customers had 3 sessions and have 2; 2 events count for another customer, 1 day is restated." in page
    assert f"<bdi>{owner.email}</bdi>" in page
    assert aliases(ledgers) == ["c2"]
    [entry] = AuditEntry.objects.filter(account="acme", action="customers_merged")
    assert (entry.user, entry.detail) == (owner, {"change": 1, "aliases": 1, "events": 2, "restated_days": 1})
    client.post(PATH, {"step": "merge", "pairs": PAIRS})
    assert "already merged" in client.get(PATH).content.decode()


def test_a_merge_is_undone_and_stays_in_the_list(client: Client, ledgers: OpenLedgers) -> None:
    client.post(PATH, {"step": "merge", "pairs": PAIRS})
    assert client.post(PATH, {"step": "undo", "merge": "1", "confirmed": "yes"}).status_code == 302
    page = client.get(PATH).content.decode()
    assert "Merge undone." in page
    assert "Undone by" in page
    assert 'value="undo"' not in page
    assert aliases(ledgers) == []
    assert AuditEntry.objects.filter(action="customers_unmerged").count() == 1
    again = client.post(PATH, {"step": "undo", "merge": "1", "confirmed": "yes"})
    assert again.status_code == 404
    assert 'role="alert"' in again.content.decode()


@pytest.mark.slow
def test_a_file_is_previewed_or_refused_with_its_line(client: Client) -> None:
    good = SimpleUploadedFile("same.csv", PAIRS.encode(), content_type="text/csv")
    assert "would have 2" in client.post(PATH, {"step": "preview", "file": good}).content.decode()
    book = SimpleUploadedFile("same.xlsx", workbook(*(line.split(",") for line in PAIRS.splitlines())))
    assert "would have 2" in client.post(PATH, {"step": "preview", "file": book}).content.decode()
    bad = SimpleUploadedFile("same.csv", b"customer_id,alias\nc1,c1\nc1,\n")
    answer = client.post(PATH, {"step": "preview", "file": bad})
    assert answer.status_code == 400
    assert "line 3 needs a customer_id and an alias" in answer.content.decode()
    itself = SimpleUploadedFile("same.csv", b"customer_id,alias\nc1,c2\nc1,c1\n")
    assert (
        "line 3: &#39;c1&#39; can&#39;t be an alias of itself"
        in client.post(PATH, {"step": "preview", "file": itself}).content.decode()
    )
    for name, content in (("same.xlsx", PAIRS.encode()), ("same.csv", b"PK\x03\x04\xff\x00")):
        answer = client.post(PATH, {"step": "preview", "file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 400
        assert "would have" not in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Enter a customer and at least one other ID"),
        ({"customer_id": "c1"}, "Enter a customer and at least one other ID"),
        ({"customer_id": "c1", "aliases": "c1"}, "can&#39;t be an alias of itself"),
        ({"step": "merge"}, "first line of the file must be the column names"),
        ({"step": "merge", "pairs": "customer_id,alias\nc1,c1\n"}, "can&#39;t be an alias of itself"),
    ],
)
def test_an_invalid_merge_is_refused(
    client: Client, ledgers: OpenLedgers, fields: dict[str, str], sentence: str
) -> None:
    answer = client.post(PATH, fields)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    with ledgers.reading("acme") as ledger:
        assert customer_aliases(ledger) == []


def test_an_alias_redirects_to_its_customer(client: Client) -> None:
    client.post(PATH, {"step": "merge", "pairs": PAIRS})
    assert client.get("/a/acme/customer?id=c2").headers["Location"] == "/a/acme/customer?id=c1"
    assert client.get("/a/acme/customers?search=c2").headers["Location"] == "/a/acme/customer?id=c1"
    page = client.get("/a/acme/customer?id=c1").content.decode()
    assert "events with these ids count for this customer" in page
    assert f"{PATH}?customer_id=c1" in page
    assert 'value="c1"' in client.get(f"{PATH}?customer_id=c1").content.decode()


def test_a_viewer_sees_aliases_but_cannot_merge(client: Client, viewer: User, browser: Callable[..., Client]) -> None:
    client.post(PATH, {"step": "merge", "pairs": PAIRS})
    page = browser(viewer).get("/a/acme/customer?id=c1").content.decode()
    assert "c2" in page
    assert PATH not in page
    assert PATH not in browser(viewer).get("/a/acme/customers").content.decode()
    assert browser(viewer).post(PATH, {"step": "merge", "pairs": PAIRS}).status_code == 403


def test_markup_in_an_id_is_text(client: Client) -> None:
    fields = {"step": "preview", "customer_id": "</textarea><img src=x>", "aliases": "<b>c2"}
    page = client.post(PATH, fields).content.decode()
    assert "<img" not in page
    assert "<b>c2" not in page
