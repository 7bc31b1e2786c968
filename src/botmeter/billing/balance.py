"""Units left of a meter's grants at an instant that only moves on."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from heapq import heappop, heappush

from botmeter.billing.beyond import ZERO
from botmeter.billing.grants import NEVER_US, burn_key
from botmeter.billing.rated import CarriedGrant

BurnKey = tuple[bool, int, int, int]


class Balance:
    """Grants by rank, in the order in which they were added.

    Attributes:
        left: Units left by rank, of grants that have not begun or are over too.
    """

    __slots__ = ("_by_burning", "_by_expiry", "_by_start", "_is_over", "held", "left", "total")

    def __init__(self, held: Iterable[CarriedGrant] = ()) -> None:
        self.held: list[CarriedGrant] = []
        self.left: list[Decimal] = []
        self.total = ZERO
        self._by_start: list[tuple[int, int]] = []
        self._by_burning: list[tuple[BurnKey, int]] = []
        self._by_expiry: list[tuple[int, int]] = []
        self._is_over: list[bool] = []
        for each in held:
            self.add(each)

    def add(self, held: CarriedGrant) -> None:
        heappush(self._by_start, (held.grant.start_us, len(self.held)))
        self.held.append(held)
        self.left.append(held.left)
        self._is_over.append(False)

    def forfeit(self, at_us: int) -> None:
        """Let allowances that a purchase forfeits lapse at its instant, which has not passed."""
        for rank, each in enumerate(self.held):
            grant = each.grant
            if grant.forfeits and grant.start_us <= at_us < (grant.expires_us or NEVER_US):
                self.held[rank] = replace(each, grant=replace(grant, expires_us=at_us))
                heappush(self._by_expiry, (at_us, rank))

    def advance(self, at_us: int) -> int:
        """Move to an instant, and return the next one at which a grant begins or expires."""
        while self._by_start and self._by_start[0][0] <= at_us:
            _start_us, rank = heappop(self._by_start)
            grant = self.held[rank].grant
            heappush(self._by_burning, (burn_key(grant), rank))
            heappush(self._by_expiry, (NEVER_US if grant.expires_us is None else grant.expires_us, rank))
            self.total += self.left[rank]
        while self._by_expiry and self._by_expiry[0][0] <= at_us:
            _expires_us, rank = heappop(self._by_expiry)
            if not self._is_over[rank]:
                self._is_over[rank] = True
                self.total -= self.left[rank]
        return min(self._by_start[0][0] if self._by_start else NEVER_US, self._next_expiry_us())

    def first(self) -> int | None:
        """Rank of the grant that burns next; None: nothing is left."""
        while self._by_burning:
            rank = self._by_burning[0][1]
            if self.left[rank] > 0 and not self._is_over[rank]:
                return rank
            heappop(self._by_burning)
        return None

    def use(self, rank: int, units: Decimal) -> None:
        self.left[rank] -= units
        self.total -= units

    def live(self) -> "Balance":
        """Return the balance without grants that are used up or over; it must be moved to its instant again."""
        ranks = (rank for rank, left in enumerate(self.left) if left > 0 and not self._is_over[rank])
        return Balance(replace(self.held[rank], left=self.left[rank]) for rank in ranks)

    def copy(self) -> "Balance":
        copied = Balance()
        copied.total = self.total
        for name in ("held", "left", "_by_start", "_by_burning", "_by_expiry", "_is_over"):
            setattr(copied, name, getattr(self, name).copy())
        return copied

    def _next_expiry_us(self) -> int:
        return self._by_expiry[0][0] if self._by_expiry else NEVER_US
