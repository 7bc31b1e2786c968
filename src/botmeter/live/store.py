"""Open ledgers as a `LiveStore`."""

from collections.abc import Sequence
from typing import Final

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.sources import source_of
from botmeter.live import metrics
from botmeter.live.bugs import kept_bug_in

SOURCE_SECONDS: Final = 1.0
"""Time after which a changed source applies to live events; each commit looks up every source in it."""
_SOURCES_MAX: Final = 1_000


class LedgerStore:
    """`LiveStore` of a server."""

    def __init__(self, ledgers: OpenLedgers) -> None:
        self._ledgers = ledgers
        self._accounts: set[str] = set()
        self._sources: BoundedCache[tuple[str, str], Source | None] = BoundedCache(
            _SOURCES_MAX, lasts_seconds=SOURCE_SECONDS
        )

    def append(self, account: str, batches: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        from botmeter.ledger.live_append import live_append

        self._accounts.add(account)
        with self._ledgers.appending_live(account) as ledger:
            return live_append(ledger, batches, now_us=now_us())

    def settle(self, account: str) -> None:
        from botmeter.ledger.settle import settle

        with self._ledgers.settling(account) as ledger:
            settled = settle(ledger, now_us=now_us())
        if settled.event_count:
            metrics.SETTLE_SECONDS.observe(settled.seconds)

    def source_of(self, account: str, name: str) -> Source | None:
        """Return a source's settings, at most a second old."""
        return self._sources.find_or_make((account, name), lambda: self._read_source(account, name))

    def _read_source(self, account: str, name: str) -> Source | None:
        with self._ledgers.reading(account) as ledger:
            return source_of(ledger, name)

    def report(self, problem: Exception) -> None:
        kept_bug_in("taking events in", problem)

    def lag_seconds(self) -> float:
        """Return the age of the oldest unmetered event."""
        try:
            oldest_us = [
                backlog.oldest_received_us
                for account in list(self._accounts)
                if (backlog := self._ledgers.unsettled(account)).oldest_received_us is not None
            ]
        except Unavailable:
            # The server is stopping; its other metrics are read all the same.
            return 0.0
        return max(0, now_us() - min(oldest_us)) / MICROSECONDS_PER_SECOND if oldest_us else 0.0
