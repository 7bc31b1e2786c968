"""Destinations of notifications: webhooks, chat channels and folders."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from botmeter.domain.display_name import required_name_fault
from botmeter.domain.errors import Refused
from botmeter.domain.settings import Settings
from botmeter.people.notifications.destination_url import checked_url
from botmeter.people.notifications.models import Destination
from botmeter.people.notifications.outbox import Recipient
from botmeter.people.notifications.topics import Channel, Topic
from botmeter.people.sealing import unsealed

KINDS: Final = (Channel.WEBHOOK, Channel.CHAT, Channel.FOLDER)
SUBSCRIBED_TOPICS: Final = (Topic.CAP_REACHED, Topic.ALLOWANCE_EXHAUSTED, Topic.STATEMENT_CLOSED)
"""Topics that destinations get by themselves; alerts and schedules choose theirs."""
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - of Standard Webhooks
_SECRET_BYTES: Final = 32
FOLDER_CHARACTERS_MAX: Final = 200
# A file name has at most 255 bytes.
_PART_BYTES_MAX: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationDraft:
    """Settings of a destination.

    Attributes:
        url: Of a webhook or chat channel; an empty one keeps the present one.
        folder: Relative to the account's folder for reports.
        topics: That it gets by itself.

    Raises:
        Refused: `destination_name_invalid`, `destination_url_invalid`, `destination_folder_invalid`,
            `destination_topic_invalid`.
        NotAllowed: `destination_address_forbidden`.
    """

    name: str
    kind: Channel
    url: str = field(default="", repr=False)
    folder: str = ""
    topics: tuple[Topic, ...] = ()

    def __post_init__(self) -> None:
        name = self.name.strip()
        if fault := required_name_fault(name):
            raise Refused("destination_name_invalid", f"Invalid name {name[:40]!r} of a destination: {fault}.")
        object.__setattr__(self, "name", name)
        if self.url:
            hosts = Settings.from_environment().webhook_private_hosts
            object.__setattr__(self, "url", checked_url(self.url, private_hosts=hosts))
        object.__setattr__(self, "folder", _checked_folder(self.folder))
        possible = () if self.kind is Channel.FOLDER else SUBSCRIBED_TOPICS
        if wrong := [topic.value for topic in self.topics if topic not in possible]:
            raise Refused("destination_topic_invalid", f"A {self.kind.value} is not sent {wrong[0]} by itself.")


def _checked_folder(text: str) -> str:
    path = PurePosixPath(text.strip())
    is_plain = text.isprintable() and "\\" not in text and all(part[0] != "." for part in path.parts)
    fits = len(text) <= FOLDER_CHARACTERS_MAX and all(len(part.encode()) <= _PART_BYTES_MAX for part in path.parts)
    if path.is_absolute() or not is_plain or not fits:
        raise Refused(
            "destination_folder_invalid",
            f"{text[:40]!r} is not a valid folder. Use a relative path such as finance/monthly, whose parts don't "
            f"start with a dot, of at most {FOLDER_CHARACTERS_MAX} characters.",
        )
    return "" if str(path) == "." else str(path)


def new_secret() -> str:
    """Make a signing secret in the form of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def recipients_of(account: str, topic: Topic) -> list[Recipient]:
    """Destinations that are on and get the topic by themselves."""
    return [recipient_of(each) for each in _subscribed(account, topic)]


def subscriptions(account: str, topic: Topic) -> list[tuple[Recipient, datetime]]:
    """Recipients of a topic, each with the time when its destination was added."""
    return [(recipient_of(each), each.created_at) for each in _subscribed(account, topic)]


def _subscribed(account: str, topic: Topic) -> list[Destination]:
    rows = Destination.objects.filter(account=account, is_on=True).order_by("pk")
    # JSON containment is PostgreSQL's alone; an account has a handful.
    return [each for each in rows if topic.value in each.topics]


def recipient_of(destination: Destination) -> Recipient:
    """Recipient for a destination."""
    return Recipient(channel=Channel(destination.kind), address=destination.name, destination_id=destination.pk)


def url_of(destination: Destination) -> str:
    """URL of a webhook or chat channel; raises Unavailable `seal_broken`."""
    return unsealed(destination.sealed_url, what=f"the URL of {destination.name}", otherwise="enter the URL again")


def signing_secrets(destination: Destination, *, now: datetime) -> list[str]:
    """Secrets that sign a webhook, the newest first; raises Unavailable `seal_broken`."""
    sealed = [destination.sealed_secret]
    if destination.old_secret_until is not None and destination.old_secret_until > now:
        sealed.append(destination.sealed_old_secret)
    what = f"the signing secret of {destination.name}"
    return [unsealed(each, what=what, otherwise="rotate the secret") for each in sealed if each]
