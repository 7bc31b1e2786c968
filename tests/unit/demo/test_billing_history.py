"""Two years of billing of the demo account."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botmeter.billing.account_bill import account_plans, open_cycle_bill
from botmeter.billing.account_plans import CycleState
from botmeter.billing.plan_terms import timeline
from botmeter.billing.stated import read_document
from botmeter.billing.statement_verify import verify_statements
from botmeter.demo import DEMO_ACCOUNT, DEMO_SEED, DEMO_TITLE, demo_batches, finance
from botmeter.demo.billing_audit import note_billing
from botmeter.demo.billing_history import add_billing
from botmeter.domain.account import Account
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.append import Submission, append
from botmeter.ledger.billing.budgets import budgets
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.billing.cost_centres import cost_centre_terms
from botmeter.ledger.billing.purchases import Purchasing, purchases
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.query import usage_query
from botmeter.reports.usage import usage_report

pytestmark = pytest.mark.slow

NOW = "2026-11-22T11:00:00Z"


@contextmanager
def demo_ledger(path: Path, now: str, *, events: int = 5_000, is_billed: bool = True) -> Iterator[Ledger]:
    """The demo account of an instant, a hundredth of its size or less."""
    now_us = us_from_text(now)
    with Folder.owned(path, purpose="a test") as folder:
        folder.create(Account(name=DEMO_ACCOUNT, title=DEMO_TITLE), policy=FRESHCHAT, now_us=now_us)
        with folder.ledger(DEMO_ACCOUNT) as ledger:
            batches = demo_batches(seed=DEMO_SEED, now_us=now_us, events=events)
            append(ledger, [Submission(source="demo", batches=batches, label="demo")], now_us=now_us)
            if is_billed:
                add_billing(ledger, seed=DEMO_SEED, now_us=now_us)
            yield ledger


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with demo_ledger(tmp_path_factory.mktemp("billed"), NOW, events=100_000) as ledger:
        yield ledger


def documents(ledger: Ledger) -> list[dict[str, Any]]:
    return [read_document(each) for each in closed_statements(ledger)]


def test_two_years_of_months_are_closed_after_their_grace(billed: Ledger) -> None:
    statements = closed_statements(billed)
    months = [each["cycle"]["first_day"] for each in documents(billed)]
    assert (len(months), months[0], months[-1]) == (24, "2024-11-01", "2026-10-01")
    assert months == sorted(set(months))
    assert {(each.closed_at - each.cycle_end) // DAY_US for each in statements} == {5}


def test_the_first_year_has_the_published_plan_and_the_second_a_contract(billed: Ledger) -> None:
    plans = Counter(label for each in documents(billed) for label in each["plans"])
    assert plans == {"freshchat.2021-growth@1": 12, "maple-and-moor.contract@1": 12}


def test_exactly_one_adjustment_follows_a_voided_session_and_a_test(billed: Ledger) -> None:
    adjusted = [each for each in documents(billed) if each["adjustments"]]
    [statement] = adjusted
    [adjustment] = statement["adjustments"]
    assert statement["cycle"]["first_day"] == "2026-09-01"
    assert adjustment["cycle"]["first_day"] == "2026-08-01"
    assert sorted(each["reason"] for each in adjustment["sessions"]) == ["marked_test", "voided"]
    assert Decimal(adjustment["difference"]) < 0
    assert all(each.reason for each in corrections(billed))


def test_packs_are_bought_by_hand_and_by_recharge_and_one_purchase_is_reversed(billed: Ledger) -> None:
    recorded = purchases(billed, with_reversed=True)
    assert {each.purchase.how for each in recorded} == {Purchasing.MANUAL, Purchasing.RECHARGE}
    [reversal] = [each for each in recorded if each.reverses is not None]
    assert reversal.purchase.packs == 10
    assert reversal.reason
    assert all(each.recorded_at == each.purchase.from_at for each in recorded if each.reverses is None)


def test_spending_has_budgets_a_brake_and_a_cost_centre_that_changes(billed: Ledger) -> None:
    budgeted = [each.budget for each in budgets(billed)]
    assert {(each.scope.value, each.per.value) for each in budgeted} >= {("account", "cycle"), ("bot", "month")}
    assert [each.scope.value for each in budgeted if each.is_brake] == ["channel"]
    terms = cost_centre_terms(billed)
    assert len({each.from_on for each in terms}) == 2
    assert [each.channel for each in terms if each.channel] == ["whatsapp"]


def test_the_statements_of_the_demo_verify(billed: Ledger) -> None:
    assert verify_statements(billed) == []


def test_the_open_cycle_has_used_its_allowance_before_its_end(billed: Ledger) -> None:
    bill = open_cycle_bill(billed, us_from_text(NOW))
    assert bill is not None
    [meter] = bill.rated.meters
    allowance = next(each for each in meter.grants if each.grant.kind == "allowance")
    assert allowance.left == 0


def test_billing_leaves_the_report_as_it_is(tmp_path: Path) -> None:
    now_us = us_from_text(NOW)
    with demo_ledger(tmp_path, NOW, is_billed=False) as ledger:
        query = usage_query(ledger.account, now_us=now_us)
        before = usage_report(ledger, query)
        add_billing(ledger, seed=DEMO_SEED, now_us=now_us)
        assert usage_report(ledger, query) == before
        count = len(purchases(ledger, with_reversed=True))
        add_billing(ledger, seed=DEMO_SEED, now_us=now_us + 40 * DAY_US)
        assert (len(closed_statements(ledger)), len(purchases(ledger, with_reversed=True))) == (24, count)


@pytest.mark.parametrize(
    ("now", "closed", "state"),
    [
        ("2026-11-01T00:00:00Z", 23, CycleState.IN_GRACE),
        ("2026-11-05T23:59:00Z", 23, CycleState.IN_GRACE),
        ("2027-02-06T09:00:00Z", 24, CycleState.CLOSED),
        ("2028-02-29T12:00:00Z", 24, CycleState.CLOSED),
    ],
)
def test_the_last_month_is_closed_or_in_grace_by_the_day(
    tmp_path: Path, now: str, closed: int, state: CycleState
) -> None:
    with demo_ledger(tmp_path, now) as ledger:
        plans = account_plans(ledger)
        assert plans is not None
        last, current = timeline(plans.terms, us_from_text(now) + 1)[-2:]
        assert len(closed_statements(ledger)) == closed
        assert plans.state(last, now_us=us_from_text(now)) is state
        assert plans.state(current, now_us=us_from_text(now)) is CycleState.OPEN
        assert sum(len(each["adjustments"]) for each in documents(ledger)) == 1
        assert verify_statements(ledger) == []


def test_the_same_day_gives_the_same_statements(tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "other"):
        with demo_ledger(tmp_path / name, NOW) as ledger:
            hashes.append([each.sha256 for each in closed_statements(ledger)])
    assert hashes[0] == hashes[1]


def test_an_account_without_two_years_of_data_has_no_plan(tmp_path: Path) -> None:
    with demo_ledger(tmp_path, "2023-12-31T12:00:00Z") as ledger:
        assert account_plans(ledger) is None


def test_what_people_did_is_in_the_audit_dated_then(billed: Ledger, tmp_path: Path) -> None:
    note_billing(tmp_path, billed)
    entries = [json.loads(file.read_bytes()) for file in sorted((tmp_path / "audit").iterdir())]
    counts = Counter(entry["action"] for entry in entries)
    by_hand = [each for each in purchases(billed, with_reversed=True) if each.set_by and each.reverses is None]
    assert counts["packs_bought"] == len(by_hand) > 3
    once = ("plan_set", "purchase_reversed", "session_corrected", "budget_set", "cost_centre_set")
    assert [counts[action] for action in once] == [2, 1, 2, 4, len(cost_centre_terms(billed))]
    assert len({(entry["at_us"], entry["who"], entry["action"]) for entry in entries}) == len(entries)
    assert {entry["who"] for entry in entries} == {finance.BILLING_ADMIN, finance.OWNER}
    assert entries[0]["at_us"] < us_from_text(NOW) - 720 * DAY_US
