"""Who waits for a commit: bounded, first come first served, an account's offers apart from those of others.

What does not fit is refused at once and as a whole; what is in is answered, also when the server ends.
"""

import threading
from collections import deque
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.live.pending import Waiting

BYTES_MAX: Final = 64 << 20
"""Of all accounts together; unread events take about five times as much while they are read."""
OFFERS_MAX: Final = 20_000
GROUP_TEXTS_MAX: Final = 20_000
"""Events of one commit: more would make the first of them wait for the last."""
GROUP_BYTES_MAX: Final = 32 << 20


class Room:
    """How much waits in all queues together."""

    def __init__(self, *, offers_max: int = OFFERS_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._lock = threading.Lock()
        self._offers_max = offers_max
        self._bytes_max = bytes_max
        self.offer_count = 0
        self.size_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Makes room for one offer.

        Raises:
            Unavailable: `queue_full`; nothing of the offer was taken.
        """
        with self._lock:
            if self.offer_count >= self._offers_max or self.size_bytes + size_bytes > self._bytes_max:
                raise Unavailable(
                    "queue_full",
                    f"{self.offer_count:,} requests of {self.size_bytes:,} bytes wait to be written; the most are "
                    f"{self._offers_max:,} of {self._bytes_max:,}. Nothing of this one was taken; send it again.",
                )
            self.offer_count += 1
            self.size_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """An offer was answered."""
        with self._lock:
            self.offer_count -= 1
            self.size_bytes -= size_bytes

    @property
    def is_full(self) -> bool:
        """Whether the next offer would be refused."""
        return self.offer_count >= self._offers_max or self.size_bytes >= self._bytes_max


class OfferQueue:
    """The offers to one account that wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Waiting] = deque()
        self._is_closed = False

    def put(self, waiting: Waiting) -> None:
        """Takes one in.

        Raises:
            Unavailable: `server_stopping` after `close`.
        """
        with self._changed:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
            self._waiting.append(waiting)
            self._changed.notify()

    def next_group(self, *, idle_seconds: float) -> list[Waiting]:
        """Those who wait, as many as one commit takes; waits for the first. Empty: closed, or nobody came."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, timeout=idle_seconds)
            group: list[Waiting] = []
            texts = size_bytes = 0
            while self._waiting:
                offer = self._waiting[0].offer
                is_over = texts + len(offer.texts) > GROUP_TEXTS_MAX or size_bytes + offer.size_bytes > GROUP_BYTES_MAX
                if group and is_over:
                    break
                group.append(self._waiting.popleft())
                texts, size_bytes = texts + len(offer.texts), size_bytes + offer.size_bytes
            return group

    def close(self) -> None:
        """No more come in; those who wait are still answered."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_over(self) -> bool:
        """Whether it is closed and nobody waits."""
        with self._changed:
            return self._is_closed and not self._waiting
