"""Units beyond all grants."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.plan import Beyond, Tier
from botmeter.billing.rated import BeyondCharge

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondPiece:
    """Units from one position to another under one rule."""

    rule: Beyond
    start: Decimal
    end: Decimal


class BeyondCount:
    """Units beyond all grants so far."""

    __slots__ = ("pieces", "position")

    def __init__(self) -> None:
        self.pieces: list[BeyondPiece] = []
        self.position = ZERO

    def copy(self) -> "BeyondCount":
        copied = BeyondCount()
        copied.pieces, copied.position = self.pieces, self.position
        return copied

    def add(self, rule: Beyond, units: Decimal) -> None:
        self.pieces = self._with(rule, units)
        self.position += units

    def charges(self) -> tuple[BeyondCharge, ...]:
        return tuple(_charges(self.pieces))

    def within_cap(self, rule: Beyond, *, weight: Decimal, most: int) -> int:
        """Number of sessions of `weight` units, at most `most`, before the first that would pass the cap."""
        if rule.cap is None:
            return most
        count = 0
        # Under volume the amount falls where a tier ends, so each tier is searched by itself.
        for last in self._last_by_tier(rule, weight=weight, most=most):
            candidates = range(count + 1, last + 1)
            count += bisect_right(candidates, rule.cap, key=lambda number: self._amount_with(rule, number * weight))
            if count < last:
                break
        return count

    def fits_cap(self, rule: Beyond, units: Decimal) -> bool:
        return rule.cap is None or self._amount_with(rule, units) <= rule.cap

    def _amount_with(self, rule: Beyond, units: Decimal) -> Decimal:
        return sum((charge.amount for charge in _charges(self._with(rule, units))), ZERO)

    def _with(self, rule: Beyond, units: Decimal) -> list[BeyondPiece]:
        start, pieces = self.position, self.pieces
        if pieces and pieces[-1].rule == rule:
            start, pieces = pieces[-1].start, pieces[:-1]
        return [*pieces, BeyondPiece(rule=rule, start=start, end=self.position + units)]

    def _last_by_tier(self, rule: Beyond, *, weight: Decimal, most: int) -> Iterator[int]:
        if rule.kind == "volume":
            for tier in rule.tiers:
                if tier.up_to is not None and tier.up_to > self.position:
                    fitting = int((tier.up_to - self.position) // weight)
                    if fitting >= most:
                        break
                    yield fitting
        yield most


def whole_up(units: Decimal, size: Decimal) -> int:
    """Smallest number of times `size` that holds the units; 0 for none."""
    return 0 if units <= 0 else int(units // size) + bool(units % size)


def tiers_of(rule: Beyond) -> tuple[Tier, ...]:
    """Tiers of a rule; a plain price is one without end."""
    return (Tier(price=rule.price or ZERO),) if rule.kind == "price" else rule.tiers


def tier_parts(rule: Beyond, start: Decimal, *, end: Decimal) -> list[tuple[int, Decimal]]:
    """Units of [start, end) by graduated tier; number 0 where the rule has no tiers of that kind."""
    if rule.kind != "graduated":
        return [(0, end - start)]
    return [(number, units) for number, units, _entered in _overlaps(rule.tiers, start, end=end) if units]


def _charges(pieces: Sequence[BeyondPiece]) -> Iterator[BeyondCharge]:
    # A begun package is paid: its rest is not charged again, whatever plan follows within the cycle.
    paid_to = ZERO
    volumes = [at for at, piece in enumerate(pieces) if piece.rule.kind == "volume"]
    last_volume = max((at for at in volumes if pieces[at].end > pieces[at].start), default=max(volumes, default=None))
    for at, piece in enumerate(pieces):
        rule, start = piece.rule, max(piece.start, paid_to)
        if rule.kind == "package":
            size, price = Decimal(rule.sessions or 1), rule.price or ZERO
            begun = Decimal(whole_up(piece.end - start, size))
            paid_to = start + begun * size
            yield BeyondCharge(rule=rule, tier=None, unit="packages", quantity=begun, unit_price=price)
        elif rule.kind == "volume":
            yield from _volume(piece, start=start, total=pieces[-1].end, has_flat=at == last_volume)
        elif rule.kind != "stop":
            yield from _graduated(piece, start=start)


def _graduated(piece: BeyondPiece, *, start: Decimal) -> Iterator[BeyondCharge]:
    rule = piece.rule
    tiers, is_tiered = tiers_of(rule), rule.kind == "graduated"
    for number, units, _entered in _overlaps(tiers, start, end=max(start, piece.end)):
        named = number if is_tiered else None
        price = tiers[number - 1].price
        yield BeyondCharge(rule=rule, tier=named, unit="units", quantity=units, unit_price=price)
    for number, _units, entered in _overlaps(tiers, piece.start, end=piece.end):
        if flat := tiers[number - 1].flat:
            yield BeyondCharge(rule=rule, tier=number, unit="tier", quantity=Decimal(entered), unit_price=flat)


def _volume(piece: BeyondPiece, *, start: Decimal, total: Decimal, has_flat: bool) -> Iterator[BeyondCharge]:
    tiers = piece.rule.tiers
    tier = next((each for each in tiers if each.up_to is None or total <= each.up_to), tiers[-1])
    units = max(ZERO, piece.end - start)
    yield BeyondCharge(rule=piece.rule, tier=None, unit="units", quantity=units, unit_price=tier.price)
    if tier.flat and has_flat:
        entered = Decimal(piece.end > piece.start)
        yield BeyondCharge(rule=piece.rule, tier=None, unit="tier", quantity=entered, unit_price=tier.flat)


def _overlaps(tiers: Sequence[Tier], start: Decimal, *, end: Decimal) -> Iterator[tuple[int, Decimal, bool]]:
    # Number, units, and whether the tier's first unit is among them.
    lower = ZERO
    for number, tier in enumerate(tiers, 1):
        upper = end if tier.up_to is None or number == len(tiers) else min(end, Decimal(tier.up_to))
        yield number, max(ZERO, upper - max(start, lower)), start <= lower < end
        lower = Decimal(tier.up_to or 0)
