"""Terms and result of a comparison."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.reconcile.differences import Kind, Reason
from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.shift import ConstantShift
from botmeter.billing.reconcile.sides import Flags
from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import UTC_NAME, offset_us

_HOUR_US: Final = DAY_US // 24
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600}
_TOLERANCE: Final = re.compile(r"(\d{1,5})([smh])", re.ASCII)
TOLERANCE_MAX_US: Final = 3_600 * 1_000_000
"""Longer ones would pair different sessions, and hide a wrong time zone."""
ReceiptTimes = Callable[[Sequence[str]], Ints]
"""Session ids → µs at which the opening event of each was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of a comparison; raises `Refused` (`tolerance_invalid`).

    Attributes:
        start_us: Of the bill's period; `end_us` is excluded.
        aliases: Other id of a customer → the one that our sessions have.
        receipt_times: None: late events are not looked for.
    """

    start_us: int
    end_us: int
    tolerance_us: int
    timezone: str = UTC_NAME
    zones: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    corrected: frozenset[str] = frozenset()
    receipt_times: ReceiptTimes | None = None

    def __post_init__(self) -> None:
        checked_tolerance(self.tolerance_us)

    def includes(self, times: Ints) -> Flags:
        return (times >= self.start_us) & (times < self.end_us)

    def days(self, times: Ints) -> Ints:
        if self.timezone == UTC_NAME:
            return times // DAY_US
        # Clocks change at full hours of UTC.
        hours, places = np.unique(times // _HOUR_US, return_inverse=True)
        offsets = np.array([offset_us(hour * _HOUR_US, self.timezone) for hour in hours.tolist()], np.int64)
        return (times + offsets[places]) // DAY_US if len(hours) else times


def tolerance_from_text(text: str) -> int:
    """Read `60s`, `5m` or `1h` as µs; raises `Refused` (`tolerance_invalid`)."""
    match = _TOLERANCE.fullmatch(text)
    if match is None:
        raise Refused("tolerance_invalid", f"{text[:40]!r} is not a tolerance. Use a time such as 60s, 5m or 1h.")
    return checked_tolerance(int(match[1]) * _UNIT_SECONDS[match[2]] * 1_000_000)


def checked_tolerance(tolerance_us: int) -> int:
    """Valid tolerance; raises `Refused` (`tolerance_invalid`)."""
    if not 0 <= tolerance_us <= TOLERANCE_MAX_US:
        seconds = tolerance_us / 1_000_000
        raise Refused("tolerance_invalid", f"The tolerance is {seconds:g} s; it must be from 0 s to 1 h.")
    return tolerance_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Number of differences of a kind and a reason; `amount` is what the vendor charges, None if unknown."""

    kind: Kind
    reason: Reason
    count: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """Sessions of a day on both sides."""

    day_on: date
    their_count: int
    our_count: int
    amount: Decimal | None

    @property
    def difference(self) -> int:
        return self.their_count - self.our_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Result of a comparison.

    Attributes:
        their_count: Also rows outside the period; `our_count` has sessions of the period alone.
        moved_count: Same sessions on one day, further apart than the tolerance.
    """

    start_us: int
    end_us: int
    timezone: str
    their_count: int
    our_count: int
    same_count: int
    moved_count: int
    amount: Decimal | None
    totals: tuple[Total, ...]
    days: tuple[DayTotal, ...]
    shift: ConstantShift | None
    notes: tuple[str, ...]
    differences: pa.Table

    @property
    def is_same(self) -> bool:
        return not self.totals

    def count(self, kind: Kind) -> int:
        return self.same_count if kind is Kind.SAME else sum(each.count for each in self.totals if each.kind is kind)
