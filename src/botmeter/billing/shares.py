"""Shares of a cycle's cost by a name of its sessions; they add up to the total."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.beyond import ZERO
from botmeter.billing.rated import Funding, Grant, Line, RatedCycle, RatedMeter
from botmeter.domain.money import apportioned, exact

OwnKind = Literal["fee", "minimum", "unused_packs", "tax"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Cost of the sessions with one name; None: those without."""

    name: str | None
    sessions: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnShare:
    """Cost that no session caused."""

    kind: OwnKind
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of a cycle's total, by name in ascending order, and those of no session."""

    by_name: tuple[Share, ...]
    unattributed: tuple[OwnShare, ...]


def shares_of(rated: RatedCycle, names: Sequence[pa.Array | pa.ChunkedArray]) -> Shares:
    """Divide a cycle's total by the names of its sessions.

    A session costs the effective price of the units that it used: its part of a purchase's line, or of the line of its
    price beyond all grants. Rounded amounts follow by largest remainder.

    Args:
        names: By meter, one name per session in rating order; null: none.
    """
    distinct, codes = _coded(names)
    count = len(distinct)
    sessions = sum((np.bincount(each, minlength=count) for each in codes), np.zeros(count, np.int64))
    weights, unused = [ZERO] * count, ZERO
    with exact(may_round=True):
        for number, (meter, code) in enumerate(zip(rated.meters, codes, strict=False)):
            payers = _payers(rated, number)
            for payer, units in zip(payers.lines, _units(meter, payers, code=code, count=count), strict=True):
                whole = max(payer.units, sum(units, ZERO)) or Decimal(1)
                weights = [weight + payer.amount * each / whole for weight, each in zip(weights, units, strict=True)]
                unused += payer.amount * (whole - sum(units, ZERO)) / whole
    fee, minimum = (_sum_of(rated, kind) for kind in ("fee", "minimum"))
    currency = rated.plan.currency
    # Divided first, so that packs not used cost the same under bots, channels and cost centres.
    used_amount, unused_amount = apportioned(
        rated.subtotal - fee - minimum, [sum(weights, ZERO), unused], currency=currency
    )
    amounts = apportioned(used_amount, weights, currency=currency)
    return Shares(
        by_name=tuple(
            Share(name=name, sessions=int(count), amount=amount)
            for name, count, amount in zip(distinct, sessions, amounts, strict=True)
        ),
        unattributed=(
            OwnShare(kind="fee", amount=fee),
            OwnShare(kind="minimum", amount=minimum),
            OwnShare(kind="unused_packs", amount=unused_amount),
            OwnShare(kind="tax", amount=rated.tax),
        ),
    )


def _sum_of(rated: RatedCycle, kind: str) -> Decimal:
    return sum((line.amount for line in rated.lines if line.kind == kind), ZERO)


def _coded(names: Sequence[pa.Array | pa.ChunkedArray]) -> tuple[list[str | None], list[npt.NDArray[np.int64]]]:
    # Names in ascending order, none at the end, and each session's position among them.
    columns = [encoded(each) for each in names]
    found = {name for each in columns for name in pc.unique(each).to_pylist()}
    distinct = sorted(found, key=lambda name: (name is None, name or ""))
    positions = {name: position for position, name in enumerate(distinct)}
    codes = []
    for each in columns:
        # Sessions are many, and names few.
        texts = [*each.dictionary.to_pylist(), None]
        of_code = np.array([positions.get(text, 0) for text in texts], np.int64)
        codes.append(of_code[np.asarray(each.indices.fill_null(len(texts) - 1), np.int64)])
    return distinct, codes


def encoded(names: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """One dictionary array of names."""
    whole = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
    return whole if pa.types.is_dictionary(whole.type) else whole.cast(pa.string()).dictionary_encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payer:
    """Lines that the same sessions pay for; `units`: how many these lines brought, 0: as many as are used."""

    amount: Decimal
    units: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payers:
    """Lines by the funding of their sessions: positions in `lines` by pack and by tier; the last one: none."""

    lines: list[_Payer]
    by_pack: npt.NDArray[np.int64]
    by_tier: npt.NDArray[np.int64]

    def of(self, funding: npt.NDArray[np.uint8], numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        found = np.full(len(funding), len(self.lines), np.int64)
        for kind, positions in ((Funding.PACK, self.by_pack), (Funding.BEYOND, self.by_tier)):
            chosen = funding == kind
            found[chosen] = positions[numbers[chosen]]
        return found


def _payers(rated: RatedCycle, number: int) -> _Payers:
    meter = rated.meters[number]
    packs = [use.grant for use in meter.grants if use.grant.kind == "pack"]
    purchases = [line for line in rated.lines if line.kind == "purchase" and line.meter == number]
    beyond = [line for line in rated.lines if line.kind == "beyond" and line.meter == number]
    tiers = sorted({line.tier or 0 for line in beyond})
    lines = [_Payer(amount=line.amount, units=line.quantity * (line.pack_units or ZERO)) for line in purchases]
    lines += [_Payer(amount=sum((line.amount for line in beyond if (line.tier or 0) == tier), ZERO)) for tier in tiers]
    by_pack = np.full(1 + sum(grant.packs for grant in packs), len(lines), np.int64)
    for grant in packs:
        line = _line_of(rated, grant, purchases=purchases)
        by_pack[grant.number : grant.number + grant.packs] = len(lines) if line is None else line
    by_tier = np.full(1 + max(tiers, default=0), len(lines), np.int64)
    by_tier[tiers] = np.arange(len(purchases), len(lines))
    return _Payers(lines=lines, by_pack=by_pack, by_tier=by_tier)


def _line_of(rated: RatedCycle, grant: Grant, *, purchases: Sequence[Line]) -> int | None:
    # A pack that was carried into the cycle was paid for before.
    if grant.purchase_no is None or grant.start_us < rated.cycle.start_us:
        return None
    terms = grant.units / grant.packs, grant.price
    return next((at for at, line in enumerate(purchases) if (line.pack_units, line.unit_price) == terms), None)


def _units(meter: RatedMeter, payers: _Payers, *, code: npt.NDArray[np.int64], count: int) -> list[list[Decimal]]:
    # Units by line and name.
    found = payers.of(meter.funding, meter.funding_number)
    units = [[ZERO] * count for _line in [*payers.lines, None]]
    first = 0
    for end, weight in meter.weights:
        counts = np.bincount(found[first:end] * count + code[first:end], minlength=count * len(units))
        for line, by_name in enumerate(counts.reshape(len(units), count).tolist()):
            units[line] = [each + weight * sessions for each, sessions in zip(units[line], by_name, strict=True)]
        first = end
    for spill in meter.spills:
        kind, number = np.array([spill.funding], np.uint8), np.array([spill.number], np.int32)
        units[found[spill.session]][code[spill.session]] -= spill.units
        units[payers.of(kind, number)[0]][code[spill.session]] += spill.units
    return units[:-1]
