"""Charges of the sessions of any days."""

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from botmeter.billing.account_bill import account_plans, carries
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.bill_cache import BillCache, RatedSource
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.cycle_sessions import cycle_sessions
from botmeter.billing.past_cycles import past_cycles
from botmeter.billing.plan import Meter
from botmeter.billing.plan_terms import AccountCycle, timeline
from botmeter.billing.rated import RatedMeter, charge_texts
from botmeter.billing.rating import rate_cycle
from botmeter.domain.errors import Missing
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.charges import CHARGED, Charges, not_charged_count
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import UsageReport
from botmeter.reports.row_options import ChargeFilter

_SCHEMA = pa.schema([("session_id", pa.string()), ("charge", pa.string()), ("started_at", pa.int64())])


def with_not_charged(
    ledger: ReadableLedger, query: UsageQuery, *, report: UsageReport, cache: BillCache | None = None
) -> UsageReport:
    """Add the number of uncharged sessions, where there is a plan."""
    charges = charges_between(ledger, query.period.start_us, end_us=query.period.end_us, cache=cache)
    if charges is None:
        return report
    return replace(report, not_charged_count=not_charged_count(ledger, query, charges=charges))


def charges_for(
    ledger: ReadableLedger, query: UsageQuery, *, charge: ChargeFilter | None, cache: BillCache | None = None
) -> Charges | None:
    """Charges that a choice of sessions by charge needs; None: nothing is chosen.

    Raises:
        Missing: `plan_missing`.
    """
    if charge is None:
        return None
    charges = charges_between(ledger, query.period.start_us, end_us=query.period.end_us, cache=cache)
    if charges is None:
        raise Missing(
            "plan_missing",
            f"Sessions of account {ledger.account.name} can't be chosen by charge: no plan counts them. Set a plan, "
            "or leave out charge.",
        )
    return charges


def has_charges(ledger: ReadableLedger, *, cache: BillCache | None = None) -> bool:
    """Test for a plan that counts the account's own sessions."""
    plans = account_plans(ledger, cache=cache)
    return plans is not None and _bills_own_sessions(ledger, plans)


def charges_between(
    ledger: ReadableLedger, start_us: int, *, end_us: int, cache: BillCache | None = None
) -> Charges | None:
    """Uncharged sessions in [start_us, end_us), µs UTC; None: no plan counts the account's own sessions."""
    plans = account_plans(ledger, cache=cache)
    if plans is None or not _bills_own_sessions(ledger, plans):
        return None
    cycles = _cycles(ledger, plans, start_us=start_us, end_us=end_us)
    parts = _free_sessions(ledger, cycles, plans=plans, cache=cache or BillCache())
    table = pa.concat_tables([_SCHEMA.empty_table(), *parts]).combine_chunks()
    columns = [pa.concat_arrays(table[name].chunks or [pa.array([], table[name].type)]) for name in _SCHEMA.names]
    return Charges(session_ids=columns[0], charges=columns[1], starts_us=columns[2], since_us=plans.terms[0].from_us)


def _free_sessions(
    ledger: ReadableLedger, cycles: Sequence[AccountCycle], *, plans: AccountPlans, cache: BillCache
) -> Iterator[pa.Table]:
    # Ids are read of cycles with such sessions alone, which their starts tell.
    if not cycles:
        return
    first_us, last = cycles[0].cycle.start_us, cycles[-1]
    rated = timeline(plans.terms, last.cycle.end_us) if carries(plans) else cycles
    for past in past_cycles(ledger, rated, facts=plans.facts, cache=cache):
        cycle = past.source.account_cycle.cycle
        if past.free_count and cycle.start_us >= first_us:
            key = (ledger.account.name, cycle.start_us, cycle.end_us)
            # Of the last cycle, which may be open, a page keeps the sessions.
            make = partial(_free_of, ledger, past.source, cache=cache if cycle == last.cycle else None)
            yield cache.free.find_or_make(key, make, version=past.version)


def _free_of(ledger: ReadableLedger, source: RatedSource, *, cache: BillCache | None) -> pa.Table:
    sessions = cycle_sessions(ledger, source.account_cycle, cache=cache)
    facts = CycleFacts(purchases=source.purchases, openings=source.openings)
    rated, _carried = rate_cycle(source.account_cycle, sessions, facts=facts, carried=source.carried)
    return _not_charged(sessions, rated.meters)


def _cycles(ledger: ReadableLedger, plans: AccountPlans, *, start_us: int, end_us: int) -> list[AccountCycle]:
    corrected_us = [each.started_at for each in corrections(ledger)]
    overlapping = [each for each in timeline(plans.terms, end_us) if each.cycle.end_us > start_us]
    needed = [
        each
        for each in overlapping
        if any(_may_be_free(meter) for term in each.terms for meter in term.plan.meters)
        # The session that has a corrected event may start in the cycle before.
        or any(each.cycle.start_us <= at_us for at_us in corrected_us)
    ]
    return [each for each in overlapping if needed and each.cycle.start_us >= needed[0].cycle.start_us]


def _may_be_free(meter: Meter) -> bool:
    return meter.previews == "free" or meter.beyond.kind == "stop" or meter.beyond.cap is not None


def _not_charged(sessions: tuple[pa.Table, ...], meters: tuple[RatedMeter, ...]) -> pa.Table:
    # A session that two meters count is charged if one of them charges it.
    tables = [table for table in _charges(sessions, meters) if table.num_rows]
    if not tables:
        return _SCHEMA.empty_table()
    every = pa.concat_tables(tables)
    is_charged = pc.equal(every["charge"], CHARGED)
    charged = every.filter(is_charged)["session_id"]
    free = every.filter(pc.invert(is_charged))
    return free.filter(pc.invert(pc.is_in(free["session_id"], charged.combine_chunks())))


def _charges(sessions: tuple[pa.Table, ...], meters: tuple[RatedMeter, ...]) -> Iterator[pa.Table]:
    for table, meter in zip(sessions, meters, strict=False):
        columns = [table["session_id"], charge_texts(meter).cast(pa.string()), table["started_at"]]
        yield pa.table(columns, schema=_SCHEMA)


def _bills_own_sessions(ledger: ReadableLedger, plans: AccountPlans) -> bool:
    own = {term.policy.label for term in ledger.schedule}
    pinned = [policies for term in plans.terms for policies in (term.policies or ((),))]
    return any(not policies or own & {policy.label for policy in policies} for policies in pinned)
