"""Advice on packs, from the statements of the last cycles."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from botmeter.billing.account_statements import closed_documents
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.plan import Meter
from botmeter.billing.statement_document import Document
from botmeter.domain.text import counted
from botmeter.ledger.readable import ReadableLedger

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


def account_pack_advice(
    ledger: ReadableLedger, meters: Sequence[Meter], *, cache: BillCache | None = None
) -> PackAdvice | None:
    """Advise on the packs of an account; None also: the plan has several meters."""
    if len(meters) != 1:
        return None
    return pack_advice([each.document for each in closed_documents(ledger, cache=cache)[-CYCLES:]], meters[0])


def advice_sentence(advice: PackAdvice, meter: Meter) -> str | None:
    """Advice in words; None: what was bought was as good."""
    least, most = advice.bought
    if least == most == advice.enough:
        return None
    packs, cycles = counted(advice.enough, "pack"), f"each of the last {advice.cycles} cycles"
    if advice.enough < most:
        bought = f"{most}" if least == most else f"{least} to {most}"
        return f"{packs} instead of {bought} would have covered {cycles}."
    if not _is_cheaper(meter):
        return None
    bought = "none was bought in some" if least == 0 else f"{least} were bought in some"
    return f"{packs} per cycle would have covered {cycles}; {bought}."


def _is_cheaper(meter: Meter) -> bool:
    pack, beyond = meter.pack, meter.beyond
    return pack is not None and beyond.kind == "price" and pack.price < (beyond.price or Decimal(0)) * pack.sessions


def _units_needed(document: Document, meter: Meter) -> Decimal:
    used = sum((Decimal(grant["used"]) for grant in document["grants"] if grant["kind"] == "pack"), Decimal(0))
    counts = document["usage"]["by_funding"]
    return used + (counts["beyond"] + counts["stopped"]) * meter.weight


def _packs(document: Document) -> int:
    return sum(grant["packs"] for grant in document["grants"] if grant["kind"] == "pack")
