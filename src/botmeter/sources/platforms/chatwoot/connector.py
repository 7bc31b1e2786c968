"""Chatwoot connector."""

from functools import partial

from botmeter.domain.errors import Refused
from botmeter.sources.payloads.connector import SWITCH, Connector, ConnectorOption, SamplePayload, SignatureSecret
from botmeter.sources.payloads.crawlers import PullApi
from botmeter.sources.payloads.signatures import check_hmac
from botmeter.sources.platforms.chatwoot.crawler import ChatwootCrawler
from botmeter.sources.platforms.chatwoot.webhooks import read_payload


def _check_account(account: str) -> None:
    if not (account.isascii() and account.isdigit()):
        raise Refused(
            "pull_account_invalid",
            f"{account[:40]!r} is not a Chatwoot account. Use the number after /accounts/ in Chatwoot's addresses.",
        )


CONNECTOR = Connector(
    platform="chatwoot",
    label="Chatwoot",
    summary="Conversations of all inboxes, and the bots that answer in them.",
    steps=(
        "In Chatwoot, open Settings, Integrations, Webhooks, and add a webhook with the address above.",
        "Subscribe to Conversation Created, Conversation Updated, Conversation Status Changed and Message created.",
        "If your version of Chatwoot shows a secret for the webhook, enter it under Signature secret.",
        "A bot that writes with a user's token looks like an agent: add it under Bot identities.",
    ),
    guide="sources/chatwoot.md",
    deliveries="webhooks of the account, of an agent bot, of automation rules",
    sender="The number or the name of the user, agent bot or inbox",
    read=read_payload,
    own_keys=tuple(frozenset({"event", name}) for name in ("account", "conversation", "inbox_id", "messages")),
    sample=SamplePayload(content={"event": "conversation_typing_on", "account": {"id": 0}, "conversation": {"id": 0}}),
    secret=SignatureSecret(
        label="Webhook secret",
        help="Chatwoot shows it with the webhook, from version 4.13 on.",
        check=partial(
            check_hmac,
            header="x-chatwoot-signature",
            prefix="sha256=",
            timestamp_header="x-chatwoot-timestamp",
        ),
    ),
    delivery_id_header="x-chatwoot-delivery",
    pull=PullApi(
        help="Chatwoot sends a webhook once and does not repeat one that was lost. Use the access token from the "
        "profile settings of an administrator; other users see only their own inboxes.",
        limits="deleted conversations, and changes of a conversation other than its creation and its messages.",
        headers=lambda token: {"api_access_token": token},
        crawler=lambda crawl: ChatwootCrawler(crawl=crawl),
        account_help="The number after /accounts/ in Chatwoot's addresses.",
        check_account=_check_account,
    ),
    options=(
        ConnectorOption(
            name="account_id",
            label="Chatwoot account",
            help="The account's number, for versions of Chatwoot whose conversation events do not contain it.",
        ),
        ConnectorOption(
            name="ticket_attribute",
            label="Ticket attribute",
            help="Key of the custom conversation attribute that holds the ticket id.",
        ),
        ConnectorOption(
            name="ticket_type_attribute",
            label="Ticket type attribute",
            help="Key of the custom conversation attribute that holds the kind of issue.",
        ),
        ConnectorOption(
            name="preview_inboxes",
            label="Preview inboxes",
            help="Ids or names of inboxes where bots are tested, separated by commas.",
        ),
        ConnectorOption(
            name="default_bot_while",
            label="Default bot answers",
            help="When the messages of customers are for the default bot.",
            values=(("", "Always"), ("pending", "While the conversation is pending")),
        ),
        ConnectorOption(
            name="plain_http",
            label="Allow unencrypted pulls",
            help="Calls the API over http, for a network of your own. The token can be read on the way.",
            values=SWITCH,
        ),
    ),
)
