"""WhatsApp connector."""

import hmac
from collections.abc import Mapping
from functools import partial

from botmeter.domain.errors import NotAllowed
from botmeter.sources.payloads.connector import SAMPLE_ID, Connector, ConnectorOption, SamplePayload, SignatureSecret
from botmeter.sources.payloads.signatures import check_hmac
from botmeter.sources.platforms.whatsapp.webhooks import OBJECT, read_payload


def challenge(query: Mapping[str, str], verify_token: str) -> str:
    """Answer Meta's verification request; raises `NotAllowed` (`verify_token_wrong`)."""
    sent = query.get("hub.verify_token", "")
    is_right = bool(verify_token) and hmac.compare_digest(sent.encode("utf-8", "replace"), verify_token.encode())
    if query.get("hub.mode") != "subscribe" or not is_right:
        raise NotAllowed(
            "verify_token_wrong",
            "The verify token of the request is not the source's. Copy the source's verify token into the Meta app.",
        )
    return query.get("hub.challenge", "")


_STATUS = {"id": SAMPLE_ID, "status": "read", "timestamp": "978307200", "recipient_id": "0"}
_VALUE = {
    "messaging_product": "whatsapp",
    "metadata": {"display_phone_number": "0", "phone_number_id": "0"},
    "statuses": [_STATUS],
}

CONNECTOR = Connector(
    platform="whatsapp",
    label="WhatsApp Cloud",
    summary="Messages of customers to your WhatsApp numbers, and the answers sent to them.",
    steps=(
        "In the dashboard of your Meta app, open WhatsApp, Configuration, and edit the webhook.",
        "Enter the address above as callback URL, and the verify token shown below it.",
        "Subscribe to the field messages.",
        "Copy the app secret from App settings, Basic, and enter it under Signature secret.",
        "WhatsApp does not name the bot that answers: set it as the default bot below.",
    ),
    guide="sources/whatsapp.md",
    deliveries="webhooks",
    sender="The id of the phone number, or the number",
    read=read_payload,
    own_keys=(
        frozenset({"object", "entry"}),
        frozenset({"id", "changes"}),
        frozenset({"field", "value"}),
        frozenset({"field", "metadata"}),
    ),
    challenge=challenge,
    sample=SamplePayload(
        content={"object": OBJECT, "entry": [{"id": "0", "changes": [{"field": "messages", "value": _VALUE}]}]}
    ),
    secret=SignatureSecret(
        label="App secret",
        help="In your Meta app, under App settings, Basic.",
        check=partial(check_hmac, header="x-hub-signature-256", prefix="sha256="),
    ),
    options=(
        ConnectorOption(
            name="preview_numbers",
            label="Test numbers",
            help="Phone numbers or their ids, separated by commas; conversations with them are previews.",
        ),
        ConnectorOption(
            name="sent_by",
            label="Who answers",
            help="Who wrote the messages that your number sent without a tag.",
            values=(("bot", "The bot"), ("agent", "People")),
        ),
        ConnectorOption(
            name="agent_tag",
            label="Tag of agents",
            help="A word in biz_opaque_callback_data that marks messages written by people.",
        ),
    ),
)
