"""An account: one paying organisation. Nothing is ever read or counted across accounts."""

import re
from dataclasses import dataclass
from datetime import date

from botmeter.domain.errors import Refused

# A name is a file name, a URL part and a command-line word: it must be safe as each of them.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?", re.ASCII | re.IGNORECASE)

AVAILABLE_FROM_DEFAULT = date(2022, 2, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One paying organisation.

    Attributes:
        name: Letters, digits, `-` and `_`, at most 64; kept in lower case, however it was written.
        available_from: Events before this UTC day are quarantined.
    """

    name: str
    available_from: date = AVAILABLE_FROM_DEFAULT

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_account_name(self.name))


def checked_account_name(name: str) -> str:
    """`name` in lower case, if an account can be called so.

    Raises:
        Refused: `account_name_invalid` otherwise.
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "account_name_invalid",
            f"{name[:70]!r} can't be an account's name: use 1 to 64 of a-z, 0-9, - and _, "
            "starting and ending with a letter or digit.",
        )
    return name.lower()
