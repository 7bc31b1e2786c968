"""Shares of a cycle's cost by a name of its sessions; they add up to the total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.billing.beyond import ZERO
from botmeter.billing.rated import Funding, Grant, Line, RatedCycle, RatedMeter
from botmeter.domain.money import apportioned, exact

OwnKind = Literal["fee", "minimum", "unused_packs", "tax"]
Names = Sequence[pa.Array | pa.ChunkedArray]
Ints = npt.NDArray[np.int64]
_COUNTED_MAX: Final = 1 << 22
"""Largest number of which occurrences are counted one by one, in 32 MB."""


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


def shares_of(rated: RatedCycle, names: Names) -> Shares:
    """Divide a cycle's total by the names of its sessions.

    A session costs the effective price of the units that it used: its part of a purchase's line, or of the line of its
    price beyond all grants. Rounded amounts follow by largest remainder.

    Args:
        names: By meter, one name per session in rating order; null: none.
    """
    return shares_by(rated, [names])[0]


def shares_by(rated: RatedCycle, splits: Sequence[Names]) -> list[Shares]:
    """Divide a total as `shares_of` by several names of each session, in one pass."""
    coded = [_Coded.of(names) for names in splits]
    meter_count = min((len(each.codes) for each in coded), default=0)
    cells = [_Cells.of([each.codes[number] for each in coded]) for number in range(meter_count)]
    return _shares_by_cells(rated, cells, distinct=[each.distinct for each in coded])


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGroups:
    """Sessions of a meter in groups whose sessions have the same names.

    Attributes:
        group: By session, in rating order.
        names: By split, the name of each group; None: none.
    """

    group: Ints
    names: tuple[tuple[str | None, ...], ...]


def shares_by_group(rated: RatedCycle, meters: Sequence[NamedGroups]) -> list[Shares]:
    """Divide a total as `shares_by`, with sessions in few groups.

    Args:
        meters: Groups of each meter's sessions, all with the same splits.
    """
    names = [[each.names[split] for each in meters] for split in range(len(meters[0].names) if meters else 0)]
    distinct = [_in_order({name for of_meter in of_split for name in of_meter}) for of_split in names]
    positions = [{name: position for position, name in enumerate(each)} for each in distinct]
    cells = [
        _Cells(
            cell=each.group,
            of_cell=[
                np.array([position[name] for name in of_split], np.int64)
                for of_split, position in zip(each.names, positions, strict=True)
            ],
        )
        for each in meters
    ]
    return _shares_by_cells(rated, cells, distinct=distinct)


def _shares_by_cells(
    rated: RatedCycle, cells: "Sequence[_Cells]", *, distinct: Sequence[Sequence[str | None]]
) -> list[Shares]:
    counted = [
        _CountedCells.of(meter, payers=_payers(rated, number), cells=of_meter)
        for number, (meter, of_meter) in enumerate(zip(rated.meters, cells, strict=False))
    ]
    return [_shares(rated, counted, split=number, distinct=each) for number, each in enumerate(distinct)]


def _in_order(names: Iterable[str | None]) -> list[str | None]:
    return sorted(names, key=lambda name: (name is None, name or ""))


def _shares(
    rated: RatedCycle, counted: "Sequence[_CountedCells]", *, split: int, distinct: Sequence[str | None]
) -> Shares:
    size = len(distinct)
    sessions, weights, unused = np.zeros(size, np.int64), [ZERO] * size, ZERO
    with exact(may_round=True):
        for of_meter in counted:
            sessions += of_meter.sessions(split, size=size)
            for payer, units in zip(of_meter.payers.lines, of_meter.units(split, size=size), strict=True):
                used = sum(units, ZERO)
                whole = max(payer.units, used) or Decimal(1)
                weights = [weight + payer.amount * each / whole for weight, each in zip(weights, units, strict=True)]
                unused += payer.amount * (whole - used) / whole
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coded:
    """Names in ascending order, none at the end, and by meter each session's position among them."""

    distinct: list[str | None]
    codes: list[Ints]

    @classmethod
    def of(cls, names: Names) -> "_Coded":
        columns = [code_numbers(encoded(each)) for each in names]
        # Sessions are many, and names few.
        found = {texts[at] for texts, numbers in columns for at in renumbered(numbers)[0]}
        distinct = _in_order(found)
        positions = {name: position for position, name in enumerate(distinct)}
        codes = [np.array([positions.get(text, 0) for text in texts], np.int64)[numbers] for texts, numbers in columns]
        return cls(distinct=distinct, codes=codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Sessions of a meter by the combination of their names, of which there are few.

    Attributes:
        cell: By session.
        of_cell: By split, the position of the name by cell.
    """

    cell: Ints
    of_cell: list[Ints]

    @classmethod
    def of(cls, codes: Sequence[Ints]) -> "_Cells":
        cell, of_cell = np.zeros(len(codes[0]), np.int64), list[Ints]()
        for each in codes:
            size = int(each.max(initial=0)) + 1
            # Combinations that no session has take no room.
            used, cell = renumbered(cell * size + each)
            of_cell = [*(known[used // size] for known in of_cell), used % size]
        return cls(cell=cell, of_cell=of_cell)


def code_numbers(names: pa.DictionaryArray) -> tuple[list[str | None], Ints]:
    """Texts, none last, and the position of each name among them."""
    texts = [*names.dictionary.to_pylist(), None]
    return texts, np.asarray(names.indices.fill_null(len(texts) - 1), np.int64)


def renumbered(numbers: Ints) -> tuple[Ints, Ints]:
    """Distinct numbers, ascending, and the position of each number among them."""
    if int(numbers.max(initial=0)) > _COUNTED_MAX:
        distinct, positions = np.unique(numbers, return_inverse=True)
        return distinct, positions
    # A tenth of the time of sorting.
    is_used = np.bincount(numbers) > 0
    return np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[numbers]


def dictionary_of(numbers: npt.NDArray[np.int32], texts: Sequence[str]) -> pa.DictionaryArray:
    """Text of each number; -1: null."""
    indices = pa.array(numbers, mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(texts, pa.string()))


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
    by_pack: Ints
    by_tier: Ints

    def of(self, funding: npt.NDArray[np.uint8], numbers: npt.NDArray[np.int32]) -> Ints:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _CountedCells:
    """Sessions by cell and by payer, none last, of each span of one weight, and the units that spilled to others."""

    payers: _Payers
    cells: _Cells
    counts: list[tuple[Decimal, Ints]]
    spilled: list[tuple[int, int, Decimal]]

    @classmethod
    def of(cls, meter: RatedMeter, *, payers: _Payers, cells: _Cells) -> "_CountedCells":
        found, cell = payers.of(meter.funding, meter.funding_number), cells.cell
        shape = (len(payers.lines) + 1, len(cells.of_cell[0]))
        keys, counts, first = found * shape[1] + cell, [], 0
        for end, weight in meter.weights:
            counted = np.bincount(keys[first:end], minlength=shape[0] * shape[1])
            counts.append((weight, counted.reshape(shape)))
            first = end
        spilled = []
        for spill in meter.spills:
            kind, number = np.array([spill.funding], np.uint8), np.array([spill.number], np.int32)
            spilled.append((int(found[spill.session]), int(cell[spill.session]), -spill.units))
            spilled.append((int(payers.of(kind, number)[0]), int(cell[spill.session]), spill.units))
        return cls(payers=payers, cells=cells, counts=counts, spilled=spilled)

    def sessions(self, split: int, *, size: int) -> Ints:
        """Sessions by name."""
        of_spans = [self._by_name(counts, split, size=size).sum(axis=0) for _, counts in self.counts]
        return np.sum(of_spans, axis=0, dtype=np.int64) if of_spans else np.zeros(size, np.int64)

    def units(self, split: int, *, size: int) -> list[list[Decimal]]:
        """Units by payer and name."""
        code = self.cells.of_cell[split]
        units = [[ZERO] * size for _payer in [*self.payers.lines, None]]
        for weight, counts in self.counts:
            for payer, by_name in enumerate(self._by_name(counts, split, size=size).tolist()):
                units[payer] = [each + weight * count for each, count in zip(units[payer], by_name, strict=True)]
        for payer, cell, more in self.spilled:
            units[payer][code[cell]] += more
        return units[:-1]

    def _by_name(self, counts: Ints, split: int, *, size: int) -> Ints:
        by_name = np.zeros((size, len(counts)), np.int64)
        np.add.at(by_name, self.cells.of_cell[split], counts.T)
        return by_name.T
