"""The pass that funds a meter's sessions.

What funds a session is the same from one change to the next: a grant begins, expires or is used up, a tier or a term
ends, a cap is reached. The pass goes from change to change, never from session to session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from botmeter.billing.beyond import BeyondCount, tier_parts, whole_up
from botmeter.billing.grants import NEVER_US, ZERO
from botmeter.billing.plan import Beyond
from botmeter.billing.rated import CarriedGrant, Funding, Spill

# Positions are computed as 64-bit integers where they fit, which is ten times faster.
_INT64_MAX: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSpan:
    """Sessions up to `end` under one term: the units of each, and the price beyond all grants."""

    end: int
    weight: Decimal
    beyond: Beyond


class Balance:
    """Units left of a meter's grants at an instant that only moves on."""

    __slots__ = ("_by_burning", "_by_expiry", "_by_start", "_is_over", "_next_start", "held", "left", "total")

    def __init__(self, held: Sequence[CarriedGrant]) -> None:
        self.held = tuple(held)
        self.left = [each.left for each in held]
        self.total = ZERO
        self._by_start = sorted(range(len(held)), key=lambda rank: held[rank].grant.start_us)
        self._next_start = 0
        self._by_burning: list[int] = []
        self._by_expiry: list[tuple[int, int]] = []
        self._is_over = [False] * len(held)

    def advance(self, at_us: int) -> int:
        """Move to an instant, and return the next one at which a grant begins or expires."""
        while (next_us := self._next_start_us()) <= at_us:
            rank = self._by_start[self._next_start]
            self._next_start += 1
            expires_us = self.held[rank].grant.expires_us
            heappush(self._by_burning, rank)
            heappush(self._by_expiry, (NEVER_US if expires_us is None else expires_us, rank))
            self.total += self.left[rank]
        while self._by_expiry and self._by_expiry[0][0] <= at_us:
            _expired_us, rank = heappop(self._by_expiry)
            self._is_over[rank] = True
            self.total -= self.left[rank]
        return min(next_us, self._by_expiry[0][0] if self._by_expiry else NEVER_US)

    def first(self) -> int | None:
        """Position of the grant that burns next; None: nothing is left."""
        while self._by_burning:
            rank = self._by_burning[0]
            if self.left[rank] > 0 and not self._is_over[rank]:
                return rank
            heappop(self._by_burning)
        return None

    def use(self, rank: int, units: Decimal) -> None:
        self.left[rank] -= units
        self.total -= units

    def _next_start_us(self) -> int:
        following = self._next_start
        return self.held[self._by_start[following]].grant.start_us if following < len(self._by_start) else NEVER_US


class FundingPass:
    """Funds the charged sessions of a meter, in rating order.

    Attributes:
        starts: Of the charged sessions, in µs UTC, ascending.
        balance: Of the grants; after `run`, as it is after the last session.
    """

    def __init__(self, starts: npt.NDArray[np.int64], balance: Balance) -> None:
        self.starts = starts
        self.balance = balance
        self.beyond = BeyondCount()
        self.funding = np.full(len(starts), Funding.STOPPED, np.uint8)
        self.number = np.zeros(len(starts), np.int32)
        self.spills: list[Spill] = []
        self._at = 0
        self._is_capped = False

    def run(self, spans: Sequence[TermSpan]) -> None:
        for span in spans:
            self._is_capped = False
            while self._at < span.end:
                next_us = self.balance.advance(int(self.starts[self._at]))
                self._fund(span, min(span.end, int(np.searchsorted(self.starts, next_us, side="left"))))
            # A rule without units gives its lines with 0.
            self.beyond.add(span.beyond, ZERO)

    def _fund(self, span: TermSpan, end: int) -> None:
        balance, weight = self.balance, span.weight
        rank = balance.first()
        if rank is None:
            self._fund_beyond(span, end)
        elif whole := min(end - self._at, int(balance.left[rank] // weight)):
            self._fund_from(rank, whole, weight=weight)
        elif balance.total >= weight or self._may_exceed(span.beyond, weight - balance.total):
            self._fund_across(span)
        else:
            self._is_capped = span.beyond.kind != "stop"
            self._at = end

    def _fund_from(self, rank: int, count: int, *, weight: Decimal) -> None:
        grant = self.balance.held[rank].grant
        chosen = slice(self._at, self._at + count)
        is_pack = grant.kind == "pack"
        self.funding[chosen] = Funding.PACK if is_pack else Funding.ALLOWANCE
        if is_pack:
            self.number[chosen] = self._pack_numbers(rank, count, weight=weight)
        self.balance.use(rank, count * weight)
        self._at += count

    def _pack_numbers(self, rank: int, count: int, *, weight: Decimal) -> npt.NDArray[np.int64] | int:
        grant = self.balance.held[rank].grant
        if grant.packs == 1:
            return grant.number
        used = grant.units - self.balance.left[rank]
        units, first, step = _integers(grant.units / grant.packs, used, weight)
        dtype = np.int64 if first + step * count < _INT64_MAX else object
        return (grant.number + (first + step * np.arange(count, dtype=dtype)) // units).astype(np.int64)

    def _may_exceed(self, rule: Beyond, units: Decimal) -> bool:
        return rule.kind != "stop" and not self._is_capped and self.beyond.fits_cap(rule, units)

    def _fund_across(self, span: TermSpan) -> None:
        # One session takes what is left of a grant, and the rest from the next ones.
        missing, parts = span.weight, []
        while missing and (rank := self.balance.first()) is not None:
            grant, units = self.balance.held[rank].grant, min(missing, self.balance.left[rank])
            funding = Funding.PACK if grant.kind == "pack" else Funding.ALLOWANCE
            number = int(self._pack_numbers(rank, 1, weight=units)) if funding is Funding.PACK else 0
            parts.append((funding, number, units))
            self.balance.use(rank, units)
            missing -= units
        if missing:
            position = self.beyond.position
            for number, units in tier_parts(span.beyond, position, end=position + missing):
                parts.append((Funding.BEYOND, number, units))
            self.beyond.add(span.beyond, missing)
        self._mark_parts(self._at, parts)
        self._at += 1

    def _mark_parts(self, session: int, parts: Sequence[tuple[Funding, int, Decimal]]) -> None:
        self.funding[session], self.number[session] = parts[0][:2]
        for funding, number, units in parts[1:]:
            self.spills.append(Spill(session=session, funding=funding, number=number, units=units))

    def _fund_beyond(self, span: TermSpan, end: int) -> None:
        rule, most = span.beyond, end - self._at
        if rule.kind == "stop" or self._is_capped:
            self._at = end
            return
        count = self.beyond.within_cap(rule, weight=span.weight, most=most)
        self.funding[self._at : self._at + count] = Funding.BEYOND
        if rule.kind == "graduated" and count:
            self._number_tiers(span, count)
        self.beyond.add(rule, count * span.weight)
        self._is_capped = count < most
        self._at = end

    def _number_tiers(self, span: TermSpan, count: int) -> None:
        position, weight = self.beyond.position, span.weight
        first = 0
        for number, tier in enumerate(span.beyond.tiers, 1):
            is_last = tier.up_to is None or number == len(span.beyond.tiers)
            fitting = count if is_last else min(count, whole_up((tier.up_to or 0) - position, weight))
            if fitting <= first:
                continue
            self.number[self._at + first : self._at + fitting] = number
            start = position + (fitting - 1) * weight
            parts = tier_parts(span.beyond, start, end=start + weight)
            if len(parts) > 1:
                self._mark_parts(self._at + fitting - 1, [(Funding.BEYOND, *part) for part in parts])
            first = fitting


def _integers(*values: Decimal) -> tuple[int, ...]:
    decimals = max(max(0, -int(value.as_tuple().exponent)) for value in values)
    return tuple(int(value.scaleb(decimals)) for value in values)
