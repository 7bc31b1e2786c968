"""Advice on packs, from the statements of the last cycles."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from botmeter.billing.plan import Meter
from botmeter.billing.statement_document import Document

CYCLES: Final = 6
"""Statements that the advice reads: half a year of months, over which demand is alike."""
CYCLES_MIN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PackAdvice:
    """Fewest packs that would have covered each of the last cycles."""

    enough: int
    bought: tuple[int, int]
    cycles: int


def pack_advice(documents: Sequence[Document], meter: Meter) -> PackAdvice | None:
    """Advise on the packs of a plan's only meter; None: with too few cycles, or other packs than to the cycle's end."""
    last = documents[-CYCLES:]
    if meter.pack is None or meter.pack.lapses != "cycle_end" or len(last) < CYCLES_MIN:
        return None
    size = Decimal(meter.pack.sessions)
    needed = [_units_needed(document, meter) for document in last]
    bought = [_packs(document) for document in last]
    enough = max(int((units / size).to_integral_value(rounding=ROUND_CEILING)) for units in needed)
    return PackAdvice(
        enough=max(enough, meter.pack.least_per_cycle), bought=(min(bought), max(bought)), cycles=len(last)
    )


def _units_needed(document: Document, meter: Meter) -> Decimal:
    used = sum((Decimal(grant["used"]) for grant in document["grants"] if grant["kind"] == "pack"), Decimal(0))
    counts = document["usage"]["by_funding"]
    return used + (counts["beyond"] + counts["stopped"]) * meter.weight


def _packs(document: Document) -> int:
    return sum(grant["packs"] for grant in document["grants"] if grant["kind"] == "pack")
