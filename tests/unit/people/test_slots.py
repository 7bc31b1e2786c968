"""Slots of schedules around clock changes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from botmeter.domain.errors import Refused
from botmeter.people.notifications.slots import Cadence, Timing

_ZONES = ["Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "America/Havana", "America/Los_Angeles"]
_DAYS = 400
_BEGIN = datetime(2025, 12, 31, 22, tzinfo=UTC)


def _daily(zone: str, hour: int) -> Timing:
    return Timing(cadence=Cadence.DAILY, hour=hour, timezone=zone)


@pytest.mark.parametrize("zone", _ZONES)
def test_each_of_400_local_days_has_one_slot(zone: str) -> None:
    """At midnight, which clock changes skip in Cairo and Beirut, and repeat in Havana."""
    timing, at, days = _daily(zone, 0), _BEGIN, []
    for _ in range(_DAYS):
        slot = timing.next_slot(after=at)
        days.append(slot.on)
        at = slot.due_at
    assert days == [days[0] + timedelta(days=number) for number in range(_DAYS)]


@pytest.mark.slow
@pytest.mark.parametrize("zone", _ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 9])
def test_the_newest_slot_stays_the_same_until_the_next_one(zone: str, hour: int) -> None:
    timing, slot = _daily(zone, hour), _daily(zone, hour).next_slot(after=_BEGIN)
    for _ in range(_DAYS):
        after = timing.next_slot(after=slot.due_at)
        assert after.on == slot.on + timedelta(days=1)
        for at in (slot.due_at, slot.due_at + timedelta(hours=1, seconds=1), after.due_at - timedelta(microseconds=1)):
            assert timing.newest_slot(at=at) == slot
        slot = after


@pytest.mark.parametrize(
    ("timing", "words", "on", "first_on", "last_on"),
    [
        (_daily("UTC", 9), "At 09:00 every day", "2026-11-30", "2026-11-29", "2026-11-29"),
        (
            Timing(cadence=Cadence.WEEKLY, hour=9, timezone="UTC", weekday=2),
            "At 09:00 on Wednesday",
            "2026-11-25",
            "2026-11-16",
            "2026-11-22",
        ),
        (
            Timing(cadence=Cadence.MONTHLY, hour=0, timezone="UTC", month_day=15),
            "At 00:00 on the 15th day of every month",
            "2026-11-15",
            "2026-10-01",
            "2026-10-31",
        ),
    ],
)
def test_a_slot_reports_the_last_whole_days(timing: Timing, words: str, on: str, first_on: str, last_on: str) -> None:
    slot = timing.newest_slot(at=datetime(2026, 11, 30, 10, tzinfo=UTC))
    period = timing.period_before(slot.on)
    assert (timing.sentence, slot.on) == (words, date.fromisoformat(on))
    assert (period.first_on, period.last_on) == (date.fromisoformat(first_on), date.fromisoformat(last_on))


@pytest.mark.parametrize("wrong", [{"hour": 24}, {"weekday": 7}, {"month_day": 29}, {"month_day": 0}])
def test_a_time_that_does_not_exist_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(Refused, match="of a schedule is") as refused:
        Timing(**{"cadence": Cadence.DAILY, "hour": 9, "timezone": "UTC", **wrong})  # type: ignore[arg-type]
    assert refused.value.code == "schedule_time_invalid"
