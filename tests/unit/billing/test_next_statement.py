"""Cost of the open cycle beside what its statement adds: adjustments of earlier cycles and credit."""

from decimal import Decimal

import pytest
from tests.support.ledgers import append_events, ledger_in_memory
from tests.unit.billing.test_closing import APRIL, JUNE, MARCH, MAY, plan, set_plan, visits

from botmeter.billing.account_bill import account_plans, open_cycle_bill
from botmeter.billing.account_statements import preliminary_document
from botmeter.billing.closing import close_due
from botmeter.billing.next_statement import NextStatement, next_statement
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions


def parts(ledger: Ledger, now_us: int) -> NextStatement:
    plans, bill = account_plans(ledger), open_cycle_bill(ledger, now_us)
    assert plans is not None
    assert bill is not None
    return next_statement(ledger, bill, plans=plans)


@pytest.mark.slow
def test_pending_adjustments_are_a_part_of_the_statement_that_is_closed_next_and_of_no_other() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(tax_rate=Decimal("0.19")))
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    assert not parts(ledger, APRIL + 3 * DAY_US).has_parts
    last = billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"].to_pylist()[-1]
    correct_session(ledger, last, kind=CorrectionKind.VOID, reason="a loop", now_us=APRIL + 4 * DAY_US)
    april = parts(ledger, MAY - DAY_US)
    assert april == NextStatement(cost=Decimal("11.90"), adjustments=Decimal("-1.19"))
    assert Decimal(preliminary_document(ledger, now_us=MAY - DAY_US)["total"]) == april.total == Decimal("10.71")
    # In the grace of April, its statement is the next one, and May has its own costs alone.
    assert parts(ledger, MAY + DAY_US) == NextStatement(cost=Decimal("11.90"))
    may = preliminary_document(ledger, now_us=MAY + DAY_US)
    assert (may["total"], may["adjustments"]) == ("11.90", [])
    close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert parts(ledger, JUNE - DAY_US) == NextStatement(cost=Decimal("11.90"))
