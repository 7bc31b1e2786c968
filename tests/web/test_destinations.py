"""Destinations: checked, sealed, rotated, turned off and on, removed, and audited without secrets."""

import re
from datetime import timedelta

import pytest

from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import present
from botmeter.people.models import AuditEntry, User
from botmeter.people.notifications import destination_changes
from botmeter.people.notifications.destination_changes import (
    NewDestination,
    add_destination,
    change_destination,
    remove_destination,
    rotate_secret,
    turn_destination,
)
from botmeter.people.notifications.destinations import DestinationDraft, recipients_of, signing_secrets, url_of
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.source_actions import Author

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/services/T0/B1?token=very-secret"


def draft(name: str = "Finance", *, kind: Channel = Channel.WEBHOOK, **fields: object) -> DestinationDraft:
    return DestinationDraft(**{"name": name, "kind": kind, "url": URL, **fields})  # type: ignore[arg-type]


@pytest.fixture
def author(owner: User) -> Author:
    return Author(user=owner)


@pytest.fixture
def made(author: Author) -> NewDestination:
    return add_destination("acme", draft(topics=(Topic.CAP_REACHED,)), author=author)


def code_of(problem: pytest.ExceptionInfo[BotmeterError]) -> str:
    return problem.value.code


def test_a_webhook_has_a_secret_of_its_own_and_stores_neither_it_nor_its_url_in_clear(made: NewDestination) -> None:
    row = Destination.objects.get()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made.secret)
    assert signing_secrets(row, now=present()) == [made.secret]
    assert url_of(row) == URL
    stored = str(list(Destination.objects.values()))
    assert not any(secret in stored for secret in (made.secret, "very-secret"))
    assert row.shown_url == "https://hooks.example.org/services/T0/B1…"


def test_a_chat_channel_has_no_secret_and_shows_only_its_host(author: Author) -> None:
    made = add_destination("acme", draft(kind=Channel.CHAT), author=author)
    assert (made.secret, made.destination.shown_url) == ("", "https://hooks.example.org/…")
    with pytest.raises(BotmeterError) as refused:
        rotate_secret(made.destination, lives_on=timedelta(0), author=author)
    assert code_of(refused) == "destination_unsigned"


def test_every_change_is_audited_without_secrets(made: NewDestination, author: Author) -> None:
    row = made.destination
    assert change_destination(row, draft("Treasury"), author=author)
    assert not change_destination(row, draft("Treasury", url=""), author=author)
    secret = rotate_secret(row, lives_on=timedelta(hours=1), author=author)
    turn_destination(row, is_on=False, author=author)
    turn_destination(row, is_on=False, author=author)
    turn_destination(row, is_on=True, author=author)
    remove_destination(row, author=author)
    entries = AuditEntry.objects.filter(account="acme").order_by("pk")
    assert [entry.action for entry in entries] == [
        "destination_added", "destination_changed", "secret_rotated", "destination_changed", "destination_changed",
        "destination_removed",
    ]  # fmt: skip
    text = str(list(entries.values("detail")))
    assert not any(each in text for each in (secret, made.secret, "very-secret"))


def test_changing_the_name_keeps_the_url_and_the_secret(made: NewDestination, author: Author) -> None:
    change_destination(made.destination, draft("Treasury", url=""), author=author)
    row = Destination.objects.get()
    assert (row.name, row.topics, url_of(row), signing_secrets(row, now=present())) == (
        "Treasury", [], URL, [made.secret],
    )  # fmt: skip


def test_only_destinations_that_are_on_get_the_topics_they_chose(made: NewDestination, author: Author) -> None:
    add_destination("acme", draft("Quiet"), author=author)
    add_destination("beta", draft(topics=(Topic.CAP_REACHED,)), author=author)
    [recipient] = recipients_of("acme", Topic.CAP_REACHED)
    assert (recipient.channel, recipient.address, recipient.destination_id) == (
        Channel.WEBHOOK, "Finance", made.destination.pk,
    )  # fmt: skip
    assert recipients_of("acme", Topic.ALLOWANCE_EXHAUSTED) == []
    turn_destination(made.destination, is_on=False, author=author)
    assert recipients_of("acme", Topic.CAP_REACHED) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": " "}, "destination_name_invalid"),
        ({"name": "a\nb"}, "destination_name_invalid"),
        ({"url": "hooks.example.org"}, "destination_url_invalid"),
        ({"url": "http://hooks.example.org"}, "destination_address_forbidden"),
        ({"url": "https://169.254.169.254/latest"}, "destination_address_forbidden"),
        ({"url": ""}, "destination_url_missing"),
        ({"topics": (Topic.INVITATION,)}, "destination_topic_invalid"),
        ({"kind": Channel.FOLDER, "url": "", "topics": (Topic.CAP_REACHED,)}, "destination_topic_invalid"),
        ({"kind": Channel.FOLDER, "url": "", "folder": "finance"}, "report_dir_missing"),
        *(
            ({"kind": Channel.FOLDER, "url": "", "folder": folder}, "destination_folder_invalid")
            for folder in ("/etc", "../beta", "a/../../b", ".ssh", "a/.git", "a\\b", "a\0b", "x/" * 101, "é" * 128)
        ),
    ],
)
def test_an_invalid_destination_is_refused(author: Author, fields: dict[str, object], code: str) -> None:
    with pytest.raises(BotmeterError) as refused:
        add_destination("acme", draft(**fields), author=author)  # type: ignore[arg-type]
    assert code_of(refused) == code
    assert not Destination.objects.exists()


def test_a_name_is_used_once_in_an_account(made: NewDestination, author: Author) -> None:
    with pytest.raises(BotmeterError) as refused:
        add_destination("acme", draft(kind=Channel.CHAT), author=author)
    assert code_of(refused) == "destination_exists"
    add_destination("beta", draft(), author=author)


def test_an_account_has_a_limited_number(made: NewDestination, author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination_changes, "DESTINATIONS_MAX", 1)
    with pytest.raises(BotmeterError) as refused:
        add_destination("acme", draft("Second"), author=author)
    assert code_of(refused) == "destinations_too_many"


@pytest.mark.parametrize("lives_on", [timedelta(days=31), timedelta(seconds=-1)])
def test_an_old_secret_signs_for_a_limited_time(made: NewDestination, author: Author, lives_on: timedelta) -> None:
    with pytest.raises(BotmeterError) as refused:
        rotate_secret(made.destination, lives_on=lives_on, author=author)
    assert code_of(refused) == "secret_overlap_invalid"
    assert signing_secrets(Destination.objects.get(), now=present()) == [made.secret]
