"""CloudEvents 1.0 (JSON) → records.

Source: CloudEvents 1.0.2 and its JSON event format. Files must give `time`, or each import would change it.
"""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping
from decimal import Decimal

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX, REQUIRED_FIELDS
from botmeter.domain.instant import text_from_us
from botmeter.sources.payloads.payload_json import event_id_of, json_bytes, json_value

SPEC_VERSION = "1.0"
TYPE_PREFIX = "botmeter."

# Fallbacks for fields missing in `data`: field → attributes; the first one present applies.
# By the specification, names of extensions hold only lower-case letters and digits.
FALLBACKS = {
    "occurred_at": ("time",),
    "conversation_id": ("conversationid", "subject"),
    "customer_id": ("customerid",),
    "actor": ("actor",),
    "bot_id": ("botid",),
    "bot_name": ("botname",),
    "bot_version": ("botversion",),
    "channel": ("channel",),
    "ticket_id": ("ticketid",),
    "ticket_type": ("tickettype",),
    "preview": ("preview",),
}

# Extension that marks a time given by the receiver.
TIME_SOURCE = "timesource"
RECEIPT = "receipt"


def is_envelope(record: Mapping[str, object]) -> bool:
    """Check for a CloudEvent, not just a similar key."""
    return "specversion" in record and any(name not in record for name in REQUIRED_FIELDS)


def record_from_envelope(envelope: Mapping[str, object]) -> Mapping[str, object]:
    """Event in a CloudEvent, completed from the envelope.

    Raises:
        Refused: `cloudevent_invalid` for another version, or `data` that is no object.
    """
    version = envelope.get("specversion")
    if version != SPEC_VERSION:
        raise Refused("cloudevent_invalid", f"specversion is {str(version)[:40]!r}; only {SPEC_VERSION} is read.")
    record = dict(_data(envelope))
    if _is_absent(record.get("event_id")):
        record["event_id"] = _event_id(envelope)
    for field, attributes in FALLBACKS.items():
        if _is_absent(record.get(field)):
            record[field] = next((envelope[name] for name in attributes if not _is_absent(envelope.get(name))), None)
    if _is_absent(record.get("kind")):
        record["kind"] = _kind(envelope.get("type"))
    if envelope.get(TIME_SOURCE) == RECEIPT:
        record["attributes"] = _flagged(record.get("attributes"))
    return record


def with_receipt_time(text: bytes, *, received_us: int) -> bytes:
    """Add the time of receipt if there is none."""
    if b'"specversion"' not in text:
        return text
    try:
        envelope = json_value(text)
        if not isinstance(envelope, dict) or not is_envelope(envelope) or envelope.get("time"):
            return text
        if record_from_envelope(envelope)["occurred_at"]:
            return text
    except Refused:
        return text
    return json_bytes(envelope | {"time": text_from_us(received_us), TIME_SOURCE: RECEIPT})


def _is_absent(value: object) -> bool:
    return value is None or value == ""


def _event_id(envelope: Mapping[str, object]) -> object:
    """Join source and id, which are unique only together (CloudEvents 1.0.2, "id")."""
    own, producer = envelope.get("id"), envelope.get("source")
    if not isinstance(own, str) or not isinstance(producer, str) or not own or not producer:
        return own
    whole = f"{producer} {own}"
    try:
        size_bytes = len(whole.encode())
    except UnicodeEncodeError:
        return whole
    return whole if " " not in producer and size_bytes <= ID_BYTES_MAX else event_id_of("cloudevent", producer, own)


def _flagged(attributes: object) -> object:
    if attributes is None:
        return {"time_source": RECEIPT}
    return attributes | {"time_source": RECEIPT} if isinstance(attributes, dict) else attributes


def _kind(sent: object) -> str | None:
    if not isinstance(sent, str) or not sent.startswith(TYPE_PREFIX):
        return None
    return sent.removeprefix(TYPE_PREFIX).replace(".", "_")


def _data(envelope: Mapping[str, object]) -> Mapping[str, object]:
    data, encoded = envelope.get("data"), envelope.get("data_base64")
    if data is not None and encoded is not None:
        raise Refused("cloudevent_invalid", "The CloudEvent has both data and data_base64; use one of them.")
    if encoded is not None:
        data = _decoded(encoded)
    if isinstance(data, str):
        data = _loaded(data)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Refused("cloudevent_invalid", "The CloudEvent's data must be a JSON object.")
    return data


def _decoded(encoded: object) -> str:
    try:
        return b64decode(str(encoded), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        raise Refused("cloudevent_invalid", "The CloudEvent's data_base64 is not Base64.") from None


def _loaded(text: str) -> object:
    try:
        value: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Refused("cloudevent_invalid", "The CloudEvent's data is text that is not JSON.") from None
    return value
