"""Facts of billing are added, read back in order, and taken back by further facts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.billing_facts import close
from tests.support.ledgers import NOW_US, event, ledger_in_memory, ledger_with

from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.errors import BotmeterError, Conflict, Missing, Refused
from botmeter.domain.instant import us_from_text
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit, add_budget, budgets, end_budget
from botmeter.ledger.billing.cost_centres import cost_centre_terms, set_cost_centre
from botmeter.ledger.billing.plan_terms import (
    OpeningBalance,
    OpeningPack,
    PlanChange,
    add_plan_term,
    grace_days,
    opening_balances,
    plan_terms,
    set_grace_days,
    set_opening_balance,
    withdraw_plan_term,
)
from botmeter.ledger.billing.purchases import (
    Purchase,
    Purchasing,
    Removal,
    add_purchase,
    add_removal,
    purchases,
    removals,
    reverse_purchase,
    reverse_removal,
)
from botmeter.ledger.ledger import Ledger

MARCH_US, APRIL_US, MAY_US = (us_from_text(f"2026-0{month}-01T00:00:00Z") for month in (3, 4, 5))
PLAN = PlanChange(from_at=MARCH_US, label="plain@1", definition='{"currency":"USD"}')
PACKS = Purchase(packs=3, pack_units=Decimal(100), pack_price=Decimal("49.00"), from_at=MARCH_US)
RECURRING = replace(PACKS, how=Purchasing.RECURRING, cycle_start=MARCH_US)
RECHARGE = replace(PACKS, how=Purchasing.RECHARGE, opening_key=2**64 - 1)
BY: dict[str, Any] = {"now_us": NOW_US, "by": "ann@example.com"}
WHY: dict[str, Any] = {**BY, "reason": "typed wrongly"}


@pytest.fixture
def ledger() -> Ledger:
    return ledger_in_memory()


def test_a_plan_is_in_force_until_it_is_withdrawn(ledger: Ledger) -> None:
    assert add_plan_term(ledger, PLAN, **BY, reason=" contract 7 ") == 1
    assert add_plan_term(ledger, replace(PLAN, from_at=MAY_US, label="plain@2"), **BY) == 2
    assert add_plan_term(ledger, replace(PLAN, from_at=APRIL_US), now_us=NOW_US) == 3
    first, second, third = plan_terms(ledger)
    assert [first.from_at, second.from_at, third.from_at] == [MARCH_US, APRIL_US, MAY_US]
    assert (first.label, first.definition, first.policies) == ("plain@1", PLAN.definition, PLAN.policies)
    assert (first.recorded_at, first.set_by, first.reason) == (NOW_US, "ann@example.com", "contract 7")
    assert (second.set_by, second.reason, second.undone_at) == (None, None, None)
    assert withdraw_plan_term(ledger, 2, **WHY) == third
    assert [term.number for term in plan_terms(ledger)] == [1, 3]
    withdrawn = plan_terms(ledger, with_withdrawn=True)[2]
    assert (withdrawn.undone_at, withdrawn.undone_by, withdrawn.undone_for) == (
        NOW_US,
        "ann@example.com",
        "typed wrongly",
    )
    assert add_plan_term(ledger, replace(PLAN, from_at=MAY_US), **BY) == 4


def test_a_plan_that_has_been_used_stays(ledger: Ledger) -> None:
    add_plan_term(ledger, PLAN, **BY)
    number = add_purchase(ledger, PACKS, **BY).number
    with pytest.raises(Conflict, match="purchase 1 was made since 2026-03-01") as refused:
        withdraw_plan_term(ledger, 1, **WHY)
    assert refused.value.code == "plan_term_used"
    reverse_purchase(ledger, number, **WHY)
    close(ledger, MARCH_US, end_us=APRIL_US)
    with pytest.raises(Conflict, match="statement ACME-000001 was closed"):
        withdraw_plan_term(ledger, 1, **WHY)


def test_a_purchase_counts_until_it_is_reversed(ledger: Ledger) -> None:
    assert add_purchase(ledger, replace(PACKS, from_at=APRIL_US, expires_at=MAY_US), **BY, reason="more").number == 1
    assert add_purchase(ledger, PACKS, **BY).number == 2
    later, earlier = (each for each in reversed(purchases(ledger)))
    assert (earlier.purchase, earlier.reason) == (PACKS, None)
    assert (later.purchase.expires_at, later.reason, later.set_by) == (MAY_US, "more", "ann@example.com")
    assert reverse_purchase(ledger, 1, **WHY) == 3
    assert [each.number for each in purchases(ledger)] == [2]
    recorded = purchases(ledger, with_reversed=True)
    assert [(each.number, each.reverses, each.reason) for each in recorded] == [
        (1, None, "more"),
        (2, None, None),
        (3, 1, "typed wrongly"),
    ]
    assert recorded[2].purchase == recorded[0].purchase


def test_a_price_keeps_all_its_digits(ledger: Ledger) -> None:
    exact = replace(PACKS, pack_units=Decimal("0.1"), pack_price=Decimal("12345678901234567.8901234500"))
    add_purchase(ledger, exact, **BY)
    assert str(purchases(ledger)[0].purchase.pack_price) == "12345678901234567.8901234500"


@pytest.mark.parametrize("purchase", [RECURRING, replace(RECURRING, how=Purchasing.LEAST), RECHARGE])
def test_what_the_server_buys_is_bought_once(ledger: Ledger, purchase: Purchase) -> None:
    assert add_purchase(ledger, purchase, **BY).is_new
    assert not add_purchase(ledger, replace(purchase, packs=9), **BY).is_new
    # A recharge of another session, or the packs of another cycle or meter.
    assert add_purchase(ledger, replace(purchase, meter=1), **BY).number == 2
    other = replace(purchase, cycle_start=purchase.cycle_start and APRIL_US)
    assert add_purchase(ledger, replace(other, opening_key=other.opening_key and 5), **BY).is_new
    # A person has taken it back, so the server must not buy it again.
    reverse_purchase(ledger, 1, **WHY)
    assert add_purchase(ledger, purchase, **BY).number == 1
    assert [each.number for each in purchases(ledger)] == [2, 3]


def test_packs_bought_by_hand_are_bought_as_often_as_somebody_does(ledger: Ledger) -> None:
    assert [add_purchase(ledger, PACKS, **BY).is_new for _ in range(2)] == [True, True]


def test_a_removal_counts_until_it_is_reversed(ledger: Ledger) -> None:
    assert add_removal(ledger, Removal(from_at=MAY_US, packs=2), **BY) == 1
    assert add_removal(ledger, Removal(meter=1, from_at=APRIL_US, packs=1), **BY, reason="fewer") == 2
    assert [each.number for each in removals(ledger)] == [2, 1]
    assert reverse_removal(ledger, 2, **WHY) == 3
    assert [each.removal for each in removals(ledger)] == [Removal(from_at=MAY_US, packs=2)]
    assert [each.reverses for each in removals(ledger, with_reversed=True)] == [None, None, 2]


def test_the_last_opening_balance_of_a_meter_is_in_force(ledger: Ledger) -> None:
    packs = (OpeningPack(units_left=Decimal("12.5"), pack_units=Decimal(100), expires_at=MAY_US),)
    balance = OpeningBalance(as_of=MARCH_US, allowance_used=Decimal(499), packs=packs)
    set_opening_balance(ledger, replace(balance, allowance_used=Decimal(4990)), **BY)
    set_opening_balance(ledger, replace(balance, meter=1, packs=()), **BY)
    assert set_opening_balance(ledger, balance, **BY, reason="a digit less") == 3
    other, own = opening_balances(ledger)
    assert (own.balance, own.reason, other.balance.packs) == (balance, "a digit less", ())
    assert [each.number for each in opening_balances(ledger, with_replaced=True)] == [1, 2, 3]


def test_grace_is_three_days_until_it_is_set(ledger: Ledger) -> None:
    assert grace_days(ledger) == 3
    set_grace_days(ledger, 0, **BY)
    set_grace_days(ledger, 0, **BY)
    assert grace_days(ledger) == 0
    assert ledger.connection.execute("SELECT * FROM billing_term").fetchall() == [(NOW_US, 0, "ann@example.com")]


def test_the_last_cost_centre_of_a_day_is_in_force() -> None:
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    march = CostCentreTerm(from_on=date(2026, 3, 1), bot_id="b1", cost_centre=" Sales ")
    april = replace(march, from_on=date(2026, 4, 1), cost_centre="")
    web = CostCentreTerm(from_on=date(2026, 3, 1), channel="web", cost_centre="Online")
    for term in (april, replace(march, cost_centre="Slaes"), march, web):
        set_cost_centre(ledger, term, **BY)
    in_force = [(each.from_on.month, each.bot_id, each.channel, each.cost_centre) for each in cost_centre_terms(ledger)]
    assert in_force == [(3, "b1", None, "Sales"), (3, None, "web", "Online"), (4, "b1", None, "")]
    assert [each.cost_centre for each in cost_centre_terms(ledger, with_replaced=True)] == [
        *("", "Slaes", "Sales", "Online")
    ]


def test_a_budget_is_in_force_until_it_ends() -> None:
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    monthly = Budget(scope=BudgetScope.BOT, name="b1", unit=BudgetUnit.SESSIONS, amount=Decimal(1000), is_brake=True)
    assert add_budget(ledger, monthly, **BY) == 1
    assert add_budget(ledger, Budget(amount=Decimal("99.90")), **BY) == 2
    assert budgets(ledger)[0].budget == monthly
    assert end_budget(ledger, 1, **BY).budget == monthly
    assert [each.budget.amount for each in budgets(ledger)] == [Decimal("99.90")]
    assert budgets(ledger, with_ended=True)[0].ended_at == NOW_US
    assert add_budget(ledger, monthly, **BY) == 3


@pytest.mark.parametrize(
    ("code", "make"),
    [
        ("purchase_invalid", lambda: replace(PACKS, packs=0)),
        ("purchase_invalid", lambda: replace(PACKS, packs=1_000_001)),
        ("purchase_invalid", lambda: replace(PACKS, pack_units=Decimal(0))),
        ("purchase_invalid", lambda: replace(PACKS, pack_price=Decimal(-1))),
        ("purchase_invalid", lambda: replace(PACKS, pack_price=Decimal("NaN"))),
        ("purchase_invalid", lambda: replace(PACKS, expires_at=MARCH_US)),
        ("purchase_invalid", lambda: replace(PACKS, how=Purchasing.LEAST)),
        ("purchase_invalid", lambda: replace(PACKS, cycle_start=MARCH_US)),
        ("purchase_invalid", lambda: replace(PACKS, how=Purchasing.RECHARGE)),
        ("removal_invalid", lambda: Removal(from_at=MARCH_US, packs=0)),
        ("opening_balance_invalid", lambda: OpeningBalance(as_of=0, allowance_used=Decimal(-1))),
        (
            "opening_balance_invalid",
            lambda: OpeningBalance(as_of=0, packs=(OpeningPack(units_left=Decimal(2), pack_units=Decimal(1)),)),
        ),
        ("cost_centre_invalid", lambda: CostCentreTerm(from_on=date(2026, 3, 1), cost_centre="Sales")),
        (
            "cost_centre_invalid",
            lambda: CostCentreTerm(from_on=date(2026, 3, 1), bot_id="b1", cost_centre="\n" + "x\ny"),
        ),
        ("budget_invalid", lambda: Budget(amount=Decimal(0))),
        ("budget_invalid", lambda: Budget(amount=Decimal("1.5"), unit=BudgetUnit.SESSIONS)),
        ("budget_invalid", lambda: Budget(amount=Decimal(1), name="b1")),
        ("budget_invalid", lambda: Budget(amount=Decimal(1), scope=BudgetScope.BOT)),
        ("budget_invalid", lambda: Budget(amount=Decimal(1), scope=BudgetScope.COST_CENTRE, name="")),
    ],
)
def test_a_fact_that_cant_be_is_refused(code: str, make: Callable[[], object]) -> None:
    with pytest.raises(Refused) as refused:
        make()
    assert refused.value.code == code


@pytest.fixture(scope="module")
def filled() -> Ledger:
    """One for all tests, since none of them changes it."""
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    add_plan_term(ledger, PLAN, **BY)
    add_plan_term(ledger, replace(PLAN, from_at=MAY_US), **BY)
    withdraw_plan_term(ledger, 2, **WHY)
    add_purchase(ledger, PACKS, **BY)
    reverse_purchase(ledger, 1, **WHY)
    add_removal(ledger, Removal(from_at=MARCH_US, packs=1), **BY)
    reverse_removal(ledger, 1, **WHY)
    add_budget(ledger, Budget(amount=Decimal(5)), **BY)
    end_budget(ledger, 1, **BY)
    add_budget(ledger, Budget(amount=Decimal(6)), **BY)
    return ledger


@pytest.mark.parametrize(
    ("family", "code", "act"),
    [
        (Conflict, "plan_term_exists", lambda ledger: add_plan_term(ledger, PLAN, **BY)),
        (Missing, "plan_term_unknown", lambda ledger: withdraw_plan_term(ledger, 9, **WHY)),
        (Conflict, "plan_term_withdrawn", lambda ledger: withdraw_plan_term(ledger, 2, **WHY)),
        (Missing, "purchase_unknown", lambda ledger: reverse_purchase(ledger, 9, **WHY)),
        (Missing, "purchase_unknown", lambda ledger: reverse_purchase(ledger, 2, **WHY)),
        (Conflict, "purchase_reversed", lambda ledger: reverse_purchase(ledger, 1, **WHY)),
        (Missing, "removal_unknown", lambda ledger: reverse_removal(ledger, 2, **WHY)),
        (Conflict, "removal_reversed", lambda ledger: reverse_removal(ledger, 1, **WHY)),
        (Missing, "budget_unknown", lambda ledger: end_budget(ledger, 9, **BY)),
        (Conflict, "budget_ended", lambda ledger: end_budget(ledger, 1, **BY)),
        (
            Missing,
            "cost_centre_unknown",
            lambda ledger: add_budget(
                ledger, Budget(scope=BudgetScope.COST_CENTRE, name="Slaes", amount=Decimal(7)), **BY
            ),
        ),
        (Conflict, "budget_exists", lambda ledger: add_budget(ledger, Budget(amount=Decimal(7)), **BY)),
        (Refused, "grace_days_invalid", lambda ledger: set_grace_days(ledger, 29, **BY)),
        (Refused, "grace_days_invalid", lambda ledger: set_grace_days(ledger, -1, **BY)),
        (
            Missing,
            "bot_unknown",
            lambda ledger: set_cost_centre(
                ledger, CostCentreTerm(from_on=date(2026, 3, 1), bot_id="b9", cost_centre="x"), **BY
            ),
        ),
        (
            Missing,
            "channel_unknown",
            lambda ledger: set_cost_centre(
                ledger, CostCentreTerm(from_on=date(2026, 3, 1), channel="sms", cost_centre="x"), **BY
            ),
        ),
        (Refused, "reason_invalid", lambda ledger: reverse_purchase(ledger, 1, reason=" ", **BY)),
        (Refused, "reason_invalid", lambda ledger: withdraw_plan_term(ledger, 1, reason="\n", **BY)),
    ],
)
def test_what_does_not_fit_the_facts_is_refused_and_changes_nothing(
    filled: Ledger, family: type[BotmeterError], code: str, act: Callable[[Ledger], object]
) -> None:
    before = contents(filled)
    with pytest.raises(family) as refused:
        act(filled)
    assert refused.value.code == code
    assert contents(filled) == before


def contents(ledger: Ledger) -> list[object]:
    reads: list[Callable[..., object]] = [plan_terms, purchases, removals, opening_balances, budgets, cost_centre_terms]
    return [read(ledger) for read in reads] + [grace_days(ledger)]
