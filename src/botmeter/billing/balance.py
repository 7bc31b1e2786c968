"""Units left of a meter's grants at an instant that only moves on."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from heapq import heappop, heappush

from botmeter.billing.beyond import ZERO
from botmeter.billing.grants import NEVER_US, burn_key
from botmeter.billing.rated import CarriedGrant

BurnKey = tuple[bool, int, int, int]


class Balance:
    """Grants by rank, in the order in which they were added.

    A `rewind` costs what it undoes since `mark`, however many grants there are.

    Attributes:
        left: By rank, also of grants that have not begun or are over.
    """

    __slots__ = (
        "_by_burning",
        "_by_expiry",
        "_by_start",
        "_forfeiting",
        "_has_begun",
        "_is_over",
        "_undo",
        "held",
        "left",
        "total",
    )

    def __init__(self, held: Iterable[CarriedGrant] = ()) -> None:
        self.held: list[CarriedGrant] = []
        self.left: list[Decimal] = []
        self.total = ZERO
        self._by_start: list[tuple[int, int]] = []
        self._by_burning: list[tuple[BurnKey, int]] = []
        self._by_expiry: list[tuple[int, int]] = []
        self._has_begun: list[bool] = []
        self._is_over: list[bool] = []
        self._forfeiting: list[int] = []
        self._undo: list[Callable[[], None]] | None = None
        for each in held:
            self.add(each)

    def add(self, held: CarriedGrant) -> None:
        heappush(self._by_start, (held.grant.start_us, len(self.held)))
        if held.grant.forfeits:
            self._forfeiting.append(len(self.held))
        self.held.append(held)
        self.left.append(held.left)
        self._has_begun.append(False)
        self._is_over.append(False)

    def forfeit(self, at_us: int) -> None:
        """Let allowances that a purchase forfeits lapse at its instant, which is not past."""
        for rank in self._forfeiting:
            each = self.held[rank]
            grant = each.grant
            if grant.start_us <= at_us < (grant.expires_us or NEVER_US):
                self.held[rank] = replace(each, grant=replace(grant, expires_us=at_us))
                heappush(self._by_expiry, (at_us, rank))

    def advance(self, at_us: int) -> int:
        """Move to an instant, and return the next one at which a grant begins or expires."""
        while self._by_start and self._by_start[0][0] <= at_us:
            self._begin(heappop(self._by_start))
        while self._by_expiry and self._by_expiry[0][0] <= at_us:
            entry = heappop(self._by_expiry)
            if self._has_begun[entry[1]] and not self._is_over[entry[1]]:
                self._end(entry)
        return min(self._by_start[0][0] if self._by_start else NEVER_US, self._next_expiry_us())

    def first(self) -> int | None:
        """Rank of the grant that burns next; None: nothing is left."""
        while self._by_burning:
            rank = self._by_burning[0][1]
            if self.left[rank] > 0 and self._has_begun[rank] and not self._is_over[rank]:
                return rank
            self._note(partial(heappush, self._by_burning, heappop(self._by_burning)))
        return None

    def use(self, rank: int, units: Decimal) -> None:
        self._add_left(rank, -units)
        self._note(lambda: self._add_left(rank, units))

    def live(self) -> "Balance":
        """Balance without used up and expired grants; it must be moved to its instant again."""
        ranks = (rank for rank, left in enumerate(self.left) if left > 0 and not self._is_over[rank])
        return Balance(replace(self.held[rank], left=self.left[rank]) for rank in ranks)

    def copy(self) -> "Balance":
        """Copy without marks."""
        copied = Balance()
        copied.total = self.total
        for name in ("held", "left", "_by_start", "_by_burning", "_by_expiry", "_forfeiting", "_has_begun", "_is_over"):
            setattr(copied, name, getattr(self, name).copy())
        return copied

    def mark(self) -> int:
        self._undo = self._undo or []
        return len(self._undo)

    def rewind(self, mark: int) -> None:
        """Return to a mark; grants added since then stay, and have not begun."""
        while self._undo is not None and len(self._undo) > mark:
            self._undo.pop()()

    def forget_marks(self) -> None:
        self._undo = None

    def _begin(self, entry: tuple[int, int]) -> None:
        rank = entry[1]
        grant = self.held[rank].grant
        heappush(self._by_burning, (burn_key(grant), rank))
        heappush(self._by_expiry, (NEVER_US if grant.expires_us is None else grant.expires_us, rank))
        self._has_begun[rank] = True
        self.total += self.left[rank]

        def undo() -> None:
            # What stays in the other heaps is passed over until it begins again.
            heappush(self._by_start, entry)
            self._has_begun[rank] = False
            self.total -= self.left[rank]

        self._note(undo)

    def _end(self, entry: tuple[int, int]) -> None:
        rank = entry[1]
        self._is_over[rank] = True
        self.total -= self.left[rank]

        def undo() -> None:
            heappush(self._by_expiry, entry)
            self._is_over[rank] = False
            self.total += self.left[rank]

        self._note(undo)

    def _add_left(self, rank: int, units: Decimal) -> None:
        self.left[rank] += units
        self.total += units

    def _note(self, undo: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    def _next_expiry_us(self) -> int:
        return self._by_expiry[0][0] if self._by_expiry else NEVER_US
