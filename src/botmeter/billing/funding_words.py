"""Funding of a session in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from botmeter.billing.statement_document import Document
from botmeter.domain import text
from botmeter.domain.instant import us_from_text
from botmeter.domain.money_text import unit_price_text
from botmeter.domain.period import day_of_us

FUNDING_WORDS: Final = {
    "allowance": "Included in the plan",
    "pack": "From packs",
    "beyond": "Beyond allowance and packs",
    "opening": "Before the opening balance",
    "stopped": "Stopped, not charged",
    "void": "Void, not charged",
    "test": "Test, not charged",
    "preview_free": "Preview, not charged",
}
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDocument:
    """Grants and lines of a cycle, as a statement has them."""

    grants: Sequence[Document]
    lines: Sequence[Document]
    currency: str
    timezone: str


def funding_words(funding: str, meter: int, *, cycle: CycleDocument) -> str:
    """Name what funds a session, such as `Pack 4 of 5, bought on 3 Nov 2026`; `funding` as in a session list."""
    kind, _, number = funding.partition(" ")
    match kind:
        case "pack":
            return _pack(int(number), [each for each in cycle.grants if _is_pack_of(each, meter)], cycle=cycle)
        case "beyond":
            return _beyond(int(number or 0), meter, cycle=cycle)
        case _:
            return FUNDING_WORDS.get(kind, funding)


def line_position(funding: str, meter: int, *, cycle: CycleDocument) -> int | None:
    """Position, from 1, of the line that charges for the session; None: no line of its own."""
    kind, _, number = funding.partition(" ")
    if kind == "pack":
        grants = [each for each in cycle.grants if _is_pack_of(each, meter) and _has(each, int(number))]
        chosen = [
            position
            for position, line in enumerate(cycle.lines, 1)
            if line["kind"] == "purchase"
            and line["meter"] == meter
            and any(line["unit_price"] == each["price"] for each in grants)
        ]
    else:
        chosen = [cycle.lines.index(line) + 1 for line in _beyond_lines(int(number or 0), meter, cycle=cycle)]
        chosen = chosen if kind == "beyond" else []
    return chosen[0] if chosen else None


def _is_pack_of(grant: Document, meter: int) -> bool:
    return grant["kind"] == "pack" and grant["meter"] == meter


def _has(grant: Document, number: int) -> bool:
    return bool(grant["number"] <= number < grant["number"] + (grant["packs"] or 1))


def _pack(number: int, grants: Sequence[Document], *, cycle: CycleDocument) -> str:
    count = max((each["number"] + (each["packs"] or 1) - 1 for each in grants), default=number)
    name = f"Pack {number} of {max(count, number)}"
    own = next((each for each in grants if _has(each, number)), None)
    if own is None:
        return name
    if not Decimal(own["price"]):
        return f"{name}, of the opening balance"
    on = day_of_us(us_from_text(own["from"]), timezone=cycle.timezone)
    return f"{name}, bought on {text.day_text(on)}"


def _beyond(tier: int, meter: int, *, cycle: CycleDocument) -> str:
    has_grants = any(each["meter"] == meter for each in cycle.grants)
    words = [FUNDING_WORDS["beyond"]] if has_grants else []
    if tier:
        words.append(f"{_ORDINALS[tier - 1]} tier" if tier <= len(_ORDINALS) else f"tier {tier}")
    lines = _beyond_lines(tier, meter, cycle=cycle)
    # Two lines: the price changed within the cycle.
    if len(lines) == 1 and lines[0]["unit_price"] is not None:
        price = unit_price_text(Decimal(lines[0]["unit_price"]), cycle.currency)
        price = f"in packages at {price}" if lines[0]["unit"] == "packages" else f"at {price}"
        words[-1:] = [f"{words[-1]} {price}" if tier else ", ".join([*words[-1:], price])]
    sentence = ", ".join(words) or "Priced by session"
    return f"{sentence[0].upper()}{sentence[1:]}"


def _beyond_lines(tier: int, meter: int, *, cycle: CycleDocument) -> list[Document]:
    return [
        line
        for line in cycle.lines
        if line["kind"] == "beyond"
        and line["meter"] == meter
        and line["unit"] != "tier"
        and (line.get("tier") or 0) in {tier, 0}
    ]
