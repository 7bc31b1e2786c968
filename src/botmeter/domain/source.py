"""A source of events as an account has it: its platform, who is a bot there, and what stands for what it leaves out."""

from dataclasses import dataclass, field
from enum import StrEnum

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX


class Platform(StrEnum):
    """What sends the events, and so how they are read."""

    BOTMETER = "botmeter"
    CHATWOOT = "chatwoot"
    FRESHCHAT = "freshchat"
    WHATSAPP = "whatsapp"
    RASA = "rasa"
    BOTFRAMEWORK = "botframework"
    CLOUDEVENTS = "cloudevents"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """A sender that is a bot, on a platform that does not say so itself.

    Attributes:
        sender: The id or the name by which the platform knows it.
        bot_id: The bot that it is.
        bot_name: How the bot is called; None: as it was.
        bot_version: None: the source's own.
    """

    sender: str
    bot_id: str
    bot_name: str | None = None
    bot_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of an account.

    Attributes:
        name: An event is known by (source, event_id), so a source keeps its name.
        bot_id: The bot of events that name none; None: no bot takes part in such events.
        bot_name: Of that bot.
        bot_version: Of bots whose version the platform does not tell.
        channel: Of events that name none.
        identities: Senders that are bots.
        options: What only this platform has, by name: where a ticket's id stands, which inboxes are previews.

    Raises:
        Refused: `source_invalid` as for a `Submission`.
    """

    name: str
    platform: Platform
    bot_id: str | None = None
    bot_name: str | None = None
    bot_version: str | None = None
    channel: str | None = None
    identities: tuple[BotIdentity, ...] = ()
    options: tuple[tuple[str, str], ...] = field(default=())

    def __post_init__(self) -> None:
        checked_source_name(self.name)

    def option(self, name: str) -> str | None:
        """What is said for an option; None: nothing."""
        return dict(self.options).get(name)

    def identity(self, *known_as: str | None) -> BotIdentity | None:
        """The bot that a sender is, who is known by any of these ids and names; None: no bot."""
        by_sender = {identity.sender: identity for identity in self.identities}
        return next((by_sender[word] for word in known_as if word is not None and word in by_sender), None)


def checked_source_name(name: str) -> str:
    """The name, if events can be known by it.

    Raises:
        Refused: `source_invalid` if it is empty, longer than an id may be, not Unicode, or holds a NUL, which
            separates it from the event's id where a session is named.
    """
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        size_bytes = 0
    if not 0 < size_bytes <= ID_BYTES_MAX or "\0" in name:
        raise Refused(
            "source_invalid",
            f"{name[:40]!r} can't name a source: use 1 to {ID_BYTES_MAX} bytes of text without a NUL character.",
        )
    return name
