"""Sources whose addresses were called, remembered for a few seconds: each delivery calls one.

What changes in this process holds at once, what a command of another one changes, after `REMEMBERED_SECONDS` at most.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Final

REMEMBERED_SECONDS: Final = 5.0
# Far more than accounts have. Only keys that open something are remembered, so that made-up ones push none out.
REMEMBERED_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSource:
    """A source whose address was called.

    Attributes:
        secret: What signs its deliveries; empty: they are not checked.
        verify_token: What the platform repeats when it is given the address; empty: it does not.
    """

    account: str
    name: str
    platform: str
    secret: str = field(repr=False)
    verify_token: str = field(repr=False)


class OpenedSources:
    """What was opened lately, by digest of the key."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[str, tuple[OpenedSource, float]] = OrderedDict()
        self.change_count = 0

    def found(self, digest: str) -> OpenedSource | None:
        """The source, if it is remembered."""
        with self._lock:
            source, until = self._found.get(digest, (None, 0.0))
            if source is not None and until <= monotonic():
                del self._found[digest]
                return None
            return source

    def remember(self, digest: str, source: OpenedSource, *, change_count: int) -> None:
        """Keeps it for a while, unless something was changed since the count was taken."""
        with self._lock:
            if change_count != self.change_count:
                return
            self._found[digest] = (source, monotonic() + REMEMBERED_SECONDS)
            self._found.move_to_end(digest)
            while len(self._found) > REMEMBERED_MAX:
                self._found.popitem(last=False)

    def forget(self) -> None:
        """Something was changed: every source is looked up anew."""
        with self._lock:
            self._found.clear()
            self.change_count += 1
