"""Ledgers as live ingestion uses them."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import pyarrow as pa

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.sources import source_of
from botmeter.live import metrics
from botmeter.live.bugs import report_bug
from botmeter.live.entitlement.entitlements import Entitlements
from botmeter.live.queue import PendingDelivery
from botmeter.metering.touchpoints import Touchpoint

SOURCE_SECONDS: Final = 1.0
"""Time after which a changed source applies to live events; each commit looks up every source in it."""
_SOURCES_BYTES_MAX: Final = 4 << 20


class LiveStore(Protocol):
    """Port to the ledgers, which tests replace. Any thread may call."""

    def commit(self, account: str, batches: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        """Append batches durably; one tuple of receipts per batch, one receipt per delivery."""

    def source_of(self, delivery: PendingDelivery) -> Source:
        """Return the settings of a delivery's source; those of a new one if it is unknown."""

    def settle(self, account: str) -> float:
        """Meter appended events; return when it was done (`time.monotonic`), before any checkpoint after it."""

    def report(self, problem: Exception) -> None:
        """Report a bug."""


class LedgerStore:
    """`LiveStore` of a server."""

    def __init__(
        self,
        ledgers: OpenLedgers,
        *,
        entitlements: Entitlements | None = None,
        settled: Callable[[str], None] = lambda _account: None,
    ) -> None:
        self._ledgers = ledgers
        self._entitlements = entitlements or Entitlements(ledgers)
        self._settled = settled
        self._accounts: set[str] = set()
        self.recharges = RechargeWatch(SERVER_BILLS)
        self._sources: BoundedCache[tuple[str, str, str], Source] = BoundedCache(
            _SOURCES_BYTES_MAX, lasts_seconds=SOURCE_SECONDS
        )

    def commit(self, account: str, batches: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        from botmeter.ledger.live_append import live_append

        self._accounts.add(account)
        with self._ledgers.appending_live(account) as ledger:

            def watcher(accepted: pa.Table, touchpoints: list[Touchpoint]) -> None:
                self._entitlements.note_commit(account, accepted, touchpoints=touchpoints)

            return live_append(ledger, batches, now_us=now_us(), watcher=watcher)

    def source_of(self, delivery: PendingDelivery) -> Source:
        """Settings at most a second old."""
        key = (delivery.account, delivery.source, delivery.platform)
        return self._sources.find_or_make(key, lambda: self._read_source(delivery))

    def recent_source(self, delivery: PendingDelivery) -> Source | None:
        """As `source_of`, without waiting for the ledger; None: not read in the last second."""
        return self._sources.get((delivery.account, delivery.source, delivery.platform))

    def _read_source(self, delivery: PendingDelivery) -> Source:
        with self._ledgers.reading(delivery.account) as ledger:
            known = source_of(ledger, delivery.source)
        return known or Source(name=delivery.source, platform=delivery.platform)

    def settle(self, account: str) -> float:
        from botmeter.ledger.settle import settle

        with self._ledgers.settling(account) as ledger, self._entitlements.settling(account, ledger):
            began = time.monotonic()
            event_count = settle(ledger, now_us=now_us(), considered=self.recharges.considered(account))
            seconds = time.monotonic() - began
            self.recharges.buy(ledger, now_us=now_us())
            settled_at = time.monotonic()
        if event_count:
            metrics.SETTLE_SECONDS.observe(seconds)
        # Also without events to meter: those that were refused are in quarantine.
        self._settled(account)
        return settled_at

    def report(self, problem: Exception) -> None:
        report_bug("appending live events", problem)

    def lag_seconds(self) -> float:
        oldest_us = []
        for account in list(self._accounts):
            # The server is stopping, or the file is damaged; the others are read all the same.
            with suppress(Unavailable):
                backlog = self._ledgers.unsettled(account)
                if backlog.oldest_received_us is not None:
                    oldest_us.append(backlog.oldest_received_us)
        return max(0, now_us() - min(oldest_us)) / MICROSECONDS_PER_SECOND if oldest_us else 0.0
