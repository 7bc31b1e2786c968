"""What a session is called: its id, and why it closed."""

from enum import IntEnum
from hashlib import sha256


class ClosedBy(IntEnum):
    """The limit that a session reached first. The number is how tables store it; it never changes."""

    OPEN = 0
    DURATION = 1
    IDLE = 2
    CALENDAR = 3
    TURNS = 4
    END = 5


def session_id(policy: str, *, source: str, opening_event_id: str) -> str:
    """The id of the session that `opening_event_id` of `source` opened under `policy` (`name@version`).

    Under one policy an event opens at most one session, so the opening event names it: the same
    events give the same ids on any machine, in any order. It is a hash, because event ids can hold
    personal data (some platforms' hold the phone number) and a session id is shown and shared.

    Returns:
        A UUID of version 8 (RFC 9562, 5.8) as text. It is cut out of the digest's text, since a
        million ids are made at once and `uuid.UUID` would cost three times as much.
    """
    digest = sha256(f"{policy}\0{source}\0{opening_event_id}".encode()).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
