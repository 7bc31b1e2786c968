"""Webhooks and chat messages to real receivers: signed, bounded, never redirected, and turned off by 410."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from botmeter.domain.errors import BotmeterError, NotAllowed
from botmeter.domain.instant import present
from botmeter.live.notifications import http_delivery
from botmeter.live.notifications.chat_transport import send_chat
from botmeter.live.notifications.webhook_transport import send_webhook
from botmeter.people.models import AuditEntry, User
from botmeter.people.notifications.delivery import Answer, ChatText, Outcome, WebhookCall
from botmeter.people.notifications.destination_changes import change_destination, rotate_secret
from botmeter.people.notifications.destination_off import turn_off_gone
from botmeter.people.notifications.destinations import DestinationDraft, new_secret, signing_secrets
from botmeter.people.notifications.models import Destination, Notification
from botmeter.people.notifications.topics import Channel
from botmeter.people.sealing import sealed
from botmeter.people.source_actions import Author
from support.stand_in_receiver import Receiver, Way

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CALL = WebhookCall(type="test", timestamp=datetime(2026, 11, 1, tzinfo=UTC), data={"account": "acme", "bot": "配送"})


@pytest.fixture(autouse=True)
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTMETER_WEBHOOK_PRIVATE_HOSTS", "127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as served:
        yield served


def destination(receiver: Receiver, *, kind: Channel = Channel.WEBHOOK, url: str = "") -> Destination:
    secret = sealed(new_secret()) if kind is Channel.WEBHOOK else ""
    return Destination.objects.create(
        account="acme", name="Finance", kind=kind.value, sealed_url=sealed(url or receiver.url), sealed_secret=secret
    )


def notification(to: Destination, **fields: object) -> Notification:
    return Notification.objects.create(
        **{
            "account": "acme",
            "key": f"k{Notification.objects.count()}",
            "recipient": to.name,
            "channel": to.kind,
            "destination": to,
            "attempts": 1,
            **fields,
        }
    )


def sent(to: Destination, **fields: object) -> Answer:
    return send_webhook(notification(to, **fields), CALL)


def test_an_event_is_signed_as_the_reference_library_verifies(receiver: Receiver) -> None:
    to = destination(receiver)
    row = notification(to)
    assert send_webhook(row, CALL) == Answer(outcome=Outcome.HANDED_OVER, text="Answered 204.")
    [got] = receiver.received
    [secret] = signing_secrets(to, now=present())
    event = Webhook(secret).verify(got.body, got.headers)
    assert event == {"type": "test", "timestamp": "2026-11-01T00:00:00Z", "data": {"account": "acme", "bot": "配送"}}
    assert (got.path, got.headers["webhook-id"]) == ("/hooks/botmeter?for=acme", f"msg_{row.pk.hex}")
    assert got.headers["content-type"] == "application/json"
    for changed in (got.body.replace(b"acme", b"evil"), got.body + b" "):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(changed, got.headers)


def test_a_repeat_has_the_same_id_and_a_timestamp_of_its_own(receiver: Receiver) -> None:
    receiver.ways.append((500, {}))
    row = notification(destination(receiver))
    assert send_webhook(row, CALL).outcome is Outcome.LATER
    again = notification(row.destination or Destination(), again_of=row)
    assert send_webhook(row, CALL).outcome is send_webhook(again, CALL).outcome is Outcome.HANDED_OVER
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert all(abs(int(each.headers["webhook-timestamp"]) - time.time()) < 60 for each in receiver.received)


def test_while_a_secret_is_rotated_both_verify_and_then_only_the_new_one(receiver: Receiver, owner: User) -> None:
    to, author = destination(receiver), Author(user=owner)
    [old] = signing_secrets(to, now=present())
    new = rotate_secret(to, lives_on=timedelta(days=1), author=author)
    sent(to)
    for secret in (old, new):
        Webhook(secret).verify(receiver.received[-1].body, receiver.received[-1].headers)
    newest = rotate_secret(to, lives_on=timedelta(0), author=author)
    sent(to)
    got = receiver.received[-1]
    Webhook(newest).verify(got.body, got.headers)
    for secret in (old, new):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(got.body, got.headers)
    assert signing_secrets(to, now=present() + timedelta(days=2)) == [newest]


@pytest.mark.parametrize("status", [201, 299, 300, 304, 400, 404, 429, 500, 503])
def test_only_2xx_is_success(receiver: Receiver, status: int) -> None:
    receiver.ways.append((status, {}))
    answer = sent(destination(receiver))
    assert answer.outcome is (Outcome.HANDED_OVER if status < 300 else Outcome.LATER)
    assert str(status) in answer.text


def test_a_redirect_is_a_failure_and_not_followed(receiver: Receiver) -> None:
    receiver.ways.append((307, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}))
    answer = sent(destination(receiver))
    assert (answer.outcome, "redirect" in answer.text) == (Outcome.LATER, True)
    assert [each.path for each in receiver.received] == ["/hooks/botmeter?for=acme"]


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [("120", 110, 121), ("0", -5, 1), ("999999999999", 86_390, 86_401), ("soon", None, None), ("-5", None, None)],
)
def test_retry_after_is_honoured_within_a_day(
    receiver: Receiver, value: str, least: int | None, most: int | None
) -> None:
    receiver.ways.append((503, {"Retry-After": value}))
    retry_at = sent(destination(receiver)).retry_at
    seconds = None if retry_at is None else (retry_at - present()).total_seconds()
    assert seconds is None if least is None or most is None else least <= (seconds or 0) <= most


def test_retry_after_can_be_a_date(receiver: Receiver) -> None:
    at = present() + timedelta(minutes=10)
    receiver.ways.append((429, {"Retry-After": format_datetime(at, usegmt=True)}))
    retry_at = sent(destination(receiver)).retry_at
    assert retry_at is not None
    assert abs(retry_at - at) < timedelta(seconds=5)


@pytest.mark.parametrize("way", ["drop", "silent", "slow head"])
def test_a_receiver_without_an_answer_in_time_is_tried_later(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(http_delivery, "SECONDS_MAX", 0.3)
    receiver.ways.append(way)
    began = time.monotonic()
    answer = sent(destination(receiver))
    assert (answer.outcome, answer.text) == (Outcome.LATER, "127.0.0.1 does not answer within 0.3 seconds.")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("way", ["slow body", "long"])
def test_an_answer_counts_when_its_status_is_known_and_its_body_is_bounded(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    monkeypatch.setattr(http_delivery, "SECONDS_MAX", 0.3)
    receiver.ways.append(way)
    answer = sent(destination(receiver))
    assert answer.outcome is Outcome.HANDED_OVER
    assert answer.text.startswith("Answered 200: ")
    assert len(answer.text) <= 220


def test_a_closed_port_is_tried_later(receiver: Receiver) -> None:
    assert sent(destination(receiver, url="http://127.0.0.1:9/hook")).outcome is Outcome.LATER


@pytest.mark.parametrize("hosts", ["", "10.0.0.0/8"])
def test_a_private_address_is_refused_at_each_attempt(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    to = destination(receiver)
    monkeypatch.setenv("BOTMETER_WEBHOOK_PRIVATE_HOSTS", hosts)
    with pytest.raises(NotAllowed) as refused:
        sent(to)
    assert refused.value.code == "destination_address_forbidden"
    assert not receiver.received


def test_a_name_that_leads_to_a_private_address_later_is_refused_then(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1", "169.254.169.254"]])
    monkeypatch.setenv("BOTMETER_WEBHOOK_PRIVATE_HOSTS", "hooks.internal")
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (each, 0)) for each in next(answers)])
    to = destination(receiver, url=f"http://hooks.internal:{receiver.port}/hook")
    # The checked address is connected to; a second look at the name would ask again.
    monkeypatch.setattr("urllib3.util.connection.create_connection", connected_to_literal)
    assert sent(to).outcome is Outcome.HANDED_OVER
    assert receiver.received[0].headers["host"] == f"hooks.internal:{receiver.port}"
    with pytest.raises(BotmeterError):
        sent(to)
    assert len(receiver.received) == 1


def connected_to_literal(address: Any, *_: object, **__: object) -> socket.socket:
    assert address[0] == "127.0.0.1"
    made = socket.socket()
    made.connect(address)
    return made


def test_410_turns_the_destination_off_once_and_tells_the_owners(receiver: Receiver, owner: User, viewer: User) -> None:
    receiver.ways.extend([(410, {}), (410, {})])
    to = destination(receiver)
    first, second = notification(to), notification(to)
    assert send_webhook(first, CALL).outcome is send_webhook(second, CALL).outcome is Outcome.FAILED
    to.refresh_from_db()
    assert (to.is_on, "410" in to.off_reason) == (False, True)
    [told] = Notification.objects.filter(topic="destination_off")
    assert (told.recipient, told.channel, told.account) == (owner.email, "email", "acme")
    assert [entry.who for entry in AuditEntry.objects.filter(action="destination_changed")] == ["server"]
    assert "is off" in sent(to).text
    assert len(receiver.received) == 2


def test_410_of_an_earlier_url_leaves_the_new_one_on(receiver: Receiver, owner: User) -> None:
    to = destination(receiver)
    row = notification(to)
    stale = Destination.objects.get()
    draft = DestinationDraft(name="Finance", kind=Channel.WEBHOOK, url=receiver.url + "&v=2")
    change_destination(to, draft, author=Author(user=owner))
    assert not turn_off_gone(stale, notification=row)
    assert Destination.objects.get().is_on


def test_what_is_due_for_a_removed_destination_fails(receiver: Receiver) -> None:
    row = notification(destination(receiver))
    Destination.objects.all().delete()
    row.refresh_from_db()
    answer = send_webhook(row, CALL)
    assert (answer.outcome, answer.text) == (Outcome.FAILED, "The destination Finance was removed.")


def test_a_chat_message_has_text_and_blocks_and_no_signature(receiver: Receiver) -> None:
    row = notification(destination(receiver, kind=Channel.CHAT))
    assert send_chat(row, ChatText(text="Hi", blocks=({"type": "divider"},))).outcome is Outcome.HANDED_OVER
    assert send_chat(row, ChatText(text="Hi")).outcome is Outcome.HANDED_OVER
    bodies = [json.loads(each.body) for each in receiver.received]
    assert bodies == [{"text": "Hi", "blocks": [{"type": "divider"}]}, {"text": "Hi"}]
    assert not any("webhook-signature" in each.headers for each in receiver.received)
    assert send_chat(row, CALL).outcome is send_webhook(row, ChatText(text="Hi")).outcome is Outcome.FAILED
