"""Bills that are computed in part are those that are computed anew, however events come and facts change."""

from collections import defaultdict
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_plan_session_laws import pinned
from tests.laws.test_statement_laws import CUSTOMERS, Account
from tests.support.event_strategies import START_US, crowded_event_lists, dense_event_lists, policies, schedules
from tests.support.ledgers import NOW_US, append_events, event, ledger_in_memory, made_account
from tests.support.live_batches import append_live, live_batch

from botmeter.billing.account_bill import Bill, account_plans, open_cycle_bill, rated_cycles
from botmeter.billing.account_statements import closed_documents, listed_statements
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.closing import pending_adjustments
from botmeter.billing.cost_centres import cost_centres_of
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.day_counts import day_counts
from botmeter.billing.next_statement import adjustments_by_currency
from botmeter.billing.opening_groups import opening_groups
from botmeter.billing.plan import CycleRule, Meter, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at, timeline
from botmeter.billing.rated import NOTHING_CARRIED, charge_texts
from botmeter.billing.rating import rate_cycle
from botmeter.billing.session_charges import charges_between
from botmeter.billing.shares import NamedGroups, shares_by, shares_by_group
from botmeter.domain.errors import BotmeterError
from botmeter.domain.instant import DAY_US, text_from_us
from botmeter.domain.period import Period
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.billing.plan_terms import withdraw_plan_term
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.metering.policy import Policy
from botmeter.reports.billed_sessions import sessions_by_day
from support.examples import examples

Event = dict[str, Any]
FEW = examples(cost=40, shrinks=False)


def year(policy: Policy) -> AccountCycle:
    """Year around the events, counted by the account's own policy and by one of the plan."""
    rule = CycleRule(every="year", anchor=date(2026, 1, 1))
    plan = Plan(name="plan", currency="EUR", cycle=rule, meters=(Meter(), Meter()))
    return account_cycle_at([PlanTerm(plan=plan, from_us=START_US - 30 * DAY_US, policies=((), (policy,)))], START_US)


def change(ledger: Ledger, data: st.DataObject, *, events: list[Event]) -> None:
    """Correct a session, or merge two customers."""
    ids = [each["session_id"] for each in cycle_sessions(ledger, year(Policy(name="none")))[0].to_pylist()]
    customers = sorted({each["customer_id"] for each in events if each.get("customer_id")})
    is_correction = data.draw(st.booleans())
    if ids and is_correction:
        kind = data.draw(st.sampled_from(CorrectionKind))
        correct_session(ledger, data.draw(st.sampled_from(ids)), kind=kind, reason="a mistake", now_us=NOW_US)
    elif len(customers) > 1:
        pair = SameCustomer(customer_id=customers[0], alias=customers[1])
        merge_customers(ledger, [pair], now_us=NOW_US)


@pytest.mark.slow
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()), schedules(), policies())
def test_sessions_read_in_part_are_those_read_anew(
    data: st.DataObject, events: list[Event], schedule: Any, policy: Policy
) -> None:
    ledger, cache, cycle = ledger_in_memory(schedule), BillCache(), year(policy)
    pinned(ledger, policy)
    in_order = sorted(events, key=lambda each: str(each["occurred_at"]))
    order = data.draw(st.one_of(st.just(in_order), st.permutations(events)))
    ends = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
    changed_after = data.draw(st.integers(0, 5))
    for number, (start, end) in enumerate(zip([0, *ends], [*ends, len(order)], strict=True)):
        append_events(ledger, *order[start:end])
        assert_same(ledger, cycle, cache=cache)
        if number == changed_after:
            change(ledger, data, events=events)
            assert_same(ledger, cycle, cache=cache)


def assert_same(ledger: Ledger, cycle: AccountCycle, *, cache: BillCache) -> None:
    period = Period(first_on=date(2026, 2, 20), last_on=date(2026, 3, 20), timezone="Pacific/Auckland")
    assert day_counts(ledger, period, cache=cache) == sessions_by_day(ledger, period)
    read = [each.to_pylist() for each in cycle_sessions(ledger, cycle, cache=cache)]
    assert read == [each.to_pylist() for each in cycle_sessions(ledger, cycle)]


# Each example computes some fifty bills twice: 3 seconds of processor time.
@pytest.mark.slow
@examples(cost=30, shrinks=False)
@given(st.integers(0, 2**32))
def test_a_bill_computed_in_part_is_the_one_computed_anew(seed: int) -> None:
    random, cache = Random(seed), BillCache()
    with TemporaryDirectory() as directory, Folder.owned(Path(directory) / "data", purpose="a test") as folder:
        made_account(folder)
        account = Account(folder, random)
        with folder.ledger("acme") as ledger:
            for _ in range(4):
                for _ in range(6):
                    with suppress(BotmeterError):
                        steps = [*account.steps(), account.set_plan, withdraw, partial(send_live, account)]
                        random.choice(steps)(ledger)
                    assert_same_bill(ledger, account.now_us, cache=cache)
                account.now_us += random.randrange(10, 40) * DAY_US
                assert_same_bill(ledger, account.now_us, cache=cache)


def send_live(account: Account, ledger: Ledger) -> None:
    """An event now, metered in a settling, which changes no fact."""
    account.event_count += 1
    at = text_from_us(account.now_us - account.random.randrange(3 * DAY_US))
    sent = event(f"live{account.event_count}", at, customer_id=account.random.choice(CUSTOMERS))
    append_live(ledger, live_batch([sent]), now_us=account.now_us)
    known = ledger.facts_version
    assert settle(ledger, now_us=account.now_us) == 1
    assert ledger.facts_version == known < ledger.version


def withdraw(ledger: Ledger) -> None:
    """Withdraw the last plan but for the first."""
    plans = account_plans(ledger)
    if plans is not None and len(plans.terms) > 1:
        withdraw_plan_term(ledger, len(plans.terms), reason="a reason", now_us=plans.terms[-1].from_us)


def assert_same_bill(ledger: Ledger, now_us: int, *, cache: BillCache) -> None:
    kept, anew = open_cycle_bill(ledger, now_us, cache=cache), open_cycle_bill(ledger, now_us)
    assert (kept is None) == (anew is None)
    if kept is None or anew is None:
        return
    assert (kept.rated.lines, kept.rated.total, kept.carried) == (anew.rated.lines, anew.rated.total, anew.carried)
    assert (kept.facts, kept.state, kept.closes_us) == (anew.facts, anew.state, anew.closes_us)
    assert [each.to_pylist() for each in kept.sessions] == [each.to_pylist() for each in anew.sessions]
    assert kept.carried_in == anew.carried_in
    assert_same_shares(ledger, kept, anew=anew)
    assert kept.carried_in.of(0) == carried_of_sessions(ledger, kept.account_cycle).of(0)
    assert listed_statements(ledger, now_us=now_us, cache=cache) == listed_statements(ledger, now_us=now_us)
    assert closed_documents(ledger, cache=cache) == closed_documents(ledger)
    assert_same_charges(ledger, now_us, cache=cache)
    plans = account_plans(ledger)
    assert plans is not None
    pending = defaultdict[str, Decimal](Decimal)
    for each in pending_adjustments(ledger, plans, statements=closed_statements(ledger)):
        pending[each.rated.plan.currency] += each.total
    known = adjustments_by_currency(ledger, plans, cache=cache)
    assert known == adjustments_by_currency(ledger, plans)
    assert {**dict.fromkeys(pending, Decimal(0)), **known} == pending


def assert_same_shares(ledger: Ledger, kept: Bill, *, anew: Bill) -> None:
    """Shares of groups of sessions are those of the names of each session."""
    centres, touchpoints = cost_centres(ledger), ledger.touchpoints.all()
    groups = [opening_groups(each, touchpoints=touchpoints, centres=centres) for each in kept.sessions]
    named = [
        NamedGroups(
            group=each.group,
            names=(
                tuple(opening.touchpoint.bot_id for opening in each.openings),
                tuple(opening.cost_centre or None for opening in each.openings),
            ),
        )
        for each in groups
    ]
    splits = [[each["bot_id"] for each in anew.sessions], [cost_centres_of(each, centres) for each in anew.sessions]]
    assert shares_by_group(kept.rated, named) == shares_by(anew.rated, splits)


def assert_same_charges(ledger: Ledger, now_us: int, *, cache: BillCache) -> None:
    plans = account_plans(ledger)
    assert plans is not None
    cycles = timeline(plans.terms, now_us)
    free = {
        session_id: charge
        for _, sessions, rated in rated_cycles(ledger, cycles, plans=plans)
        for table, meter in zip(sessions, rated.meters, strict=True)
        for session_id, charge in zip(table["session_id"].to_pylist(), charge_texts(meter).to_pylist(), strict=True)
        if charge != "charged"
    }
    for each in (cache, None):
        charges = charges_between(ledger, plans.terms[0].from_us, end_us=now_us, cache=each)
        assert charges is not None
        assert dict(zip(charges.session_ids.to_pylist(), charges.charges.to_pylist(), strict=True)) == free


def carried_of_sessions(ledger: Ledger, account_cycle: AccountCycle) -> Any:
    """Grants that all earlier cycles left, each rated with all of its sessions, in rating order."""
    plans, carried = account_plans(ledger), NOTHING_CARRIED
    assert plans is not None
    if account_cycle.cycle.start_us > plans.terms[0].from_us:
        for each in timeline(plans.terms, account_cycle.cycle.start_us):
            _, carried = rate_cycle(each, cycle_sessions(ledger, each), facts=plans.facts, carried=carried)
    return carried
