"""`GET …/entitlement`: what a customer's next message does, with events that are settled and that are not."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.ledgers import event, submissions

from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Plan
from botmeter.billing.plan_text import plan_as_json
from botmeter.domain.instant import now_us, text_from_us
from botmeter.domain.period import day_start_us
from botmeter.ledger.append import append
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit, add_budget
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.people.keys import Scope
from support.asgi_requests import AsgiResponse
from support.live import Live, counts, message, problem_of
from support.live import live as live_over

pytestmark = pytest.mark.slow

HOUR_US = 3_600_000_000


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """The live road over a new folder, on the real clock."""
    with live_over(tmp_path / "live") as made:
        yield made


def ago(hours: float) -> str:
    return text_from_us(now_us() - round(hours * HOUR_US))


def asked(live: Live, secret: str, /, *, account: str = "acme", **parameters: str) -> AsgiResponse:
    query = urlencode({"customer": "c1", "bot": "b1", "channel": "web", **parameters})
    path = f"/api/v1/accounts/{account}/entitlement?{query}"
    return live.request("GET", path, b"", authorization=f"Bearer {secret}")


def answer(live: Live, **parameters: str) -> dict[str, Any]:
    response = asked(live, live.key("acme", Scope.ENTITLEMENT_READ), **parameters)
    assert response.status == 200, response.body
    content: dict[str, Any] = response.json()
    return content


def sent(live: Live, key: str, *messages: dict[str, Any]) -> None:
    assert counts(live.send(key, list(messages))) == (len(messages), 0, 0, 0)


def plan_of(meter: Meter) -> Plan:
    return Plan(name="made", currency="USD", meters=(meter,), cycle=CycleRule(anchor=date(2026, 1, 1)))


def set_plan(live: Live, meter: Meter) -> None:
    plan = plan_of(meter)
    start_us = day_start_us(date(2026, 1, 1))
    with live.opened.writing("acme") as ledger:
        add_plan_term(ledger, PlanChange(from_at=start_us, label=plan.label, definition=plan_as_json(plan)), now_us=0)


def test_a_first_message_opens_a_session_and_the_next_is_in_it(live: Live, key: str) -> None:
    first = answer(live)
    assert first == {
        "allowed": True,
        "opens_session": True,
        "session": None,
        "left": None,
        "cost": None,
        "currency": None,
        "reason": None,
        "as_of": first["as_of"],
    }
    sent(live, key, message("a", at := ago(1)))
    before_it_is_settled = answer(live)
    live.settle("acme")
    assert before_it_is_settled["opens_session"] is False
    ((session_id, ended_us),) = live.rows("acme", "SELECT session_id::VARCHAR, ended_at FROM session")
    session = {"id": session_id, "ends_at": text_from_us(ended_us)}
    assert before_it_is_settled["session"] == answer(live)["session"] == session
    assert session["ends_at"] > at
    assert answer(live, customer="c2")["opens_session"] is True


def test_events_that_come_late_move_the_session(live: Live, key: str) -> None:
    sent(live, key, message("a", ago(1)))
    assert answer(live)["session"]["ends_at"] > ago(-22)
    sent(live, key, message("b", ago(23.5)))
    assert answer(live)["session"]["ends_at"] < ago(-1)
    sent(live, key, message("c", ago(30)))
    # 30 hours ago began a session that ended 6 hours ago, before the message of one hour ago.
    assert answer(live)["session"]["ends_at"] > ago(-22)


def test_imports_and_merges_count_too(live: Live, key: str) -> None:
    assert answer(live)["opens_session"] is True
    with live.opened.writing("acme") as ledger:
        append(ledger, submissions([event("x", ago(2), customer_id="c9", bot_id="b1")]), now_us=now_us())
    assert until(live, customer="c9", opens_session=False)
    with live.opened.writing("acme") as ledger:
        merge_customers(ledger, [SameCustomer(customer_id="c9", alias="c1")], now_us=now_us())
    assert until(live, customer="c1", opens_session=False)
    sent(live, key, message("d", ago(0), customer_id="c1"))
    assert answer(live, customer="c1")["session"] == answer(live, customer="c9")["session"]


def test_the_allowance_is_used_up_by_events_that_are_not_settled(live: Live, key: str) -> None:
    set_plan(live, Meter(allowance=Allowance(sessions=2), beyond=Beyond(kind="price", price=Decimal("0.105"))))
    assert answer(live) | {"as_of": ""} == {
        "allowed": True,
        "opens_session": True,
        "session": None,
        "left": 2,
        "cost": "0.00",
        "currency": "USD",
        "reason": None,
        "as_of": "",
    }
    for number, left in (("1", 1), ("2", 0)):
        sent(live, key, message(number, ago(0), customer_id=f"n{number}"))
        assert answer(live)["left"] == left
    assert (answer(live)["cost"], answer(live, customer="n1")["cost"]) == ("0.105", "0.00")
    live.settle("acme")
    assert (answer(live)["left"], answer(live)["cost"]) == (0, "0.105")


@pytest.mark.parametrize(
    ("beyond", "reason"),
    [
        (Beyond(kind="stop"), "allowance_exhausted"),
        (Beyond(kind="price", price=Decimal("2.00"), cap=Decimal("1.00")), "cap_reached"),
    ],
)
def test_the_plan_refuses_a_session_that_it_does_not_sell(live: Live, key: str, beyond: Beyond, reason: str) -> None:
    set_plan(live, Meter(allowance=Allowance(sessions=1), beyond=beyond))
    assert answer(live)["allowed"] is True
    sent(live, key, message("a", ago(0)))
    # The customer whose session runs is served until it ends.
    assert answer(live)["allowed"] is True
    refused = answer(live, customer="c2")
    assert (refused["allowed"], refused["reason"], refused["left"]) == (False, reason, 0)


def test_a_brake_refuses_sessions_of_its_bot_and_other_budgets_refuse_none(live: Live, key: str) -> None:
    set_plan(live, Meter(beyond=Beyond(kind="price", price=Decimal(1))))
    # In another cycle.
    sent(live, key, *(message(bot, ago(40 * 24), customer_id="c0", bot_id=bot) for bot in ("b1", "b2")))
    with live.opened.writing("acme") as ledger:
        for is_brake, name in ((True, "b1"), (False, "b2")):
            budget = Budget(
                scope=BudgetScope.BOT, name=name, unit=BudgetUnit.SESSIONS, amount=Decimal(1), is_brake=is_brake
            )
            add_budget(ledger, budget, now_us=now_us())
    assert answer(live)["allowed"] is True
    sent(live, key, message("a", ago(0)), message("b", ago(0), customer_id="c2", bot_id="b2"))
    refused = answer(live, customer="new")
    assert (refused["allowed"], refused["reason"], refused["cost"]) == (False, "budget_reached", "1.00")
    assert answer(live, customer="new", bot="b2")["allowed"] is True
    assert answer(live)["allowed"] is True


def test_requests_that_can_not_be_answered_are_problems(live: Live, key: str) -> None:
    own = live.key("acme", Scope.ENTITLEMENT_READ)
    assert problem_of(asked(live, key)) == (403, "scope_missing")
    assert problem_of(asked(live, own, account="globex")) == (404, "account_unknown")
    assert problem_of(asked(live, "bm_wrong")) == (401, "key_wrong")
    assert problem_of(asked(live, own, customer="")) == (400, "parameter_missing")
    assert problem_of(asked(live, own, other="x")) == (400, "parameter_unknown")
    assert problem_of(asked(live, own, customer="c" * 600)) == (400, "parameter_invalid")


def until(live: Live, *, opens_session: bool, **parameters: str) -> bool:
    """Ask until the answer counts what another writer committed, as `as_of` says."""
    committed = text_from_us(now_us())
    for _ in range(2_000):
        content = answer(live, **parameters)
        if content["as_of"] >= committed:
            return bool(content["opens_session"] == opens_session)
    return False
