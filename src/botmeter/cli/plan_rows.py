"""Rows of an account's plans and purchases."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botmeter.domain.instant import text_to_the_second

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

TERM_COLUMNS = ("term", "plan", "from", "set_at", "set_by", "reason", "withdrawn_at", "withdrawn_by", "withdrawn_for")
PURCHASE_COLUMNS = (
    *("purchase", "meter", "how", "packs", "pack_units", "pack_price", "usable_from", "expires_at"),
    *("recorded_at", "set_by", "reason", "reverses"),
)
# Columns that fit on a screen.
PURCHASE_TABLE_COLUMNS = ("purchase", "how", "packs", "units", "price", "usable_from", "expires_at")


def term_rows(ledger: "ReadableLedger", *, with_withdrawn: bool = False) -> list[dict[str, object]]:
    """One row per plan, in the order of first instants."""
    from botmeter.ledger.billing.plan_terms import plan_terms

    return [
        {
            "term": each.number,
            "plan": each.label,
            "from": text_to_the_second(each.from_at),
            "set_at": text_to_the_second(each.recorded_at),
            "set_by": each.set_by,
            "reason": each.reason,
            "withdrawn_at": _instant(each.undone_at),
            "withdrawn_by": each.undone_by,
            "withdrawn_for": each.undone_for,
        }
        for each in plan_terms(ledger, with_withdrawn=with_withdrawn)
    ]


def purchase_rows(ledger: "ReadableLedger", *, with_reversed: bool) -> list[dict[str, object]]:
    """One row per purchase, and per reversal if requested."""
    from botmeter.ledger.billing.purchases import purchases

    return [
        {
            "purchase": each.number,
            "meter": each.purchase.meter,
            "how": str(each.purchase.how),
            "packs": each.purchase.packs,
            "pack_units": f"{each.purchase.pack_units:f}",
            "pack_price": f"{each.purchase.pack_price:f}",
            "usable_from": text_to_the_second(each.purchase.from_at),
            "expires_at": _instant(each.purchase.expires_at),
            "recorded_at": text_to_the_second(each.recorded_at),
            "set_by": each.set_by,
            "reason": each.reason,
            "reverses": each.reverses,
        }
        for each in purchases(ledger, with_reversed=with_reversed)
    ]


def purchase_table(rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Columns of purchases that fit in 80 characters, with times to the minute (UTC)."""
    return [
        {
            **row,
            "units": row["pack_units"],
            "price": row["pack_price"],
            **{name: row[name] and str(row[name])[:16].replace("T", " ") for name in ("usable_from", "expires_at")},
        }
        for row in rows
    ]


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else text_to_the_second(at_us)
