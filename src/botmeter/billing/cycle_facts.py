"""Recorded facts that rating reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from botmeter.billing.cycle import Cycle

PurchaseHow = Literal["manual", "recharge", "recurring", "least"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPurchase:
    """Packs bought together, usable from an instant (µs UTC, inclusive) to an expiry (exclusive; None: never).

    Attributes:
        number: In the order of recording, from 1; 0: not recorded yet.
        cycle_start_us: Of a recurring or least purchase, of which a cycle has one.
    """

    number: int = 0
    meter: int = 0
    how: PurchaseHow = "manual"
    packs: int
    pack_units: Decimal
    pack_price: Decimal
    from_us: int
    expires_us: int | None = None
    cycle_start_us: int | None = None
    opening_key: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRemoval:
    """Recurring packs that are not bought from a cycle's start (µs UTC) on."""

    meter: int = 0
    packs: int
    from_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningPack:
    """Rest of a pack that was bought before."""

    units_left: Decimal
    pack_units: Decimal
    expires_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningBalance:
    """Units used and left of a meter as of an instant (µs UTC)."""

    meter: int = 0
    as_of_us: int
    allowance_used: Decimal = Decimal(0)
    packs: tuple[OpeningPack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFacts:
    """All facts in force of an account, of any cycle, opening balances in the order of recording."""

    purchases: Sequence[PackPurchase] = ()
    removals: Sequence[PackRemoval] = ()
    openings: Sequence[OpeningBalance] = ()

    def purchases_in(self, meter: int, *, start_us: int, end_us: int) -> list[PackPurchase]:
        chosen = (each for each in self.purchases if each.meter == meter and start_us <= each.from_us < end_us)
        return sorted(chosen, key=lambda each: (each.from_us, each.number))

    def opening(self, meter: int, cycle: Cycle) -> OpeningBalance | None:
        """Balance with which a meter began, if that was in this cycle; the last recorded one is in force."""
        of_meter = [each for each in self.openings if each.meter == meter]
        return of_meter[-1] if of_meter and cycle.start_us <= of_meter[-1].as_of_us < cycle.end_us else None


NO_FACTS = CycleFacts()
