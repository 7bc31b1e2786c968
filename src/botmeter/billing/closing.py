"""Closing of cycles, each in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Final

import pyarrow as pa

from botmeter.billing.account_bill import Bill, account_plans, bill_of, plan_missing, rated_cycles
from botmeter.billing.account_facts import account_facts
from botmeter.billing.account_plans import AccountPlans, CycleState
from botmeter.billing.adjustment import Adjustment, adjustment_of
from botmeter.billing.canonical import canonical_json, sha256_of
from botmeter.billing.due_purchases import record_due_packs
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.billing.reasons import with_reasons
from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.billing.stated import read_document, stated_cycle
from botmeter.billing.statement_document import Closing, Document, Draft, changes_list, document_of
from botmeter.billing.statement_list import session_list
from botmeter.billing.statement_shares import statement_shares
from botmeter.domain.errors import Conflict
from botmeter.ledger.billing.closed_statements import (
    ClosedStatement,
    StatedSessions,
    changed_from_us,
    closed_statements,
    fingerprints,
    insert_statement,
    last_numbers,
)
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Credit carried forward, and the number of its statement."""

    amount: Decimal = Decimal(0)
    number: str = ""


NO_CREDIT: Final = Credit()
_Choice = Callable[[AccountPlans, AccountCycle], bool]


def has_due_cycle(plans: AccountPlans, *, now_us: int) -> bool:
    """Test for a cycle whose grace is over."""
    return any(plans.state(each, now_us=now_us) is CycleState.DUE for each in timeline(plans.terms, now_us))


def close_due(ledger: Ledger, *, now_us: int) -> list[ClosedStatement]:
    """Close the cycles whose grace is over, without preliminary ones."""
    return _close(
        ledger, lambda plans, each: plans.state(each, now_us=now_us) is CycleState.DUE, now_us=now_us, by=None
    )


def close_ended(
    ledger: Ledger, *, through: date | None = None, now_us: int, by: str | None = None
) -> list[ClosedStatement]:
    """Close cycles by hand, also within their grace; closed ones stay.

    Args:
        through: Last day of the last cycle to close, in the plan's zone. Without it, cycles that ended before their
            plan was set stay open.

    Raises:
        Missing: `plan_missing`.
        Conflict: `cycle_not_over` if a cycle up to that day still runs.
    """
    plans = account_plans(ledger)
    if plans is None:
        raise plan_missing(ledger.account.name)
    if through is not None:
        _check_over(plans, through, now_us=now_us)
    ended = (CycleState.DUE, CycleState.IN_GRACE, *([CycleState.PRELIMINARY] if through else []))

    def is_chosen(plans: AccountPlans, each: AccountCycle) -> bool:
        return plans.state(each, now_us=now_us) in ended and (through is None or each.cycle.last_on <= through)

    return _close(ledger, is_chosen, now_us=now_us, by=by)


def preliminary_statement(ledger: ReadableLedger, bill: Bill, *, plans: AccountPlans) -> Document:
    """Document of an unclosed cycle; what the statement of an earlier one takes is not in it."""
    statements = closed_statements(ledger)
    if not is_closed_next(plans, bill):
        return document_of(_own_draft(ledger, bill, adjustments=(), credit=NO_CREDIT))
    return document_of(_drafts(ledger, bill, plans=plans, statements=statements)[-1])


def is_closed_next(plans: AccountPlans, bill: Bill) -> bool:
    """Check that no earlier cycle is closed before this one, and takes pending adjustments and credit."""
    start_us = bill.account_cycle.cycle.start_us
    states = {
        plans.state(each, now_us=start_us) for each in timeline(plans.terms, start_us) if each.cycle.end_us <= start_us
    }
    waiting = states - {CycleState.CLOSED}
    return not (waiting if bill.state is CycleState.PRELIMINARY else waiting - {CycleState.PRELIMINARY})


def pending_adjustments(
    ledger: ReadableLedger,
    plans: AccountPlans,
    *,
    statements: Sequence[ClosedStatement],
    is_complete: bool = False,
    hashes: Mapping[str, str] | None = None,
) -> tuple[Adjustment, ...]:
    """Differences of closed cycles from their statements and the adjustments so far, in order.

    Args:
        is_complete: Rate all closed cycles, also before the earliest one that may have changed.
    """
    if not statements:
        return ()
    first_us = plans.terms[0].from_us
    from_us = first_us if is_complete else changed_since_us(ledger, plans, last=statements[-1], hashes=hashes)
    if from_us is None:
        return ()
    cycles = [each for each in timeline(plans.terms, max(plans.closed.values())) if each.cycle.end_us > from_us]
    found = []
    for bill_cycle, sessions, rated in rated_cycles(ledger, cycles, plans=plans):
        start_us = bill_cycle.cycle.start_us
        if start_us in plans.closed:
            stated = stated_cycle(ledger, statements, cycle_start=start_us)
            if adjustment := adjustment_of(stated, rated, sessions=session_list(sessions, rated.meters)):
                found.append(adjustment)
    return with_reasons(ledger, found, since=statements[-1])


def _close(ledger: Ledger, is_chosen: _Choice, *, now_us: int, by: str | None) -> list[ClosedStatement]:
    plans = account_plans(ledger)
    if plans is None:
        return []
    # Packs of a cycle's start, and of recharges that a crash has put off, are facts before it is closed.
    plans = record_due_packs(ledger, plans, now_us=now_us)
    if RechargeWatch().buy(ledger, now_us=now_us):
        plans = replace(plans, facts=account_facts(ledger))
    chosen = [each for each in timeline(plans.terms, now_us) if is_chosen(plans, each)]
    if not chosen:
        return []
    statements = closed_statements(ledger)
    known = len(statements)
    for each in chosen:
        plans = replace(plans, closed={each.cycle_start: each.cycle_end for each in statements})
        bill = bill_of(ledger, each, plans=plans, now_us=now_us)
        statements += _insert(ledger, bill, plans=plans, statements=statements, now_us=now_us, by=by)
    return statements[known:]


def _insert(
    ledger: Ledger,
    bill: Bill,
    *,
    plans: AccountPlans,
    statements: Sequence[ClosedStatement],
    now_us: int,
    by: str | None,
) -> list[ClosedStatement]:
    cycle = bill.account_cycle.cycle
    spans = sorted({**plans.closed, cycle.start_us: cycle.end_us}.items())
    hashes = fingerprints(ledger, spans)
    drafts = _drafts(ledger, bill, plans=plans, statements=statements, hashes=hashes)
    inserted: list[ClosedStatement] = []
    with ledger.facts_transaction():
        for draft in drafts:
            statement = _closed(ledger, draft, before=[*statements, *inserted], now_us=now_us, by=by)
            inserted.append(replace(statement, fingerprints=hashes))
            insert_statement(ledger, inserted[-1], sessions=list(_kept_sessions(draft)))
    return inserted


def _closed(
    ledger: Ledger, draft: Draft, *, before: Sequence[ClosedStatement], now_us: int, by: str | None
) -> ClosedStatement:
    statement_no = len(before) + 1
    number = f"{ledger.account.name.upper()}-{statement_no:06d}"
    previous = before[-1].sha256 if before else None
    document = canonical_json(
        document_of(draft, Closing(number=number, closed_at=now_us, closed_by=by, previous=previous))
    )
    return ClosedStatement(
        statement_no=statement_no,
        number=number,
        cycle_start=draft.cycle.start_us,
        cycle_end=draft.cycle.end_us,
        closed_at=now_us,
        closed_by=by,
        currency=draft.currency,
        document=document,
        sha256=sha256_of(document),
        fingerprints={},
    )


def _drafts(
    ledger: ReadableLedger,
    bill: Bill,
    *,
    plans: AccountPlans,
    statements: Sequence[ClosedStatement],
    hashes: Mapping[str, str] | None = None,
) -> list[Draft]:
    currency = bill.rated.plan.currency
    by_currency: dict[str, list[Adjustment]] = {currency: []}
    for each in pending_adjustments(ledger, plans, statements=statements, hashes=hashes):
        by_currency.setdefault(each.rated.plan.currency, []).append(each)
    carried = credits_carried(statements)
    own = by_currency.pop(currency)
    return [
        *(
            _draft(ledger, bill, currency=money, adjustments=adjustments, credit=carried.get(money, NO_CREDIT))
            for money, adjustments in sorted(by_currency.items())
        ),
        _own_draft(ledger, bill, adjustments=own, credit=carried.get(currency, NO_CREDIT)),
    ]


def _draft(
    ledger: ReadableLedger, bill: Bill, *, currency: str, adjustments: Sequence[Adjustment], credit: Credit
) -> Draft:
    return Draft(
        account=ledger.account,
        cycle=bill.account_cycle.cycle,
        currency=currency,
        adjustments=tuple(adjustments),
        credit=credit.amount,
        credit_from=credit.number,
        as_of=last_numbers(ledger),
    )


def _own_draft(ledger: ReadableLedger, bill: Bill, *, adjustments: Sequence[Adjustment], credit: Credit) -> Draft:
    return replace(
        _draft(ledger, bill, currency=bill.rated.plan.currency, adjustments=adjustments, credit=credit),
        rated=bill.rated,
        plans=tuple(term.plan.label for term in bill.account_cycle.terms),
        policies=_policies(ledger, bill.account_cycle),
        sessions=session_list(bill.sessions, bill.rated.meters),
        shares=statement_shares(ledger, bill),
    )


def credits_carried(statements: Sequence[ClosedStatement]) -> dict[str, Credit]:
    """Credit that the last statement of each currency carried forward, with its number."""
    return {
        each.currency: Credit(amount=Decimal(read_document(each)["carried_forward"]), number=each.number)
        for each in {each.currency: each for each in statements}.values()
    }


def _kept_sessions(draft: Draft) -> Iterator[StatedSessions]:
    own = draft.sessions
    for name in ("change", "reason"):
        own = own.append_column(name, pa.nulls(own.num_rows, pa.string()))
    yield StatedSessions(cycle_start=draft.cycle.start_us, rows=own)
    for each in draft.adjustments:
        yield StatedSessions(cycle_start=each.rated.cycle.start_us, rows=changes_list(each))


def _policies(ledger: ReadableLedger, account_cycle: AccountCycle) -> tuple[str, ...]:
    cycle = account_cycle.cycle
    own = [
        term.policy.label
        for term, following in zip_longest(ledger.schedule, ledger.schedule[1:])
        if term.from_us < cycle.end_us and (following is None or following.from_us > cycle.start_us)
    ]
    pinned = account_cycle.terms[-1].policies or ((),)
    labels = (label for policies in pinned for label in ([each.label for each in policies] or own))
    return tuple(dict.fromkeys(labels))


def changed_since_us(
    ledger: ReadableLedger, plans: AccountPlans, *, last: ClosedStatement, hashes: Mapping[str, str] | None = None
) -> int | None:
    """Start of the earliest closed cycle that may differ from its statement (µs UTC); None: none does."""
    spans = sorted(plans.closed.items())
    now = fingerprints(ledger, spans) if hashes is None else hashes
    changed = [start_us for start_us, _ in spans if now[str(start_us)] != last.fingerprints.get(str(start_us))]
    fact_us = changed_from_us(ledger, read_document(last)["as_of"])
    instants = [*changed, *([] if fact_us is None else [fact_us])]
    return min(instants, default=None)


def _check_over(plans: AccountPlans, through: date, *, now_us: int) -> None:
    for each in timeline(plans.terms, now_us + 1):
        cycle = each.cycle
        if cycle.end_us > now_us and cycle.last_on <= through:
            raise Conflict(
                "cycle_not_over",
                f"The cycle from {cycle.first_on} to {cycle.last_on} is not over, so it can't be closed. Choose a day "
                f"before {cycle.first_on}.",
            )
