"""Days with data: from the account's first event until now. Without an event on such a day its counts are 0."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from botmeter.domain.period import day_of_us
from botmeter.reports.query import UsageQuery
from botmeter.reports.recency import first_event_us

if TYPE_CHECKING:
    from botmeter.reports.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDays:
    """Days of a query that are not to come; `data_on` is the first with data, None if the account has none."""

    first_on: date
    last_on: date
    data_on: date | None

    @property
    def day_count(self) -> int:
        return max(0, (self.last_on - self.first_on).days + 1)

    @property
    def data_day_count(self) -> int:
        return 0 if self.data_on is None else max(0, (self.last_on - self.data_on).days + 1)

    @property
    def is_complete(self) -> bool:
        return self.data_day_count == self.day_count

    def has(self, on: date) -> bool:
        return self.data_on is not None and self.data_on <= on <= self.last_on


def data_days(query: UsageQuery, *, first_event_on: date | None) -> DataDays:
    """Days of a query with data."""
    period = query.period
    first_on, last_on = query.moved_from or period.first_on, period.last_on
    if query.today_on is not None:
        last_on = min(last_on, query.today_on)
    if query.until_us is not None:
        last_on = min(last_on, day_of_us(max(query.start_us, query.until_us - 1), timezone=period.timezone))
    data_on = None if first_event_on is None else max(first_event_on, period.first_on)
    return DataDays(first_on=first_on, last_on=last_on, data_on=data_on)


def first_event_day(snapshot: "Snapshot", *, timezone: str) -> date | None:
    """Day of the account's first event."""
    first_us = first_event_us(snapshot)
    return None if first_us is None else day_of_us(first_us, timezone=timezone)
