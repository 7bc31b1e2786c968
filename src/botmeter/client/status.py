"""Status of the client."""

from dataclasses import dataclass
from enum import StrEnum


class TroubleKind(StrEnum):
    """Problems that keep events from being sent."""

    AWAY = "away"
    """The server can't be reached, is busy or failed; the client keeps trying."""
    BARRED = "barred"
    """The server refuses the key or the address; correct the client's settings."""
    DISK = "disk"
    """The folder for waiting events can't be used."""
    FULL = "full"
    """Memory and the folder for waiting events are full; new events are lost until there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Current problem; `code` is the server's."""

    kind: TroubleKind
    detail: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Refused event; `code` is the server's."""

    event_id: str | None = None
    code: str = "unknown"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts since this process created the client.

    Attributes:
        accepted_count: New to the server.
        duplicate_count: Sent before.
        conflict_count: Sent before with different content; the first one counts.
        rejected_count: Quarantined by the server.
        refused_count: In the file of refused events.
        lost_count: Dropped because memory and disk were full.
        queued_count: In memory.
        spilled_bytes: On disk.
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
