"""Sources of events."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from botmeter.domain.display_name import character_fault
from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX

DEFAULT_SOURCE: Final = "default"
"""Source of events that are sent or imported without one. The API and `import` share it, so that an event sent both
ways is recognised as a duplicate."""
IDENTITIES_MAX: Final = 1_000
"""Far more bots than a platform has; each delivery searches them."""
_OPTION_BYTES_MAX: Final = 4_096
_IN_ADDRESSES: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Bot's sender (id or name); None leaves the bot's name, or the source's version.

    Raises:
        Refused: `source_setting_invalid`.
    """

    sender: str
    bot_id: str
    bot_name: str | None = None
    bot_version: str | None = None

    def __post_init__(self) -> None:
        for name in ("sender", "bot_id", "bot_name", "bot_version"):
            _check_text(getattr(self, name), what=f"the {name.replace('_', ' ')} of a bot identity")
        _check_display(self.bot_name, what="the bot name of a bot identity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Source of an account, with defaults for its events.

    Attributes:
        name: Part of an event's identity, so it never changes.
        bot_id: None: no bot takes part.
        options: The platform's own settings.

    Raises:
        Refused: `source_invalid`; `source_setting_invalid` for a text no event can have, a sender of two bots, or over
            a thousand identities.
    """

    name: str
    platform: str
    bot_id: str | None = None
    bot_name: str | None = None
    bot_version: str | None = None
    channel: str | None = None
    identities: tuple[BotIdentity, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    # Built once: each message of a batch is looked up several times, among up to a thousand identities.
    _identity_by_sender: Mapping[str, BotIdentity] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_source_id(self.name)
        for name in ("bot_id", "bot_name", "bot_version", "channel"):
            _check_text(getattr(self, name), what=f"the {name.replace('_', ' ')} of source {self.name[:40]}")
        _check_display(self.bot_name, what=f"the bot name of source {self.name[:40]}")
        for name, value in self.options:
            _check_text(value, what=f"the option {name[:40]}", bytes_max=_OPTION_BYTES_MAX)
        object.__setattr__(self, "_identity_by_sender", self._checked_identities())

    def _checked_identities(self) -> dict[str, BotIdentity]:
        if len(self.identities) > IDENTITIES_MAX:
            raise Refused(
                "source_setting_invalid",
                f"Source {self.name[:40]} has {len(self.identities):,} bot identities; the limit is "
                f"{IDENTITIES_MAX:,}.",
            )
        by_sender: dict[str, BotIdentity] = {}
        for identity in self.identities:
            if identity.sender in by_sender:
                raise Refused(
                    "source_setting_invalid", f"Sender {identity.sender[:40]!r} has two bot identities; give it one."
                )
            by_sender[identity.sender] = identity
        return by_sender

    def option(self, name: str) -> str | None:
        return dict(self.options).get(name)

    def identity(self, *ids_and_names: str | None) -> BotIdentity | None:
        identities = (self._identity_by_sender.get(word) for word in ids_and_names if word is not None)
        return next((identity for identity in identities if identity is not None), None)


def checked_source_name(name: str) -> str:
    """Valid name of a new source.

    Raises:
        Refused: `source_invalid` if empty, too long, not Unicode, or with a character that no display name has.
    """
    require_source_id(name)
    if fault := character_fault(name):
        raise Refused("source_invalid", f"{name[:40]!r} is not a valid source name: {fault}.")
    return name


def require_source_id(name: str) -> None:
    """Check a name as earlier versions allowed it.

    Raises:
        Refused: `source_invalid` if empty, too long, not Unicode, or with NUL, the separator in a session id's hash.
    """
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        size_bytes = 0
    if not 0 < size_bytes <= ID_BYTES_MAX or "\0" in name:
        raise Refused(
            "source_invalid",
            f"{name[:40]!r} is not a valid source name. Use 1 to {ID_BYTES_MAX} bytes of text without a NUL character.",
        )


def checked_address_name(name: str) -> str:
    """Name that needs no escaping in a URL.

    Raises:
        Refused: `source_name_invalid`.
    """
    if _IN_ADDRESSES.fullmatch(name) is None:
        raise Refused(
            "source_name_invalid",
            f"{name[:40]!r} is not a valid name of a source with a URL. Use 1 to 64 of A-Z, a-z, 0-9, dot, - and _, "
            "starting with a letter or digit.",
        )
    return name


def _check_display(name: str | None, *, what: str) -> None:
    if fault := character_fault(name or ""):
        raise Refused("source_setting_invalid", f"{(name or '')[:40]!r} is not valid as {what}: {fault}.")


def _check_text(value: str | None, *, what: str, bytes_max: int = ID_BYTES_MAX) -> None:
    if value is None:
        return
    unfit = next((letter for letter in value if unicodedata.category(letter) in {"Cc", "Cs"}), None)
    if unfit is None and 0 < len(value.encode()) <= bytes_max:
        return
    raise Refused(
        "source_setting_invalid",
        f"{value[:40]!r} is not valid as {what}. Use 1 to {bytes_max:,} bytes of text on one line.",
    )
