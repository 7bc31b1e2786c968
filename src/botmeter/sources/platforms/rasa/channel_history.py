"""Channels of senders over time, from their messages."""

from bisect import bisect_right, insort
from typing import Final

# About 300 bytes each. Rows are in order of time, so that a sender who is forgotten wrote long before.
_SENDERS_MAX: Final = 200_000
# No channel has this name, so an event at the instant of a message sorts after it.
_AFTER_ANY_CHANNEL: Final = "\U0010ffff"


class ChannelHistory:
    """Instants at which a sender's channel changed."""

    def __init__(self) -> None:
        self._changes: dict[str, list[tuple[int, str]]] = {}

    def has(self, sender: str) -> bool:
        return sender in self._changes

    def channel_at(self, sender: str, time_us: int) -> str | None:
        """Channel of the sender's last message up to an instant."""
        changes = self._changes.get(sender, [])
        earlier_count = bisect_right(changes, (time_us, _AFTER_ANY_CHANNEL))
        return changes[earlier_count - 1][1] if earlier_count else None

    def add(self, sender: str, *, channel: str, time_us: int) -> None:
        # Moved to the end, as the latest.
        changes = self._changes.pop(sender, [])
        self._changes[sender] = changes
        earlier_count = bisect_right(changes, (time_us, _AFTER_ANY_CHANNEL))
        if not earlier_count or changes[earlier_count - 1][1] != channel:
            insort(changes, (time_us, channel))
        if len(self._changes) > _SENDERS_MAX:
            del self._changes[next(iter(self._changes))]
