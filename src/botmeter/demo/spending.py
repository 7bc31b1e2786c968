"""Cost centres, budgets and corrections of the demo account."""

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.stated import read_document
from botmeter.demo import finance
from botmeter.domain.cost_centre import CostCentreTerm
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit, add_budget
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.billing.cost_centres import set_cost_centre
from botmeter.ledger.ledger import Ledger

_STATEMENTS = 3
"""Months whose mean a budget is made from."""


def cost_centres(start_us: int, changed_us: int) -> Iterator[tuple[int, Callable[[Ledger], object]]]:
    """Instants and actions that set cost centres of bots and a channel, and move a bot to another."""
    from_on, changed_on = day_of_us(start_us), day_of_us(changed_us)
    terms = [
        CostCentreTerm(from_on=from_on, bot_id=bot, cost_centre=name) for bot, name in finance.COST_CENTRES.items()
    ]
    terms.append(CostCentreTerm(from_on=from_on, channel=finance.CHANNEL, cost_centre=finance.COST_CENTRE_OF_CHANNEL))
    yield from ((start_us, partial(_set_cost_centre, term=term, now_us=start_us)) for term in terms)
    moved = CostCentreTerm(from_on=changed_on, bot_id=finance.MOVED_BOT, cost_centre=finance.COST_CENTRE_SINCE)
    at_us = changed_us - 5 * DAY_US
    yield at_us, partial(_set_cost_centre, term=moved, now_us=at_us)


def _set_cost_centre(ledger: Ledger, *, term: CostCentreTerm, now_us: int) -> None:
    # A small demo may lack a bot or channel.
    if any(
        term.bot_id in (None, each.bot_id) and term.channel in (None, each.channel) for each in ledger.touchpoints.all()
    ):
        set_cost_centre(ledger, term, now_us=now_us, by=finance.BILLING_ADMIN)


def set_budgets(ledger: Ledger, *, sessions: pa.Table, now_us: int) -> None:
    """Set budgets from the last statements and the sessions of the last month."""
    totals = [Decimal(read_document(each)["total"]) for each in closed_statements(ledger)[-_STATEMENTS:]]
    money = _rounded(sum(totals, Decimal()) / len(totals) * Decimal("1.35"), to=50)
    of_bot = _count(sessions, "bot_id", name=finance.BUDGETED_BOT) * Decimal("1.5")
    of_channel = _count(sessions, "channel", name=finance.BRAKED_CHANNEL) * Decimal("1.7")
    for budget in (
        Budget(amount=money),
        Budget(
            scope=BudgetScope.BOT,
            name=finance.BUDGETED_BOT,
            unit=BudgetUnit.SESSIONS,
            amount=_rounded(of_bot, to=50),
            per=BudgetPer.MONTH,
        ),
        Budget(
            scope=BudgetScope.CHANNEL,
            name=finance.BRAKED_CHANNEL,
            unit=BudgetUnit.SESSIONS,
            amount=_rounded(of_channel, to=50),
            is_brake=True,
        ),
        Budget(
            scope=BudgetScope.COST_CENTRE,
            name=finance.BUDGETED_COST_CENTRE,
            amount=_rounded(money * Decimal("0.15"), to=10),
            per=BudgetPer.MONTH,
        ),
    ):
        add_budget(ledger, budget, now_us=now_us, by=finance.BILLING_ADMIN)


def corrections(ledger: Ledger, *, sessions: pa.Table, now_us: int) -> None:
    """Void one session, and mark another one as a test."""
    for kind, bot_id, channel, reason in finance.CORRECTIONS:
        of_both = pc.and_(pc.equal(sessions["bot_id"], bot_id), pc.equal(sessions["channel"], channel))
        chosen = sessions.filter(of_both)["session_id"]
        if len(chosen):
            session_id = chosen[len(chosen) // 2].as_py()
            correct_session(
                ledger, session_id, kind=CorrectionKind(kind), reason=reason, now_us=now_us, by=finance.BILLING_ADMIN
            )


def _count(sessions: pa.Table, column: str, *, name: str) -> Decimal:
    return Decimal(pc.sum(pc.equal(sessions[column], name)).as_py() or 0)


def _rounded(amount: Decimal, *, to: int) -> Decimal:
    return max(Decimal(to), (amount / to).quantize(Decimal(1), ROUND_HALF_UP) * to)
