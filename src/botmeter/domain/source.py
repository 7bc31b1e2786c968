"""A source of events as an account has it: its platform, who is a bot there, and what stands for what it leaves out."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX

DEFAULT_SOURCE: Final = "default"
"""Source of events that are sent or imported without one. The API and `import` share it, so that an event sent both
ways is recognised as a duplicate."""
IDENTITIES_MAX: Final = 1_000
"""Far more bots than a platform has; each delivery is looked up among them."""
_OPTION_BYTES_MAX: Final = 4_096
_IN_ADDRESSES: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """A sender that is a bot, on a platform that does not say so itself.

    Attributes:
        sender: The id or the name by which the platform knows it.
        bot_id: The bot that it is.
        bot_name: How the bot is called; None: as it was.
        bot_version: None: the source's own.

    Raises:
        Refused: `source_setting_invalid` for what no event could bear.
    """

    sender: str
    bot_id: str
    bot_name: str | None = None
    bot_version: str | None = None

    def __post_init__(self) -> None:
        for name in ("sender", "bot_id", "bot_name", "bot_version"):
            _check_text(getattr(self, name), what=f"the {name.replace('_', ' ')} of a bot identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of an account.

    Attributes:
        name: An event is known by (source, event_id), so a source keeps its name.
        platform: Stored code of the platform that sends the events.
        bot_id: The bot of events that name none; None: no bot takes part in such events.
        bot_name: Of that bot.
        bot_version: Of bots whose version the platform does not tell.
        channel: Of events that name none.
        identities: Senders that are bots.
        options: What only this platform has, by name: where a ticket's id stands, which inboxes are previews.

    Raises:
        Refused: `source_invalid` as for a `Submission`; `source_setting_invalid` for what no event could bear, a
            sender that is two bots, or more than a thousand identities.
    """

    name: str
    platform: str
    bot_id: str | None = None
    bot_name: str | None = None
    bot_version: str | None = None
    channel: str | None = None
    identities: tuple[BotIdentity, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    # Made once: each message of a batch is looked up several times, among up to a thousand.
    _identity_by_sender: Mapping[str, BotIdentity] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_source_name(self.name)
        for name in ("bot_id", "bot_name", "bot_version", "channel"):
            _check_text(getattr(self, name), what=f"the {name.replace('_', ' ')} of source {self.name[:40]}")
        for name, value in self.options:
            _check_text(value, what=f"the option {name[:40]}", bytes_max=_OPTION_BYTES_MAX)
        object.__setattr__(self, "_identity_by_sender", self._checked_identities())

    def _checked_identities(self) -> dict[str, BotIdentity]:
        if len(self.identities) > IDENTITIES_MAX:
            raise Refused(
                "source_setting_invalid",
                f"Source {self.name[:40]} would have {len(self.identities):,} bot identities; the most is "
                f"{IDENTITIES_MAX:,}.",
            )
        found: dict[str, BotIdentity] = {}
        for identity in self.identities:
            if identity.sender in found:
                raise Refused("source_setting_invalid", f"The sender {identity.sender[:40]!r} can be only one bot.")
            found[identity.sender] = identity
        return found

    def option(self, name: str) -> str | None:
        """What is said for an option; None: nothing."""
        return dict(self.options).get(name)

    def identity(self, *known_as: str | None) -> BotIdentity | None:
        """The bot that a sender is, who is known by any of these ids and names; None: no bot."""
        found = (self._identity_by_sender.get(word) for word in known_as if word is not None)
        return next((identity for identity in found if identity is not None), None)


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


def checked_address_name(name: str) -> str:
    """The name, if it can stand in an address as it is: platforms differ in how they escape one.

    Raises:
        Refused: `source_name_invalid`.
    """
    if _IN_ADDRESSES.fullmatch(name) is None:
        raise Refused(
            "source_name_invalid",
            f"{name[:40]!r} can't name a source that has an address: use 1 to 64 of A-Z, a-z, 0-9, dot, - and _, a "
            "letter or digit first.",
        )
    return name


def _check_text(value: str | None, *, what: str, bytes_max: int = ID_BYTES_MAX) -> None:
    """Refuses what an event could not bear, or a page not show on one line; None is fine."""
    if value is None:
        return
    unfit = next((letter for letter in value if unicodedata.category(letter) in {"Cc", "Cs"}), None)
    if unfit is None and 0 < len(value.encode()) <= bytes_max:
        return
    raise Refused(
        "source_setting_invalid",
        f"{value[:40]!r} can't be {what}: use 1 to {bytes_max:,} bytes of text on one line.",
    )
