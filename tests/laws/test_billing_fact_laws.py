"""Facts of billing are read back as they were recorded, in order, from a file that was closed and opened again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import NOW_US, append_events, event, made_account

from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.errors import BotmeterError
from botmeter.ledger.billing.budgets import AMOUNT_MAX, Budget, BudgetPer, BudgetScope, add_budget, budgets, end_budget
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session, corrections, undo_correction
from botmeter.ledger.billing.cost_centres import cost_centre_terms, set_cost_centre
from botmeter.ledger.billing.plan_terms import (
    OpeningBalance,
    OpeningPack,
    PlanChange,
    add_plan_term,
    opening_balances,
    plan_terms,
    set_opening_balance,
    withdraw_plan_term,
)
from botmeter.ledger.billing.purchases import Purchase, Purchasing, add_purchase, purchases, reverse_purchase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.reports.billed_sessions import billed_sessions
from support.examples import examples

SESSIONS = [event(f"e{n}", f"2026-03-0{n}T10:00", customer_id=f"c{n}", conversation_id=f"v{n}") for n in range(1, 5)]
BOTS = st.sampled_from(["b1"])
NUMBERS = st.integers(1, 6)
INSTANTS = st.integers(1, 4).map(lambda cycle: cycle * 10**15)
DECIMALS = st.decimals(0, 10**15, places=6).map(abs)
REASONS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A session, by its place in rating order, and how it is to be marked."""

    session: int
    kind: CorrectionKind


@st.composite
def bought(draw: st.DrawFn) -> Purchase:
    how, at = draw(st.sampled_from(Purchasing)), draw(INSTANTS)
    return Purchase(
        meter=draw(st.integers(0, 1)),
        how=how,
        packs=draw(st.integers(1, 1_000_000)),
        pack_units=draw(DECIMALS) + 1,
        pack_price=draw(DECIMALS),
        from_at=at,
        expires_at=draw(st.none() | st.just(at + 1)),
        cycle_start=at if how in (Purchasing.LEAST, Purchasing.RECURRING) else None,
        opening_key=draw(st.integers(2**64 - 2, 2**64 - 1)) if how is Purchasing.RECHARGE else None,
    )


PACKS = st.builds(
    lambda left, more: OpeningPack(units_left=left, pack_units=left + more), DECIMALS, DECIMALS.map(lambda one: one + 1)
)
STEPS = st.one_of(
    st.tuples(st.just("set"), st.builds(PlanChange, from_at=INSTANTS, label=REASONS, definition=st.just('{"a": 1}'))),
    st.tuples(st.just("withdraw"), NUMBERS),
    st.tuples(st.just("buy"), bought()),
    st.tuples(st.just("reverse"), NUMBERS),
    st.tuples(
        st.just("open"),
        st.builds(
            OpeningBalance,
            meter=st.integers(0, 1),
            as_of=INSTANTS,
            allowance_used=DECIMALS,
            packs=st.lists(PACKS, max_size=2).map(tuple),
        ),
    ),
    st.tuples(st.just("correct"), st.builds(Marked, session=st.integers(0, 3), kind=st.sampled_from(CorrectionKind))),
    st.tuples(st.just("undo"), NUMBERS),
    st.tuples(
        st.just("label"),
        st.builds(
            CostCentreTerm,
            from_on=st.integers(0, 2).map(lambda days: date(2026, 3, 1) + timedelta(days=days)),
            bot_id=BOTS,
            cost_centre=st.just("") | REASONS,
        ),
    ),
    st.tuples(
        st.just("limit"),
        st.builds(
            Budget,
            scope=st.just(BudgetScope.BOT),
            name=BOTS,
            amount=st.decimals(1, AMOUNT_MAX, places=6),
            per=st.sampled_from(BudgetPer),
        ),
    ),
    st.tuples(st.just("end"), NUMBERS),
)


@dataclass(slots=True, kw_only=True)
class Model:
    """The facts by kind, in the order of recording, each with the number that took it back."""

    facts: dict[str, list[tuple[Any, str, int | None]]] = field(default_factory=dict)

    def of(self, kind: str) -> list[tuple[Any, str, int | None]]:
        return self.facts.setdefault(kind, [])

    def add(self, kind: str, value: object, *, reason: str) -> None:
        self.of(kind).append((value, reason, None))

    def take_back(self, kind: str, number: int, *, by_number: int) -> None:
        value, reason, _ = self.of(kind)[number - 1]
        self.of(kind)[number - 1] = (value, reason, by_number)

    def in_force(self, kind: str) -> list[tuple[Any, str]]:
        return [(value, reason) for value, reason, taken_back in self.of(kind) if taken_back is None and reason]


def refusal_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except BotmeterError as problem:
        return problem.code
    return None


def step(ledger: Ledger, model: Model, *, what: str, value: Any, reason: str) -> None:
    """Do it in both; what the model says can't be is refused."""
    why: dict[str, Any] = {"now_us": NOW_US, "by": "ann@example.com", "reason": reason}
    who = {"now_us": NOW_US, "by": "ann@example.com"}
    if what == "set":
        is_taken = any(each.from_at == value.from_at for each, _ in model.in_force("set"))
        assert refusal_of(lambda: add_plan_term(ledger, value, **why)) == ("plan_term_exists" if is_taken else None)
        if not is_taken:
            model.add("set", value, reason=reason)
    elif what == "buy":
        _buy(ledger, model, value=value, why=why)
    elif what == "open":
        set_opening_balance(ledger, value, **why)
        model.add("open", value, reason=reason)
    elif what == "label":
        set_cost_centre(ledger, value, **who)
        model.add("label", value, reason=reason)
    elif what == "limit":
        is_taken = any(each.per == value.per for each, _ in model.in_force("limit"))
        assert refusal_of(lambda: add_budget(ledger, value, **who)) == ("budget_exists" if is_taken else None)
        if not is_taken:
            model.add("limit", value, reason=reason)
    elif what == "correct":
        _correct(ledger, model, value=value, why=why)
    else:
        _take_back(ledger, model, what=what, number=value, why=why)


def _buy(ledger: Ledger, model: Model, *, value: Purchase, why: dict[str, Any]) -> None:
    recorded = add_purchase(ledger, value, **why)
    same = [
        number
        for number, (each, _, _) in enumerate(model.of("buy"), start=1)
        if each is not None
        and (each.meter, each.how, each.cycle_start, each.opening_key)
        == (value.meter, value.how, value.cycle_start, value.opening_key)
        and value.how is not Purchasing.MANUAL
    ]
    assert (recorded.number, recorded.is_new) == ((same[0], False) if same else (len(model.of("buy")) + 1, True))
    if not same:
        model.add("buy", value, reason=why["reason"])


def _correct(ledger: Ledger, model: Model, *, value: Marked, why: dict[str, Any]) -> None:
    row = billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()[value.session]
    is_taken = any(each[0] == row["opening_key"] for each, _ in model.in_force("correct"))
    refusal = refusal_of(lambda: correct_session(ledger, row["session_id"], kind=value.kind, **why))
    assert refusal == ("session_corrected" if is_taken else None)
    if not is_taken:
        model.add("correct", (row["opening_key"], value.kind), reason=why["reason"])


def _take_back(ledger: Ledger, model: Model, *, what: str, number: int, why: dict[str, Any]) -> None:
    who = {"now_us": why["now_us"], "by": why["by"]}
    kind, act, unknown, again = {
        "withdraw": (
            "set",
            lambda: withdraw_plan_term(ledger, number, **why),
            "plan_term_unknown",
            "plan_term_withdrawn",
        ),
        "reverse": ("buy", lambda: reverse_purchase(ledger, number, **why), "purchase_unknown", "purchase_reversed"),
        "undo": ("correct", lambda: undo_correction(ledger, number, **why), "correction_unknown", "correction_undone"),
        "end": ("limit", lambda: end_budget(ledger, number, **who), "budget_unknown", "budget_ended"),
    }[what]
    facts = model.of(kind)
    is_known = number <= len(facts) and facts[number - 1][0] is not None
    expected = None if is_known else unknown
    if is_known and facts[number - 1][2] is not None:
        expected = again
    elif is_known and what == "withdraw":
        since = facts[number - 1][0].from_at
        is_used = any(each.from_at >= since for each, _ in model.in_force("buy"))
        expected = "plan_term_used" if is_used else None
    assert refusal_of(act) == expected
    if expected is None:
        model.take_back(kind, number, by_number=len(facts) + 1)
        if what in ("reverse", "undo"):
            # The reversal has a number of its own.
            facts.append((None, "", None))


@pytest.mark.slow
@examples(cost=8, shrinks=False)
@given(st.lists(st.tuples(STEPS, REASONS), max_size=25))
def test_facts_are_read_back_as_recorded_after_the_file_was_closed(steps: list[tuple[tuple[str, Any], str]]) -> None:
    model = Model()
    with TemporaryDirectory() as path, Folder.owned(Path(path), purpose="laws") as folder:
        name = made_account(folder)
        with folder.ledger(name) as ledger:
            append_events(ledger, *SESSIONS)
            for (what, value), reason in steps:
                step(ledger, model, what=what, value=value, reason=reason)
        with folder.ledger(name) as ledger:
            _check(ledger, model)


def _check(ledger: Ledger, model: Model) -> None:
    terms = [
        (PlanChange(from_at=e.from_at, label=e.label, definition=e.definition), e.reason) for e in plan_terms(ledger)
    ]
    assert terms == sorted(model.in_force("set"), key=lambda each: each[0].from_at)
    assert [(e.purchase, e.reason) for e in purchases(ledger)] == sorted(
        model.in_force("buy"), key=lambda each: each[0].from_at
    )
    assert [(e.balance, e.reason) for e in opening_balances(ledger, with_replaced=True)] == model.in_force("open")
    assert [((e.opening_key, e.kind), e.reason) for e in corrections(ledger)] == model.in_force("correct")
    assert [e.budget for e in budgets(ledger)] == [value for value, _ in model.in_force("limit")]
    labels = [value for value, _ in model.in_force("label")]
    recorded = cost_centre_terms(ledger, with_replaced=True)
    assert [(e.from_on, e.bot_id, e.cost_centre) for e in recorded] == [
        (e.from_on, e.bot_id, e.cost_centre) for e in labels
    ]
    last = {(each.from_on, each.bot_id): each.cost_centre for each in labels}
    assert {(e.from_on, e.bot_id): e.cost_centre for e in cost_centre_terms(ledger)} == last
    charges = {row["opening_key"]: row["charge"] for row in billed_sessions(ledger, 0, end_us=NOW_US).to_pylist()}
    marked = {key: 1 if kind is CorrectionKind.VOID else 2 for (key, kind), _ in model.in_force("correct")}
    assert charges == dict.fromkeys(charges, 0) | marked
