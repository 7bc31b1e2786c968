"""Slots of a schedule: one a local day at most, whatever clocks do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim

from botmeter.domain.errors import Refused
from botmeter.domain.months import months_later
from botmeter.domain.period import Period, checked_timezone

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_DAYS_MAX: Final = 28
"""Last day of the month that every month has; later ones would leave out February."""
_HOURS: Final = range(24)


class Cadence(StrEnum):
    """Frequency of a schedule."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    CYCLE_CLOSE = "cycle_close"

    @property
    def label(self) -> str:
        return "At cycle close" if self is Cadence.CYCLE_CLOSE else self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Time at which a schedule sends; `on` is its day in the schedule's zone."""

    on: date
    due_at: datetime

    @property
    def key(self) -> str:
        # By day, so that a schedule whose hour is changed after it has sent does not send again.
        return f"day {self.on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times of a schedule.

    Attributes:
        weekday: 0 is Monday; of weekly schedules.
        month_day: 1 to 28; of monthly schedules.

    Raises:
        Refused: `timezone_unknown`, `schedule_time_invalid`.
    """

    cadence: Cadence
    hour: int
    timezone: str
    weekday: int = 0
    month_day: int = 1

    def __post_init__(self) -> None:
        checked_timezone(self.timezone)
        if self.hour not in _HOURS:
            raise Refused("schedule_time_invalid", f"The hour of a schedule is 0 to 23, not {self.hour}.")
        if self.weekday not in range(len(WEEKDAYS)):
            raise Refused("schedule_time_invalid", f"The weekday of a schedule is 0 to 6, not {self.weekday}.")
        if self.month_day not in range(1, MONTH_DAYS_MAX + 1):
            raise Refused(
                "schedule_time_invalid",
                f"The day of the month of a schedule is 1 to {MONTH_DAYS_MAX}, not {self.month_day}.",
            )

    def next_slot(self, *, after: datetime) -> Slot:
        """First slot later than an instant; of cycle closes, the first hour."""
        return self._slot(after, is_reverse=False)

    def newest_slot(self, *, at: datetime) -> Slot:
        """Last slot at or before an instant."""
        # With microseconds cronsim counts the second itself when it goes back.
        return self._slot(at.replace(microsecond=max(1, at.microsecond)), is_reverse=True)

    def period_before(self, on: date) -> Period:
        """Last whole day, week or month before a slot's day."""
        match self.cadence:
            case Cadence.DAILY | Cadence.CYCLE_CLOSE:
                last_on = first_on = on - timedelta(days=1)
            case Cadence.WEEKLY:
                last_on = on - timedelta(days=on.weekday() + 1)
                first_on = last_on - timedelta(days=6)
            case Cadence.MONTHLY:
                last_on = on.replace(day=1) - timedelta(days=1)
                first_on = months_later(on.replace(day=1), -1)
        return Period(first_on=first_on, last_on=last_on, timezone=self.timezone)

    @property
    def sentence(self) -> str:
        """Times in words."""
        if self.cadence is Cadence.CYCLE_CLOSE:
            return f"At {self.hour:02}:00 after each cycle closes"
        return CronSim(self._cron, datetime(2000, 1, 1, tzinfo=UTC)).explain()

    @property
    def _cron(self) -> str:
        match self.cadence:
            case Cadence.DAILY | Cadence.CYCLE_CLOSE:
                return f"0 {self.hour} * * *"
            case Cadence.WEEKLY:
                return f"0 {self.hour} * * {self.weekday + 1}"
            case Cadence.MONTHLY:
                return f"0 {self.hour} {self.month_day} * *"

    def _slot(self, near: datetime, *, is_reverse: bool) -> Slot:
        local = next(CronSim(self._cron, near.astimezone(ZoneInfo(self.timezone)), reverse=is_reverse))
        return Slot(on=local.date(), due_at=local.astimezone(UTC))
