"""What a page says of each platform: its name, how it is given an address, and what signs its deliveries."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain.source import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFact:
    """What signs a platform's deliveries.

    Attributes:
        label: What the platform calls it.
        help: Where it stands there.
        is_long: It has several lines.
    """

    label: str
    help: str
    is_long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformFact:
    """One platform.

    Attributes:
        sentence: What of it is counted.
        steps: What to do there, in order.
        command: What goes with them; `{account}`, `{source}` and `{server}` stand for their names. Empty: nothing.
        secret: None: it signs nothing.
        pull_help: Where the address and token of its API are found; empty: it is not asked.
        pull_unknown: What its API does not tell; empty: it is not asked.
        sender: By what one of its senders is known.
    """

    label: str
    sentence: str
    steps: tuple[str, ...]
    command: str = ""
    secret: SecretFact | None = None
    pull_help: str = ""
    pull_unknown: str = ""
    sender: str = "The id or the name of the sender"


_IMPORT: Final = "botmeter import FILE --account {account} --source {source}"

FACTS: Final[dict[Platform, PlatformFact]] = {
    Platform.CHATWOOT: PlatformFact(
        label="Chatwoot",
        sentence="Conversations of all inboxes, and the bots that answer in them.",
        steps=(
            "In Chatwoot, open Settings, Integrations, Webhooks, and add a webhook with the address above.",
            "Subscribe to Conversation Created, Conversation Updated, Conversation Status Changed and Message created.",
            "If your version of Chatwoot shows a secret for the webhook, put it under Signature secret.",
            "A bot that writes through the token of a user looks like an agent: list it under Bot identities.",
        ),
        secret=SecretFact(
            label="Secret of the webhook", help="Chatwoot shows it with the webhook, from version 4.13 on."
        ),
        pull_help="Chatwoot tries a webhook once, and what is lost then is not sent again. The token is the one of "
        "your profile settings, of an administrator: others see their own inboxes alone.",
        pull_unknown="deleted conversations, and what happened to one besides its beginning and its messages.",
        sender="The number or the name of the user, agent bot or inbox",
    ),
    Platform.FRESHCHAT: PlatformFact(
        label="Freshchat",
        sentence="Conversations of customers with bots and agents, as Freshchat's webhook tells them.",
        steps=(
            "In Freshchat, open Admin settings, Webhooks; turn the webhook on and give it the address above.",
            "Copy the public key that stands there and put it under Signature secret.",
            "Freshchat calls a bot an agent: list the ids of those that are bots under Bot identities.",
        ),
        secret=SecretFact(
            label="Public key of the webhook",
            help="All of it, from -----BEGIN PUBLIC KEY----- to its end.",
            is_long=True,
        ),
        pull_help="The address and the token of the API stand under Admin settings, API tokens.",
        pull_unknown="deleted conversations, what happened to one besides its messages, and new ones of users who "
        "Freshchat does not say were changed.",
        sender="The id of the agent that is a bot",
    ),
    Platform.WHATSAPP: PlatformFact(
        label="WhatsApp Cloud",
        sentence="Messages of customers to your WhatsApp numbers, and the answers sent to them.",
        steps=(
            "In the dashboard of your Meta app, open WhatsApp, Configuration, and edit the webhook.",
            "Give it the address above as callback URL, and the verify token that stands below it.",
            "Subscribe to the field messages.",
            "Copy the app secret from App settings, Basic, and put it under Signature secret.",
            "WhatsApp does not say which bot answers: say it under Defaults and options.",
        ),
        secret=SecretFact(label="App secret", help="Of your Meta app, under App settings, Basic."),
        sender="The id of the phone number, or the number",
    ),
    Platform.RASA: PlatformFact(
        label="Rasa",
        sentence="What users and the assistant say, from the event broker or from a tracker store.",
        steps=(
            "Have whatever reads your event broker post each event to the address above, as JSON.",
            "Import the tracker store for what was before. What comes both ways counts once.",
        ),
        command=_IMPORT,
        sender="The id of the assistant",
    ),
    Platform.BOTFRAMEWORK: PlatformFact(
        label="Bot Framework and Copilot Studio",
        sentence="Transcripts of the Bot Framework, and conversation transcripts of Copilot Studio.",
        steps=(
            "Have a transcript logger of your bot post each activity to the address above, as JSON.",
            "Import files: .transcript, and the table conversationtranscript of Dataverse as CSV.",
        ),
        command=_IMPORT,
        sender="The id or the name of the bot's account",
    ),
    Platform.CLOUDEVENTS: PlatformFact(
        label="CloudEvents",
        sentence="Events of yours in the envelope of CloudEvents 1.0: structured, batched or binary.",
        steps=(
            "Give your producer or broker the address above; it asks first by OPTIONS, and is told that it may send.",
            "The data of each event is an event of Botmeter, as the page on events says.",
        ),
        sender="Not needed: each event says who acts",
    ),
    Platform.BOTMETER: PlatformFact(
        label="Events of your own",
        sentence="A program of yours sends events in Botmeter's own words.",
        steps=(
            "Have it post events as JSON to the address above.",
            "Or make it a key that may send events, and name this source in each request.",
        ),
        command='curl -H "Authorization: Bearer bm_…" --json @events.json \\\n  {server}/api/v1/events?source={source}',
        sender="Not needed: each event says who acts",
    ),
}


def platform_label(platform: Platform) -> str:
    """What people call it."""
    return FACTS[platform].label
