"""Sessions by day of a cycle, with its forecast."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from botmeter.billing.bill_cache import BillCache
from botmeter.billing.day_counts import day_counts, first_event_us_of
from botmeter.billing.forecast import HISTORY_DAYS, Forecast, forecast
from botmeter.domain.period import Period, day_of_us
from botmeter.reports.billed_sessions import sessions_by_day

if TYPE_CHECKING:
    from botmeter.billing.cycle import Cycle
    from botmeter.ledger.readable import ReadableLedger

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDays:
    """Sessions by day until now, and of the cycle before; days before the account's first event are None."""

    zone: str
    first_on: date
    today_on: date
    counts: tuple[int | None, ...]
    before: tuple[int, ...]
    forecast: Forecast | None

    def count_on(self, on: date) -> int:
        number = (on - self.first_on).days
        return (self.counts[number] or 0) if 0 <= number < len(self.counts) else 0


def cycle_days(
    ledger: "ReadableLedger", cycle: "Cycle", *, before: "Cycle | None", now_us: int, cache: BillCache | None = None
) -> CycleDays:
    """Count sessions by day, and forecast the cycle."""
    cache = cache or BillCache()
    zone = cycle.timezone
    today_on = day_of_us(now_us, timezone=zone)
    first_on = min(cycle.first_on, today_on - HISTORY_DAYS * _DAY)
    known = day_counts(ledger, Period(first_on=first_on, last_on=max(today_on, first_on), timezone=zone), cache=cache)
    counts: list[int | None] = [*known]
    with_data_us = first_event_us_of(ledger, cache=cache)
    data_on = today_on + _DAY if with_data_us is None else day_of_us(with_data_us, timezone=zone)
    unknown = max(0, (data_on - first_on).days)
    counts[:unknown] = [None] * min(unknown, len(counts))
    return CycleDays(
        zone=zone,
        first_on=first_on,
        today_on=today_on,
        counts=tuple(counts),
        before=()
        if before is None
        else tuple(_days_of(ledger, before, known=known if before.timezone == zone else [], known_on=first_on)),
        forecast=forecast(
            counts, first_on=first_on, as_of_on=today_on, cycle_first_on=cycle.first_on, cycle_last_on=cycle.last_on
        ),
    )


def _days_of(ledger: "ReadableLedger", cycle: "Cycle", *, known: list[int], known_on: date) -> list[int]:
    first = (cycle.first_on - known_on).days
    if known and first >= 0:
        return known[first : first + cycle.day_count]
    return sessions_by_day(ledger, Period(first_on=cycle.first_on, last_on=cycle.last_on, timezone=cycle.timezone))
