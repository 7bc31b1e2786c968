"""What the client says about itself: how many events met which fate, and what is wrong now."""

from dataclasses import dataclass
from enum import StrEnum


class TroubleKind(StrEnum):
    """What keeps events from being sent or kept."""

    AWAY = "away"
    """The server can't be reached, is too busy or failed; the client goes on trying."""
    BARRED = "barred"
    """The server does not want requests of this key or at this address; somebody must mend that."""
    DISK = "disk"
    """The folder for waiting events can't be used."""
    FULL = "full"
    """Memory and the folder for waiting events are full; new events are lost until there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong, in a sentence for whoever runs the bot.

    Attributes:
        code: The server's own word for it, where it gave one.
    """

    kind: TroubleKind
    detail: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An event that will not be counted as it stands.

    Attributes:
        event_id: As far as it is known.
        code: As in the server's list of errors.
    """

    event_id: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the client stands, since this process made it.

    Attributes:
        accepted_count: Taken by the server for the first time.
        duplicate_count: Had been taken before.
        conflict_count: Had been taken before with another content; the first one stands.
        rejected_count: Refused by the server one by one; they are in its quarantine.
        refused_count: Never taken by the server; they are in the file of refused events, unless that can't be written.
        lost_count: Dropped, since neither memory nor disk had room.
        queued_count: Wait in memory.
        spilled_bytes: Wait on disk.
        trouble: What is wrong now; None: nothing.
    """

    accepted_count: int = 0
    duplicate_count: int = 0
    conflict_count: int = 0
    rejected_count: int = 0
    refused_count: int = 0
    lost_count: int = 0
    queued_count: int = 0
    spilled_bytes: int = 0
    trouble: Trouble | None = None
