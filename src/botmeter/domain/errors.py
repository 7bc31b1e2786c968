"""Every error that Botmeter raises on purpose.

The tree answers one question: what can the caller do about it?

    BotmeterError
    ├── Refused            change the request
    │   ├── Missing        the thing named does not exist
    │   ├── NotAllowed     the caller may not, here or ever
    │   ├── Conflict       it clashes with what is already there
    │   └── TooMuch        over a limit; the message names it
    └── Unavailable        the same request can succeed later

Anything else that escapes is a bug. A code is stable and may be matched by
programs; a message is a sentence for people: the thing, the limit, the value.
"""


class BotmeterError(Exception):
    """An error with a stable code and a sentence that a person can act on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(BotmeterError):
    """The request can't be carried out as it stands; the caller must change it."""


class Missing(Refused):
    """The file, account, session or policy that the caller named does not exist."""


class NotAllowed(Refused):
    """The caller may not do this: a read-only file, a name outside the data folder."""


class Conflict(Refused):
    """The request clashes with something that is already recorded."""


class TooMuch(Refused):
    """The request is over a limit, which the message names together with the value."""


class Unavailable(BotmeterError):
    """Nothing is wrong with the request: a lock, a full disk; try again later."""
