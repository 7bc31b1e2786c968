"""Errors that Botmeter raises on purpose.

Families by what the caller can do:

    BotmeterError
    ├── Refused            change the request
    │   ├── Missing        it names a thing that does not exist
    │   ├── NotAllowed     it is not permitted
    │   ├── Conflict       it clashes with existing data
    │   └── TooMuch        it exceeds a limit
    └── Unavailable        try the same request later

Codes are stable; messages name the thing, the limit and the value.
"""


class BotmeterError(Exception):
    """Error with a code and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(BotmeterError):
    """The caller must change the request."""


class Missing(Refused):
    """A named thing does not exist."""


class NotAllowed(Refused):
    """The request is not permitted."""


class Conflict(Refused):
    """The request clashes with existing data."""


class TooMuch(Refused):
    """The request exceeds a limit."""


class Unavailable(BotmeterError):
    """The request may succeed later; after `retry_after_seconds`, if known."""

    def __init__(self, code: str, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(code, message)
        self.retry_after_seconds = retry_after_seconds


def with_notes(error: BotmeterError) -> str:
    """Error's message and notes, for operators."""
    return " ".join([error.message, *getattr(error, "__notes__", ())])
