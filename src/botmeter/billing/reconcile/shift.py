"""Constant shift between the times of two lists, such as a wrong time zone's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from botmeter.billing.reconcile.pairing import Ints
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, datetime_from_us
from botmeter.domain.time_zone import is_timezone

_MINUTE_US: Final = 60 * MICROSECONDS_PER_SECOND
_STEP_US: Final = 15 * _MINUTE_US
"""Offsets of all time zones in use are multiples of it."""
SHIFT_MAX_US: Final = 14 * 60 * _MINUTE_US
_PAIRS_MIN: Final = 3
"""Fewer may be apart by whole hours for any other reason."""
_SAMPLE_SIZE: Final = 20_000
_SHARE_MIN: Final = 0.5
# The next best shift fits fewer, or any does, as with a session on each full hour.
_LEAD_MIN: Final = 0.15

# The largest of each offset, those without clock changes first.
_ZONES: Final = (
    *("Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Asia/Dubai", "Europe/Istanbul", "America/Sao_Paulo"),
    *("Asia/Karachi", "Asia/Dhaka", "Asia/Bangkok", "Asia/Kathmandu", "Asia/Yangon", "Asia/Tehran", "Asia/Kabul"),
    *("Africa/Lagos", "Africa/Johannesburg", "Europe/London", "Europe/Berlin", "Europe/Helsinki", "Australia/Brisbane"),
    *("Australia/Sydney", "Australia/Adelaide", "Australia/Eucla", "Pacific/Auckland", "Pacific/Chatham"),
    *("Pacific/Guadalcanal", "Pacific/Kiritimati", "Pacific/Marquesas", "Pacific/Pago_Pago", "Atlantic/Azores"),
    *("America/Mexico_City", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu", "America/Halifax", "America/St_Johns", "America/Noronha"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantShift:
    """Shift that explains most pairs.

    Attributes:
        shift_us: Of their times, positive where they are ahead of ours.
        zone: One with that offset at the time; None: none known.
    """

    shift_us: int
    pair_count: int
    shifted_count: int
    zone: str | None

    @property
    def sentence(self) -> str:
        minutes = abs(self.shift_us) // _MINUTE_US
        amount = " ".join(
            f"{number} {unit}" for number, unit in ((minutes // 60, "h"), (minutes % 60, "min")) if number
        )
        side = "ahead of" if self.shift_us > 0 else "behind"
        guess = f": {self.zone}?" if self.zone else "."
        return f"Their times are {amount} {side} ours{guess}"


def shift_of_pairs(apart_us: Ints, *, tolerance_us: int, at_us: int, zones: Sequence[str] = ()) -> ConstantShift | None:
    """Shift by which most pairs of the same ids are apart, if any.

    Args:
        at_us: Instant at which zones are compared.
    """
    steps = np.round(apart_us / _STEP_US).astype(np.int64)
    is_near = np.abs(apart_us - steps * _STEP_US) <= min(tolerance_us, _STEP_US // 3)
    is_shift = is_near & (steps != 0) & (np.abs(apart_us) <= SHIFT_MAX_US + tolerance_us)
    found, counts = np.unique(steps[is_shift], return_counts=True)
    if not len(found):
        return None
    best = np.lexsort((found, np.abs(found), -counts))[0]
    count, shift_us = int(counts[best]), int(found[best]) * _STEP_US
    if count < _PAIRS_MIN or count < _SHARE_MIN * len(apart_us):
        return None
    return ConstantShift(
        shift_us=shift_us,
        pair_count=len(apart_us),
        shifted_count=count,
        zone=zone_ahead(shift_us, at_us=at_us, zones=zones),
    )


def shift_of_times(
    theirs: Ints, ours: Ints, *, tolerance_us: int, at_us: int, zones: Sequence[str] = ()
) -> ConstantShift | None:
    """Shift by which most of their times are one of ours, where rows have no ids; both ascend."""
    if len(theirs) < _PAIRS_MIN or not len(ours):
        return None
    sample = theirs[np.linspace(0, len(theirs) - 1, min(_SAMPLE_SIZE, len(theirs))).astype(np.int64)]
    # Where ours are dense, only the finest comparison tells one shift from another.
    for reach_us in sorted({min(tolerance_us, _resolution_us(sample)), tolerance_us}):
        shift_us, count = _clearest_shift(sample, ours, reach_us=reach_us)
        if shift_us and count >= _PAIRS_MIN:
            zone = zone_ahead(shift_us, at_us=at_us, zones=zones)
            return ConstantShift(shift_us=shift_us, pair_count=len(sample), shifted_count=count, zone=zone)
    return None


def _clearest_shift(sample: Ints, ours: Ints, *, reach_us: int) -> tuple[int, int]:
    """Shift that fits most, and how many it fits; 0 if none is clearly the best."""
    shifts = np.arange(-SHIFT_MAX_US, SHIFT_MAX_US + 1, _STEP_US)
    scores = np.array([_near_count(sample - shift, ours, reach_us=reach_us) for shift in shifts.tolist()])
    best, second = np.lexsort((np.abs(shifts), -scores))[:2]
    lead = scores[best] - scores[second]
    is_clear = scores[best] >= _SHARE_MIN * len(sample) and lead >= _LEAD_MIN * len(sample)
    return (int(shifts[best]), int(scores[best])) if is_clear else (0, 0)


def zone_ahead(shift_us: int, *, at_us: int, zones: Sequence[str] = ()) -> str | None:
    """Well-known time zone that is ahead of UTC by a shift at an instant, if any; those given come first."""
    shift = timedelta(microseconds=shift_us)
    moment = datetime_from_us(at_us)
    known = (name for name in (*zones, *filter(is_timezone, _ZONES)) if name != "UTC")
    return next((name for name in known if moment.astimezone(ZoneInfo(name)).utcoffset() == shift), None)


def _resolution_us(times: Ints) -> int:
    units = (_MINUTE_US, MICROSECONDS_PER_SECOND)
    return next((unit for unit in units if not (times % unit).any()), MICROSECONDS_PER_SECOND)


def _near_count(times: Ints, ours: Ints, *, reach_us: int) -> int:
    after = np.searchsorted(ours, times)
    to_next = np.abs(ours[np.minimum(after, len(ours) - 1)] - times)
    to_previous = np.abs(times - ours[np.maximum(after - 1, 0)])
    return int((np.minimum(to_next, to_previous) <= reach_us).sum())
