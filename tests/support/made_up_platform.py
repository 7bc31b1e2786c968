"""A made-up platform, as a new folder below `platforms` declares it."""

import json
from collections.abc import Mapping

from botmeter.domain.source import Source
from botmeter.sources.payloads.connector import Connector, ConnectorOption, SamplePayload
from botmeter.sources.payloads.payload import EventRecord, PayloadContent

CODE = "pigeonpost"
PAYLOAD = {"letter": "m-1", "sent": "2026-03-31T09:00:00Z", "from": "c1"}


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    letter = json.loads(payload)
    fields = {
        "event_id": letter["letter"],
        "occurred_at": letter["sent"],
        "conversation_id": letter["from"],
        "customer_id": letter["from"],
        "actor": "customer",
        "bot_id": source.bot_id,
    }
    return PayloadContent(records=(EventRecord(fields=fields, raw=payload),))


def challenge(query: Mapping[str, str], verify_token: str) -> str:
    return f"coo {query['coo']} {bool(verify_token)}"


CONNECTOR = Connector(
    platform=CODE,
    label="Pigeon Post",
    summary="Letters of customers, as pigeons bring them.",
    steps=("Show the pigeons the address above.",),
    guide="sources.md",
    deliveries="letters",
    read=read_payload,
    challenge=challenge,
    sample=SamplePayload(content={}),
    options=(ConnectorOption(name="loft", label="Loft", help="Where the pigeons live."),),
)
