"""Entitlements are those of metering and rating everything with one more session, however events come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_next_message_laws import MESSAGES, by_the_meter, metered
from tests.support.event_strategies import START_US, crowded_event_lists, dense_event_lists, event_lists, policies
from tests.support.ledgers import append_events, made_account
from tests.support.live_batches import live_batch

from botmeter.billing.account_bill import account_plans, new_bill_cache, open_cycle_bill
from botmeter.billing.next_session import Allowances, OpenedSession, allowances_of
from botmeter.billing.plan import Allowance, Beyond, CycleRule, Meter, Plan, Tier
from botmeter.billing.plan_text import plan_as_json
from botmeter.billing.rated import Funding
from botmeter.billing.rating import rate_cycle
from botmeter.domain.account import Account
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import store as live_store
from botmeter.live.entitlement import account_entitlement
from botmeter.live.entitlement.account_entitlement import AccountEntitlement, Entitlement, NotKnownYet
from botmeter.live.entitlement.entitlements import Entitlements
from botmeter.live.store import LedgerStore
from botmeter.metering.policy import ALWAYS_US, Policy
from botmeter.metering.scope_states import Message
from support.examples import examples

pytestmark = pytest.mark.slow

Event = dict[str, Any]
FEW = examples(cost=12, shrinks=False)


@dataclass
class Followed:
    """An account that is followed while it is written to, on a clock that stands at its latest event."""

    ledgers: OpenLedgers
    store: LedgerStore
    state: AccountEntitlement
    now_us: int = START_US

    def commit(self, events: list[Event]) -> None:
        by_source: dict[str, list[Event]] = {}
        for event in events:
            by_source.setdefault(event["source"], []).append(event)
        self.store.commit("acme", [live_batch(own) for own in by_source.values()])

    def import_(self, events: list[Event]) -> None:
        with self.ledgers.writing("acme") as ledger:
            append_events(ledger, *events, now_us=self.now_us)

    def merge(self, alias: str, customer: str) -> None:
        with self.ledgers.writing("acme") as ledger:
            merge_customers(ledger, [SameCustomer(customer_id=customer, alias=alias)], now_us=self.now_us)

    def entitlement(self, message: Message) -> Entitlement:
        if self.state.is_behind:
            self.state.refresh()
        for _ in range(4):
            try:
                return self.state.entitlement(message)
            except NotKnownYet as missing:
                self.state.read_scope(message, metered=missing.metered)
        raise AssertionError("its scopes stay unknown")


@contextmanager
def followed(policy: Policy, patch: pytest.MonkeyPatch) -> Iterator[Followed]:
    with TemporaryDirectory() as folder, Folder.owned(Path(folder) / "data", purpose="a test") as owned:
        made_account(owned, Account(name="acme"), policy=policy)
        ledgers = OpenLedgers(owned)
        entitlements = Entitlements(ledgers)
        state = AccountEntitlement("acme", ledgers=ledgers, cache=new_bill_cache())
        entitlements._accounts["acme"] = state
        made = Followed(ledgers=ledgers, store=LedgerStore(ledgers, entitlements=entitlements), state=state)
        for module in (account_entitlement, live_store):
            patch.setattr(module, "now_us", lambda: made.now_us)
        try:
            yield made
        finally:
            ledgers.close()


def in_parts(events: list[Event], random: Random) -> list[list[Event]]:
    """Events nearly in order of time, a few at once."""
    ordered = sorted(
        events, key=lambda event: event["occurred_at"] + random.choice([0, 0, 0, random.randint(0, 2 * 10**10)])
    )
    parts = []
    while ordered:
        count = random.randint(1, 8)
        parts.append(ordered[:count])
        ordered = ordered[count:]
    return parts


@FEW
@given(
    st.one_of(event_lists(), dense_event_lists(), crowded_event_lists()),
    policies(),
    st.lists(MESSAGES, min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_answers_are_those_of_the_meter_after_each_step(
    events: list[Event], policy: Policy, messages: list[Message], random: Random
) -> None:
    with pytest.MonkeyPatch.context() as patch, followed(policy, patch) as account:
        sent: list[Event] = []
        customer_of: dict[str, str] = {}
        for part in in_parts(events, random):
            account.now_us = max(account.now_us, *(event["occurred_at"] for event in part))
            if random.random() < 0.15:
                account.import_(part)
            else:
                account.commit(part)
            sent += part
            if random.random() < 0.3:
                account.store.settle("acme")
            if random.random() < 0.2:
                account.state.refresh()
            if not customer_of and random.random() < 0.1:
                account.merge("c2", "c1")
                customer_of = {"c2": "c1"}
            if random.random() < 0.2:
                account.now_us += random.choice([1, 10**9, 10**10, DAY_US])
            counted = [
                {**each, "customer_id": customer_of.get(each["customer_id"], each["customer_id"])} for each in sent
            ]
            message = random.choice(messages)
            answer = account.entitlement(message)
            by_message = message._replace(customer_id=customer_of.get(message.customer_id, message.customer_id))
            expected = by_the_meter(counted, [(policy, ALWAYS_US)], message=by_message, at_us=account.now_us)
            session = answer.session
            assert (answer.opens_session, session and session.session_id, session and session.ended_at) == expected
            assert answer.as_of == account.now_us


METERS = st.builds(
    Meter,
    weight=st.sampled_from([Decimal(1), Decimal(1), Decimal(2), Decimal("0.5")]),
    allowance=st.one_of(st.none(), st.builds(Allowance, sessions=st.integers(1, 12))),
    beyond=st.sampled_from(
        [
            Beyond(kind="stop"),
            Beyond(kind="price", price=Decimal("0.105")),
            Beyond(kind="price", price=Decimal(1), cap=Decimal(5)),
            Beyond(kind="package", price=Decimal(10), sessions=4),
            Beyond(kind="graduated", tiers=(Tier(up_to=3, price=Decimal(2), flat=Decimal(7)), Tier(price=Decimal(1)))),
            Beyond(kind="volume", tiers=(Tier(up_to=4, price=Decimal(2)), Tier(price=Decimal(1)))),
        ]
    ),
)


def plan_set(ledger: Ledger, meter: Meter) -> None:
    plan = Plan(name="made", currency="USD", meters=(meter,), cycle=CycleRule(every="year", anchor=date(2026, 1, 1)))
    change = PlanChange(from_at=START_US - 30 * DAY_US, label=plan.label, definition=plan_as_json(plan))
    add_plan_term(ledger, change, now_us=START_US)


@FEW
@given(dense_event_lists(), METERS, st.integers(0, 5))
def test_a_price_is_what_one_more_session_adds_to_the_bill(events: list[Event], meter: Meter, more: int) -> None:
    policy = Policy(name="hourly", max_duration_us=3_600_000_000)
    now_us = max(event["occurred_at"] for event in events)
    with pytest.MonkeyPatch.context() as patch, followed(policy, patch) as account:
        account.now_us = now_us
        account.commit(events)
        account.store.settle("acme")
        with account.ledgers.writing("acme") as ledger:
            plan_set(ledger, meter)
            allowances = allowances_of(ledger, now_us=now_us, cache=new_bill_cache())
            bill, plans = open_cycle_bill(ledger, now_us), account_plans(ledger)
    assert isinstance(allowances, Allowances)
    assert bill is not None
    assert plans is not None
    session = OpenedSession(labels={None}, bot_id="b1", channel="web", at_us=now_us)
    for _ in range(more):
        allowances.add(session)
    price = allowances.price(session)

    def rated(count: int) -> Any:
        table = bill.sessions[0]
        rows = {name: [None] * count for name in table.column_names} | {
            "started_at": [now_us] * count,
            "charge": [0] * count,
            "preview": [False] * count,
        }
        added = pa.table({name: pa.array(rows[name], table.schema.field(name).type) for name in table.column_names})
        result, _ = rate_cycle(
            bill.account_cycle, (pa.concat_tables([table, added]),), facts=plans.facts, now_us=now_us
        )
        return result.meters[0]

    before, after = rated(more), rated(more + 1)
    assert price.cost == after.beyond_amount - before.beyond_amount
    assert (price.brake is not None) == bool(after.funding[-1] == Funding.STOPPED)
    assert price.left == int(sum((use.left for use in before.grants), Decimal(0)) // meter.weight)


@FEW
@given(dense_event_lists(), policies(), st.randoms(use_true_random=False))
def test_what_is_left_counts_sessions_that_are_not_settled(events: list[Event], policy: Policy, random: Random) -> None:
    with pytest.MonkeyPatch.context() as patch, followed(policy, patch) as account:
        with account.ledgers.writing("acme") as ledger:
            plan_set(ledger, Meter(allowance=Allowance(sessions=1_000), beyond=Beyond(kind="stop")))
        for part in in_parts(events, random):
            account.now_us = max(account.now_us, *(event["occurred_at"] for event in part))
            account.commit(part)
            if random.random() < 0.4:
                account.store.settle("acme")
        account.store.settle("acme")
        account.state.refresh()
        sessions, _ = metered(events, [(policy, ALWAYS_US)])
        counted = np.sum([each["started_at"] >= START_US - 30 * DAY_US for each in sessions])
        assert account.entitlement(Message("new", "b1", "web")).left == 1_000 - counted
