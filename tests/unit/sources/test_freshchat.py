"""Freshchat's payloads in all of their generations: each field's key, and each trap."""

from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import checked_refusal, payloads_like, read_all

from botmeter.domain.source import BotIdentity, Source

BOT = BotIdentity(sender="ag-bot", bot_id="faq", bot_name="FAQ bot", bot_version="3")
SOURCE = Source(name="fresh", platform="freshchat", bot_id="order-bot", bot_version="7", identities=(BOT,))

Payload = dict[str, Any]


def source(*identities: BotIdentity, **options: str) -> Source:
    own = (BOT, *identities)
    return Source(
        name="fresh", platform="freshchat", bot_id="order-bot", identities=own, options=tuple(options.items())
    )


def message(actor: tuple[str, str] = ("user", "us-1"), **fields: object) -> Payload:
    """A message as newer versions send it."""
    kind, sender = actor
    known: Payload = {
        "id": "ms-1",
        "message_parts": [{"text": {"content": "Wo ist meine Bestellung? 😊"}}],
        "app_id": "ap-1",
        "channel_id": "ch-1",
        "conversation_id": "co-1",
        "interaction_id": "4878-1790000000000",
        "actor_type": kind,
        "actor_id": sender,
        "user_id": "us-1",
        "message_type": "normal",
        "created_time": "2026-09-21T14:13:20.250Z",
        "botsPrivateNote": False,
    }
    return {
        "actor": {"actor_type": kind, "actor_id": sender},
        "action": "message_create",
        "action_time": "2026-09-21T14:13:20.290Z",
        "data": {"message": known | fields},
    }


def change(action: str, name: str, *, actor: tuple[str, str] = ("agent", "ag-1"), **fields: object) -> Payload:
    conversation = {"conversation_id": "co-1", "app_id": "ap-1", "channel_id": "ch-1", "status": "x"}
    return {
        "actor": {"actor_type": actor[0], "actor_id": actor[1]},
        "action": action,
        "action_time": "2026-09-21T15:00:00.100Z",
        "data": {name: {"conversation": conversation, "interaction_id": "4878-1790000000000"} | fields},
    }


def test_a_customers_message_is_an_event_field_by_field() -> None:
    assert read_all(message(), source=SOURCE).event == {
        "event_id": "ms-1",
        "occurred_at": "2026-09-21T14:13:20.250Z",
        "conversation_id": "co-1",
        "customer_id": "us-1",
        "actor": "customer",
        "kind": "message",
        "bot_id": "order-bot",
        "bot_version": "7",
        "channel": "unknown",
    }


@pytest.mark.parametrize(
    ("actor", "result"),
    [
        (("user", "us-1"), ("customer", "order-bot")),
        (("agent", "ag-1"), ("agent", None)),
        (("agent", "ag-bot"), ("bot", "faq")),
        (("system", "ag-bot"), ("bot", "faq")),
        (("system", "sy-1"), ("system", None)),
        (("bot", "bo-9"), ("bot", "bo-9")),
        (("user", "ag-bot"), ("customer", "order-bot")),
    ],
)
def test_the_actor_depends_on_the_type_and_the_bot_identities(
    actor: tuple[str, str], result: tuple[str, str | None]
) -> None:
    event = read_all(message(actor), source=SOURCE).event
    assert (event["actor"], event.get("bot_id")) == result


def test_the_first_generation_is_read() -> None:
    old = message()
    del old["data"]["message"]["actor_id"], old["data"]["message"]["interaction_id"]
    old["data"]["message"] |= {"msg_parts": old["data"]["message"].pop("message_parts")}
    assert read_all(old, source=SOURCE).event == read_all(message(), source=SOURCE).event


def test_a_message_without_a_user_has_the_user_who_acted() -> None:
    assert read_all(message(user_id=None), source=SOURCE).event["customer_id"] == "us-1"
    agents = read_all(message(("agent", "ag-1"), user_id=None), source=SOURCE).event
    assert (agents["customer_id"], agents["attributes"]) == ("co-1", '{"customer_source":"conversation"}')


def test_a_message_without_a_time_has_that_of_the_action() -> None:
    assert read_all(message(created_time=None), source=SOURCE).event["occurred_at"] == "2026-09-21T14:13:20.290Z"


def test_the_numeric_id_of_a_conversation_is_a_fallback() -> None:
    sent = message(conversation_id=None, freshchat_conversation_id=4878)
    assert read_all(sent, source=SOURCE).event["conversation_id"] == "4878"


@pytest.mark.parametrize("note", [{"message_type": "private"}, {"botsPrivateNote": True}])
def test_private_notes_never_count(note: Payload) -> None:
    result = read_all(message(("agent", "ag-1"), **note), source=SOURCE)
    assert (result.events, result.codes, result.ignored) == ([], [], ("A private note never counts.",))


@pytest.mark.parametrize(
    ("fields", "asked", "channel"),
    [
        ({}, {"channels": "ch-0=web, ch-1 = WhatsApp"}, "whatsapp"),
        ({"message_source": "IOS"}, {}, "ios"),
        ({"message_source": "IOS"}, {"channels": "ch-1=app"}, "app"),
        ({}, {}, "unknown"),
    ],
)
def test_channels_have_the_names_that_the_source_gives(fields: Payload, asked: dict[str, str], channel: str) -> None:
    assert read_all(message(**fields), source=source(**asked)).event["channel"] == channel


def test_a_preview_channel_is_named_by_the_source() -> None:
    assert read_all(message(), source=source(preview_channels="ch-9,ch-1")).event["preview"] is True
    assert "preview" not in read_all(message(), source=SOURCE).event


def test_a_customer_talks_to_the_assigned_bot_or_to_its_channels() -> None:
    listed = source(BotIdentity(sender="channel:ch-1", bot_id="shop-bot"))
    assert read_all(message(), source=listed).event["bot_id"] == "shop-bot"
    assert read_all(message(assigned_agent_id="ag-bot"), source=listed).event["bot_id"] == "faq"


@pytest.mark.parametrize(
    "properties", [{"case": "T-1"}, [{"name": "other", "value": "x"}, {"name": "case", "value": "T-1"}]]
)
def test_a_ticket_is_read_from_the_property_that_is_named(properties: object) -> None:
    sent = change("conversation_resolution", "resolve", user_id="us-1")
    sent["data"]["resolve"]["conversation"]["properties"] = properties
    assert read_all(sent, source=source(ticket_property="case")).event["ticket_id"] == "T-1"


@pytest.mark.parametrize(
    ("action", "name", "kind"),
    [
        ("conversation_reopen", "reopen", "conversation_updated"),
        ("conversation_resolution", "resolve", "resolved"),
        ("conversation_resolution", "conversation", "resolved"),
        ("conversation_assignment", "assignment", "conversation_updated"),
    ],
)
def test_what_becomes_of_a_conversation_is_an_event_at_the_actions_time(action: str, name: str, kind: str) -> None:
    event = read_all(change(action, name), source=SOURCE).event
    assert event == {
        "event_id": f"{action}:co-1:4878-1790000000000:2026-09-21T15:00:00.100Z",
        "occurred_at": "2026-09-21T15:00:00.100Z",
        "conversation_id": "co-1",
        "customer_id": "co-1",
        "actor": "agent",
        "kind": kind,
        "channel": "unknown",
        "attributes": '{"customer_source":"conversation"}',
    }


def test_a_bare_resolution_is_read() -> None:
    bare = change("conversation_resolution", "conversation") | {"data": {"conversation": {"conversation_id": "co-1"}}}
    assert read_all(bare, source=SOURCE).event["kind"] == "resolved"


def test_who_reopens_a_conversation_is_its_customer() -> None:
    event = read_all(change("conversation_reopen", "reopen", actor=("user", "us-1")), source=SOURCE).event
    assert (event["actor"], event["customer_id"]) == ("customer", "us-1")
    assert "attributes" not in event


@pytest.mark.parametrize(
    ("actor", "fields", "result"),
    [
        (("agent", "ag-bot"), {"to_group_id": "gr-1"}, ("handoff", "faq")),
        (("system", "sy"), {"from_agent_id": "ag-bot", "to_agent_id": "ag-1"}, ("handoff", "faq")),
        (("agent", "ag-1"), {"from_agent_id": "ag-1", "to_agent_id": "ag-bot"}, ("conversation_updated", None)),
        (("agent", "ag-1"), {"to_agent_id": "ag-2"}, ("conversation_updated", None)),
    ],
)
def test_a_bot_that_assigns_to_people_hands_off(
    actor: tuple[str, str], fields: Payload, result: tuple[str, str | None]
) -> None:
    event = read_all(change("conversation_assignment", "assignment", actor=actor, **fields), source=SOURCE).event
    assert (event["kind"], event.get("bot_id")) == result


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff",
        b"null",
        {},
        {"action": "message_create"},
        {"action": "message_create", "data": {"message": {"id": None}}},
        {"action": "conversation_resolution", "data": {"resolve": {"conversation": {}}}},
        {"action": "conversation_sung", "data": {}},
        {"event": "message_created", "id": 1},
    ],
)
def test_an_unreadable_payload_is_rejected_whole(payload: object) -> None:
    result = read_all(payload, source=SOURCE)
    assert (result.events, result.codes) == ([], ["payload_not_understood"])


def test_an_actor_that_is_not_known_is_refused_by_the_rule() -> None:
    assert read_all(message(("robot", "x")), source=SOURCE).codes == ["actor_unknown"]


@given(payloads_like(message(), change("conversation_assignment", "assignment", to_agent_id="ag-1")))
def test_whatever_comes_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)
