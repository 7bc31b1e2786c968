"""Times of purchases and opening balances as people type them: a day is a day of the plan's time zone."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from botmeter.billing.plan_actions import midnight_us
from botmeter.billing.plan_terms import PlanTerm
from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import UTC_NAME, day_from_text

_DAY_LENGTH: Final = 10
NEVER: Final = "never"


def instant_as_typed(text: str, terms: Sequence[PlanTerm], *, now_us: int) -> int:
    """Start of a day, or a time with its offset, in µs UTC; raises Refused `date_invalid` or that of a time."""
    if len(text) > _DAY_LENGTH:
        return us_from_text(text)
    return midnight_us(day_from_text(text), _zone(terms, now_us=now_us))


def expiry_as_typed(text: str | None, terms: Sequence[PlanTerm], *, now_us: int) -> int | Literal["plan"] | None:
    """End of the last day of use, a time, or None for `never`; without a text as the plan's packs lapse."""
    if not text:
        return "plan"
    if text == NEVER:
        return None
    if len(text) > _DAY_LENGTH:
        return us_from_text(text)
    return midnight_us(day_from_text(text) + timedelta(days=1), _zone(terms, now_us=now_us))


def units_as_typed(text: str) -> Decimal:
    """Units from 0 on; raises Refused `units_invalid`."""
    try:
        units = Decimal(text)
    except InvalidOperation:
        units = Decimal("NaN")
    if not units.is_finite() or units < 0:
        raise Refused("units_invalid", f"{text[:40]!r} is not a number of units. Use a number from 0 on, such as 40.")
    return units


def _zone(terms: Sequence[PlanTerm], *, now_us: int) -> str:
    begun = [term for term in terms if term.from_us <= now_us]
    return (begun or terms)[-1].plan.cycle.timezone if terms else UTC_NAME
