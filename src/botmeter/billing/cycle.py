"""Cycles: billing periods counted by index from an anchor, never from the boundary before."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from botmeter.billing.plan import MONTHS_OF, CycleRule
from botmeter.domain.period import Period, day_of_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """Half-open billing period in µs UTC; its days are those of `timezone`.

    Attributes:
        number: Index from the anchor's cycle, which is 0.
    """

    number: int
    start_us: int
    end_us: int
    timezone: str

    @property
    def first_on(self) -> date:
        return day_of_us(self.start_us, timezone=self.timezone)

    @property
    def last_on(self) -> date:
        return day_of_us(self.end_us - 1, timezone=self.timezone)

    @property
    def day_count(self) -> int:
        return (self.last_on - self.first_on).days + 1


def cycle_first_on(rule: CycleRule, anchor: date, *, number: int) -> date:
    """First day of a cycle; in a month that is too short, its last day."""
    months = anchor.year * 12 + anchor.month - 1 + number * MONTHS_OF[rule.every]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def cycle_of(rule: CycleRule, anchor: date, *, number: int) -> Cycle:
    """Cycle by its index from the anchor."""
    first_on, next_on = (cycle_first_on(rule, anchor, number=index) for index in (number, number + 1))
    period = Period(first_on=first_on, last_on=next_on - timedelta(days=1), timezone=rule.timezone)
    return Cycle(number=number, start_us=period.start_us, end_us=period.end_us, timezone=rule.timezone)


def cycle_at(rule: CycleRule, anchor: date, *, at_us: int) -> Cycle:
    """Cycle that contains an instant (µs UTC)."""
    on = day_of_us(at_us, timezone=rule.timezone)
    months = (on.year - anchor.year) * 12 + on.month - anchor.month
    number = months // MONTHS_OF[rule.every]
    while cycle_first_on(rule, anchor, number=number) > on:
        number -= 1
    while cycle_first_on(rule, anchor, number=number + 1) <= on:
        number += 1
    return cycle_of(rule, anchor, number=number)
