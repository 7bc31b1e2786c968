"""The daily check of all ledgers, so that damage is known before somebody asks for it."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botmeter.domain.text import count_text
from botmeter.ledger.complete_read import TablePart, read_part, table_parts
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.ledger.partitions import event_count
from botmeter.ledger.verify import verify
from botmeter.live import metrics
from botmeter.live.account_rounds import AccountRounds
from botmeter.live.queue import QueueCapacity

EVERY_SECONDS: Final = 86_400.0
SHARE_MAX: Final = 0.05
"""Maximum share of the time spent in reading, on one core: five million events, read in 1.5 seconds, take half a
minute."""
VERIFIED_EVENTS_MAX: Final = 1_000_000
"""Ledgers with more events are not metered again: a million take three seconds, in which new events are not metered."""
_SENDERS_SECONDS_MAX: Final = 10.0
"""Senders that wait come first, for this long at most before each part: some always wait on a busy server."""
_SENDERS_POLL_SECONDS: Final = 0.1
_log: Final = logging.getLogger(__name__)


def ledger_checks(ledgers: OpenLedgers, *, capacity: QueueCapacity, share: float = SHARE_MAX) -> AccountRounds:
    """Read one ledger after the other, and verify those that are not large, once a day."""
    end = threading.Event()
    checks = _Checks(ledgers, capacity=capacity, share=share, end=end)
    return AccountRounds(
        ledgers,
        checks.check,
        name="checking ledgers",
        every_seconds=EVERY_SECONDS,
        end=end,
        finish_round=metrics.note_ledgers_checked,
    )


class _Checks:
    def __init__(self, ledgers: OpenLedgers, *, capacity: QueueCapacity, share: float, end: threading.Event) -> None:
        self._ledgers = ledgers
        self._capacity = capacity
        self._share = share
        self._different: set[str] = set()
        self._end = end

    def check(self, name: str) -> None:
        account = self._ledgers.account(name)
        was_open = account.is_open
        try:
            for part in self._parts(name):
                self._give_way_to_senders()
                if self._end.is_set():
                    return
                # Opened for each part, so that writers and backups wait for one at most.
                with self._within_share(), self._ledgers.reading(name) as ledger:
                    read_part(ledger.connection, part)
            self._give_way_to_senders()
            with self._within_share():
                self._verify(name)
        finally:
            if not was_open:
                account.close_if_idle(0)

    def _parts(self, name: str) -> list[TablePart]:
        with self._within_share(), self._ledgers.reading(name) as ledger:
            return table_parts(ledger.connection)

    def _verify(self, name: str) -> None:
        with SharedFolder(self._ledgers).rehearsing(name) as ledger:
            if ledger.lake is not None or event_count(ledger.connection) > VERIFIED_EVENTS_MAX:
                return
            result = verify(ledger)
        if result.is_clean:
            self._different.discard(name)
        else:
            self._different.add(name)
            _log.error(
                "The numbers of account %s differ from what its events give in %s rows. See `botmeter verify "
                "--account %s`.",
                name,
                count_text(result.difference_count + result.duplicate_count),
                name,
            )
        metrics.set_different_ledgers(len(self._different))

    @contextmanager
    def _within_share(self) -> Iterator[None]:
        # Pause afterwards, so that the work of the `with` takes no more than its share of the time.
        started = time.monotonic()
        yield
        self._end.wait((time.monotonic() - started) * (1 / self._share - 1))

    def _give_way_to_senders(self) -> None:
        end = time.monotonic() + _SENDERS_SECONDS_MAX
        while self._capacity.delivery_count and time.monotonic() < end and not self._end.is_set():
            self._end.wait(_SENDERS_POLL_SECONDS)
