"""Results as JSON."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from botmeter.billing.reconcile.check import InvoiceCheck
from botmeter.billing.reconcile.differences import Kind
from botmeter.billing.reconcile.own_bills import OwnBill
from botmeter.billing.reconcile.result import DayTotal, Reconciliation
from botmeter.domain.instant import text_from_us, us_from_datetime
from botmeter.domain.period import Period, day_of_us
from botmeter.sources.vendor_sessions import VendorList

_BATCH_ROWS: Final = 10_000


def period_of(result: Reconciliation) -> Period:
    """Days of a comparison."""
    zone = result.timezone
    return Period(
        first_on=day_of_us(result.start_us, timezone=zone),
        last_on=day_of_us(result.end_us - 1, timezone=zone),
        timezone=zone,
    )


def list_as_mapping(
    result: Reconciliation, vendor: VendorList, *, account: str, own: OwnBill | None = None
) -> dict[str, Any]:
    """Result without its differences; amounts are decimal texts."""
    return {
        "account": account,
        "period": _period(period_of(result)),
        "theirs": {"sessions": result.their_count, "amount": amount_text(result.amount)},
        "ours": {"sessions": result.our_count, **_own(own)},
        **{str(kind): result.count(kind) for kind in Kind},
        "same_at_another_time": result.moved_count,
        "reasons": [
            {"kind": each.kind, "reason": each.reason, "sessions": each.count, "amount": amount_text(each.amount)}
            for each in result.totals
        ],
        "shift": None
        if result.shift is None
        else {
            "minutes": result.shift.shift_us // 60_000_000,
            "timezone": result.shift.zone,
            "sentence": result.shift.sentence,
        },
        "notes": list(result.notes),
        "unread": {
            "rows": vendor.rejected_count,
            "totals": vendor.total_count,
            "first": [{"row": each.index + 1, "code": each.code, "detail": each.detail} for each in vendor.rejections],
        },
        "days": [_day(each) for each in result.days],
    }


def invoice_as_mapping(checked: InvoiceCheck, *, account: str) -> dict[str, Any]:
    """Comparison of an invoice; amounts are decimal texts."""
    invoice = checked.invoice
    return {
        "account": account,
        "period": _period(invoice.period),
        "theirs": {
            "sessions": invoice.session_count,
            "total": amount_text(invoice.total),
            "currency": invoice.currency,
        },
        "ours": {"sessions": checked.our_count, **_own(checked.own)},
        "difference": checked.difference,
        "difference_in_money": amount_text(checked.difference_in_money),
        "days": [{"date": str(each.day_on), "ours": each.our_count} for each in checked.days],
    }


def list_json(head: Mapping[str, Any], differences: pa.Table) -> Iterator[str]:
    """Write a result with its differences, row by row, as there can be a million.

    Args:
        head: As `list_as_mapping` returns it.
    """
    text = json.dumps(head, indent=2, ensure_ascii=False)
    yield text.removesuffix("\n}") + ',\n  "differences": ['
    separator = "\n    "
    for rows in difference_rows(differences):
        yield separator + ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in rows)
        separator = ",\n    "
    yield "\n  ]\n}\n" if len(differences) else "]\n}\n"


def difference_rows(differences: pa.Table) -> Iterator[list[dict[str, Any]]]:
    """Differences as JSON values, some thousands at a time."""
    for batch in differences.to_batches(max_chunksize=_BATCH_ROWS):
        yield [{name: _value(value) for name, value in row.items()} for row in batch.to_pylist()]


def amount_text(amount: Decimal | None) -> str | None:
    """Amount with all of its digits."""
    return None if amount is None else format(amount, "f")


def _own(own: OwnBill | None) -> Mapping[str, object]:
    if own is None:
        return {"statement": None, "subtotal": None, "total": None, "currency": None}
    amounts = {"subtotal": amount_text(own.subtotal), "total": amount_text(own.total)}
    return {"statement": own.number, **amounts, "currency": own.currency}


def _period(period: Period) -> Mapping[str, object]:
    return {
        "from": str(period.first_on),
        "to": str(period.last_on),
        "timezone": period.timezone,
        "days": period.day_count,
    }


def _day(day: DayTotal) -> Mapping[str, object]:
    counts = {"theirs": day.their_count, "ours": day.our_count, "difference": day.difference}
    return {"date": str(day.day_on), **counts, "amount": amount_text(day.amount)}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return text_from_us(us_from_datetime(value))
    return amount_text(value) if isinstance(value, Decimal) else value
