"""Closing a cycle, and what later statements adjust."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.ledgers import append_events, event, ledger_in_memory

from botmeter.billing.account_statements import preliminary_document, statement_named
from botmeter.billing.canonical import sha256_of
from botmeter.billing.closing import close_due, close_ended
from botmeter.billing.plan import Allowance, Beyond, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.billing.statement_verify import verify_statements
from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statements, statement_sessions
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session, undo_correction
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions

MARCH, APRIL, MAY, JUNE, JULY = (us_from_text(f"2026-0{month}-01T00:00:00Z") for month in range(3, 8))


def plan(**changed: Any) -> Plan:
    """2 sessions included, 1.00 for each beyond, in calendar months."""
    meter = Meter(allowance=Allowance(sessions=2), beyond=Beyond(kind="price", price=Decimal("1.00")))
    return Plan(**{"name": "simple", "currency": "EUR", "meters": (meter,), "fee": Decimal("10.00"), **changed})


def set_plan(ledger: Ledger, value: Plan, *, from_us: int = MARCH, now_us: int = MARCH) -> None:
    change = PlanChange(from_at=from_us, label=value.label, definition=plan_as_json(value))
    add_plan_term(ledger, change, now_us=now_us)


def visits(*days: str, customer: str = "c") -> list[dict[str, Any]]:
    return [event(f"e{day}", f"{day}T10:00", customer_id=f"{customer}{day}") for day in days]


@pytest.fixture
def ledger() -> Ledger:
    opened = ledger_in_memory()
    set_plan(opened, plan())
    return opened


def document(statement: ClosedStatement) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(statement.document)
    return value


def test_a_closed_cycle_has_a_statement_whose_lines_add_up_to_its_total(ledger: Ledger) -> None:
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    assert close_due(ledger, now_us=APRIL + 2 * DAY_US) == []
    closed = close_due(ledger, now_us=APRIL + 3 * DAY_US)
    assert [each.number for each in closed] == ["ACME-000001"]
    assert closed_statements(ledger) == closed
    stated = document(closed[0])
    assert sha256_of(closed[0].document) == closed[0].sha256
    assert sum(Decimal(line["amount"]) for line in stated["lines"]) == Decimal(stated["total"]) == Decimal("11.00")
    assert stated["usage"]["by_funding"] | {"allowance": 2, "beyond": 1} == stated["usage"]["by_funding"]
    shares = stated["shares"]
    for kind in ("bots", "channels", "cost_centres"):
        amounts = [Decimal(each["amount"]) for each in (*shares[kind], *shares["unattributed"])]
        assert sum(amounts) == Decimal("11.00")
    assert statement_sessions(ledger, 1)["funding"].to_pylist() == ["allowance", "allowance", "beyond"]
    assert close_due(ledger, now_us=APRIL + 4 * DAY_US) == []


@pytest.mark.slow
def test_a_late_session_is_a_line_of_the_next_statement_with_its_reason(ledger: Ledger) -> None:
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    append_events(ledger, *visits("2026-03-01", customer="late"))
    append_events(ledger, *visits("2026-04-01"))
    (closed,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    stated = document(closed)
    (adjustment,) = stated["adjustments"]
    assert adjustment["of"] == "ACME-000001"
    (line,) = adjustment["lines"]
    assert (line["before"], line["after"], line["difference"]) == ("1.00", "2.00", "1.00")
    assert [(each["change"], each["reason"]) for each in adjustment["sessions"]] == [("added", "late")]
    # The second session of the first list is beyond the allowance now.
    assert adjustment["moved_count"] == 1
    assert stated["total"] == "11.00"
    assert [line["kind"] for line in stated["lines"]] == ["fee", "beyond", "adjustment"]


@pytest.mark.slow
def test_a_void_session_is_credited_once_and_its_undoing_charged_again(ledger: Ledger) -> None:
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    last = billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"].to_pylist()[-1]
    number = correct_session(ledger, last, kind=CorrectionKind.VOID, reason="a loop", now_us=APRIL + 4 * DAY_US)
    (april,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert document(april)["total"] == "9.00"
    assert [each["reason"] for each in document(april)["adjustments"][0]["sessions"]] == ["voided"]
    undo_correction(ledger, number, reason="no loop", now_us=MAY + 4 * DAY_US)
    (may,) = close_due(ledger, now_us=JUNE + 3 * DAY_US)
    assert document(may)["total"] == "11.00"
    assert [each["reason"] for each in document(may)["adjustments"][0]["sessions"]] == ["undone"]
    (june,) = close_due(ledger, now_us=JULY + 3 * DAY_US)
    assert document(june)["adjustments"] == []


@pytest.mark.slow
def test_a_credit_larger_than_a_statement_is_carried_forward() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(fee=Decimal(0)))
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    for each in billed_sessions(ledger, MARCH, end_us=APRIL)["session_id"].to_pylist()[2:]:
        correct_session(ledger, each, kind=CorrectionKind.TEST, reason="a test", now_us=APRIL + 4 * DAY_US)
    append_events(ledger, *visits("2026-05-02", "2026-05-03", "2026-05-04", "2026-05-05", "2026-05-06"))
    april, may = close_due(ledger, now_us=JUNE + 3 * DAY_US)
    stated = document(april)
    assert (stated["subtotal"], stated["total"], stated["carried_forward"]) == ("-2.00", "0.00", "2.00")
    assert sum(Decimal(line["amount"]) for line in stated["lines"]) == 0
    assert document(may)["total"] == "1.00"
    assert document(may)["lines"][-1]["label"] == "Credit carried forward from ACME-000002"


@pytest.mark.slow
def test_windows_that_begin_earlier_adjust_by_nothing_where_the_count_is_the_same(ledger: Ledger) -> None:
    append_events(ledger, *visits("2026-03-02"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    append_events(ledger, event("early", "2026-03-02T09:00", customer_id="c2026-03-02"))
    (april,) = close_due(ledger, now_us=MAY + 3 * DAY_US)
    (adjustment,) = document(april)["adjustments"]
    assert (adjustment["lines"], adjustment["difference"]) == ([], "0.00")
    assert [each["change"] for each in adjustment["sessions"]] == ["added", "removed"]
    assert [line["amount"] for line in document(april)["lines"] if line["kind"] == "adjustment"] == ["0.00"]


def test_cycles_that_ended_before_their_plan_was_set_are_closed_by_hand() -> None:
    ledger = ledger_in_memory()
    set_plan(ledger, plan(), now_us=JUNE + DAY_US)
    assert close_due(ledger, now_us=JULY + 3 * DAY_US)[0].cycle_start == JUNE
    assert [each.cycle_start for each in close_ended(ledger, through=date(2026, 4, 30), now_us=JULY)] == [MARCH, APRIL]
    assert close_ended(ledger, through=date(2026, 4, 30), now_us=JULY) == []
    with pytest.raises(Conflict, match="is not over") as refused:
        close_ended(ledger, through=date(2026, 7, 31), now_us=JULY + DAY_US)
    assert refused.value.code == "cycle_not_over"


def differences(ledger: Ledger) -> list[tuple[str | None, bool]]:
    return [(each.number, each.is_pending) for each in verify_statements(ledger)]


@pytest.mark.slow
def test_verify_finds_what_the_next_statement_adjusts(ledger: Ledger) -> None:
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    assert differences(ledger) == []
    append_events(ledger, *visits("2026-03-01", customer="late"))
    assert differences(ledger) == [("ACME-000001", True)]
    close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert differences(ledger) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statement SET document = replace(document::VARCHAR, '11.00', '12.00')::BLOB",
        "UPDATE statement SET number = 'ACME-000003' WHERE statement_no = 2",
        "DELETE FROM statement WHERE statement_no = 1",
        "UPDATE statement SET closed_at = closed_at + 1",
        "UPDATE statement_session SET funding = 'allowance' WHERE statement_no = 1 AND change IS NULL",
        "DELETE FROM statement_session WHERE statement_no = 2 AND change IS NOT NULL",
        "DELETE FROM plan_term",
        "DELETE FROM session WHERE started_at = (SELECT min(started_at) FROM session)",
        "INSERT INTO purchase VALUES (1, 0, 'manual', 1, '1', '5', {march}, NULL, NULL, NULL, 0, NULL, NULL, NULL)",
    ],
)
def test_verify_finds_every_change_behind_its_back(ledger: Ledger, change: str) -> None:
    append_events(ledger, *visits("2026-03-02", "2026-03-03", "2026-03-04"))
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    append_events(ledger, *visits("2026-03-01", customer="late"))
    close_due(ledger, now_us=MAY + 3 * DAY_US)
    assert differences(ledger) == []
    ledger.connection.execute(change.format(march=MARCH))
    assert differences(ledger) != []


def test_a_statement_that_is_not_there_or_a_closed_cycle_is_refused(ledger: Ledger) -> None:
    close_due(ledger, now_us=APRIL + 3 * DAY_US)
    assert statement_named(ledger, "1").number == "ACME-000001"
    with pytest.raises(Missing, match="has no statement 'ACME-000002'") as refused:
        statement_named(ledger, "2")
    assert refused.value.code == "statement_unknown"
    with pytest.raises(Missing, match="See statement ACME-000001") as refused:
        preliminary_document(ledger, date(2026, 3, 5), now_us=APRIL + 4 * DAY_US)
    assert refused.value.code == "cycle_closed"
    assert preliminary_document(ledger, now_us=APRIL + 4 * DAY_US)["cycle"]["first_day"] == "2026-04-01"
