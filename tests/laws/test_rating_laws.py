"""Rating in one pass equals rating session by session, for random plans, facts and sessions."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import assume, given
from hypothesis import strategies as st

from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, timeline
from botmeter.billing.rated import NOTHING_CARRIED, Funding, RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due
from botmeter.billing.shares import shares_by, shares_of
from botmeter.domain.instant import DAY_US
from support.rating_cases import START_US, account_facts, plan_terms, session_rows
from support.rating_oracle import Before, Rated, rate_slowly, recharge_slowly, rows_of

NEVER = 1 << 62


def within(table: pa.Table, each: AccountCycle) -> pa.Table:
    starts = table["started_at"]
    return table.filter(pc.and_(pc.greater_equal(starts, each.cycle.start_us), pc.less(starts, each.cycle.end_us)))


def funding_of(rated: RatedCycle) -> list[tuple[str, int]]:
    meter = rated.meters[0]
    return [
        (Funding(kind).name.lower(), number)
        for kind, number in zip(meter.funding.tolist(), meter.funding_number.tolist(), strict=True)
    ]


def grants_left(rated: RatedCycle) -> list[tuple[str, int, int, Decimal, Decimal]]:
    return [
        (use.grant.kind, use.grant.start_us, use.grant.expires_us or NEVER, use.grant.units, use.lapsed + use.left)
        for use in rated.meters[0].grants
    ]


def going_on(slow: Rated, end_us: int) -> Before:
    grants = [each for each in slow.grants if each.left and each.expires > end_us]
    return Before(grants=grants, is_granted=slow.is_granted)


@given(terms=plan_terms(), table=session_rows(), facts=account_facts())
def test_one_pass_funds_each_session_as_going_from_session_to_session_does(
    terms: list[PlanTerm], table: pa.Table, facts: CycleFacts
) -> None:
    carried, before = NOTHING_CARRIED, Before()
    for each in timeline(terms, START_US + 100 * DAY_US):
        sessions = within(table, each)
        slow = rate_slowly(each, rows_of(sessions), facts=facts, before=before)
        rated, carried = rate_cycle(each, [sessions], facts=facts, carried=carried)

        assert funding_of(rated) == slow.funding
        assert rated.meters[0].beyond_amount == slow.beyond_amount
        assert grants_left(rated) == [(h.kind, h.start, h.expires, h.units, h.left) for h in slow.grants]
        before = going_on(slow, each.cycle.end_us)


@given(terms=plan_terms(), table=session_rows(), facts=account_facts(), after=st.none() | st.integers(0, 60))
def test_a_recharge_buys_when_the_first_session_leaves_too_little_and_only_once(
    terms: list[PlanTerm], table: pa.Table, facts: CycleFacts, after: int | None
) -> None:
    after_us = None if after is None else START_US + after * DAY_US // 2
    carried, before = NOTHING_CARRIED, Before()
    for each in timeline(terms, START_US + 100 * DAY_US):
        sessions = within(table, each)
        slow = recharge_slowly(each, rows_of(sessions), facts=facts, before=before, after_us=after_us)
        due = recharges_due(each, [sessions], facts=facts, carried=carried, after_us=after_us)

        assert list(due) == slow
        recorded = CycleFacts(purchases=[*facts.purchases, *due], openings=facts.openings)
        assert not recharges_due(each, [sessions], facts=recorded, carried=carried, after_us=after_us)
        before = going_on(rate_slowly(each, rows_of(sessions), facts=facts, before=before), each.cycle.end_us)
        carried = rate_cycle(each, [sessions], facts=facts, carried=carried)[1]


@given(
    terms=plan_terms(),
    table=session_rows(),
    facts=account_facts(),
    names=st.lists(st.sampled_from(("a", "b", "c", None)), min_size=60, max_size=60),
    tax=st.sampled_from((None, Decimal("0.19"), Decimal("0.155"))),
)
def test_lines_and_shares_add_up_and_each_session_is_counted_once(
    terms: list[PlanTerm], table: pa.Table, facts: CycleFacts, names: list[str | None], tax: Decimal | None
) -> None:
    plans = [replace(each.plan, fee=Decimal("7.77"), minimum=Decimal(20), tax_rate=tax) for each in terms]
    terms = [replace(each, plan=plan) for each, plan in zip(terms, plans, strict=True)]
    carried = NOTHING_CARRIED
    for each in timeline(terms, START_US + 100 * DAY_US):
        sessions = within(table, each)
        rated, carried = rate_cycle(each, [sessions], facts=facts, carried=carried)
        named = names[: len(sessions)]
        splits = [
            [pa.array(each, pa.string())] for each in (named, sessions["opening_key"].cast(pa.string()), named[::-1])
        ]
        shares = shares_of(rated, splits[0])

        assert shares_by(rated, splits) == [shares_of(rated, each) for each in splits]
        assert sum(line.amount for line in rated.lines) == rated.subtotal == rated.total - rated.tax
        assert sum(rated.meters[0].counts().values()) == len(sessions)
        parts = [share.amount for share in (*shares.by_name, *shares.unattributed)]
        assert sum(parts) == rated.total
        assert min(parts) >= 0
        assert {share.name: share.sessions for share in shares.by_name} == dict(Counter(named))
        for use in rated.meters[0].grants:
            assert use.before + use.used + use.lapsed + use.left == use.grant.units
            assert min(use.before, use.used, use.lapsed, use.left) >= 0


@given(terms=plan_terms(), table=session_rows(), facts=account_facts(), left_out=st.integers(0, 59))
def test_a_session_more_never_costs_less_but_under_volume(
    terms: list[PlanTerm], table: pa.Table, facts: CycleFacts, left_out: int
) -> None:
    # Nor where units of one session can be too many for a cap that others would still reach.
    meter = terms[0].plan.meters[0]
    assume(meter.beyond.kind != "volume" and (meter.weight == 1 or meter.beyond.cap is None))
    (each, *_later) = timeline(terms[:1], START_US + 100 * DAY_US)
    sessions = within(table, each)
    fewer = sessions.filter(pa.array(np.arange(len(sessions)) != left_out))
    with_all, with_fewer = (rate_cycle(each, [rows], facts=facts)[0] for rows in (sessions, fewer))
    assert with_fewer.total <= with_all.total
