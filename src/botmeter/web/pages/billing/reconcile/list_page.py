"""Billing → Check a bill."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.billing.reconcile.check import InvoiceCheck, check_invoice
from botmeter.billing.reconcile.invoice import SESSIONS_END, Invoice
from botmeter.domain import text
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.money import rounded
from botmeter.domain.money_text import change_in_money, money_text
from botmeter.domain.period import UTC_NAME, Period
from botmeter.domain.text import day_as_typed
from botmeter.ledger.billing.plan_terms import plan_terms
from botmeter.live.bill_checks import checked_bill
from botmeter.live.uploads import Upload
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.confirmation import Confirmation, account_confirmation, is_confirmed, sent_parameters
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.pages.billing.tabs import billing_tabs
from botmeter.web.pages.imports.texts import size_text
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress
from botmeter.web.rich_text import Word, name_word
from botmeter.web.server_state import server_state
from botmeter.web.upload_tickets import upload_ticket
from botmeter.web.zones import zones_offered

_INVOICE_FIELDS: Final = ("first", "last", "timezone", "sessions", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """Uploaded bill."""

    name: Word
    number: str
    size: str
    at: str
    by: str
    state: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceResult:
    """Totals of an invoice against ours; the price is empty without a total."""

    days: str
    theirs: str
    ours: str
    ours_href: str
    verdict: str
    is_same: bool
    price: str
    money: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceForm:
    """Form, as typed."""

    first: str
    last: str
    timezone: str
    sessions: str
    total: str
    timezones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillsPage:
    """Upload form, invoice form and uploaded bills."""

    frame: Frame
    tabs: tuple[Link, ...]
    upload_href: str
    bytes_max: int
    bills: tuple[BillLine, ...]
    invoice: InvoiceForm
    result: InvoiceResult | None
    problem: str
    zone: str


@for_member(Right.SEE_BILLING, posts=Right.SEE_BILLING)
def bills(visit: Visit) -> HttpResponse:
    """List bills and compare an invoice; remove a bill, once confirmed."""
    state, query = server_state(visit.request), visit.request.GET
    if visit.request.method == "POST" or "remove" in query:
        number = sent_parameters(visit.request).get("remove", "")
        return _remove(visit, state.uploads.numbered(visit.account, number, purpose="bill"))
    zone, result, problem = preferred_zone(visit.account), None, ""
    try:
        result = (
            _invoice_result(visit, query) if any(query.get(name) for name in ("first", "last", "sessions")) else None
        )
    except Refused as refusal:
        problem = refusal.message
    typed = {name: query.get(name, "") for name in _INVOICE_FIELDS}
    page = BillsPage(
        frame=frame(visit, title="Check a bill", current="billing", crumbs=section_links(visit.account, "billing")),
        tabs=_tabs(visit),
        upload_href=reverse("bill-upload", args=(visit.account, upload_ticket(visit.request, visit.account))),
        bytes_max=state.uploads.limits.bytes_max,
        bills=tuple(_line(visit, each, zone=zone) for each in state.uploads.of_account(visit.account, purpose="bill")),
        invoice=InvoiceForm(**{**typed, "timezone": typed["timezone"] or UTC_NAME}, timezones=zones_offered(zone)),
        result=result,
        problem=problem,
        zone=zone,
    )
    return rendered(visit.request, "billing/bills.html", page=page)


def _tabs(visit: Visit) -> tuple[Link, ...]:
    with visit.reading() as ledger:
        has_plan = bool(plan_terms(ledger))
    return billing_tabs(visit.account, current="bills") if has_plan and visit.may(Right.SEE_MONEY) else ()


def _remove(visit: Visit, bill: Upload) -> HttpResponse:
    if not is_confirmed(visit.request):
        confirmation = Confirmation(
            question=f"Remove {bill.file_name}?",
            effect="The uploaded bill is deleted with its comparison. The account’s sessions stay as they are.",
            button="Remove bill",
            cancel_href=reverse("bills", args=(visit.account,)),
        )
        return account_confirmation(visit, confirmation, section="billing")
    state = server_state(visit.request)
    state.imports.stop(bill.number)
    state.uploads.remove(bill)
    add_notice(visit.request, Notice(fact=f"{bill.file_name} was removed."))
    return redirect("bills", visit.account)


def _line(visit: Visit, bill: Upload, *, zone: str) -> BillLine:
    job, result = server_state(visit.request).imports.state(bill.number), checked_bill(bill)
    state = ("Not compared", "")
    if job is not None and not job.is_over:
        state = ("Being compared", "acc")
    elif result is not None:
        count, unread_count = result.count(), result.head["unread"]["rows"]
        state = ("No difference", "ok")
        if count or unread_count:
            state = (text.counted(count, "difference") if count else text.counted(unread_count, "unread row"), "warn")
    href = reverse("bill", args=(visit.account, bill.number))
    return BillLine(
        name=name_word(bill.file_name, f"{href}?{result.settings}" if result and result.settings else href),
        number=bill.number,
        size=size_text(bill.size_bytes),
        at=text.row_instant_text(bill.at_us, zone=zone, now_us=now_us(), seconds=False),
        by=bill.by,
        state=state,
    )


def _invoice_result(visit: Visit, query: QueryDict) -> InvoiceResult:
    with visit.reading() as ledger:
        checked = check_invoice(ledger, _invoice(query), now_us=now_us())
    period = checked.invoice.period
    address = ReportAddress(timezone=period.timezone).between(period.first_on, period.last_on)
    urls = ReportUrls(owner=visit.account, entry_point=EntryPoint.BILLING)
    return InvoiceResult(
        days=f"{text.days_text(period)} ({period.timezone})",
        theirs=text.count_text(checked.invoice.session_count),
        ours=text.count_text(checked.our_count),
        ours_href=urls.rows(address),
        verdict=f"{text.signed(checked.difference, decimals=0)} sessions on the invoice"
        if checked.difference
        else "Same number of sessions, another total",
        is_same=checked.is_same,
        price=_price_text(checked),
        money=_money(checked),
    )


def _money(checked: InvoiceCheck) -> tuple[tuple[str, str], ...]:
    own, total = checked.own, checked.invoice.total
    if own is None:
        return ()
    label = "Our statement" if own.number else "Our plan, not closed"
    lines = [(label, money_text(own.total, own.currency))]
    if total is not None:
        lines = [("Invoice total", money_text(rounded(total, own.currency), own.currency)), *lines]
    if checked.difference_in_money is not None:
        lines.append(
            ("Difference in total", change_in_money(rounded(checked.difference_in_money, own.currency), own.currency))
        )
    return tuple(lines)


def _price_text(checked: InvoiceCheck) -> str:
    return "" if checked.price is None else f"{checked.price:.4f}"


def _invoice(query: QueryDict) -> Invoice:
    first, last, sessions = (query.get(name, "").strip() for name in ("first", "last", "sessions"))
    if not (first and last and sessions):
        raise Refused(
            "invoice_invalid", "An invoice has a first day, a last day and a number of sessions. Enter all three."
        )
    count = sessions.replace(",", "").replace(" ", "")
    if not (count.isascii() and count.isdigit() and int(count[:20]) < SESSIONS_END):
        raise Refused(
            "invoice_invalid", f"{sessions[:40]!r} is not a number of sessions. Enter a whole number such as 1874."
        )
    timezone = query.get("timezone", "").strip() or UTC_NAME
    period = Period(first_on=day_as_typed(first), last_on=day_as_typed(last), timezone=timezone)
    return Invoice(period=period, session_count=int(count), total=_total(query.get("total", "").strip()), currency=None)


def _total(typed: str) -> Decimal | None:
    try:
        total = Decimal(typed) if typed and len(typed) < 30 else None
    except InvalidOperation:
        total = None
    if typed and (total is None or not total.is_finite()):
        raise Refused("invoice_invalid", f"{typed[:40]!r} is not a total. Enter a decimal number such as 187.40.")
    return total
