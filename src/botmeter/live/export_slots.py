"""Limits on exports at the same time, altogether and by account."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from botmeter.domain.errors import Unavailable

WRITING_MAX: Final = 2
"""Each takes a core, and about 100 MB while it reads and formats."""
WAITING_MAX: Final = 2
"""Each holds a server thread until another is written, after seconds as a rule."""
SENDING_MAX: Final = 24
"""Each has a share of the disk for as long as its client takes."""
SENDING_BY_ACCOUNT_MAX: Final = 4
_WAIT_SECONDS: Final = 30.0


class ExportSlots:
    """Thread-safe count of exports.

    Attributes:
        pending_count: Exports that are written, or wait for it.
    """

    def __init__(self) -> None:
        self.pending_count = 0
        self._writing_count = 0
        self._sending: Counter[str] = Counter()
        self._changed = threading.Condition()

    def begin_writing(self) -> Callable[[], None]:
        """Wait for a slot to write; return its end. Raises Unavailable `exports_busy`."""
        with self._changed:
            if self.pending_count < WRITING_MAX + WAITING_MAX:
                self.pending_count += 1
                if self._changed.wait_for(lambda: self._writing_count < WRITING_MAX, _WAIT_SECONDS):
                    self._writing_count += 1
                    return self._end_writing
                self.pending_count -= 1
        raise Unavailable("exports_busy", f"The server is writing {WRITING_MAX} exports, the maximum. Try again soon.")

    def begin_sending(self, account: str) -> Callable[[], None]:
        """Take a slot to send; return its end. Raises Unavailable `exports_busy`."""
        with self._changed:
            if self._sending[account] >= SENDING_BY_ACCOUNT_MAX:
                raise Unavailable(
                    "exports_busy",
                    f"{SENDING_BY_ACCOUNT_MAX} exports of {account} are being sent, the maximum of an account. Try "
                    "again soon.",
                )
            if self._sending.total() >= SENDING_MAX:
                raise Unavailable(
                    "exports_busy", f"The server is sending {SENDING_MAX} exports, the maximum. Try again soon."
                )
            self._sending[account] += 1
        return lambda: self._end_sending(account)

    def _end_writing(self) -> None:
        with self._changed:
            self._writing_count -= 1
            self.pending_count -= 1
            self._changed.notify()

    def _end_sending(self, account: str) -> None:
        with self._changed:
            self._sending[account] -= 1
            # Drops accounts without exports.
            self._sending += Counter()
