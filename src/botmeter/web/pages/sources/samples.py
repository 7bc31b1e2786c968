"""A small payload of each platform in which nothing counts: a test of the whole way that changes no number."""

from typing import Final

import msgspec

from botmeter.domain.source import Platform

_NOBODY: Final = "botmeter-test"
# Long ago, so that it could not even be taken by mistake.
_INSTANT: Final = "2001-01-01T00:00:00.000Z"

_SAMPLES: Final[dict[Platform, object]] = {
    Platform.CHATWOOT: {"event": "conversation_typing_on", "account": {"id": 0}, "conversation": {"id": 0}},
    Platform.FRESHCHAT: {
        "actor": {"actor_type": "agent", "actor_id": _NOBODY},
        "action": "message_create",
        "action_time": _INSTANT,
        "data": {
            "message": {
                "id": _NOBODY,
                "conversation_id": _NOBODY,
                "user_id": _NOBODY,
                "message_type": "private",
                "actor_type": "agent",
                "actor_id": _NOBODY,
                "created_time": _INSTANT,
                "message_parts": [],
            }
        },
    },
    Platform.WHATSAPP: {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "0",
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {"display_phone_number": "0", "phone_number_id": "0"},
                            "statuses": [
                                {"id": _NOBODY, "status": "read", "timestamp": "978307200", "recipient_id": "0"}
                            ],
                        },
                    }
                ],
            }
        ],
    },
    Platform.RASA: {"sender_id": _NOBODY, "event": "slot", "timestamp": 978307200.0, "name": _NOBODY, "value": None},
    Platform.BOTFRAMEWORK: {
        "type": "typing",
        "id": _NOBODY,
        "timestamp": _INSTANT,
        "channelId": "test",
        "conversation": {"id": _NOBODY},
        "from": {"id": _NOBODY, "role": "bot"},
        "recipient": {"id": _NOBODY, "role": "user"},
    },
    Platform.CLOUDEVENTS: [],
    Platform.BOTMETER: [],
}
_JSON: Final = "application/json"
# The one form of our own events that may be empty.
_BATCH: Final = "application/cloudevents-batch+json"
_MEDIA_TYPES: Final = {Platform.CLOUDEVENTS: _BATCH, Platform.BOTMETER: _BATCH}


def sample_payload(platform: Platform) -> bytes:
    """The payload."""
    return msgspec.json.encode(_SAMPLES[platform])


def sample_headers(platform: Platform) -> dict[str, str]:
    """What comes with it."""
    return {"content-type": _MEDIA_TYPES.get(platform, _JSON)}
