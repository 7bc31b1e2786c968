"""Funding of one session under the account's plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pyarrow.compute as pc
from msgspec import UNSET, UnsetType

from botmeter.billing.account_bill import Bill, account_plans, bill_of
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.cycle import Cycle
from botmeter.billing.funding_words import CycleDocument, funding_words, line_position
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at
from botmeter.billing.rated import CHARGE_OF, Funding, funding_text
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import grant_fields, line_fields
from botmeter.billing.statement_list import NO_SESSION
from botmeter.domain import text
from botmeter.domain.period import Period
from botmeter.ledger.billing.closed_statements import closed_statements, stated_funding
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.billed_sessions import TEST, VOID, billed_sessions
from botmeter.reports.explanation import Explanation
from botmeter.reports.explanation_json import ChargeName, SessionCharge

_CORRECTED = {VOID: "void", TEST: "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledSession:
    """Session of the account's own policy."""

    session_id: str
    started_at: int
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFunding:
    """Funding of a session in its cycle, by one meter.

    Attributes:
        charge: charged, void, test, stopped or preview_free, with the corrections of now.
        funding: As in a session list: of the last statement that has it, or of now in an open cycle; empty: none yet.
        statement: Number of the statement of its cycle; empty: the cycle is not closed.
        line: Position of its line there, from 1; None: no line of its own.
        is_pending: The next statement changes it.
    """

    cycle: Cycle
    charge: str
    funding: str
    words: str
    statement: str = ""
    line: int | None = None
    is_pending: bool = False

    @property
    def pending_sentence(self) -> str:
        """Effect of the next statement; empty if it changes nothing."""
        if not self.is_pending:
            return ""
        if not self.funding:
            return "The next statement adds it."
        return f"The next statement changes it: the session is {self.charge.replace('_', ' ')}."


def session_fundings(
    ledger: ReadableLedger, session: BilledSession, *, now_us: int, cache: BillCache | None = None
) -> tuple[SessionFunding, ...]:
    """Funding of a session by each meter that counts it; none: no plan counts it."""
    plans = account_plans(ledger, cache=cache)
    if plans is None or session.started_at < plans.terms[0].from_us:
        return ()
    account_cycle = account_cycle_at(plans.terms, session.started_at)
    if account_cycle.cycle.start_us in plans.closed:
        return tuple(_stated(ledger, session, account_cycle=account_cycle))
    bill = bill_of(ledger, account_cycle, plans=plans, now_us=now_us, cache=cache)
    return tuple(_rated(bill, session))


def session_charges(
    ledger: ReadableLedger, explanation: Explanation, *, now_us: int, cache: BillCache | None = None
) -> list[SessionCharge] | UnsetType:
    """Charges as an explanation has them; unset without a plan."""
    session = BilledSession(
        session_id=explanation.session_id,
        started_at=explanation.started_at_us,
        policy=explanation.policy.label,
    )
    fundings = session_fundings(ledger, session, now_us=now_us, cache=cache)
    return [session_charge(each) for each in fundings] or UNSET


def session_charge(funding: SessionFunding) -> SessionCharge:
    """Funding as JSON, with its sentence."""
    cycle = funding.cycle
    days = text.days_text(Period(first_on=cycle.first_on, last_on=cycle.last_on))
    on = f" on statement {funding.statement}" if funding.statement else ""
    return SessionCharge(
        cycle=cycle.first_on.isoformat(),
        statement=funding.statement or None,
        charge=cast("ChargeName", funding.charge),
        funding=funding.funding,
        text=f"Charge of the cycle {days}{on}: {funding.words}. {funding.pending_sentence}".rstrip(),
    )


def _rated(bill: Bill, session: BilledSession) -> Iterator[SessionFunding]:
    rated, cycle = bill.rated, bill.account_cycle.cycle
    document = CycleDocument(
        grants=[grant_fields(use, number) for number, each in enumerate(rated.meters) for use in each.grants],
        lines=[line_fields(line, rated.plan.currency) for line in rated.lines],
        currency=rated.plan.currency,
        timezone=cycle.timezone,
    )
    for number, (sessions, meter) in enumerate(zip(bill.sessions, rated.meters, strict=True)):
        position = pc.index(sessions["session_id"], session.session_id).as_py()
        if position >= 0:
            kind = Funding(int(meter.funding[position]))
            funding = funding_text(kind, int(meter.funding_number[position]))
            yield SessionFunding(
                cycle=cycle,
                charge=CHARGE_OF[kind],
                funding=funding,
                words=funding_words(funding, number, cycle=document),
                line=line_position(funding, number, cycle=document),
            )


def _stated(ledger: ReadableLedger, session: BilledSession, *, account_cycle: AccountCycle) -> Iterator[SessionFunding]:
    cycle = account_cycle.cycle
    if not _counts(account_cycle, session.policy):
        return
    rows = billed_sessions(ledger, session.started_at, end_us=session.started_at + 1)
    [own] = rows.filter(pc.equal(rows["session_id"], session.session_id)).to_pylist()
    documents = (read_document(each) for each in closed_statements(ledger) if each.cycle_start == cycle.start_us)
    # One without plans only adjusts cycles of another currency.
    document = next(each for each in documents if each["plans"])
    described = CycleDocument(
        grants=document["grants"],
        lines=document["lines"],
        currency=document["currency"],
        timezone=document["cycle"]["timezone"],
    )
    corrected = _CORRECTED.get(own["charge"])
    stated = stated_funding(
        ledger,
        cycle.start_us,
        started_at=session.started_at,
        opening_key=own["opening_key"],
        policy=session.policy,
    )
    kept = [each for each in stated if each.funding != NO_SESSION]
    if not kept:
        charge = corrected or "charged"
        yield SessionFunding(cycle=cycle, charge=charge, funding="", words="Not on a statement yet", is_pending=True)
    for each in kept:
        charge = CHARGE_OF[Funding[each.funding.partition(" ")[0].upper()]]
        yield SessionFunding(
            cycle=cycle,
            charge=corrected or ("charged" if charge in _CORRECTED.values() else charge),
            funding=each.funding,
            words=funding_words(each.funding, each.meter, cycle=described),
            statement=document["number"],
            line=line_position(each.funding, each.meter, cycle=described),
            is_pending=(charge in _CORRECTED.values() or corrected is not None) and charge != corrected,
        )


def _counts(account_cycle: AccountCycle, policy: str) -> bool:
    pinned = [policies for term in account_cycle.terms for policies in (term.policies or ((),))]
    return any(not policies or policy in {each.label for each in policies} for policies in pinned)
