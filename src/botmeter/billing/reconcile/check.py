"""A vendor's bill against the sessions of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.account_facts import account_terms
from botmeter.billing.reconcile.assignment import ID_REACH_US
from botmeter.billing.reconcile.invoice import Invoice
from botmeter.billing.reconcile.own_bills import OwnBill, bill_of_period
from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.reconcile import reconcile
from botmeter.billing.reconcile.result import DayTotal, Reconciliation, Terms
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.period import Period, day_of_us
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.customers import customer_aliases
from botmeter.reports.billed_sessions import CHARGED, billed_sessions, sessions_by_day
from botmeter.reports.snapshot import Snapshot, open_snapshot
from botmeter.reports.stored_session import OWN_SCHEMA, receipt_times, sessions_between
from botmeter.sources.vendor_sessions import ROWS_MAX, VendorList

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

TOLERANCE_US: Final = 60 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCheck:
    """An invoice against our sessions of its period.

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
        """Their total minus ours; None if one is unknown, or in another currency."""
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
    with open_snapshot(ledger) as snapshot:
        ours = _own_sessions(snapshot, **bounds)

        def received(session_ids: Sequence[str]) -> Ints:
            times = receipt_times(snapshot, session_ids, **bounds)
            return np.array([times.get(each, 0) for each in session_ids], np.int64)

        terms = Terms(
            start_us=start_us,
            end_us=end_us,
            tolerance_us=tolerance_us,
            timezone=compared.timezone,
            zones=(*zones, *(each.plan.cycle.timezone for each in account_terms(ledger))),
            aliases=aliases,
            corrected=_corrected(ledger, start_us, end_us=end_us),
            receipt_times=received,
        )
        return reconcile(vendor.rows, ours, terms=terms)


def check_invoice(ledger: "ReadableLedger", invoice: Invoice, *, now_us: int) -> InvoiceCheck:
    """Compare an invoice with the sessions of its period, and with the own bill for it."""
    counts = sessions_by_day(ledger, invoice.period)
    days = tuple(
        DayTotal(day_on=day_on, their_count=0, our_count=count, amount=None)
        for day_on, count in zip(invoice.period.days(), counts, strict=True)
        if count
    )
    return InvoiceCheck(
        invoice=invoice, our_count=sum(counts), days=days, own=bill_of_period(ledger, invoice.period, now_us=now_us)
    )


def _corrected(ledger: "ReadableLedger", start_us: int, *, end_us: int) -> frozenset[str]:
    if not any(start_us <= each.started_at < end_us for each in corrections(ledger)):
        return frozenset()
    sessions = billed_sessions(ledger, start_us, end_us=end_us)
    return frozenset(sessions.filter(pc.not_equal(sessions["charge"], CHARGED))["session_id"].to_pylist())


def _days_of_list(vendor: VendorList) -> Period:
    bounds = pc.min_max(vendor.rows["started_at"]).as_py()
    if bounds["min"] is None:
        raise Refused(
            "period_missing", "The list has no rows that can be read. Name its period with --period FROM..TO."
        )
    return Period(first_on=day_of_us(bounds["min"]), last_on=day_of_us(bounds["max"]))


def _own_sessions(snapshot: Snapshot, *, start_us: int, end_us: int) -> pa.Table:
    batches, count = [], 0
    for batch in sessions_between(snapshot, start_us=start_us, end_us=end_us):
        count += len(batch)
        if count > ROWS_MAX:
            raise TooMuch(
                "period_too_large",
                f"The account has more than {ROWS_MAX:,} sessions in the period and two days around it, the limit. "
                "Compare fewer days at once.",
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=OWN_SCHEMA)
