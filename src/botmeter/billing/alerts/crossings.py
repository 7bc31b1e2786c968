"""Newly reached levels of an alert."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.alerts.alert import Alert, level_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Watched figure at an instant.

    Attributes:
        epoch: Within which each level fires once; names the thing where an alert watches several.
        value: In the unit of the levels; None: `moments` has what happened.
        subject: Number of the budget, name of the source or statement, or expiry of the packs; empty: the account.
    """

    epoch: str
    value: Decimal | None = None
    moments: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Newly crossed levels of a reading: the one to send (None: nothing is), and lower ones."""

    fired: str | None = None
    superseded: tuple[str, ...] = ()


def crossed_levels(alert: Alert, reading: Reading) -> tuple[str, ...]:
    """Levels reached, the worst last."""
    if reading.value is None:
        return reading.moments
    value = reading.value
    if alert.is_falling:
        return tuple(level_text(level) for level in reversed(alert.levels) if value <= level)
    return tuple(level_text(level) for level in alert.levels if value >= level)


def new_crossings(alert: Alert, reading: Reading, *, known: Collection[str]) -> Crossings:
    """Levels reached for the first time in their epoch; `known` are those that have a row.

    Only the highest is sent. If a higher one was sent before, the new ones are superseded by that.
    """
    crossed = crossed_levels(alert, reading)
    new = [level for level in crossed if level not in known]
    if not new:
        return Crossings()
    if new[-1] != crossed[-1]:
        return Crossings(superseded=tuple(new))
    return Crossings(fired=new[-1], superseded=tuple(new[:-1]))
