"""WhatsApp Cloud's webhooks: each field's mapping, and each trap."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import RECEIVED_US, checked_refusal, payloads_like, read_all

from botmeter.domain.errors import NotAllowed
from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.payloads.payload import Delivery
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


def webhook_of(*messages: dict[str, Any]) -> dict[str, Any]:
    return webhook(change(messages=list(messages)))


def statuses(*result: dict[str, Any]) -> dict[str, Any]:
    return webhook(change(statuses=list(result)))


def test_a_customers_message_fills_each_field_from_its_key() -> None:
    assert read_all(webhook_of(message()), source=SOURCE).event == {
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
    assert read_all(webhook_of(message(type=kind)), source=SOURCE).event["kind"] == "message"


@pytest.mark.parametrize("kind", sorted(IGNORED_TYPES))
def test_reactions_notices_and_edits_never_count(kind: str) -> None:
    result = read_all(webhook_of(message(type=kind)), source=SOURCE)
    assert result.events == []
    assert result.ignored == (f"A message of type {kind} never counts.",)


def test_an_unknown_message_type_is_quarantined_whole() -> None:
    payload = json.dumps(webhook_of(message(type="hologram"))).encode()
    (rejection,) = read_all(payload, source=SOURCE).rejections
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
    result = read_all(payload, source=SOURCE)
    assert [event["actor"] for event in result.events] == ["customer", "customer", "bot", "customer", "customer"]
    assert len(set(result.ids)) == 5


def test_what_the_business_sent_is_the_bots_message() -> None:
    result = read_all(statuses(status()), source=SOURCE).event
    assert (result["actor"], result["kind"], result["customer_id"]) == ("bot", "message", f"whatsapp:{PERSON}")
    assert result["conversation_id"] == read_all(webhook_of(message()), source=SOURCE).event["conversation_id"]


@pytest.mark.parametrize("word", ["delivered", "read", "played", "failed", "deleted"])
def test_other_statuses_never_count(word: str) -> None:
    result = read_all(statuses(status(status=word)), source=SOURCE)
    assert (result.events, result.ignored) == ([], (f"A status {word} never counts.",))


def test_a_message_to_a_group_has_no_one_customer() -> None:
    assert read_all(statuses(status(recipient_type="group")), source=SOURCE).events == []


def test_a_phone_number_inside_a_message_id_is_not_stored() -> None:
    result = read_all(webhook_of(message()), statuses(status(id=WAMID + "x")), source=SOURCE)
    assert not any(WAMID in str(event) for event in result.events)


def test_metas_own_conversation_of_a_status_is_not_the_conversation() -> None:
    plain = read_all(statuses(status()), source=SOURCE).event
    assert read_all(statuses(status(conversation={"id": "meta-billing"})), source=SOURCE).event == plain


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
def test_the_senders_tag_names_the_author(tag: str, options: Any, expected: tuple[str | None, ...]) -> None:
    source = Source(name="shop", platform="whatsapp", options=options)
    result = read_all(statuses(status(biz_opaque_callback_data=tag)), source=source).event
    assert (result["actor"], result.get("bot_id"), result.get("bot_version")) == expected


def test_an_echo_of_the_app_is_a_message_of_an_agent() -> None:
    echo = {"from": "4930555000", "to": PERSON, "id": "wamid.echo", "timestamp": "1790000001", "type": "text"}
    result = read_all(webhook(change(field="smb_message_echoes", message_echoes=[echo])), source=SOURCE).event
    assert (result["actor"], result["customer_id"], "bot_id" in result) == ("agent", f"whatsapp:{PERSON}", False)


def test_a_changed_number_is_reported_without_the_number_and_with_the_page_that_merges() -> None:
    notice = message(type="system", system={"type": "user_changed_number", "wa_id": "4915155599922"})
    (sentence,) = read_all(webhook_of(notice), source=SOURCE).ignored
    assert "0011" in sentence
    assert "9922" in sentence
    assert "Customers" in sentence
    assert PERSON not in sentence


def test_a_customer_without_a_number_is_known_by_the_id_that_the_platform_gives() -> None:
    hidden = {name: value for name, value in message().items() if name != "from"} | {"from_user_id": "DE.77"}
    assert read_all(webhook_of(hidden), source=SOURCE).event["customer_id"] == "whatsapp:DE.77"
    nameless = {name: value for name, value in hidden.items() if name != "from_user_id"}
    payload = webhook(change(messages=[nameless], contacts=[{"user_id": "DE.78"}]))
    assert read_all(payload, source=SOURCE).event["customer_id"] == "whatsapp:DE.78"
    assert read_all(webhook_of(nameless), source=SOURCE).codes == ["field_missing"]


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
    result = read_all(webhook_of(message()), source=source).event
    assert (result["bot_id"], result.get("bot_name"), result.get("bot_version")) == bot


@pytest.mark.parametrize("number", [NUMBER, "4930555000", PERSON])
def test_a_message_of_a_test_number_is_a_preview(number: str) -> None:
    source = Source(name="s", platform="whatsapp", options=(("preview_numbers", f"1, {number} ,2"),))
    assert read_all(webhook_of(message()), source=source).event["preview"] is True
    assert "preview" not in read_all(webhook_of(message()), source=SOURCE).event


@pytest.mark.parametrize(
    ("sent", "code"), [("soon", "time_invalid"), (None, "field_missing"), ("9" * 30, "time_invalid")]
)
def test_a_message_without_a_time_of_its_own_is_refused_alone(sent: object, code: str) -> None:
    result = read_all(webhook_of(message(timestamp=sent), message(id="good")), source=SOURCE)
    assert (result.codes, len(result.events)) == ([code], 1)
    assert read_all(result.rejections[0].raw, source=SOURCE).codes == [code]


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
def test_a_payload_in_another_format_is_quarantined_whole(payload: object) -> None:
    assert read_all(payload, source=SOURCE).codes == ["payload_not_understood"]


def test_a_change_of_the_account_is_about_no_message() -> None:
    result = read_all(webhook({"field": "account_update", "value": {"event": "VERIFIED"}}), source=SOURCE)
    assert (result.codes, result.ignored) == ([], ("A change of account_update is about no message.",))


def test_the_same_webhook_gives_the_same_events() -> None:
    assert (
        read_all(webhook_of(message()), source=SOURCE).events == read_all(webhook_of(message()), source=SOURCE).events
    )


def test_the_platforms_question_is_answered_with_its_challenge() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": AGREED, "hub.challenge": "1158201444"}
    assert challenge(query, AGREED) == "1158201444"
    for wrong in ({"hub.verify_token": "other"}, {"hub.verify_token": "ägreed"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(NotAllowed) as caught:
            challenge(query | wrong, AGREED)
        assert caught.value.code == "verify_token_wrong"
    with pytest.raises(NotAllowed):
        challenge(query | {"hub.verify_token": ""}, "")


def test_the_signature_covers_the_received_bytes() -> None:
    body = json.dumps(webhook_of(message(text={"body": "안녕 🙂"})), ensure_ascii=False).encode()
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


@given(payloads_like(webhook_of(message()), statuses(status()), webhook(change(message_echoes=[message()]))))
def test_any_payload_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)


def test_the_raw_text_of_a_rejected_message_has_no_other_customer() -> None:
    contacts = [{"wa_id": PERSON}, {"wa_id": "4915155500099"}]
    payload = webhook(change(messages=[message(timestamp="never"), message(id="b")], contacts=contacts))
    (rejection,) = read_all(payload, source=SOURCE).rejections
    assert b"4915155500099" not in rejection.raw
    assert PERSON.encode() in rejection.raw
    assert read_all(rejection.raw, source=SOURCE).codes == [rejection.code]
