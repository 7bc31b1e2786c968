"""Vendor's bill against the sessions of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from botmeter.billing.account_facts import account_terms
from botmeter.billing.reconcile.assignment import ID_REACH_US
from botmeter.billing.reconcile.billed_rows import billed_by_day, billed_rows, billed_spans, corrected_ids
from botmeter.billing.reconcile.invoice import Invoice
from botmeter.billing.reconcile.own_bills import OwnBill, bill_of_period
from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.reconcile import reconcile
from botmeter.billing.reconcile.result import DayTotal, Reconciliation, Terms
from botmeter.domain.errors import Refused
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.customers import customer_aliases
from botmeter.reports.snapshot import open_snapshot
from botmeter.reports.stored_session import receipt_times
from botmeter.sources.vendor_sessions import VendorList

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

TOLERANCE_US: Final = 60 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCheck:
    """Invoice against our sessions of its period.

    Attributes:
        own: Own statement or cycle of exactly this period, if any.
    """

    invoice: Invoice
    our_count: int
    days: tuple[DayTotal, ...]
    own: OwnBill | None

    @property
    def difference(self) -> int:
        return self.invoice.session_count - self.our_count

    @property
    def difference_in_money(self) -> Decimal | None:
        """Theirs minus ours; None if one is unknown, or in another currency."""
        total, own, currency = self.invoice.total, self.own, self.invoice.currency
        return None if total is None or own is None or currency not in (None, own.currency) else total - own.total

    @property
    def is_same(self) -> bool:
        return self.difference == 0 and not self.difference_in_money

    @property
    def price(self) -> Decimal | None:
        total, count = self.invoice.total, self.invoice.session_count
        return None if total is None or not count else total / count


def check_list(
    ledger: "ReadableLedger",
    vendor: VendorList,
    *,
    period: Period | None = None,
    tolerance_us: int = TOLERANCE_US,
    zones: Sequence[str] = (),
) -> Reconciliation:
    """Compare a list with the sessions of a period.

    Args:
        period: None: the UTC days from its first row to its last.

    Raises:
        Refused: `period_missing` for a list without rows and a period; `tolerance_invalid`.
        TooMuch: `period_too_large`.
    """
    compared = period or _days_of_list(vendor)
    start_us, end_us = compared.start_us, compared.end_us
    aliases = {each.alias: each.customer_id for each in customer_aliases(ledger) if each.customer_id is not None}
    bounds = {"start_us": start_us - ID_REACH_US, "end_us": end_us + ID_REACH_US}
    terms_of_account = account_terms(ledger)
    with open_snapshot(ledger) as snapshot:
        ours = billed_rows(snapshot, billed_spans(ledger, terms_of_account, **bounds))

        def received(session_ids: Sequence[str]) -> Ints:
            times = receipt_times(snapshot, session_ids, **bounds)
            return np.array([times.get(each, 0) for each in session_ids], np.int64)

        terms = Terms(
            start_us=start_us,
            end_us=end_us,
            tolerance_us=tolerance_us,
            timezone=compared.timezone,
            zones=(*zones, *(each.plan.cycle.timezone for each in terms_of_account)),
            aliases=aliases,
            corrected=corrected_ids(ledger, billed_spans(ledger, terms_of_account, start_us=start_us, end_us=end_us)),
            receipt_times=received,
        )
        return reconcile(vendor.rows, ours, terms=terms)


def check_invoice(ledger: "ReadableLedger", invoice: Invoice, *, now_us: int) -> InvoiceCheck:
    """Compare an invoice with the sessions of its period, and with the own bill."""
    counts = billed_by_day(ledger, invoice.period)
    days = tuple(
        DayTotal(day_on=day_on, their_count=0, our_count=count, amount=None)
        for day_on, count in zip(invoice.period.days(), counts, strict=True)
        if count
    )
    return InvoiceCheck(
        invoice=invoice, our_count=sum(counts), days=days, own=bill_of_period(ledger, invoice.period, now_us=now_us)
    )


def _days_of_list(vendor: VendorList) -> Period:
    bounds = pc.min_max(vendor.rows["started_at"]).as_py()
    if bounds["min"] is None:
        raise Refused(
            "period_missing", "The list has no rows that can be read. Name its period with --period FROM..TO."
        )
    return Period(first_on=day_of_us(bounds["min"]), last_on=day_of_us(bounds["max"]))
