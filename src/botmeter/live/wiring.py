"""The intake over this process's ledgers: who writes, who meters, and what is counted."""

from collections.abc import Sequence

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.sources import source_of
from botmeter.live import metrics
from botmeter.live.bugs import kept_bug_in
from botmeter.live.commit import Desk
from botmeter.live.ingest import Intake
from botmeter.live.pending import Answered
from botmeter.live.source_cache import KeptSources


def intake_over(ledgers: OpenLedgers) -> Intake:
    """The intake of a process that has these ledgers open."""
    desk = _LedgerDesk(ledgers)
    kept = KeptSources(desk.source_of)
    return Intake(
        Desk(live_append=desk.live_append, source_of=kept.source_of, committed=_committed, failed=_failed),
        settle=desk.settle,
        lag_seconds=desk.lag_seconds,
    )


class _LedgerDesk:
    def __init__(self, ledgers: OpenLedgers) -> None:
        self._ledgers = ledgers
        self._accounts: set[str] = set()

    def live_append(self, account: str, parcels: Sequence[LiveBatch]) -> list[tuple[Receipt, ...]]:
        """Writes parcels down; they are on disk when it returns."""
        from botmeter.ledger.live_append import live_append

        self._accounts.add(account)
        with self._ledgers.taking_in(account) as ledger:
            return live_append(ledger, parcels, now_us=now_us())

    def settle(self, account: str) -> None:
        """Meters what the account has taken in."""
        from botmeter.ledger.settle import settle

        with self._ledgers.settling(account) as ledger:
            settled = settle(ledger, now_us=now_us())
        if settled.event_count:
            metrics.settle_observed(settled.seconds)

    def lag_seconds(self) -> float:
        """How long the oldest event of any account waits to be metered."""
        try:
            waits = [
                backlog.oldest_received_us
                for account in list(self._accounts)
                if (backlog := self._ledgers.unsettled(account)).oldest_received_us is not None
            ]
        except Unavailable:
            # The server ends; its other numbers are read all the same.
            return 0.0
        return max(0, now_us() - min(waits)) / MICROSECONDS_PER_SECOND if waits else 0.0

    def source_of(self, account: str, name: str) -> Source | None:
        """What the account says of a source."""
        with self._ledgers.reading(account) as ledger:
            return source_of(ledger, name)


def _committed(account: str, answers: Sequence[Answered], *, seconds: float) -> None:
    del account
    metrics.commit_observed(seconds, dispatch_count=len(answers))
    for answer in answers:
        metrics.count_fates(answer.receipt, ignored_count=answer.ignored_count)


def _failed(account: str, problem: Exception) -> None:
    del account
    kept_bug_in("taking events in", problem)
