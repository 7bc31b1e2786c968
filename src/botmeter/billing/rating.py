"""Rating: one pass over a cycle's sessions, which gives each its funding, and the lines that follow.

Pure: the same sessions, plans and facts give the same result. `docs/concepts/charges.md` has the rules in words.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.billing.balance import Balance
from botmeter.billing.beyond import ZERO
from botmeter.billing.cycle_facts import NO_FACTS, CycleFacts
from botmeter.billing.funding_pass import FundingPass
from botmeter.billing.grants import NEVER_US, grants_of
from botmeter.billing.lines import lines_of
from botmeter.billing.meter_sessions import MeterSessions, meter_sessions
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import (
    NOTHING_CARRIED,
    Carried,
    CarriedGrant,
    CarriedMeter,
    GrantUse,
    RatedCycle,
    RatedMeter,
    Spill,
)
from botmeter.domain.money import exact, rounded


def rate_cycle(
    account_cycle: AccountCycle,
    sessions: Sequence[pa.Table],
    *,
    facts: CycleFacts = NO_FACTS,
    carried: Carried = NOTHING_CARRIED,
    now_us: int | None = None,
) -> tuple[RatedCycle, Carried]:
    """Rate the sessions of a cycle.

    Args:
        sessions: By meter, as `billed_sessions` gives them; a meter without a table has none.
        now_us: Instant after which nothing has lapsed yet; None: the end of the cycle.

    Returns:
        The rated cycle, and what it leaves to the next.
    """
    plan, cycle = account_cycle.plan, account_cycle.cycle
    count = max(len(term.plan.meters) for term in account_cycle.terms)
    with exact():
        rated = [
            _rated_meter(
                account_cycle,
                meter_sessions(account_cycle, number, tables=sessions[number : number + 1], facts=facts),
                facts=facts,
                carried=carried.of(number),
                now_us=cycle.end_us if now_us is None else min(now_us, cycle.end_us),
            )
            for number in range(count)
        ]
        meters = tuple(meter for meter, _carried in rated)
        purchases = [
            facts.purchases_in(number, start_us=cycle.start_us, end_us=cycle.end_us) for number in range(count)
        ]
        lines = lines_of(account_cycle, meters, purchases=purchases)
        subtotal = sum((line.amount for line in lines), ZERO)
        tax = rounded(subtotal * (plan.tax_rate or ZERO), plan.currency)
    result = RatedCycle(
        cycle=cycle, plan=plan, meters=meters, lines=lines, subtotal=subtotal, tax=tax, total=subtotal + tax
    )
    # A meter that this cycle's plans have not keeps what it had.
    rest = carried.meters[count:]
    return result, Carried(meters=(*(carried_on for _meter, carried_on in rated), *rest))


def _rated_meter(
    account_cycle: AccountCycle, sessions: MeterSessions, *, facts: CycleFacts, carried: CarriedMeter, now_us: int
) -> tuple[RatedMeter, CarriedMeter]:
    held = grants_of(account_cycle, sessions.meter, facts=facts, carried=carried)
    funding_pass = FundingPass(sessions.starts, Balance(held))
    funding_pass.run(sessions.spans)
    charges = funding_pass.beyond.charges()
    funding, number, spills = _placed(sessions, funding_pass)
    meter = RatedMeter(
        funding=funding,
        funding_number=number,
        spills=spills,
        weights=tuple((end, span.meter.weight) for end, span in zip(sessions.ends, sessions.spans, strict=True)),
        grants=tuple(
            _use(each, left, now_us=now_us) for each, left in zip(held, funding_pass.balance.left, strict=True)
        ),
        beyond=charges,
        beyond_units=funding_pass.beyond.position,
        beyond_amount=sum((charge.amount for charge in charges), ZERO),
    )
    return meter, _carried_on(account_cycle, carried, held=held, left=funding_pass.balance.left)


def _placed(
    sessions: MeterSessions, funding_pass: FundingPass
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], tuple[Spill, ...]]:
    positions = sessions.charged
    if positions is None:
        return funding_pass.funding, funding_pass.number, tuple(funding_pass.spills)
    funding, number = sessions.kinds, np.zeros(len(sessions.kinds), np.int32)
    funding[positions], number[positions] = funding_pass.funding, funding_pass.number
    spills = (
        Spill(session=int(positions[each.session]), funding=each.funding, number=each.number, units=each.units)
        for each in funding_pass.spills
    )
    return funding, number, tuple(spills)


def _use(held: CarriedGrant, left: Decimal, *, now_us: int) -> GrantUse:
    grant = held.grant
    is_over = (NEVER_US if grant.expires_us is None else grant.expires_us) <= now_us
    return GrantUse(
        grant=grant,
        before=grant.units - held.left,
        used=held.left - left,
        lapsed=left if is_over else ZERO,
        left=ZERO if is_over else left,
    )


def _carried_on(
    account_cycle: AccountCycle, carried: CarriedMeter, *, held: Sequence[CarriedGrant], left: Sequence[Decimal]
) -> CarriedMeter:
    end_us = account_cycle.cycle.end_us
    going_on = (
        CarriedGrant(grant=each.grant, left=units)
        for each, units in zip(held, left, strict=True)
        if units and (NEVER_US if each.grant.expires_us is None else each.grant.expires_us) > end_us
    )
    is_granted = carried.is_granted or any(each.grant.per_account for each in held)
    return CarriedMeter(grants=tuple(going_on), is_granted=is_granted)
