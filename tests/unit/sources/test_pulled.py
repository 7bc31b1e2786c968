"""An event pulled from a platform's API equals the webhook's event: the same id, customer and bot."""

from typing import Any

import pytest
from tests.support import stand_in_chatwoot as chatwoot
from tests.support import stand_in_freshchat as freshchat
from tests.support.payloads import events_of, read_all
from tests.support.pulls import source_of
from tests.support.stand_in_api import ApiRequest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.payloads.payload_batches import batch_from_pulled
from botmeter.sources.payloads.payload_json import json_bytes
from botmeter.sources.payloads.pulled import PulledConversation, event_id_in, missing_records
from botmeter.sources.platforms.chatwoot import pull as chatwoot_pull
from botmeter.sources.platforms.freshchat import pull as freshchat_pull

AT_US = us_from_text("2026-03-01T10:00:00.250Z")
LISTED = (BotIdentity(sender="12", bot_id="orders"), BotIdentity(sender="inbox:Shop", bot_id="shop"))
CHATWOOT = source_of("chatwoot", identities=LISTED)
FRESHCHAT = source_of("freshchat", identities=(BotIdentity(sender="agent-bot", bot_id="orders"),))
Event = dict[str, Any]


def request(account: chatwoot.Account, path: str, **query: str) -> bytes:
    status, result = account.answer(path, ApiRequest(query, {"api_access_token": chatwoot.TOKEN}))
    assert status == 200
    return json_bytes(result)


def pulled_from(account: chatwoot.Account, source: Source = CHATWOOT) -> PulledConversation:
    """Events pulled from the only conversation."""
    (listed,) = chatwoot_pull.conversations_in(request(account, f"{chatwoot_pull.account_path('2')}/conversations"))
    messages = chatwoot_pull.messages_in(request(account, chatwoot_pull.messages_path("2", listed.number)))
    inboxes = chatwoot_pull.inboxes_in(request(account, f"{chatwoot_pull.account_path('2')}/inboxes"))
    result = {**listed.content, "account_id": "2"}
    return chatwoot_pull.read_conversation(result, messages, inboxes=inboxes, source=source)


def event_fields(pulled: PulledConversation, *, known: dict[str, int] | None = None) -> list[Event]:
    return events_of([batch_from_pulled(missing_records(pulled, known or {}))])


def account_with(*messages: chatwoot.Message, **more: Any) -> chatwoot.Account:
    conversation = chatwoot.Conversation(number=31, contact=77, began_us=AT_US, messages=list(messages), **more)
    return chatwoot.Account(conversations=[conversation])


SENT = {
    "customer": chatwoot.Message(number=1, at_us=AT_US),
    "a listed bot": chatwoot.Message(
        number=2, at_us=AT_US, form="outgoing", sender={"id": 12, "name": "Helper", "type": "user"}
    ),
    "an agent bot": chatwoot.Message(
        number=3, at_us=AT_US, form="outgoing", sender={"id": 4, "name": "Four", "type": "agent_bot"}
    ),
    "an activity": chatwoot.Message(number=4, at_us=AT_US, form="activity"),
    "a template": chatwoot.Message(number=5, at_us=AT_US, form="template"),
}


@pytest.mark.parametrize("who", SENT)
def test_a_message_of_chatwoot_is_the_event_of_its_webhook(who: str) -> None:
    account = account_with(SENT[who])
    (webhook,) = [each for each in account.webhooks() if each["event"] == "message_created"]
    created, written = event_fields(pulled_from(account))
    assert written == read_all(webhook, source=CHATWOOT).event | {"attributes": '{"told_by":"pull"}'}
    assert (created["event_id"], created["kind"]) == ("conversation:2:31:conversation_created", "conversation_created")


def test_a_time_is_cut_to_the_second_where_the_api_gives_no_more() -> None:
    first, last = (chatwoot.Message(number=number, at_us=AT_US + number * 10**6) for number in (1, 2))
    _, cut, exact = event_fields(pulled_from(account_with(first, last)))
    assert (cut["occurred_at"], exact["occurred_at"]) == ("2026-03-01T10:00:01Z", "2026-03-01T10:00:02.250Z")
    assert cut["attributes"] == '{"time_source":"second","told_by":"pull"}'


def test_a_time_cut_to_the_second_is_not_before_earlier_events() -> None:
    messages = [chatwoot.Message(number=number, at_us=AT_US + number * 1_000) for number in range(1, 5)]
    pulled = pulled_from(account_with(*messages))
    known = {"message:000000000002": AT_US + 2_000}
    written = {each["event_id"][-1]: each["occurred_at"][-8:] for each in event_fields(pulled, known=known)[1:]}
    assert written == {"1": "0:00:00Z", "3": ":00.252Z", "4": ":00.254Z"}
    # Order and repetition make no difference.
    again = PulledConversation(records=(*reversed(pulled.records), *pulled.records))
    assert missing_records(again, known) == missing_records(pulled, known)


def test_private_notes_are_counted_as_ignored() -> None:
    pulled = pulled_from(account_with(chatwoot.Message(number=1, at_us=AT_US, form="outgoing", is_private=True)))
    assert (pulled.ignored_count, pulled.seen_count) == (1, 2)


def test_an_inbox_is_known_by_name_as_in_webhooks() -> None:
    account = account_with(chatwoot.Message(number=1, at_us=AT_US))
    assert event_fields(pulled_from(account))[1]["bot_id"] == "shop"


def test_whatsapp_through_twilio_differs_from_its_sms() -> None:
    for medium, channel in (("whatsapp", "whatsapp"), ("sms", "sms")):
        account = account_with(chatwoot.Message(number=1, at_us=AT_US))
        account.inboxes = [{"id": 5, "name": "Shop", "channel_type": "Channel::TwilioSms", "medium": medium}]
        assert event_fields(pulled_from(account))[1]["channel"] == channel


def test_tickets_and_assigned_bots_are_the_present_ones() -> None:
    account = account_with(
        chatwoot.Message(number=1, at_us=AT_US),
        attributes={"case": "T-1"},
        assignee={"id": 12, "name": "Helper", "type": "user"},
    )
    source = source_of("chatwoot", identities=LISTED, options=(("ticket_attribute", "case"),))
    written = event_fields(pulled_from(account, source))[1]
    assert (written["ticket_id"], written["bot_id"]) == ("T-1", "orders")


def test_pages_in_another_format_are_refused() -> None:
    readers = (
        chatwoot_pull.conversations_in,
        chatwoot_pull.inboxes_in,
        chatwoot_pull.messages_in,
        lambda body: freshchat_pull.objects_of_page(body, name="messages"),
        freshchat_pull.conversation_in,
        lambda body: freshchat_pull.ids_in(body, name="users"),
    )
    for reader in readers:
        for body in (b"", b"[]", b"3", b'{"payload": {}}', b"<html>"):
            with pytest.raises(Refused) as refused:
                reader(body)
            assert refused.value.code == "payload_not_understood"
    assert chatwoot_pull.conversations_in(b'{"payload": [{"id": 3}, {}, 4]}')[0].active_us is None
    assert chatwoot_pull.message_number({"id": "x"}) is None


@pytest.mark.parametrize(
    ("actor_type", "actor", "form"),
    [("user", "user-1", "normal"), ("agent", "agent-bot", "normal"), ("agent", "agent-9", "normal"),
     ("system", "", "normal"), ("agent", "agent-9", "private")],
)  # fmt: skip
def test_a_message_of_freshchat_is_the_event_of_its_webhook(actor_type: str, actor: str, form: str) -> None:
    message = freshchat.Message(number="m-1", at_us=AT_US, actor_type=actor_type, actor=actor, form=form)
    request = freshchat.Message(number="m-0", at_us=AT_US - 10**6)
    team = freshchat.Team(
        conversations=[freshchat.Conversation(number="c-1", user="user-1", messages=[request, message])]
    )
    status, result = team.answer(
        "/v2/conversations/c-1/messages", ApiRequest({}, {"authorization": "Bearer fresh-token"})
    )
    assert status == 200
    messages = freshchat_pull.objects_of_page(json_bytes(result), name="messages")
    for user in ("user-1", None):
        pulled = freshchat_pull.read_conversation({"conversation_id": "c-1"}, messages, user=user, source=FRESHCHAT)
        webhooks = read_all(*team.webhooks(), source=FRESHCHAT)
        assert event_fields(pulled) == [each | {"attributes": '{"told_by":"pull"}'} for each in webhooks.events]
        assert pulled.ignored_count == (form == "private")


def test_ids_are_quoted_in_paths() -> None:
    assert freshchat_pull.conversation_path("../users") == "/v2/conversations/..%2Fusers"
    assert chatwoot_pull.messages_path("2", "3?x") == "/api/v1/accounts/2/conversations/3%3Fx/messages"
    assert freshchat_pull.users_query(AT_US // 10**6 * 10**6, AT_US, page=2) == {
        "updated_from": "2026-03-01T10:00:00.000Z",
        "updated_to": "2026-03-01T10:00:00.250Z",
        "items_per_page": "50",
        "page": "2",
    }


def test_records_are_known_by_their_ids() -> None:
    assert [event_id_in(each) for each in pulled_from(account_with()).records] == [
        "conversation:2:31:conversation_created"
    ]
