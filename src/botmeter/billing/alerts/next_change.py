"""Crossings by time alone."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from botmeter.billing.alerts.alert import Alert, AlertKind
from botmeter.billing.alerts.crossings import Reading
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND

HOUR_US: Final = 3_600 * MICROSECONDS_PER_SECOND
_UNIT_US: Final = {AlertKind.SILENT_SOURCE: HOUR_US, AlertKind.PACKS_LAPSE: DAY_US}


def next_change_us(pairs: Iterable[tuple[Alert, Reading]], *, now_us: int) -> int:
    """Time to read an account again to which nothing comes (µs UTC): at a level, or in the next hour."""
    changes = [now_us // HOUR_US * HOUR_US + HOUR_US]
    for alert, reading in pairs:
        unit_us = _UNIT_US.get(alert.kind)
        if unit_us is not None and reading.value is not None:
            changes += [now_us + 1 + int(away * unit_us) for away in _away(alert, reading.value)]
    return min(changes)


def _away(alert: Alert, value: Decimal) -> Iterable[Decimal]:
    distances = (value - level if alert.is_falling else level - value for level in alert.levels)
    return [distance for distance in distances if distance > 0]
