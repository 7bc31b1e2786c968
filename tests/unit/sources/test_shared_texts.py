"""Texts that a payload shares among events are limited like ids; otherwise each event would repeat megabytes."""

import json
from typing import Any

import pytest
from tests.support.payloads import read_all

from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.source import Source

LONG = "x" * (ID_BYTES_MAX + 1)
WHATSAPP_MESSAGE = {"from": "4915155500011", "id": "a", "timestamp": "1790000000", "type": "text"}
ACTIVITY = {"type": "message", "timestamp": 1_790_000_000, "from": {"role": 1, "id": "ada"}}


def tracker(**fields: object) -> dict[str, Any]:
    events = [{"event": "user", "timestamp": 1_790_000_000, "text": "hi"}]
    return {"sender_id": "ada", "events": events, **fields}


def webhook(*, entry: object = "1", field: object = "messages", **value: object) -> dict[str, Any]:
    change = {"field": field, "value": {"metadata": {"phone_number_id": "7"}, "messages": [WHATSAPP_MESSAGE], **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": entry, "changes": [change]}]}


def row(**fields: object) -> dict[str, Any]:
    content, metadata = (
        {"activities": [{**ACTIVITY, **fields}]},
        {name: fields[name] for name in fields if name == "BotName"},
    )
    return {
        "conversationtranscriptid": fields.get("id_of_row", "r1"),
        "content": json.dumps(content),
        "metadata": json.dumps(metadata),
    }


def activity(sender: str) -> dict[str, Any]:
    return {
        "type": "message",
        "id": "1",
        "timestamp": "2026-09-21T14:13:20Z",
        "conversation": {"id": "v1"},
        "channelId": "web",
        "from": {"id": sender, "role": "user"},
        "recipient": {"id": "bot", "role": "bot"},
    }


@pytest.mark.parametrize(
    ("platform", "payload"),
    [
        ("rasa", tracker(sender_id=LONG)),
        ("rasa", tracker(latest_input_channel=LONG)),
        ("rasa", tracker(events=[{"event": "user", "timestamp": 1, "text": "hi", "input_channel": LONG}])),
        ("whatsapp", webhook(entry=LONG)),
        ("whatsapp", webhook(field=LONG)),
        ("whatsapp", webhook(metadata={"phone_number_id": LONG})),
        ("whatsapp", webhook(metadata={"phone_number_id": "7", "display_phone_number": LONG})),
        ("whatsapp", webhook(contacts=[{"wa_id": LONG}])),
        ("botframework", activity(LONG)),
        ("botframework", row(id_of_row=LONG)),
        ("botframework", row(BotName=LONG)),
        ("botframework", row(**{"from": {"role": 1, "id": LONG}})),
    ],
)
def test_an_overlong_shared_text_rejects_the_payload(platform: str, payload: Any) -> None:
    source = Source(name="s", platform=platform)
    (rejection,) = read_all(payload, source=source).rejections
    assert rejection.code == "payload_not_understood"
    assert f"has {len(LONG):,} characters" in rejection.detail
    fitting = json.loads(json.dumps(payload).replace(LONG, LONG[:-1]))
    assert "payload_not_understood" not in read_all(fitting, source=source).codes
