"""A vendor's bill against an account: periods, merged customers, late events, limits."""

from decimal import Decimal

import pytest
from tests.support.ledgers import NOW_US, append_events, event, ledger_with
from tests.support.vendor_lists import found, theirs

from botmeter.billing.closing import close_due
from botmeter.billing.plan import Beyond, CycleRule, Meter, Plan
from botmeter.billing.plan_actions import set_plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.billing.reconcile import billed_rows
from botmeter.billing.reconcile.check import check_invoice, check_list
from botmeter.billing.reconcile.invoice import Invoice, days_from_text, invoice_from_text
from botmeter.billing.reconcile.own_bills import bill_named, recent_cycles
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.domain.period import Period, day_from_text
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.ledger import Ledger
from botmeter.sources.vendor_sessions import VendorList

EVENTS = (
    event("m1", "2026-03-01T10:00", customer_id="c1", conversation_id="v1"),
    event("m2", "2026-03-03T10:00", customer_id="c2", conversation_id="v2"),
    event("m3", "2026-03-31T23:59", customer_id="c3", conversation_id="v3"),
    event("m4", "2026-04-01T00:00", customer_id="c4", conversation_id="v4"),
)
MARCH = Period(first_on=day_from_text("2026-03-01"), last_on=day_from_text("2026-03-31"))


def vendor(*rows: tuple[str, str]) -> VendorList:
    return VendorList(
        rows=theirs(*({"at": us_from_text(f"{at}:00Z"), "customer_id": customer} for at, customer in rows)),
        rejections=(),
        rejected_count=0,
        total_count=0,
        notes=(),
    )


ALL = (("2026-03-01T10:00", "c1"), ("2026-03-03T10:00", "c2"), ("2026-03-31T23:59", "c3"))


@pytest.fixture
def ledger() -> Ledger:
    return ledger_with(*EVENTS)


def test_the_sessions_of_the_period_are_compared(ledger: Ledger) -> None:
    result = check_list(ledger, vendor(*ALL), period=MARCH)
    assert (result.is_same, result.our_count) == (True, 3)
    missing = check_list(ledger, vendor(*ALL[1:]), period=MARCH)
    assert [(kind, reason) for kind, reason, *_ in found(missing)] == [("only_ours", "none")]


def test_without_a_period_the_days_of_the_list_are_compared(ledger: Ledger) -> None:
    result = check_list(ledger, vendor(*ALL[1:]))
    assert (result.is_same, result.our_count, result.their_count) == (True, 2, 2)
    with pytest.raises(Refused, match="Name its period") as refusal:
        check_list(ledger, vendor())
    assert refusal.value.code == "period_missing"


def test_a_session_on_the_next_bill_is_on_another_day(ledger: Ledger) -> None:
    result = check_list(ledger, vendor(*ALL, ("2026-03-31T23:30", "c4")), period=MARCH)
    assert [(kind, reason, row) for kind, reason, row, _ in found(result)] == [("other_day", "window", 4)]


def test_the_vendor_may_know_a_merged_customer_by_another_id(ledger: Ledger) -> None:
    pairs = [SameCustomer(customer_id="c2", alias="wa-2", label="")]
    append_events(ledger, event("m5", "2026-03-03T11:00", customer_id="wa-2", conversation_id="v9"))
    merge_customers(ledger, pairs, now_us=NOW_US)
    result = check_list(ledger, vendor(ALL[0], ("2026-03-03T10:00", "wa-2"), ALL[2]), period=MARCH)
    assert result.is_same


def test_a_session_received_after_the_period_is_late(ledger: Ledger) -> None:
    live = ledger_with()
    append_events(live, *EVENTS[:3], now_us=us_from_text("2026-03-31T23:59:59Z"))
    append_events(
        live,
        event("m6", "2026-03-07T10:00", customer_id="c6", conversation_id="v6"),
        now_us=us_from_text("2026-04-02T00:00:00Z"),
    )
    result = check_list(live, vendor(*ALL), period=MARCH)
    assert [(kind, reason) for kind, reason, *_ in found(result)] == [("only_ours", "late")]


def test_a_corrected_session_is_named_as_such_on_either_side(ledger: Ledger) -> None:
    (session,) = ledger.connection.execute(
        "SELECT session_id::VARCHAR FROM session WHERE customer_id = 'c2'"
    ).fetchone()
    correct_session(ledger, session, kind=CorrectionKind.VOID, reason="a mistake", now_us=NOW_US, by="ann@example.com")
    missing = check_list(ledger, vendor(ALL[0], ALL[2]), period=MARCH)
    assert [(kind, reason) for kind, reason, *_ in found(missing)] == [("only_ours", "corrected")]
    listed = check_list(ledger, vendor(*ALL), period=MARCH)
    assert (listed.is_same, listed.notes) == (True, ("1 session that you marked as void or test is on their list.",))


@pytest.fixture
def billed() -> Ledger:
    """Three sessions in March at 1.00 each and a fee of 10.00; March is closed, April is not."""
    opened = ledger_with(*EVENTS)
    plan = Plan(
        name="simple",
        currency="EUR",
        meters=(Meter(beyond=Beyond(kind="price", price=Decimal("1.00"))),),
        fee=Decimal("10.00"),
    )
    change = PlanChange(from_at=MARCH.start_us, label=plan.label, definition=plan_as_json(plan))
    add_plan_term(opened, change, now_us=MARCH.start_us)
    close_due(opened, now_us=MARCH.end_us + 4 * DAY_US)
    return opened


def test_a_statement_names_its_period_and_what_it_charges(billed: Ledger) -> None:
    for name in ("1", "ACME-000001"):
        own = bill_named(billed, name)
        assert (own.number, own.period, own.total, own.currency) == ("ACME-000001", MARCH, Decimal("13.00"), "EUR")
    with pytest.raises(Missing) as refusal:
        bill_named(billed, "7")
    assert refusal.value.code == "statement_unknown"
    cycles = recent_cycles(billed, now_us=NOW_US, count=2)
    assert [str(each.first_on) for each in cycles] == ["2026-06-01", "2026-05-01"]


@pytest.mark.parametrize(
    ("period", "total", "currency", "difference"),
    [
        ("2026-03-01..2026-03-31", "13.00", "EUR", "0.00"),
        ("2026-03-01..2026-03-31", "14.50", None, "1.50"),
        ("2026-04-01..2026-04-30", "11.00", "EUR", "0.00"),
        ("2026-03-01..2026-03-31", "13.00", "USD", None),
        ("2026-03-01..2026-03-30", "13.00", "EUR", None),
        ("2027-03-01..2027-03-31", "13.00", "EUR", None),
    ],
)
def test_the_total_of_an_invoice_is_compared_with_the_own_bill_for_its_period(
    billed: Ledger, period: str, total: str, currency: str | None, difference: str | None
) -> None:
    first_on, last_on = days_from_text(period)
    invoice = Invoice(
        period=Period(first_on=first_on, last_on=last_on), session_count=3, total=Decimal(total), currency=currency
    )
    found_difference = check_invoice(billed, invoice, now_us=NOW_US).difference_in_money
    assert found_difference == (None if difference is None else Decimal(difference))


def test_an_invoice_of_as_many_sessions_and_another_total_differs(billed: Ledger) -> None:
    for total, is_same in (("13.00", True), ("13.01", False)):
        invoice = Invoice(period=MARCH, session_count=3, total=Decimal(total), currency="EUR")
        assert check_invoice(billed, invoice, now_us=NOW_US).is_same is is_same


def test_the_zone_of_the_plan_is_guessed_for_shifted_times(ledger: Ledger) -> None:
    live = ledger_with(
        *(event(f"d{day}", f"2026-03-{day:02}T10:{day:02}", customer_id=f"d{day}") for day in range(2, 28))
    )
    plan = Plan(name="simple", currency="EUR", meters=(Meter(),), cycle=CycleRule(timezone="Europe/Madrid"))
    change = PlanChange(from_at=MARCH.start_us, label=plan.label, definition=plan_as_json(plan))
    add_plan_term(live, change, now_us=MARCH.start_us)
    rows = [(f"2026-03-{day:02}T11:{day:02}", f"d{day}") for day in range(2, 28)]
    shift = check_list(live, vendor(*rows), period=MARCH).shift
    assert shift is not None
    assert shift.sentence == "Their times are 1 h ahead of ours: Europe/Madrid?"


def test_the_sessions_that_a_plan_bills_are_compared_and_not_those_of_reports(ledger: Ledger) -> None:
    append_events(ledger, event("m5", "2026-03-03T10:05", customer_id="c2", conversation_id="v2"))
    plan = Plan(name="requests", currency="USD", meters=(Meter(policies=("lex.request",)),))
    set_plan(ledger, plan, from_us=us_from_text("2026-03-02T00:00:00Z"), now_us=NOW_US)
    # A request is billed; until the plan began, a session.
    requests = (*ALL, ("2026-03-03T10:05", "c2"))
    result = check_list(ledger, vendor(*requests), period=MARCH)
    assert (result.is_same, result.our_count) == (True, 4)
    invoice = Invoice(period=MARCH, session_count=4, total=None, currency=None)
    counted = check_invoice(ledger, invoice, now_us=NOW_US)
    assert (counted.is_same, [each.our_count for each in counted.days]) == (True, [1, 2, 1])


def test_more_sessions_than_fit_are_refused(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billed_rows, "ROWS_MAX", 3)
    with pytest.raises(Refused, match="more than 3 sessions in the period") as refusal:
        check_list(ledger, vendor(*ALL), period=MARCH)
    assert refusal.value.code == "period_too_large"


@pytest.mark.parametrize(("count", "difference"), [(3, 0), (5, 2), (0, -3)])
def test_an_invoice_is_compared_by_its_number_of_sessions(ledger: Ledger, count: int, difference: int) -> None:
    invoice = Invoice(period=MARCH, session_count=count, total=Decimal("0.30"), currency="USD")
    result = check_invoice(ledger, invoice, now_us=NOW_US)
    assert (result.difference, result.is_same, result.our_count) == (difference, not difference, 3)
    assert [(str(day.day_on), day.our_count) for day in result.days] == [
        ("2026-03-01", 1),
        ("2026-03-03", 1),
        ("2026-03-31", 1),
    ]


def test_an_invoice_has_days_of_its_zone(ledger: Ledger) -> None:
    invoice = invoice_from_text('period = "2026-04-01..2026-04-01"\nsessions = 2\ntimezone = "Asia/Kolkata"')
    assert check_invoice(ledger, invoice, now_us=NOW_US).is_same


INVOICE = 'period = "2026-03-30..2026-03-31"\nsessions = 3\ntotal = "0.30"\ncurrency = "USD"\n'


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("period = ", "invoice_invalid", "it is not TOML"),
        ("sessions = 3", "invoice_invalid", "period is missing"),
        ('period = "2026-03-30..2026-03-31"', "invoice_invalid", "sessions is missing"),
        ("period = 3\nsessions = 3", "invoice_invalid", "period and timezone must be text"),
        (INVOICE.replace("= 3", "= -3"), "invoice_invalid", "sessions is '-3'; it must be a whole number"),
        (INVOICE.replace("= 3", "= true"), "invoice_invalid", "sessions is 'True'; it must be a whole number"),
        (INVOICE.replace("= 3", '= "3"'), "invoice_invalid", "sessions is '3'; it must be a whole number"),
        (INVOICE.replace('"0.30"', "0.30"), "invoice_invalid", 'a decimal number in quotes, such as "4821.30"'),
        (INVOICE.replace('"0.30"', '"NaN"'), "invoice_invalid", "total is 'NaN'"),
        (INVOICE.replace('"0.30"', '"0,30"'), "invoice_invalid", "total is '0,30'"),
        (INVOICE.replace('"USD"', "7"), "invoice_invalid", 'currency must be a code, such as "USD"'),
        (
            INVOICE + 'number = "7"\n',
            "invoice_invalid",
            "unknown key 'number'; the keys are period, timezone, sessions",
        ),
        (INVOICE.replace("USD", "XXX"), "currency_unknown", "Currency 'XXX' is not in ISO 4217"),
        (INVOICE + 'timezone = "Mars/Base"\n', "timezone_unknown", "'Mars/Base' is not in the IANA time zone"),
        (INVOICE.replace("03-31", "03-29"), "period_reversed", "ends before that"),
        (INVOICE.replace("03-31", "03-32"), "date_invalid", "'2026-03-32' is not a date"),
        (INVOICE.replace("..2026-03-31", ""), "period_invalid", "'2026-03-30' is not a period. Write it as FROM..TO"),
    ],
)
def test_an_invoice_that_cant_be_is_refused(text: str, code: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        invoice_from_text(text)
    assert refusal.value.code == code
    assert reason in refusal.value.message


def test_a_period_is_written_as_its_first_and_last_day() -> None:
    assert days_from_text("2026-03-01..2026-03-31") == (MARCH.first_on, MARCH.last_on)
