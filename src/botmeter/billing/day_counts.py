"""Sessions by day, which a commit changes on its last days."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from botmeter.billing.bill_cache import BillCache, CountedDays
from botmeter.domain.period import Period, day_of_us
from botmeter.reports.billed_sessions import sessions_by_day
from botmeter.reports.recency import first_event_us
from botmeter.reports.snapshot import Snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_DAY: Final = timedelta(days=1)


def day_counts(ledger: "ReadableLedger", period: Period, *, cache: BillCache) -> list[int]:
    """Sessions that start on each day; unchanged days were counted before."""
    # The version is read first, so that counts are at least as new.
    version, key, first_on = ledger.version, (ledger.account.name, period.timezone), period.first_on
    known = cache.days.get(key)
    if known is None or known.version > version or known.first_on > first_on:
        made = CountedDays(version=version, first_on=first_on, counts=sessions_by_day(ledger, period))
    else:
        last_on = max(period.last_on, known.last_on)
        counts = _with_read(ledger, known, period=replace(period, first_on=known.first_on, last_on=last_on))
        made = CountedDays(version=version, first_on=known.first_on, counts=counts)
    skipped = (first_on - made.first_on).days
    return cache.days.remake(key, lambda: made).counts[skipped : skipped + period.day_count]


def _with_read(ledger: "ReadableLedger", known: CountedDays, *, period: Period) -> list[int]:
    first, end = len(known.counts), period.day_count
    changed = ledger.changed_days.since(known.version)
    if changed.touches(period.start_us, period.end_us):
        start_us, last_us = max(changed.start_us, period.start_us), min(changed.end_us, period.end_us) - 1
        days = [(day_of_us(at_us, timezone=period.timezone) - period.first_on).days for at_us in (start_us, last_us)]
        first, end = min(first, days[0]), max(end, days[1] + 1) if first < end else days[1] + 1
    if first >= end:
        return known.counts
    first_on, last_on = period.first_on + first * _DAY, period.first_on + (end - 1) * _DAY
    read = sessions_by_day(ledger, replace(period, first_on=first_on, last_on=last_on))
    return [*known.counts[:first], *read, *known.counts[end:]]


def first_event_us_of(ledger: "ReadableLedger", *, cache: BillCache) -> int | None:
    """Instant of the account's first event, read once per commit."""

    def read() -> int | None:
        with ledger.read_transaction() as connection:
            return first_event_us(Snapshot(connection=connection, touchpoints=[], footprints=[]))

    return cache.first_events.find_or_make(ledger.account.name, read, version=ledger.version)
