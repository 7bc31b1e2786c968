"""One fact of billing of each kind, as the ledger records them."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.ledgers import NOW_US

from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.ledger.billing.budgets import Budget, add_budget, end_budget
from botmeter.ledger.billing.closed_statements import ClosedStatement, insert_statement
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.billing.plan_terms import (
    OpeningBalance,
    PlanChange,
    add_plan_term,
    set_grace_days,
    set_opening_balance,
    withdraw_plan_term,
)
from botmeter.ledger.billing.purchases import Purchase, Removal, add_purchase, add_removal
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions

BILLING_TABLES = (
    *("plan_term", "purchase", "pack_removal", "opening_balance", "correction", "cost_centre_term", "budget"),
    *("billing_term", "statement", "statement_session", "rekeyed_event"),
)


def record_facts(ledger: Ledger, *, by: str, reason: str) -> None:
    """Record a fact of each kind, of an account with a session by bot b1; its first session is void."""
    who: dict[str, Any] = {"now_us": NOW_US, "by": by}
    why = {**who, "reason": reason}
    add_plan_term(ledger, PlanChange(from_at=NOW_US, label="plain@1", definition="{}"), **why)
    withdraw_plan_term(ledger, 1, **why)
    set_opening_balance(ledger, OpeningBalance(as_of=0), **why)
    add_purchase(ledger, Purchase(packs=1, pack_units=Decimal(1), pack_price=Decimal(1), from_at=0), **why)
    add_removal(ledger, Removal(from_at=0, packs=1), **why)
    row = billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()[0]
    correct_session(ledger, row["session_id"], kind=CorrectionKind.VOID, **why)
    set_cost_centre(ledger, CostCentreTerm(from_on=date(2026, 3, 1), bot_id="b1", cost_centre="Sales"), **who)
    add_budget(ledger, Budget(amount=Decimal(1)), **who)
    end_budget(ledger, 1, **who)
    set_grace_days(ledger, 1, **who)


def close(ledger: Ledger, start_us: int, *, end_us: int) -> None:
    """Keep a statement of a cycle, with an empty document and no session."""
    statement = ClosedStatement(
        statement_no=1,
        number="ACME-000001",
        cycle_start=start_us,
        cycle_end=end_us,
        closed_at=NOW_US,
        closed_by=None,
        currency="USD",
        document=b"{}",
        sha256="44136fa3",
        fingerprints={},
    )
    with ledger.transaction():
        insert_statement(ledger, statement, sessions=[])


def billing_rows(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables of billing, in the order in which they were added."""
    return {
        table: ledger.connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in BILLING_TABLES
    }
