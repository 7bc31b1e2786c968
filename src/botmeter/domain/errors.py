"""Errors that Botmeter raises on purpose.

Each family says what the caller can do:

    BotmeterError
    ├── Refused            change the request
    │   ├── Missing        it names a thing that does not exist
    │   ├── NotAllowed     it is not permitted
    │   ├── Conflict       it clashes with existing data
    │   └── TooMuch        it exceeds a limit
    └── Unavailable        try the same request later

Any other exception is a bug. Codes are stable, and programs may match them; a message is a sentence for people
that names the thing, the limit and the value.
"""


class BotmeterError(Exception):
    """An error with a stable code and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(BotmeterError):
    """The request is invalid as it stands; the caller must change it."""


class Missing(Refused):
    """The request names a file, account, session or policy that does not exist."""


class NotAllowed(Refused):
    """The request is not permitted, for example on a read-only file."""


class Conflict(Refused):
    """The request clashes with existing data."""


class TooMuch(Refused):
    """The request exceeds a limit; the message names the limit and the value."""


class Unavailable(BotmeterError):
    """The request is valid but can't be carried out now, because of a lock or a full disk; try again later."""
