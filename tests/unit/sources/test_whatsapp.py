"""WhatsApp Cloud's webhooks: each field's mapping, and each trap."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import RECEIVED_US, checked_refusal, payloads_like, taken

from botmeter.domain.errors import NotAllowed
from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.payload import Delivery
from botmeter.sources.platforms.whatsapp.connector import CONNECTOR, challenge
from botmeter.sources.platforms.whatsapp.webhooks import COUNTED_TYPES, IGNORED_TYPES

SOURCE = Source(name="shop", platform="whatsapp")
PERSON, NUMBER = "4915155500011", "770001112223334"
AGREED = "agreed"
WAMID = "wamid.QmVpc3BpZWw0OTE1MTU1NTAwMDEx"


def message(**fields: object) -> dict[str, Any]:
    return {"from": PERSON, "id": WAMID, "timestamp": "1790000000", "type": "text", "text": {"body": "hi"}, **fields}


def status(**fields: object) -> dict[str, Any]:
    return {"id": WAMID, "status": "sent", "timestamp": "1790000000", "recipient_id": PERSON, **fields}


def change(*, field: str = "messages", **lists: object) -> dict[str, Any]:
    metadata = {"display_phone_number": "4930555000", "phone_number_id": NUMBER}
    return {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **lists}}


def webhook(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"object": "whatsapp_business_account", "entry": [{"id": "990001", "changes": list(changes)}]}


def said(*messages: dict[str, Any]) -> dict[str, Any]:
    return webhook(change(messages=list(messages)))


def statuses(*found: dict[str, Any]) -> dict[str, Any]:
    return webhook(change(statuses=list(found)))


def test_a_customers_message_says_each_field_from_its_place() -> None:
    assert taken(said(message()), source=SOURCE).event == {
        "event_id": "wamid-" + hashlib.sha256(WAMID.encode()).hexdigest(),
        "occurred_at": "2026-09-21T14:13:20Z",
        "conversation_id": f"whatsapp:{PERSON}:{NUMBER}",
        "customer_id": f"whatsapp:{PERSON}",
        "actor": "customer",
        "kind": "message",
        "bot_id": NUMBER,
        "channel": "whatsapp",
    }


@pytest.mark.parametrize("kind", sorted(COUNTED_TYPES))
def test_whatever_a_person_writes_or_chooses_is_a_message(kind: str) -> None:
    assert taken(said(message(type=kind)), source=SOURCE).event["kind"] == "message"


@pytest.mark.parametrize("kind", sorted(IGNORED_TYPES))
def test_reactions_notices_and_edits_never_count(kind: str) -> None:
    found = taken(said(message(type=kind)), source=SOURCE)
    assert found.events == []
    assert found.ignored == (f"A message of type {kind} never counts.",)


def test_a_type_that_is_not_known_yet_is_kept_whole() -> None:
    payload = json.dumps(said(message(type="hologram"))).encode()
    (rejection,) = taken(payload, source=SOURCE).rejections
    assert (rejection.code, rejection.raw) == ("payload_not_understood", payload)
    assert "'hologram'" in rejection.detail


def test_all_entries_changes_and_lists_are_read() -> None:
    both = change(messages=[message(id="a"), message(id="b")], statuses=[status(id="c")])
    payload = {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "1", "changes": [both, change(messages=[message(id="d")])]},
            {"id": "2", "changes": [change(messages=[message(id="e")])]},
        ],
    }
    found = taken(payload, source=SOURCE)
    assert [event["actor"] for event in found.events] == ["customer", "customer", "bot", "customer", "customer"]
    assert len(set(found.ids)) == 5


def test_what_the_business_sent_is_the_bots_message() -> None:
    found = taken(statuses(status()), source=SOURCE).event
    assert (found["actor"], found["kind"], found["customer_id"]) == ("bot", "message", f"whatsapp:{PERSON}")
    assert found["conversation_id"] == taken(said(message()), source=SOURCE).event["conversation_id"]


@pytest.mark.parametrize("word", ["delivered", "read", "played", "failed", "deleted"])
def test_other_statuses_never_count(word: str) -> None:
    found = taken(statuses(status(status=word)), source=SOURCE)
    assert (found.events, found.ignored) == ([], (f"A status {word} never counts.",))


def test_a_message_to_a_group_has_no_one_customer() -> None:
    assert taken(statuses(status(recipient_type="group")), source=SOURCE).events == []


def test_a_phone_number_hidden_in_a_messages_id_is_never_kept() -> None:
    found = taken(said(message()), statuses(status(id=WAMID + "x")), source=SOURCE)
    assert not any(WAMID in str(event) for event in found.events)


def test_metas_own_conversation_of_a_status_is_not_the_conversation() -> None:
    plain = taken(statuses(status()), source=SOURCE).event
    assert taken(statuses(status(conversation={"id": "meta-billing"})), source=SOURCE).event == plain


@pytest.mark.parametrize(
    ("tag", "options", "expected"),
    [
        ("actor=agent", (), ("agent", None, None)),
        ("order 77; actor=agent", (), ("agent", None, None)),
        ("bot_id=helper;bot_version=7", (), ("bot", "helper", "7")),
        ("from the desk", (("agent_tag", "desk"),), ("agent", None, None)),
        ("anything", (("sent_by", "agent"),), ("agent", None, None)),
        ("actor=bot", (("sent_by", "agent"),), ("bot", NUMBER, None)),
    ],
)
def test_a_tag_of_the_sender_tells_who_wrote(tag: str, options: Any, expected: tuple[str | None, ...]) -> None:
    source = Source(name="shop", platform="whatsapp", options=options)
    found = taken(statuses(status(biz_opaque_callback_data=tag)), source=source).event
    assert (found["actor"], found.get("bot_id"), found.get("bot_version")) == expected


def test_what_a_person_wrote_in_the_app_is_an_agents_message() -> None:
    echo = {"from": "4930555000", "to": PERSON, "id": "wamid.echo", "timestamp": "1790000001", "type": "text"}
    found = taken(webhook(change(field="smb_message_echoes", message_echoes=[echo])), source=SOURCE).event
    assert (found["actor"], found["customer_id"], "bot_id" in found) == ("agent", f"whatsapp:{PERSON}", False)


def test_a_changed_number_is_told_with_the_page_that_merges_and_with_no_whole_number() -> None:
    notice = message(type="system", system={"type": "user_changed_number", "wa_id": "4915155599922"})
    (sentence,) = taken(said(notice), source=SOURCE).ignored
    assert "0011" in sentence
    assert "9922" in sentence
    assert "Customers" in sentence
    assert PERSON not in sentence


def test_a_customer_without_a_number_is_known_by_the_id_that_the_platform_gives() -> None:
    hidden = {name: value for name, value in message().items() if name != "from"} | {"from_user_id": "DE.77"}
    assert taken(said(hidden), source=SOURCE).event["customer_id"] == "whatsapp:DE.77"
    nameless = {name: value for name, value in hidden.items() if name != "from_user_id"}
    payload = webhook(change(messages=[nameless], contacts=[{"user_id": "DE.78"}]))
    assert taken(payload, source=SOURCE).event["customer_id"] == "whatsapp:DE.78"
    assert taken(said(nameless), source=SOURCE).codes == ["field_missing"]


@pytest.mark.parametrize(
    ("source", "bot"),
    [
        (Source(name="s", platform="whatsapp", bot_id="d", bot_name="Desk"), ("d", "Desk", None)),
        (
            Source(
                name="s",
                platform="whatsapp",
                bot_id="d",
                bot_version="1",
                identities=(BotIdentity(sender=NUMBER, bot_id="n", bot_name="Nora"),),
            ),
            ("n", "Nora", "1"),
        ),
        (
            Source(
                name="s",
                platform="whatsapp",
                identities=(BotIdentity(sender="4930555000", bot_id="n", bot_version="2"),),
            ),
            ("n", None, "2"),
        ),
    ],
)
def test_the_bot_behind_a_number_is_the_listed_one_then_the_default(source: Source, bot: Any) -> None:
    found = taken(said(message()), source=source).event
    assert (found["bot_id"], found.get("bot_name"), found.get("bot_version")) == bot


@pytest.mark.parametrize("number", [NUMBER, "4930555000", PERSON])
def test_what_is_said_with_a_test_number_is_a_preview(number: str) -> None:
    source = Source(name="s", platform="whatsapp", options=(("preview_numbers", f"1, {number} ,2"),))
    assert taken(said(message()), source=source).event["preview"] is True
    assert "preview" not in taken(said(message()), source=SOURCE).event


@pytest.mark.parametrize(
    ("sent", "code"), [("soon", "time_invalid"), (None, "field_missing"), ("9" * 30, "time_invalid")]
)
def test_a_message_without_a_time_of_its_own_is_refused_alone(sent: object, code: str) -> None:
    found = taken(said(message(timestamp=sent), message(id="good")), source=SOURCE)
    assert (found.codes, len(found.events)) == ([code], 1)
    assert taken(found.rejections[0].raw, source=SOURCE).codes == [code]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b'{"object": "page", "entry": []}',
        {"object": "whatsapp_business_account"},
        {"object": "whatsapp_business_account", "entry": {}},
        {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages"}]}]},
        webhook({"field": "messages", "value": {"messages": "none"}}),
    ],
)
def test_what_is_no_webhook_of_whatsapp_is_kept_whole(payload: object) -> None:
    assert taken(payload, source=SOURCE).codes == ["payload_not_understood"]


def test_a_change_of_the_account_is_about_no_message() -> None:
    found = taken(webhook({"field": "account_update", "value": {"event": "VERIFIED"}}), source=SOURCE)
    assert (found.codes, found.ignored) == ([], ("A change of account_update is about no message.",))


def test_the_same_webhook_gives_the_same_events() -> None:
    assert taken(said(message()), source=SOURCE).events == taken(said(message()), source=SOURCE).events


def test_the_platforms_question_is_answered_with_its_challenge() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": AGREED, "hub.challenge": "1158201444"}
    assert challenge(query, AGREED) == "1158201444"
    for wrong in ({"hub.verify_token": "other"}, {"hub.verify_token": "ägreed"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(NotAllowed) as caught:
            challenge(query | wrong, AGREED)
        assert caught.value.code == "verify_token_wrong"
    with pytest.raises(NotAllowed):
        challenge(query | {"hub.verify_token": ""}, "")


def test_the_signature_is_over_the_bytes_as_they_came() -> None:
    body = json.dumps(said(message(text={"body": "안녕 🙂"})), ensure_ascii=False).encode()
    digest = hmac.new(b"app secret", body, "sha256").hexdigest()
    assert CONNECTOR.secret is not None
    check = CONNECTOR.secret.check
    signed = {"x-hub-signature-256": f"sha256={digest}"}
    check(Delivery(body=body, headers=signed, received_us=RECEIVED_US), "app secret")
    again = json.dumps(json.loads(body)).encode()
    for wrong_body, headers, code in (
        (again, signed, "signature_wrong"),
        (body, {"x-hub-signature-256": f"sha1={digest}"}, "signature_wrong"),
        (body, {}, "signature_missing"),
    ):
        with pytest.raises(NotAllowed) as caught:
            check(Delivery(body=wrong_body, headers=headers, received_us=RECEIVED_US), "app secret")
        assert caught.value.code == code


@given(payloads_like(said(message()), statuses(status()), webhook(change(message_echoes=[message()]))))
def test_any_payload_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)


def test_what_is_kept_of_a_refused_message_holds_no_other_customer() -> None:
    contacts = [{"wa_id": PERSON}, {"wa_id": "4915155500099"}]
    payload = webhook(change(messages=[message(timestamp="never"), message(id="b")], contacts=contacts))
    (rejection,) = taken(payload, source=SOURCE).rejections
    assert b"4915155500099" not in rejection.raw
    assert PERSON.encode() in rejection.raw
    assert taken(rejection.raw, source=SOURCE).codes == [rejection.code]
