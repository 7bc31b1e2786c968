"""The recorded facts that rating reads: purchases, removals and opening balances of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from botmeter.billing.cycle import Cycle


class PackPurchase(Protocol):
    """Packs bought at an instant, or the reversal of such a purchase."""

    @property
    def purchase_no(self) -> int: ...
    @property
    def meter(self) -> int: ...
    @property
    def how(self) -> str: ...
    @property
    def packs(self) -> int: ...
    @property
    def pack_units(self) -> Decimal: ...
    @property
    def pack_price(self) -> Decimal: ...
    @property
    def from_us(self) -> int: ...
    @property
    def expires_us(self) -> int | None: ...
    @property
    def reverses(self) -> int | None: ...


class PackRemoval(Protocol):
    """Recurring packs that end with a cycle, or the reversal of such a removal."""

    @property
    def removal_no(self) -> int: ...
    @property
    def meter(self) -> int: ...
    @property
    def from_us(self) -> int: ...
    @property
    def packs(self) -> int: ...
    @property
    def reverses(self) -> int | None: ...


class OpeningPack(Protocol):
    """A pack of an opening balance."""

    @property
    def units_left(self) -> Decimal: ...
    @property
    def pack_units(self) -> Decimal: ...
    @property
    def expires_us(self) -> int | None: ...


class OpeningBalance(Protocol):
    """What a meter had used of its allowance, and had left of its packs, as of an instant."""

    @property
    def balance_no(self) -> int: ...
    @property
    def meter(self) -> int: ...
    @property
    def as_of_us(self) -> int: ...
    @property
    def allowance_used(self) -> Decimal: ...
    @property
    def packs(self) -> Sequence[OpeningPack]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFacts:
    """All facts of an account, of any cycle."""

    purchases: Sequence[PackPurchase] = ()
    removals: Sequence[PackRemoval] = ()
    openings: Sequence[OpeningBalance] = ()

    def purchases_in(self, meter: int, start_us: int, end_us: int) -> list[PackPurchase]:
        """Purchases usable from within [start, end) that were not reversed, in the order of their instants."""
        reversed_nos = {each.reverses for each in self.purchases}
        chosen = (
            each
            for each in self.purchases
            if each.meter == meter
            and start_us <= each.from_us < end_us
            and each.reverses is None
            and each.purchase_no not in reversed_nos
        )
        return sorted(chosen, key=lambda each: (each.from_us, each.purchase_no))

    def opening(self, meter: int, cycle: Cycle) -> OpeningBalance | None:
        """The balance with which a meter began, if that was in this cycle; the last recorded is in force."""
        of_meter = [each for each in self.openings if each.meter == meter]
        last = max(of_meter, key=lambda each: each.balance_no, default=None)
        return last if last and cycle.start_us <= last.as_of_us < cycle.end_us else None
