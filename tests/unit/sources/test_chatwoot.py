"""Chatwoot's payloads: each field's key, and each trap."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import checked_refusal, payloads_like, read_all

from botmeter.domain.source import BotIdentity, Source

SOURCE = Source(name="desk", platform="chatwoot", bot_id="order-bot", bot_name="Order bot", bot_version="7")
SENT_S = 1_790_000_000
SENT_AT = "2026-09-21T14:13:20.250Z"

Payload = dict[str, Any]


def source(*identities: BotIdentity, **options: str) -> Source:
    return Source(
        name="desk",
        platform="chatwoot",
        bot_id="order-bot",
        identities=identities,
        options=tuple(options.items()),
    )


def conversation(**fields: object) -> Payload:
    known: Payload = {
        "id": 31,
        "inbox_id": 5,
        "status": "pending",
        "channel": "Channel::WebWidget",
        "created_at": SENT_S - 600,
        "timestamp": SENT_S,
        "contact_inbox": {"contact_id": 77, "source_id": "5c2e"},
        "meta": {"sender": {"id": 77, "name": "Ines", "type": "contact"}, "assignee": None},
        "custom_attributes": {},
        "messages": [],
    }
    return known | fields


def message(**fields: object) -> Payload:
    """Return a customer's message as in an account's webhook."""
    known: Payload = {
        "event": "message_created",
        "id": 9001,
        "account": {"id": 2, "name": "Maple"},
        "inbox": {"id": 5, "name": "Shop"},
        "message_type": "incoming",
        "private": False,
        "created_at": SENT_AT,
        "content": "Where is my order?",
        "sender": {"id": 77, "name": "Ines", "account": {"id": 2}},
        "conversation": conversation(),
    }
    return known | fields


def nested(**fields: object) -> Payload:
    """Return the same message as nested in a conversation."""
    known: Payload = {
        "id": 9001,
        "account_id": 2,
        "conversation_id": 31,
        "message_type": 0,
        "created_at": SENT_S,
        "updated_at": SENT_AT,
        "private": False,
        "sender_type": "Contact",
        "sender_id": 77,
        "sender": {"id": 77, "name": "Ines", "type": "contact"},
    }
    return known | fields


def change(event: str, **fields: object) -> Payload:
    return conversation(event=event, account={"id": 2}, **fields)


BOT = {"id": 4, "name": "Helper", "type": "agent_bot"}
AGENT = {"id": 3, "name": "Noor", "type": "user"}


def test_a_customers_message_is_an_event_field_by_field() -> None:
    assert read_all(message(), source=SOURCE).event == {
        "event_id": "message:000000009001",
        "occurred_at": SENT_AT,
        "conversation_id": "desk:2:31",
        "customer_id": "desk:2:77",
        "actor": "customer",
        "kind": "message",
        "bot_id": "order-bot",
        "bot_name": "Order bot",
        "bot_version": "7",
        "channel": "web",
    }


@pytest.mark.parametrize(
    ("sent", "result"),
    [
        ({"message_type": "incoming"}, ("customer", "message", "order-bot")),
        ({"message_type": 0}, ("customer", "message", "order-bot")),
        ({"message_type": "outgoing", "sender": AGENT}, ("agent", "message", None)),
        ({"message_type": 1, "sender": AGENT}, ("agent", "message", None)),
        ({"message_type": "outgoing", "sender": BOT}, ("bot", "message", "agent_bot:4")),
        ({"message_type": "outgoing", "sender": BOT | {"type": "captain_assistant"}}, ("bot", "message", "captain:4")),
        ({"message_type": "outgoing", "sender": None}, ("system", "message", None)),
        (
            {"message_type": "outgoing", "sender": None, "content_attributes": {"external_echo": True}},
            ("agent", "message", None),
        ),
        ({"message_type": "template", "sender": None}, ("system", "message", None)),
        ({"message_type": 3, "sender": None}, ("system", "message", None)),
        ({"message_type": "activity", "sender": None}, ("system", "conversation_updated", None)),
        ({"message_type": 2, "sender": None}, ("system", "conversation_updated", None)),
    ],
)
def test_the_actor_depends_on_the_message_type_and_the_sender(
    sent: Payload, result: tuple[str, str, str | None]
) -> None:
    event = read_all(message(**sent), source=SOURCE).event
    assert (event["actor"], event["kind"], event.get("bot_id")) == result


@pytest.mark.parametrize("form", [message, nested], ids=["webhook", "nested"])
def test_a_message_of_an_imported_history_never_counts(form: Any) -> None:
    imported = form(content_attributes={"imported_history": True, "external_created_at": SENT_AT})
    payload = (
        imported if "event" in imported else conversation(messages=[imported], event="automation_event.message_created")
    )
    result = read_all(payload, source=SOURCE)
    assert (result.events, result.ignored) == ([], ("A message of an imported history never counts.",))


def test_a_bot_without_a_type_is_known_by_the_message_nested_in_the_conversation() -> None:
    own = nested(message_type=1, sender_type="AgentBot", sender_id=4)
    sent = message(
        message_type="outgoing", sender={"id": 4, "name": "Helper"}, conversation=conversation(messages=[own])
    )
    assert read_all(sent, source=SOURCE).event["bot_id"] == "agent_bot:4"
    unnamed = message(message_type="outgoing", sender=None, sender_type="AgentBot", sender_id=4)
    assert read_all(unnamed, source=SOURCE).event["bot_id"] == "agent_bot:4"


@pytest.mark.parametrize("sender", ["3", "Noor", "user:3"])
def test_a_bot_that_writes_as_a_person_is_known_by_the_list(sender: str) -> None:
    listed = source(BotIdentity(sender=sender, bot_id="faq", bot_version="2"))
    event = read_all(message(message_type="outgoing", sender=AGENT), source=listed).event
    assert (event["actor"], event["bot_id"], event["bot_name"], event["bot_version"]) == ("bot", "faq", "Noor", "2")


@pytest.mark.parametrize("name", ["inbox:5", "inbox:Shop", "Shop"])
def test_a_listed_inbox_belongs_to_its_bot(name: str) -> None:
    listed = source(BotIdentity(sender=name, bot_id="shop-bot"))
    assert read_all(message(), source=listed).event["bot_id"] == "shop-bot"
    changed = read_all(message(message_type="outgoing", sender=AGENT), source=listed).event
    assert (changed["actor"], changed["bot_id"]) == ("bot", "shop-bot")


def test_the_number_of_an_inbox_alone_is_a_senders() -> None:
    listed = source(BotIdentity(sender="5", bot_id="shop-bot"))
    assert read_all(message(), source=listed).event["bot_id"] == "order-bot"


@pytest.mark.parametrize(
    ("meta", "bot"),
    [
        ({"assignee": BOT, "assignee_type": "AgentBot"}, "agent_bot:4"),
        ({"assignee": BOT}, "agent_bot:4"),
        ({"assignee": {"id": 4, "name": "Helper"}, "assignee_type": "Captain::Assistant"}, "captain:4"),
        ({"assignee": AGENT}, "order-bot"),
        ({"assignee": None}, "order-bot"),
    ],
)
def test_a_customer_talks_to_the_assigned_bot_else_to_the_default(meta: Payload, bot: str) -> None:
    sent = message(conversation=conversation(meta={"sender": {"id": 77}} | meta))
    assert read_all(sent, source=SOURCE).event["bot_id"] == bot


def test_without_a_default_bot_no_bot_takes_part() -> None:
    assert "bot_id" not in read_all(message(), source=Source(name="desk", platform="chatwoot")).event


def test_the_default_bot_can_be_for_pending_conversations_alone() -> None:
    requested = source(default_bot_while="pending")
    assert read_all(message(), source=requested).event["bot_id"] == "order-bot"
    assert "bot_id" not in read_all(message(conversation=conversation(status="open")), source=requested).event


@pytest.mark.parametrize(
    ("name", "address", "channel"),
    [
        ("Channel::Whatsapp", "4917", "whatsapp"),
        ("Channel::TwilioSms", "whatsapp:+4917", "whatsapp"),
        ("Channel::TwilioSms", "+4917", "sms"),
        ("Channel::WebWidget", None, "web"),
        ("Channel::FacebookPage", None, "facebook"),
        ("Channel::TwitterProfile", None, "twitter"),
        ("Channel::Email", None, "email"),
        ("Channel::Api", None, "api"),
        ("Channel::Later", None, "later"),
        (None, None, "chat"),
    ],
)
def test_channels_have_plain_names(name: str | None, address: str | None, channel: str) -> None:
    own = Source(name="desk", platform="chatwoot", channel="chat")
    sent = message(conversation=conversation(channel=name, contact_inbox={"source_id": address}))
    assert read_all(sent, source=own).event["channel"] == channel


def test_the_contact_is_that_of_the_conversation_its_inbox_or_the_sender() -> None:
    by_inbox = conversation(meta={}, contact_inbox={"contact_id": 78})
    by_sender = conversation(meta={}, contact_inbox={})
    agents = message(message_type="outgoing", sender=AGENT, conversation=by_sender)
    events = read_all(
        message(conversation=by_inbox), message(id=2, conversation=by_sender), agents | {"id": 3}, source=SOURCE
    ).events
    assert [event["customer_id"] for event in events] == ["desk:2:78", "desk:2:77", "desk:2:31"]
    assert events[2]["attributes"] == '{"customer_source":"conversation"}'


def test_equal_ids_of_two_accounts_are_two_events() -> None:
    events = read_all(message(), message(id=9002, account={"id": 3}), source=SOURCE).events
    assert {(event["conversation_id"], event["customer_id"]) for event in events} == {
        ("desk:2:31", "desk:2:77"),
        ("desk:3:31", "desk:3:77"),
    }


def test_a_missing_account_is_read_from_a_message_or_the_options() -> None:
    by_message = change("conversation_updated", messages=[nested()])
    unnamed = change("conversation_updated")
    del by_message["account"], unnamed["account"]
    assert read_all(by_message, source=SOURCE).event["conversation_id"] == "desk:2:31"
    assert read_all(unnamed, source=source(account_id="8")).event["conversation_id"] == "desk:8:31"
    refused = read_all(unnamed, source=SOURCE)
    assert refused.codes == ["payload_not_understood"]
    assert "account_id" in refused.rejections[0].detail


def test_a_ticket_is_read_from_the_custom_attributes_that_are_named() -> None:
    requested = source(ticket_attribute="case", ticket_type_attribute="issue")
    sent = message(conversation=conversation(custom_attributes={"case": 512, "issue": "refund"}))
    event = read_all(sent, source=requested).event
    assert (event["ticket_id"], event["ticket_type"]) == ("512", "refund")
    assert "ticket_id" not in read_all(sent, source=SOURCE).event


@pytest.mark.parametrize("inboxes", ["5", "9, Shop", "inbox:5"])
def test_messages_of_preview_inboxes_are_previews(inboxes: str) -> None:
    assert read_all(message(), source=source(preview_inboxes=inboxes)).event["preview"] is True
    assert "preview" not in read_all(message(), source=source(preview_inboxes="6")).event


def test_a_private_note_never_counts() -> None:
    result = read_all(message(private=True, message_type="outgoing", sender=AGENT), source=SOURCE)
    assert (result.events, result.codes) == ([], [])
    assert result.ignored == ("A private note never counts.",)


@pytest.mark.parametrize(
    "event",
    ["message_updated", "conversation_typing_on", "conversation_typing_off", "contact_created", "contact_updated"],
)
def test_an_ignored_kind_is_reported_in_a_sentence(event: str) -> None:
    result = read_all(message(event=event), source=SOURCE)
    assert (result.events, result.codes) == ([], [])
    assert result.ignored[0].endswith(".")
    assert result.payloads[0].content.subject == event


def test_copies_of_a_message_are_one_event() -> None:
    whole = conversation(messages=[nested()])
    by_account = message(conversation=whole)
    by_agent_bot = message(conversation=deepcopy(whole), sender={"id": 77, "name": "Ines", "type": "contact"})
    by_rule = {**whole, "event": "automation_event.message_created", "account": {"id": 2}}
    by_api = message(message_type=0, conversation=whole)
    first, *others = read_all(by_account, by_agent_bot, by_rule, by_api, source=SOURCE).events
    assert others == [first] * 3


def test_a_nested_message_that_was_touched_later_has_its_creation_to_the_second() -> None:
    whole = conversation(messages=[nested(updated_at="2026-09-21T14:13:29.000Z")])
    event = read_all(whole | {"event": "automation_event.message_created"}, source=SOURCE).event
    assert (event["event_id"], event["occurred_at"]) == ("message:000000009001", "2026-09-21T14:13:20Z")


def test_ids_of_messages_keep_their_order_as_text() -> None:
    assert sorted(read_all(*(message(id=number) for number in (8, 10, 9, 100)), source=SOURCE).ids) == [
        f"message:{number:012}" for number in (8, 9, 10, 100)
    ]


def test_a_conversation_was_created_when_it_says() -> None:
    event = read_all(change("conversation_created", status="open"), source=SOURCE).event
    assert (event["event_id"], event["actor"], event["kind"], event["occurred_at"]) == (
        "conversation:2:31:conversation_created",
        "system",
        "conversation_created",
        "2026-09-21T14:03:20Z",
    )
    assert "bot_id" not in event


def status(before: str, after: str) -> Payload:
    return {
        "status": after,
        "changed_attributes": [{"status": {"previous_value": before, "current_value": after}}],
        "updated_at": SENT_S + 90.5,
    }


@pytest.mark.parametrize(
    ("event", "fields", "kind"),
    [
        ("conversation_status_changed", status("open", "resolved"), "resolved"),
        ("conversation_status_changed", status("pending", "open"), "handoff"),
        ("conversation_status_changed", status("resolved", "open"), "conversation_updated"),
        ("conversation_status_changed", status("open", "snoozed"), "conversation_updated"),
        ("conversation_status_changed", {"status": "resolved", "changed_attributes": None}, "resolved"),
        ("conversation_status_changed", {"status": "open", "changed_attributes": None}, "conversation_updated"),
        ("conversation_updated", {"status": "resolved", "changed_attributes": None}, "conversation_updated"),
        ("conversation_updated", status("open", "resolved"), "resolved"),
        ("conversation_updated", {"changed_attributes": [{"priority": {}}]}, "conversation_updated"),
        ("conversation_resolved", {"status": "resolved"}, "resolved"),
        ("conversation_opened", {"status": "open"}, "handoff"),
        ("conversation_opened", status("snoozed", "open"), "conversation_updated"),
        ("automation_event.conversation_resolved", {"status": "resolved"}, "resolved"),
    ],
)
def test_the_kind_of_a_change_depends_on_the_status(event: str, fields: Payload, kind: str) -> None:
    result = read_all(change(event, **fields), source=SOURCE).event
    assert (result["actor"], result["kind"]) == ("system", kind)
    assert "bot_id" not in result


def test_a_change_that_two_webhooks_tell_is_one_event() -> None:
    changed = status("pending", "open")
    first, second = read_all(
        change("conversation_status_changed", **changed), change("conversation_updated", **changed), source=SOURCE
    ).events
    assert first == second
    assert first["occurred_at"] == "2026-09-21T14:14:50.500Z"


def test_a_change_without_an_instant_is_put_at_the_latest_that_its_payload_tells() -> None:
    kinds = SENT_S + 28 * 3600
    payload = change(
        "conversation_status_changed", agent_last_seen_at=kinds, snoozed_until=kinds + 99, messages=[nested()]
    )
    event = read_all(payload, source=SOURCE).event
    assert event["occurred_at"] == "2026-09-22T18:13:20Z"
    assert event["attributes"] == '{"time_source":"derived"}'
    assert read_all(payload, source=SOURCE).event == event


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{",
        b'"message_created"',
        {},
        {"event": 3},
        {"event": "conversation_read_aloud", "id": 3},
        message(id=None),
        message(message_type="whisper"),
        message(message_type=True),
        message(message_type=9),
        message(conversation={"id": None}),
        {"event": "automation_event.message_created", "id": 31, "account": {"id": 2}, "messages": []},
        {"actor": {"actor_type": "user"}, "action": "message_create", "data": {}},
    ],
)
def test_an_unreadable_payload_is_rejected_whole(payload: object) -> None:
    result = read_all(payload, source=SOURCE)
    assert (result.events, result.codes) == ([], ["payload_not_understood"])


def test_a_message_without_a_time_is_refused_by_the_rule() -> None:
    result = read_all(message(created_at=None), message(id=9002, created_at="yesterday"), source=SOURCE)
    assert result.codes == ["field_missing", "time_invalid"]
    assert result.rejections[0].event_id == "message:000000009001"


@given(payloads_like(message(conversation=conversation(messages=[nested()])), change("conversation_updated")))
def test_whatever_comes_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)
