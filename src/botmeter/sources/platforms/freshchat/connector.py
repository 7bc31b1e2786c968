"""Freshchat connector."""

from functools import partial

from botmeter.sources.payloads.connector import (
    SAMPLE_ID,
    SAMPLE_TIME,
    Connector,
    ConnectorOption,
    SamplePayload,
    SignatureSecret,
)
from botmeter.sources.payloads.crawlers import PullApi
from botmeter.sources.payloads.signatures import check_rsa, public_key
from botmeter.sources.platforms.freshchat.crawler import FreshchatCrawler
from botmeter.sources.platforms.freshchat.report import batches_from_report
from botmeter.sources.platforms.freshchat.webhooks import read_payload

CONNECTOR = Connector(
    platform="freshchat",
    label="Freshchat",
    summary="Conversations of customers with bots and agents, as Freshchat's webhook sends them.",
    steps=(
        "In Freshchat, open Admin settings, Webhooks; turn the webhook on and enter the address above.",
        "Copy the public key shown there and enter it under Signature secret.",
        "Freshchat calls a bot an agent: add the ids of those that are bots under Bot identities.",
    ),
    guide="sources/freshchat.md",
    deliveries="webhooks",
    files="webhook payloads; raw reports as CSV, XLSX or ZIP",
    sender="The id of the agent that is a bot",
    read=read_payload,
    own_keys=(frozenset({"action", "data"}),),
    read_report=batches_from_report,
    sample=SamplePayload(
        content={
            "actor": {"actor_type": "agent", "actor_id": SAMPLE_ID},
            "action": "message_create",
            "action_time": SAMPLE_TIME,
            "data": {
                "message": {
                    "id": SAMPLE_ID,
                    "conversation_id": SAMPLE_ID,
                    "user_id": SAMPLE_ID,
                    "message_type": "private",
                    "actor_type": "agent",
                    "actor_id": SAMPLE_ID,
                    "created_time": SAMPLE_TIME,
                    "message_parts": [],
                }
            },
        }
    ),
    secret=SignatureSecret(
        label="Public key of the webhook",
        help="The whole key, from -----BEGIN PUBLIC KEY----- to the end.",
        check=partial(check_rsa, header="x-freshchat-signature"),
        validate=public_key,
        is_long=True,
    ),
    # X-Retry-Count numbers the attempts of a delivery, but no header identifies it.
    pull=PullApi(
        help="The address and the token of the API are shown under Admin settings, API tokens.",
        limits="deleted conversations, changes of a conversation other than its messages, and new conversations of "
        "users whom Freshchat does not report as changed.",
        headers=lambda token: {"Authorization": f"Bearer {token.removeprefix('Bearer ')}"},
        crawler=lambda crawl: FreshchatCrawler(crawl=crawl),
    ),
    options=(
        ConnectorOption(
            name="channels",
            label="Channels",
            help="Names of channels as ID=NAME, separated by commas.",
        ),
        ConnectorOption(
            name="preview_channels",
            label="Preview channels",
            help="Ids of channels where bots are tested, separated by commas.",
        ),
        ConnectorOption(
            name="ticket_property",
            label="Ticket property",
            help="Name of the conversation property that holds the ticket id.",
        ),
        ConnectorOption(
            name="ticket_type_property",
            label="Ticket type property",
            help="Name of the conversation property that holds the kind of issue.",
        ),
    ),
)
