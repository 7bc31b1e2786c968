"""Limit on simulations at once, fair to all accounts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from botmeter.domain.errors import TooMuch, Unavailable

AT_ONCE_MAX: Final = 2
"""Each keeps a core busy: 5 seconds for 2 million events."""
WAITING_MAX: Final = 4
"""Each holds one of the 16 threads that answer pages."""
WAIT_SECONDS: Final = 10.0
SECONDS_MAX: Final = 60.0
"""Checked after each 2.5 million events."""


class Simulations:
    """Simulations of a server: one of an account; others wait in order of arrival."""

    def __init__(self, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self._wait_seconds = wait_seconds
        self._changed = threading.Condition()
        # In order of arrival; the first ones run.
        self._accounts: list[str] = []

    @contextmanager
    def turn(self, account: str) -> Iterator[Callable[[], None]]:
        """Hold a turn during the `with`; call the result often, which ends a simulation that takes too long.

        Raises:
            Unavailable: `simulation_running`, if the account has another one, or too many others wait.
            TooMuch: `simulation_too_long`, by a call of the result.
        """
        with self._changed:
            if account in self._accounts:
                raise Unavailable(
                    "simulation_running", f"Another simulation of account {account} is running. Try again in a moment."
                )
            if len(self._accounts) >= AT_ONCE_MAX + WAITING_MAX:
                raise self._busy()
            self._accounts.append(account)
        try:
            with self._changed:
                if not self._changed.wait_for(lambda: self._is_running(account), self._wait_seconds):
                    raise self._busy()
            yield _limit(account)
        finally:
            with self._changed:
                self._accounts.remove(account)
                self._changed.notify_all()

    def _is_running(self, account: str) -> bool:
        return account in self._accounts[:AT_ONCE_MAX]

    def _busy(self) -> Unavailable:
        waiting_count = len(self._accounts) - AT_ONCE_MAX
        return Unavailable(
            "simulation_running",
            f"The server runs {AT_ONCE_MAX} simulations of other accounts, and {waiting_count} wait. Try again later.",
        )


def _limit(account: str) -> Callable[[], None]:
    end = time.monotonic() + SECONDS_MAX

    def check() -> None:
        if time.monotonic() >= end:
            raise TooMuch(
                "simulation_too_long",
                f"The simulation of account {account} takes longer than {SECONDS_MAX:g} seconds, the limit of this "
                "page. Use `botmeter simulate`.",
            )

    return check
