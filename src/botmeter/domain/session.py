"""Session ids, and reasons for closing."""

from enum import IntEnum
from hashlib import sha256


class ClosedBy(IntEnum):
    """Limit that closed a session, stored as a number that never changes."""

    OPEN = 0
    DURATION = 1
    IDLE = 2
    CALENDAR = 3
    TURNS = 4
    END = 5


def session_id(policy: str, *, source: str, opening_event_id: str) -> str:
    """Id of the session that an event opens under a policy (`name@version`).

    A hash, because event ids can contain personal data.

    Source: UUID version 8, RFC 9562, 5.8.
    """
    digest = sha256(f"{policy}\0{source}\0{opening_event_id}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
