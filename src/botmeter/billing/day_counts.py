"""Sessions by day of an account, which a commit changes on its last days."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.period import Period, day_of_us, day_start_us
from botmeter.reports.billed_sessions import sessions_by_day
from botmeter.reports.recency import first_event_us
from botmeter.reports.snapshot import Snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _DayCounts:
    """Sessions by day as of a version of the ledger."""

    version: int
    first_on: date
    counts: list[int]


# Of 400 days, 16 KB.
_counted: Final[BoundedCache[tuple[str, str], _DayCounts]] = BoundedCache(4 << 20)


def day_counts(ledger: "ReadableLedger", period: Period) -> list[int]:
    """Count the sessions that start on each day; those of days that no commit changed were counted before."""
    # The version is read first, so that counts are at least as new.
    version, key, first_on = ledger.version, (ledger.account.name, period.timezone), period.first_on
    known = _counted.get(key)
    start_on, kept = first_on, list[int]()
    if known is not None and known.version <= version and known.first_on <= first_on:
        start_on = known.first_on
        changed_us = min(ledger.changed_days.first_us(known.version), period.end_us - 1)
        changed_on = day_of_us(max(changed_us, day_start_us(start_on)), timezone=period.timezone)
        kept = known.counts[: max(0, (changed_on - start_on).days)]
    read = replace(period, first_on=start_on + len(kept) * _DAY)
    counts = [*kept, *sessions_by_day(ledger, read)]
    made = _DayCounts(version=version, first_on=start_on, counts=counts)
    return _counted.remake(key, lambda: made).counts[(first_on - start_on).days :]


def first_event_us_of(ledger: "ReadableLedger") -> int | None:
    """Instant of the account's first event."""
    with ledger.read_transaction() as connection:
        return first_event_us(Snapshot(connection=connection, touchpoints=[], footprints=[]))
