"""Rendered notifications, and answers to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.notifications.models import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """File of a message."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Email in two forms; `html` names its PNG `images` as `cid:NAME`."""

    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    images: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """Event of a webhook; `type` such as `cap.reached`."""

    type: str
    timestamp: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatText:
    """Message in the form of Slack."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFiles:
    """Files to write into a folder."""

    files: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Nothing to send any more."""

    reason: str


Rendered = Mail | WebhookCall | ChatText | FolderFiles | Withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderContext:
    """Sources of a rendering."""

    ledgers: OpenLedgers
    now: datetime


Render = Callable[[Notification, RenderContext], Rendered]


class Outcome(StrEnum):
    """Outcome of an attempt."""

    HANDED_OVER = "handed_over"
    LATER = "later"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer to an attempt; the other side can ask for a later time than the schedule's."""

    outcome: Outcome
    text: str = ""
    retry_at: datetime | None = None


Transport = Callable[[Notification, Rendered], Answer]
