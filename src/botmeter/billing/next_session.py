"""Price of an account's next session, and brakes that refuse it: the plan's own, and budgets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from botmeter.billing.account_bill import Bill, account_plans, bill_of
from botmeter.billing.balance import Balance
from botmeter.billing.beyond import ZERO
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.budget_use import BudgetReader, budget_uses
from botmeter.billing.funding_pass import FundingPass, TermSpan
from botmeter.billing.grants import grants_of, spans_of
from botmeter.billing.meter_sessions import meter_sessions
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at
from botmeter.billing.rated import Funding
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.instant import NEVER_US
from botmeter.domain.money import exact, unit_of
from botmeter.domain.period import Period, day_of_us, month_last_on
from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit, StoredBudget, budgets
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.readable import ReadableLedger

Labels = Collection[str | None]


class Brake(StrEnum):
    """Reason for refusing a session."""

    ALLOWANCE_EXHAUSTED = "allowance_exhausted"
    """The plan sells nothing beyond allowance and packs, and these are used up."""
    CAP_REACHED = "cap_reached"
    """The session would pass the plan's cap."""
    BUDGET_REACHED = "budget_reached"
    """A budget that is a brake is used up, or the session would pass it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSession:
    """Session by what opens it.

    Attributes:
        labels: Policies under which it is a session; None: the account's own.
    """

    labels: Labels
    bot_id: str | None
    channel: str
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Price of a session, before tax; `left` (sessions) is what allowance and packs still fund before it."""

    left: int
    cost: Decimal
    currency: str
    brake: Brake | None = None


@dataclass(slots=True, kw_only=True)
class _FundedMeter:
    labels: Labels
    span: TermSpan
    funding_pass: FundingPass

    def count(self, session: OpenedSession) -> int:
        return sum(label in session.labels for label in self.labels)

    def left(self, at_us: int) -> int:
        self.funding_pass.balance.advance(at_us)
        return max(0, int(self.funding_pass.balance.total // self.span.meter.weight))

    def with_next(self, at_us: int) -> tuple[FundingPass, Decimal, Brake | None]:
        after = self.funding_pass.following(at_us)
        after.step(self.span)
        if after.funding[0] == Funding.STOPPED:
            is_stop = self.span.meter.beyond.kind == "stop"
            return after, ZERO, Brake.ALLOWANCE_EXHAUSTED if is_stop else Brake.CAP_REACHED
        return after, _amount(after) - _amount(self.funding_pass), None


@dataclass(slots=True, kw_only=True)
class _BrakedBudget:
    stored: StoredBudget
    used: Decimal
    tax_rate: Decimal

    def added(self, cost: Decimal) -> Decimal:
        return Decimal(1) if self.stored.budget.unit is BudgetUnit.SESSIONS else cost * (1 + self.tax_rate)

    def refuses(self, cost: Decimal) -> bool:
        amount = self.stored.budget.amount
        return self.used >= amount or self.used + self.added(cost) > amount


@dataclass(slots=True, kw_only=True)
class Allowances:
    """Allowance, packs, price and brakes of an account after its latest session.

    Attributes:
        until_us: Instant (µs UTC) from which on it must be read again.
    """

    currency: str
    until_us: int
    meters: list[_FundedMeter]
    brakes: list[_BrakedBudget]
    centres: CostCentres
    _latest_us: int = field(default=0)

    def price(self, session: OpenedSession) -> Price:
        """Price of a session after the latest one; 0 if no meter counts it."""
        at_us = max(session.at_us, self._latest_us)
        with exact():
            nexts = [each.with_next(at_us) for each in self.meters for _ in range(each.count(session))]
            cost = sum((amount for _pass, amount, _brake in nexts), ZERO)
            brake = next((brake for _pass, _amount, brake in nexts if brake), None)
            if brake is None and nexts and any(each.refuses(cost) for each in self._brakes_of(session)):
                brake = Brake.BUDGET_REACHED
            left = min((each.left(at_us) for each in self.meters), default=0)
            cost = cost.quantize(_exponent(cost, self.currency))
        return Price(left=left, cost=cost, currency=self.currency, brake=brake)

    def add(self, session: OpenedSession) -> None:
        self._latest_us = max(session.at_us, self._latest_us)
        with exact():
            cost, is_counted = ZERO, False
            for each in self.meters:
                for _ in range(each.count(session)):
                    each.funding_pass, amount, _brake = each.with_next(self._latest_us)
                    cost, is_counted = cost + amount, is_counted or _brake is None
            for brake in self._brakes_of(session) if is_counted else ():
                brake.used += brake.added(cost)

    def _brakes_of(self, session: OpenedSession) -> list[_BrakedBudget]:
        return [each for each in self.brakes if self._is_of(each.stored.budget, session)]

    def _is_of(self, budget: Budget, session: OpenedSession) -> bool:
        name = budget.name
        match budget.scope:
            case BudgetScope.ACCOUNT:
                return True
            case BudgetScope.BOT:
                return session.bot_id == name
            case BudgetScope.CHANNEL:
                return session.channel == name
            case BudgetScope.COST_CENTRE:
                on = day_of_us(session.at_us)
                return self.centres.at(session.bot_id, session.channel, on=on) == name


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """Account without a plan, until the first one begins."""

    until_us: int = NEVER_US


def allowances_of(ledger: ReadableLedger, *, now_us: int, cache: BillCache) -> Allowances | NoPlan:
    """Read and rate what an account's next session depends on."""
    plans = account_plans(ledger, cache=cache)
    if plans is None or now_us < plans.terms[0].from_us:
        return NoPlan() if plans is None else NoPlan(until_us=plans.terms[0].from_us)
    bill = bill_of(ledger, account_cycle_at(plans.terms, now_us), plans=plans, now_us=now_us, cache=cache)
    centres = cost_centres(ledger)
    brakes = [each for each in budgets(ledger) if each.budget.is_brake]
    reader = BudgetReader(ledger=ledger, plans=plans, bill=bill, centres=centres, cache=cache)
    with exact():
        meters = _funded_meters(bill, now_us=now_us)
    return Allowances(
        currency=bill.rated.plan.currency,
        until_us=_until_us(bill.account_cycle, brakes, now_us=now_us),
        meters=meters,
        brakes=[
            _BrakedBudget(stored=each.stored, used=each.used, tax_rate=_tax_rate(bill, each.stored))
            for each in budget_uses(reader, brakes, now_us=now_us)
        ],
        centres=centres,
    )


def _funded_meters(bill: Bill, *, now_us: int) -> list[_FundedMeter]:
    account_cycle = bill.account_cycle
    spans = list(spans_of(account_cycle))
    position = max(at for at, (_term, start_us, _end_us) in enumerate(spans) if start_us <= now_us)
    term = spans[position][0]
    meters = []
    for number in range(len(term.plan.meters)):
        sessions = meter_sessions(account_cycle, number, tables=bill.sessions[number : number + 1], facts=bill.facts)
        held = grants_of(account_cycle, number, facts=bill.facts, carried=bill.carried_in.of(number))
        funding_pass = FundingPass(sessions.starts, Balance(held))
        funding_pass.run_until(position, sessions.spans)
        funding_pass.balance = funding_pass.balance.live()
        # Without the rated sessions, which nothing needs any more.
        funding_pass = funding_pass.following(now_us)
        funding_pass.balance.advance(now_us)
        labels = [policy.label for policy in term.policies[number]] if term.policies else []
        meters.append(
            _FundedMeter(labels=labels or [None], span=_of_one(sessions.spans[position]), funding_pass=funding_pass)
        )
    return meters


def _of_one(span: TermSpan) -> TermSpan:
    return TermSpan(end=1, meter=span.meter)


def _amount(funding_pass: FundingPass) -> Decimal:
    return sum((charge.amount for charge in funding_pass.beyond.charges()), ZERO)


def _exponent(cost: Decimal, currency: str) -> Decimal:
    # At least the currency's decimals, and all that the price has.
    unit = unit_of(currency)
    decimals = int(cost.normalize().as_tuple().exponent)
    return unit if decimals >= int(unit.as_tuple().exponent) else Decimal(1).scaleb(decimals)


def _tax_rate(bill: Bill, stored: StoredBudget) -> Decimal:
    # As `budget_use` counts: the whole cost of a cycle is with tax, other money is without.
    budget = stored.budget
    is_whole = budget.scope is BudgetScope.ACCOUNT and budget.per is BudgetPer.CYCLE
    return (bill.rated.plan.tax_rate or ZERO) if is_whole else ZERO


def _until_us(account_cycle: AccountCycle, brakes: Sequence[StoredBudget], *, now_us: int) -> int:
    changes = [account_cycle.cycle.end_us, *(term.from_us for term in account_cycle.terms if term.from_us > now_us)]
    if any(each.budget.per is BudgetPer.MONTH for each in brakes):
        zone = account_cycle.cycle.timezone
        first_on = day_of_us(now_us, timezone=zone).replace(day=1)
        changes.append(Period(first_on=first_on, last_on=month_last_on(first_on), timezone=zone).end_us)
    return min(changes)
