"""Use of a meter's allowance and packs."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.account_bill import Bill
from botmeter.billing.rated import GrantUse

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterUse:
    """Units of a meter's grants in force.

    Attributes:
        used: With those beyond all grants, so that `percent` can exceed 100.
        weight: Units of a session.
    """

    meter: int
    granted: Decimal
    used: Decimal
    left: Decimal
    beyond: Decimal
    weight: Decimal

    @property
    def percent(self) -> Decimal:
        return _HUNDRED * self.used / self.granted

    def percent_with(self, more: int) -> Decimal:
        """Percentage with a number of sessions to come."""
        return _HUNDRED * (self.used + more * self.weight) / self.granted


def meter_uses(bill: Bill, *, now_us: int) -> Iterator[MeterUse]:
    """Use by meter of the open cycle, without meters that have no grants in force."""
    start_us = bill.account_cycle.cycle.start_us
    for number, (rule, meter) in enumerate(zip(bill.rated.plan.meters, bill.rated.meters, strict=False)):
        held = [use for use in meter.grants if _is_in_force(use, now_us)]
        # What earlier cycles used of a grant is no part of this one; what an opening balance says is.
        used = sum((use.used + (use.before if use.grant.start_us >= start_us else 0) for use in held), Decimal(0))
        left = sum((use.left for use in held), Decimal(0))
        if used + left:
            beyond = meter.beyond_units
            yield MeterUse(
                meter=number,
                granted=used + left,
                used=used + beyond,
                left=left,
                beyond=beyond,
                weight=rule.weight,
            )


def _is_in_force(use: GrantUse, now_us: int) -> bool:
    expires_us = use.grant.expires_us
    return use.grant.start_us <= now_us and (expires_us is None or now_us < expires_us)
