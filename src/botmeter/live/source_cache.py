"""What accounts say of their sources, remembered for a second: each commit asks for every source in it."""

import time
from collections.abc import Callable
from typing import Final

from botmeter.domain.source import Source

KEPT_SECONDS: Final = 1.0
"""What an account says of a source holds for live events after at most so long."""
KEPT_MAX: Final = 1_000
"""Far more than send within a second; a sender can name another source in each request."""

Look = Callable[[str, str], Source | None]
"""What an account says of a source of that name; None: nothing."""


class KeptSources:
    """Sources that were asked for lately; any thread may ask."""

    def __init__(self, look: Look, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._elapsed = elapsed
        self._kept: dict[tuple[str, str], tuple[float, Source | None]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def source_of(self, account: str, name: str) -> Source | None:
        """What the account says of a source, as of a second ago at most."""
        now = self._elapsed()
        until, source = self._kept.get((account, name), (now, None))
        if until > now:
            return source
        source = self._look(account, name)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[account, name] = (now + KEPT_SECONDS, source)
        return source
