"""Payloads that Chatwoot really sent: each is taken for what it is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import PayloadResult, read_all

from botmeter.domain.source import BotIdentity, Source

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "chatwoot"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]

SOURCE = Source(name="desk", platform="chatwoot", bot_id="b1")

EXPECTED = {
    "real_01_conversation_status_changed_whatsapp_2023.json": {
        "event_id": "conversation:1:24:conversation_updated:open:-:1696997787000000",
        # When an agent was last there: 28 hours after the last message.
        "occurred_at": "2023-10-11T04:16:27Z",
        "conversation_id": "desk:1:24",
        "customer_id": "desk:1:89",
        "actor": "system",
        "kind": "conversation_updated",
        "channel": "whatsapp",
        "attributes": '{"time_source":"derived"}',
    },
    "real_02_message_created_whatsapp_2023.json": {
        "event_id": "message:000000001646",
        "occurred_at": "2023-09-29T19:14:20.162Z",
        "conversation_id": "desk:1:12",
        "customer_id": "desk:1:89",
        "actor": "customer",
        "kind": "message",
        "bot_id": "b1",
        "channel": "whatsapp",
    },
    "real_13_agent_bot_message_created_twilio_2026_with_headers.json": {
        "event_id": "message:000000000001",
        "occurred_at": "2026-08-19T23:48:33.588Z",
        "conversation_id": "desk:1:1",
        "customer_id": "desk:1:1",
        "actor": "customer",
        "kind": "message",
        "bot_id": "b1",
        "channel": "whatsapp",
    },
}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_bytes())
    return found


def read(name: str) -> PayloadResult:
    return read_all((SAMPLES / name).read_bytes(), source=SOURCE)


def test_every_sample_is_expected() -> None:
    assert {path.name for path in SAMPLES.glob("*.json")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_is_the_event_that_it_tells_of(name: str) -> None:
    found = read(name)
    assert (found.event, found.codes, found.ignored) == (EXPECTED[name], [], ())


def test_the_message_in_a_conversation_is_the_one_of_its_own_webhook() -> None:
    own = sample("real_02_message_created_whatsapp_2023.json")
    by_rule = own["conversation"] | {"event": "automation_event.message_created"}
    assert read_all(by_rule, source=SOURCE).event == read_all(own, source=SOURCE).event


def test_the_bots_message_in_a_conversation_is_the_bots() -> None:
    by_rule = sample("real_01_conversation_status_changed_whatsapp_2023.json")
    by_rule["event"] = "automation_event.message_created"
    found = read_all(by_rule, source=SOURCE).event
    assert (found["actor"], found["bot_id"], found["bot_name"]) == ("bot", "agent_bot:1", "ChatsappAI-Bot")
    listed = Source(
        name="desk",
        platform="chatwoot",
        identities=(BotIdentity(sender="ChatsappAI-Bot", bot_id="b1", bot_name="Order bot"),),
    )
    assert read_all(by_rule, source=listed).event["bot_id"] == "b1"


@pytest.mark.parametrize("name", EXPECTED)
def test_another_platform_refuses_a_sample_whole(name: str) -> None:
    other = Source(name="fresh", platform="freshchat")
    found = read_all((SAMPLES / name).read_bytes(), source=other)
    assert (found.events, found.codes) == ([], ["payload_not_understood"])
