"""Admin → Notifications → Destinations."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from standardwebhooks.webhooks import Webhook

from botmeter.live.server_state import ServerState
from botmeter.people.models import User
from botmeter.people.notifications import outbox
from botmeter.people.notifications.destination_changes import add_destination
from botmeter.people.notifications.destination_off import turn_off_gone
from botmeter.people.notifications.destinations import DestinationDraft
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.source_actions import Author
from botmeter.web.pages.destinations import destination_page
from support.html import code_blocks
from support.stand_in_receiver import Receiver
from web.conftest import MakeBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAGE = "/a/acme/admin/notifications/destinations"
TEST = {"what": "test", "form_token": "a" * 32}
URL = "https://hooks.example.org/botmeter?token=very-secret"


@pytest.fixture
def olga(state: ServerState, owner: User, browser: MakeBrowser, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(outbox, "folder_id", lambda _path: state.ledgers.folder.id)
    return browser(owner)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("BOTMETER_WEBHOOK_PRIVATE_HOSTS", "127.0.0.1")
    with Receiver().serving() as served:
        yield served


def added(client: Client, *, kind: str = "webhook", **fields: object) -> str:
    sent = {"kind": kind, "name": "Finance", "url": URL, **fields}
    return client.post(PAGE, sent, follow=True).content.decode()


def own_page() -> str:
    return reverse("destination", args=("acme", Destination.objects.get().pk))


def test_a_new_webhook_shows_its_secret_once_and_never_its_token(olga: Client) -> None:
    page = added(olga, topics=["cap_reached"])
    [secret] = [block for block in code_blocks(page) if block.startswith("whsec_")]
    again = olga.get(own_page()).content.decode()
    assert "https://hooks.example.org/botmeter…" in again
    for shown in (again, olga.get(PAGE).content.decode()):
        assert secret not in shown
        assert "very-secret" not in shown
    assert "Cap reached" in olga.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field is required"),
        ({"url": ""}, "This field is required"),
        ({"url": "hooks.example.org"}, "Not a valid URL"),
        ({"url": "http://hooks.example.org"}, "Use https"),
        ({"url": "https://169.254.169.254/"}, "is not a public address"),
        ({"topics": ["invitation"]}, "Select a valid choice"),
    ],
)
def test_a_wrong_field_has_its_error_and_adds_nothing(olga: Client, fields: dict[str, object], sentence: str) -> None:
    page = added(olga, **fields)
    assert sentence in page
    assert "has-error" in page
    assert not Destination.objects.exists()


def test_a_name_that_exists_is_an_error_of_its_field(olga: Client) -> None:
    added(olga)
    assert "already has a destination" in added(olga, kind="chat")
    assert Destination.objects.count() == 1


def test_a_folder_can_be_added_if_the_operator_names_one(
    olga: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "has not set BOTMETER_REPORT_DIR" in olga.get(f"{PAGE}?kind=folder").content.decode()
    added(olga, kind="folder", folder="finance")
    assert not Destination.objects.exists()
    monkeypatch.setenv("BOTMETER_REPORT_DIR", str(tmp_path))
    assert "has-error" in added(olga, kind="folder", folder="../beta")
    added(olga, kind="folder", folder="finance")
    assert Destination.objects.get().folder == "finance"


def test_a_test_is_delivered_and_its_answer_shown(olga: Client, state: ServerState, receiver: Receiver) -> None:
    page = added(olga, url=receiver.url)
    [secret] = [block for block in code_blocks(page) if block.startswith("whsec_")]
    assert "hx-get" in olga.post(own_page(), TEST, follow=True).content.decode()
    assert state.notifications.send_due() == 1
    page = olga.get(own_page()).content.decode()
    assert "Answered 204." in page
    assert 'id="test-answer" hx-get' not in page
    [got] = receiver.received
    assert Webhook(secret).verify(got.body, got.headers)["type"] == "test"


def test_a_test_that_fails_says_so_and_is_not_repeated(olga: Client, state: ServerState, receiver: Receiver) -> None:
    receiver.ways.append((500, {}))
    added(olga, url=receiver.url)
    olga.post(own_page(), TEST)
    state.notifications.send_due()
    assert "Answered 500" in olga.get(own_page()).content.decode()
    assert Notification.objects.get().state == "failed"


def test_a_rotated_secret_is_shown_once_with_the_end_of_the_old_one(olga: Client) -> None:
    before = code_blocks(added(olga))
    page = olga.post(own_page(), {"what": "rotate", "lives_on": "day"}, follow=True).content.decode()
    [secret] = [block for block in code_blocks(page) if block.startswith("whsec_")]
    assert secret not in before
    assert "The old secret signs, too, until" in page
    assert secret not in olga.get(own_page()).content.decode()


def test_settings_are_saved_and_an_empty_url_keeps_the_present_one(olga: Client) -> None:
    added(olga)
    sealed = Destination.objects.get().sealed_url
    page = olga.post(own_page(), {"what": "save", "name": "Treasury", "url": ""}, follow=True).content.decode()
    assert "Saved." in page
    row = Destination.objects.get()
    assert (row.name, row.sealed_url) == ("Treasury", sealed)
    assert "has-error" in olga.post(own_page(), {"what": "save", "name": "", "url": ""}).content.decode()


def test_a_destination_that_its_receiver_ended_says_why_and_can_be_turned_on(olga: Client, owner: User) -> None:
    draft = DestinationDraft(name="Finance", kind=Channel.CHAT, url=URL)
    row = add_destination("acme", draft, author=Author(user=owner)).destination
    sent = Notification.objects.create(account="acme", topic="test", key="k", channel="chat", destination=row)
    turn_off_gone(row, notification=sent)
    assert "Turned off by its receiver" in olga.get(PAGE).content.decode()
    page = olga.get(own_page()).content.decode()
    assert "410 (gone)" in page
    assert "410 (gone)" not in olga.post(own_page(), {"what": "turn-on"}, follow=True).content.decode()
    assert Destination.objects.get().is_on


def test_a_destination_of_another_account_is_not_found(olga: Client) -> None:
    theirs = Destination.objects.create(account="other", name="Theirs", kind="chat")
    path = reverse("destination", args=("acme", theirs.pk))
    assert olga.get(path).status_code == olga.post(path, {"what": "remove", "confirmed": "yes"}).status_code == 404
    assert "Theirs" not in olga.get(PAGE).content.decode()
    assert Destination.objects.get() == theirs


def test_an_unknown_action_is_refused(olga: Client) -> None:
    added(olga)
    assert olga.post(own_page(), {"what": "explode"}).status_code == 400
    assert olga.post(own_page(), {"what": "rotate", "lives_on": "ever"}).status_code == 400
    assert olga.post(own_page(), {"what": "test"}).status_code == 400
    for _ in range(2):
        olga.post(own_page(), TEST)
    assert Notification.objects.count() == 1


def test_a_user_sends_a_limited_number_of_tests(olga: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    added(olga)
    monkeypatch.setattr(destination_page, "TESTS", replace(destination_page.TESTS, free_count=1))
    answers = [olga.post(own_page(), {"what": "test", "form_token": f"{n:032x}"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [302, 429]
    assert "tests_exceeded" in answers[1].content.decode()
    assert Notification.objects.count() == 1


def test_html_in_names_and_answers_is_escaped(olga: Client) -> None:
    page = added(olga, name="<script>alert(1)</script>")
    row = Destination.objects.get()
    Notification.objects.create(
        account="acme", key="k", topic="test", channel="webhook", recipient=row.name, destination=row, state="failed",
        last_answer="Answered 500: <script>alert(2)</script>",
    )  # fmt: skip
    for shown in (page, olga.get(own_page()).content.decode(), olga.get(PAGE).content.decode()):
        assert not re.search(r"<script>alert", shown)
