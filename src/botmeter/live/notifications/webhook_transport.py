"""Webhooks by the Standard Webhooks specification."""

from datetime import datetime

import msgspec
from standardwebhooks.webhooks import Webhook

from botmeter.domain.instant import present
from botmeter.live.notifications.http_delivery import deliver, unusable
from botmeter.people.notifications.delivery import Answer, Outcome, Rendered, WebhookCall
from botmeter.people.notifications.destinations import signing_secrets
from botmeter.people.notifications.models import Notification


def send_webhook(notification: Notification, rendered: Rendered) -> Answer:
    """Send a signed event to a webhook; raises as `deliver`."""
    if not isinstance(rendered, WebhookCall):
        return Answer(outcome=Outcome.FAILED, text=f"{notification.topic} has no form for webhooks.")
    if (answer := unusable(notification)) is not None or (destination := notification.destination) is None:
        return answer or Answer(outcome=Outcome.FAILED)
    now = present()
    body = webhook_body(rendered)
    secrets = signing_secrets(destination, now=now)
    headers = signed_headers(webhook_id(notification), body=body, secrets=secrets, now=now)
    return deliver(destination, body, notification=notification, headers=headers)


def webhook_body(call: WebhookCall) -> bytes:
    """Encode an event as it is signed and sent."""
    return msgspec.json.encode({"type": call.type, "timestamp": call.timestamp, "data": dict(call.data)})


def webhook_id(notification: Notification) -> str:
    """Return the event's id: the same at each attempt, and if it is sent again by hand."""
    while notification.again_of is not None:
        notification = notification.again_of
    return f"msg_{notification.pk.hex}"


def signed_headers(number: str, *, body: bytes, secrets: list[str], now: datetime) -> dict[str, str]:
    """Headers with a signature by each of the secrets."""
    signatures = [Webhook(secret).sign(number, now, body.decode()) for secret in secrets]
    return {
        "webhook-id": number,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
