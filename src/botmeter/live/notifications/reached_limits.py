"""Limits that refuse sessions, or leave them unfunded, told to destinations at once."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from botmeter.billing.account_bill import Bill
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.epochs import cycle_epoch, grant_epoch
from botmeter.billing.alerts.grant_use import meter_uses
from botmeter.billing.alerts.plan_limits import recharge_uses
from botmeter.billing.budget_use import budget_span
from botmeter.billing.next_session import Allowances, Brake, allowances_of
from botmeter.domain.instant import text_to_the_second
from botmeter.ledger.billing.budgets import BudgetUnit, StoredBudget
from botmeter.people.notifications.destinations import recipients_of
from botmeter.people.notifications.outbox import Message, put
from botmeter.people.notifications.topics import Topic
from botmeter.people.notifications.webhook_events import AllowanceExhausted, CapReached, EventCycle, event_data


def put_reached_limits(figures: AccountFigures) -> int:
    """Put a notification of each reached limit, once in its cycle or grant epoch; return the new ones."""
    account, count = figures.ledger.account.name, 0
    recipients = {topic: recipients_of(account, topic) for topic in (Topic.CAP_REACHED, Topic.ALLOWANCE_EXHAUSTED)}
    if any(recipients.values()):
        for message in _reached(figures):
            count += len(put(message, recipients[message.topic]))
    return count


def _reached(figures: AccountFigures) -> Iterator[Message]:
    bill = figures.bill
    if bill is None:
        return
    allowances = allowances_of(figures.ledger, now_us=figures.now_us, cache=figures.cache)
    if isinstance(allowances, Allowances):
        yield from _caps(figures, bill, allowances=allowances)
        yield from _brakes(figures, bill, allowances=allowances)
        yield from _exhausted(figures, bill, allowances=allowances)


def _caps(figures: AccountFigures, bill: Bill, *, allowances: Allowances) -> Iterator[Message]:
    epoch = f"{cycle_epoch(bill.account_cycle.cycle)}:{bill.rated.plan.label}"
    for number, (meter, rated) in enumerate(zip(allowances.meters, bill.rated.meters, strict=False)):
        cap = bill.rated.plan.meters[number].beyond.cap
        _after, _amount, brake = meter.with_next(figures.now_us)
        if cap is not None and brake is Brake.CAP_REACHED:
            event = CapReached(
                account=figures.ledger.account.name,
                limit_kind="cap",
                scope="account",
                name=None,
                unit="money",
                currency=bill.rated.plan.currency,
                limit=str(cap),
                used=str(rated.beyond_amount),
                reached_at=text_to_the_second(figures.now_us),
                until=text_to_the_second(bill.account_cycle.cycle.end_us),
                cycle=_cycle(bill),
            )
            yield _message(event, key=f"cap:{epoch}:{number}", cause="The cap of the plan was reached.")


def _brakes(figures: AccountFigures, bill: Bill, *, allowances: Allowances) -> Iterator[Message]:
    costs = [cost for meter in allowances.meters for _after, cost, _brake in (meter.with_next(figures.now_us),)]
    for each in allowances.brakes:
        if each.refuses(sum(costs, Decimal(0))):
            yield _brake(figures, bill, stored=each.stored, used=each.used)


def _brake(figures: AccountFigures, bill: Bill, *, stored: StoredBudget, used: Decimal) -> Message:
    budget = stored.budget
    start_us, end_us = budget_span(budget, cycle=bill.account_cycle.cycle, now_us=figures.now_us)
    event = CapReached(
        account=figures.ledger.account.name,
        limit_kind="brake",
        scope=budget.scope.value,
        name=budget.name,
        unit=budget.unit.value,
        currency=bill.rated.plan.currency if budget.unit is BudgetUnit.MONEY else None,
        limit=str(budget.amount),
        used=str(used),
        reached_at=text_to_the_second(figures.now_us),
        until=text_to_the_second(end_us),
        cycle=_cycle(bill),
    )
    return _message(event, key=f"brake:{stored.number}:{start_us}", cause="A budget that is a brake was reached.")


def _exhausted(figures: AccountFigures, bill: Bill, *, allowances: Allowances) -> Iterator[Message]:
    epoch = grant_epoch(bill.account_cycle, bill.facts, now_us=figures.now_us)
    for use in meter_uses(bill, now_us=figures.now_us):
        if use.meter >= len(allowances.meters) or allowances.meters[use.meter].left(figures.now_us):
            continue
        event = AllowanceExhausted(
            account=figures.ledger.account.name,
            meter=use.meter,
            granted=f"{use.granted:f}",
            used=f"{use.granted - use.left:f}",
            beyond=_beyond(bill, use.meter),
            exhausted_at=text_to_the_second(figures.now_us),
            cycle=_cycle(bill),
        )
        cause = "The allowance and all packs were used up."
        yield _message(event, key=f"allowance:{epoch}:{use.meter}", cause=cause)


def _beyond(bill: Bill, number: int) -> Literal["charged", "recharge", "stopped"]:
    meter = bill.rated.plan.meters[number]
    if meter.recharge is not None and all(use.meter != number or not use.is_at_most for use in recharge_uses(bill)):
        return "recharge"
    return "stopped" if meter.beyond.kind == "stop" else "charged"


def _cycle(bill: Bill) -> EventCycle:
    cycle = bill.account_cycle.cycle
    return EventCycle(first_day=cycle.first_on.isoformat(), last_day=cycle.last_on.isoformat(), timezone=cycle.timezone)


def _message(event: CapReached | AllowanceExhausted, *, key: str, cause: str) -> Message:
    topic = Topic.CAP_REACHED if isinstance(event, CapReached) else Topic.ALLOWANCE_EXHAUSTED
    return Message(
        key=f"{event.account}:{key}", topic=topic, account=event.account, cause=cause, content=event_data(event)
    )
