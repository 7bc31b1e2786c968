"""Accounts, never read or counted together."""

import re
from dataclasses import dataclass
from datetime import date

from botmeter.domain.display_name import display_name_fault
from botmeter.domain.errors import Refused

# A name is a file name, a URL part and a command-line word: it must be safe as each of them.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?", re.ASCII | re.IGNORECASE)

AVAILABLE_FROM_DEFAULT = date(2022, 2, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Paying organisation.

    Attributes:
        name: Letters, digits, `-` and `_`, at most 64; stored in lower case.
        available_from: First UTC day with data.

    Raises:
        Refused: `account_name_invalid` or `title_invalid`.
    """

    name: str
    available_from: date = AVAILABLE_FROM_DEFAULT
    title: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_account_name(self.name))
        object.__setattr__(self, "title", _checked_title(self.title) or self.name)

    @property
    def own_title(self) -> str | None:
        return self.title if self.title != self.name else None


def checked_account_name(name: str) -> str:
    """Valid account name in lower case.

    Raises:
        Refused: `account_name_invalid`.
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "account_name_invalid",
            f"{name[:70]!r} is not a valid account name. Use 1 to 64 of a-z, 0-9, - and _, "
            "starting and ending with a letter or digit.",
        )
    return name.lower()


def _checked_title(title: str) -> str:
    stripped = title.strip()
    if fault := display_name_fault(stripped):
        raise Refused("title_invalid", f"{stripped[:40]!r} is not a valid account title: {fault}.")
    return stripped
