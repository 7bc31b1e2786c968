"""Pass that funds a meter's sessions, from one change of grants and prices to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from botmeter.billing.balance import Balance
from botmeter.billing.beyond import ZERO, BeyondCount, tier_parts, whole_up
from botmeter.billing.plan import Beyond, Meter
from botmeter.billing.rated import Funding, Spill

# Positions are computed as 64-bit integers where they fit, which is ten times faster.
_INT64_MAX: Final = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSpan:
    """Sessions up to `end` under one term's rules for the meter."""

    end: int
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """State of a pass before a session."""

    at: int
    is_capped: bool
    balance_mark: int
    beyond: BeyondCount
    spill_count: int


class FundingPass:
    """Funds the charged sessions of a meter, in rating order.

    Attributes:
        starts: Of the charged sessions, in µs UTC, ascending.
    """

    def __init__(self, starts: npt.NDArray[np.int64], balance: Balance) -> None:
        self.starts = starts
        self.balance = balance
        self.beyond = BeyondCount()
        self.funding = np.full(len(starts), Funding.STOPPED, np.uint8)
        self.number = np.zeros(len(starts), np.int32)
        self.spills: list[Spill] = []
        self.at = 0
        self._is_capped = False

    def run(self, spans: Sequence[TermSpan]) -> None:
        for span in spans:
            while self.at < span.end:
                self.step(span)
            self.end_span(span)

    def run_until(self, position: int, spans: Sequence[TermSpan]) -> None:
        """Fund the sessions of the spans before a position, and of the one at it, which goes on."""
        self.run(spans[:position])
        while self.at < spans[position].end:
            self.step(spans[position])

    def following(self, start_us: int) -> "FundingPass":
        """Pass over one more session, which this one does not have."""
        after = FundingPass(np.array([start_us]), self.balance.copy())
        after.beyond, after._is_capped = self.beyond.copy(), self._is_capped
        return after

    def step(self, span: TermSpan) -> None:
        next_us = self.balance.advance(int(self.starts[self.at]))
        self._fund(span, min(span.end, int(np.searchsorted(self.starts, next_us, side="left"))))

    def end_span(self, span: TermSpan) -> None:
        # A rule without units gives its lines with 0, and the cap of the next term is its own.
        self.beyond.add(span.meter.beyond, ZERO)
        self._is_capped = False

    def snapshot(self) -> Snapshot:
        return Snapshot(
            at=self.at,
            is_capped=self._is_capped,
            balance_mark=self.balance.mark(),
            beyond=self.beyond.copy(),
            spill_count=len(self.spills),
        )

    def restore(self, snapshot: Snapshot) -> None:
        self.funding[snapshot.at : self.at], self.number[snapshot.at : self.at] = Funding.STOPPED, 0
        del self.spills[snapshot.spill_count :]
        self.at, self._is_capped = snapshot.at, snapshot.is_capped
        self.balance.rewind(snapshot.balance_mark)
        self.beyond = snapshot.beyond

    def _fund(self, span: TermSpan, end: int) -> None:
        balance, meter, weight = self.balance, span.meter, span.meter.weight
        rank = balance.first()
        if rank is None:
            self._fund_beyond(span, end)
        elif whole := min(end - self.at, int(balance.left[rank] // weight)):
            self._fund_from(rank, whole, weight=weight)
        elif balance.total >= weight or self._may_exceed(meter.beyond, weight - balance.total):
            self._fund_across(span)
        else:
            self._is_capped = meter.beyond.kind != "stop"
            self.at = end

    def _fund_from(self, rank: int, count: int, *, weight: Decimal) -> None:
        grant = self.balance.held[rank].grant
        chosen = slice(self.at, self.at + count)
        is_pack = grant.kind == "pack"
        self.funding[chosen] = Funding.PACK if is_pack else Funding.ALLOWANCE
        if is_pack:
            self.number[chosen] = self._pack_numbers(rank, count, weight=weight)
        self.balance.use(rank, count * weight)
        self.at += count

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
        missing, rule, parts = span.meter.weight, span.meter.beyond, []
        while missing and (rank := self.balance.first()) is not None:
            grant, units = self.balance.held[rank].grant, min(missing, self.balance.left[rank])
            funding = Funding.PACK if grant.kind == "pack" else Funding.ALLOWANCE
            number = int(np.ravel(self._pack_numbers(rank, 1, weight=units))[0]) if funding is Funding.PACK else 0
            parts.append((funding, number, units))
            self.balance.use(rank, units)
            missing -= units
        if missing:
            position = self.beyond.position
            for number, units in tier_parts(rule, position, end=position + missing):
                parts.append((Funding.BEYOND, number, units))
            self.beyond.add(rule, missing)
        self._mark_parts(self.at, parts)
        self.at += 1

    def _mark_parts(self, session: int, parts: Sequence[tuple[Funding, int, Decimal]]) -> None:
        self.funding[session], self.number[session] = parts[0][:2]
        for funding, number, units in parts[1:]:
            self.spills.append(Spill(session=session, funding=funding, number=number, units=units))

    def _fund_beyond(self, span: TermSpan, end: int) -> None:
        rule, weight, most = span.meter.beyond, span.meter.weight, end - self.at
        if rule.kind == "stop" or self._is_capped:
            self.at = end
            return
        count = self.beyond.within_cap(rule, weight=weight, most=most)
        self.funding[self.at : self.at + count] = Funding.BEYOND
        if rule.kind == "graduated" and count:
            self._number_tiers(span.meter, count)
        self.beyond.add(rule, count * weight)
        self._is_capped = count < most
        self.at = end

    def _number_tiers(self, meter: Meter, count: int) -> None:
        position, weight, rule = self.beyond.position, meter.weight, meter.beyond
        first = 0
        for number, tier in enumerate(rule.tiers, 1):
            is_last = tier.up_to is None or number == len(rule.tiers)
            fitting = count if is_last else min(count, whole_up((tier.up_to or 0) - position, weight))
            if fitting <= first:
                continue
            self.number[self.at + first : self.at + fitting] = number
            start = position + (fitting - 1) * weight
            parts = tier_parts(rule, start, end=start + weight)
            if len(parts) > 1:
                self._mark_parts(self.at + fitting - 1, [(Funding.BEYOND, *part) for part in parts])
            first = fitting


def _integers(*values: Decimal) -> tuple[int, ...]:
    decimals = max(max(0, -int(value.as_tuple().exponent)) for value in values)
    return tuple(int(value.scaleb(decimals)) for value in values)
