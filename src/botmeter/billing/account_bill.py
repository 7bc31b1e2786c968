"""Bills of an account's cycles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.account_facts import account_facts, account_terms
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.grants import spans_of
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at, timeline
from botmeter.billing.rated import NOTHING_CARRIED, Carried, RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.errors import Missing
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.closed_statements import closed_spans, fingerprints, last_numbers
from botmeter.ledger.billing.plan_terms import grace_days, plan_terms
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.billed_sessions import billed_sessions

_SESSIONS_BYTES_MAX: Final = 256 << 20
"""Open cycles of all accounts of a server; one of 400,000 sessions takes 35 MB."""
_CARRIED_BYTES_MAX: Final = 32 << 20
"""Grants that earlier cycles carried into later ones; a few KB each."""


class CycleState(StrEnum):
    """State of a cycle's statement. `preliminary`: it ended before its plan was set, so only people close it."""

    OPEN = "open"
    IN_GRACE = "in_grace"
    DUE = "due"
    PRELIMINARY = "preliminary"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlans:
    """An account's plan terms and facts as of one moment.

    Attributes:
        closed: Start of each closed cycle and its end (µs UTC).
    """

    terms: tuple[PlanTerm, ...]
    recorded_us: tuple[int, ...]
    facts: CycleFacts
    grace_us: int
    closed: dict[int, int]

    def state(self, account_cycle: AccountCycle, *, now_us: int) -> CycleState:
        cycle = account_cycle.cycle
        if cycle.start_us in self.closed:
            return CycleState.CLOSED
        if now_us < cycle.end_us:
            return CycleState.OPEN
        first_set_us = min(self.recorded_us[self.terms.index(term)] for term in account_cycle.terms)
        if first_set_us >= cycle.end_us:
            return CycleState.PRELIMINARY
        return CycleState.DUE if now_us >= cycle.end_us + self.grace_us else CycleState.IN_GRACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A rated cycle of an account.

    Attributes:
        sessions: Of each meter in rating order, as `billed_sessions` gives them.
        carried_in, carried: Grants of earlier cycles, and for later ones.
        closes_us: When the server closes it (µs UTC).
    """

    account_cycle: AccountCycle
    rated: RatedCycle
    sessions: tuple[pa.Table, ...]
    facts: CycleFacts
    carried_in: Carried
    carried: Carried
    state: CycleState
    closes_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadSessions:
    """Sessions as of a version of the ledger, with corrections up to a number."""

    version: int
    correction_no: int
    rows: pa.Table


class BillCache:
    """Sessions of cycles, of which only those of changed days are read again, and what earlier cycles left."""

    def __init__(self) -> None:
        self.sessions = BoundedCache[tuple[str, str | None, int, int], _ReadSessions](_SESSIONS_BYTES_MAX)
        self.past = BoundedCache[tuple[str, int], tuple[int, str]](_CARRIED_BYTES_MAX)
        self.carried = BoundedCache[tuple[str, int], Carried](_CARRIED_BYTES_MAX)


def new_bill_cache() -> BillCache:
    """Cache for a process that computes many bills."""
    return BillCache()


def account_plans(ledger: ReadableLedger) -> AccountPlans | None:
    """Plan terms and facts of an account; None: it has no plan."""
    terms = account_terms(ledger)
    if not terms:
        return None
    return AccountPlans(
        terms=terms,
        recorded_us=tuple(each.recorded_at for each in plan_terms(ledger)),
        facts=account_facts(ledger),
        grace_us=grace_days(ledger) * DAY_US,
        closed=dict(closed_spans(ledger)),
    )


def plan_missing(account: str) -> Missing:
    """Refusal of what needs a plan."""
    return Missing("plan_missing", f"Account {account} has no plan. Set one first.")


def open_cycle_bill(ledger: ReadableLedger, now_us: int, *, cache: BillCache | None = None) -> Bill | None:
    """Bill of the cycle that contains an instant; None: the account has no plan then."""
    plans = account_plans(ledger)
    if plans is None or now_us < plans.terms[0].from_us:
        return None
    return bill_of(ledger, account_cycle_at(plans.terms, now_us), plans=plans, now_us=now_us, cache=cache)


def bill_of(
    ledger: ReadableLedger,
    account_cycle: AccountCycle,
    *,
    plans: AccountPlans,
    now_us: int,
    cache: BillCache | None = None,
) -> Bill:
    """Read and rate a cycle."""
    carried = carried_into(ledger, account_cycle, plans=plans, cache=cache)
    sessions = cycle_sessions(ledger, account_cycle, cache=cache)
    rated, carried_on = rate_cycle(account_cycle, sessions, facts=plans.facts, carried=carried, now_us=now_us)
    return Bill(
        account_cycle=account_cycle,
        rated=rated,
        sessions=sessions,
        facts=plans.facts,
        carried_in=carried,
        carried=carried_on,
        state=plans.state(account_cycle, now_us=now_us),
        closes_us=account_cycle.cycle.end_us + plans.grace_us,
    )


def cycle_sessions(
    ledger: ReadableLedger, account_cycle: AccountCycle, *, cache: BillCache | None = None
) -> tuple[pa.Table, ...]:
    """Sessions of a cycle by meter, in rating order, each under the policies in force at its start."""
    count = max(len(term.plan.meters) for term in account_cycle.terms)
    return tuple(
        _in_rating_order(
            [
                _with_policy(_sessions_of(ledger, start_us, end_us=end_us, policy=label, cache=cache), label)
                for label, start_us, end_us in _label_spans(account_cycle, meter)
            ]
        )
        for meter in range(count)
    )


def _sessions_of(
    ledger: ReadableLedger, start_us: int, *, end_us: int, policy: str | None, cache: BillCache | None
) -> pa.Table:
    if cache is None:
        return billed_sessions(ledger, start_us, end_us=end_us, policy=policy)
    # The version is read first, so that rows are at least as new.
    version, correction_no = ledger.version, last_numbers(ledger)["corrections"]
    key, from_us, parts = (ledger.account.name, policy, start_us, end_us), start_us, list[pa.Table]()
    known = cache.sessions.get(key)
    if known is not None and known.correction_no == correction_no and known.version <= version:
        from_us = min(max(start_us, ledger.changed_days.first_us(known.version)), end_us)
        parts = [known.rows.slice(0, int(np.searchsorted(known.rows["started_at"].to_numpy(), from_us)))]
    if from_us < end_us or not parts:
        parts.append(billed_sessions(ledger, from_us, end_us=end_us, policy=policy))
    rows = parts[0] if len(parts) == 1 else pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    cache.sessions.remake(key, lambda: _ReadSessions(version=version, correction_no=correction_no, rows=rows))
    return rows


def _label_spans(account_cycle: AccountCycle, meter: int) -> list[tuple[str | None, int, int]]:
    # A span without labels reads no sessions, so that a meter always has a table.
    spans: list[tuple[str | None, int, int]] = [(None, account_cycle.cycle.start_us, account_cycle.cycle.start_us)]
    for term, start_us, end_us in spans_of(account_cycle):
        for label in _labels(term, meter):
            before = next((at for at, each in enumerate(spans) if (each[0], each[2]) == (label, start_us)), None)
            if before is None:
                spans.append((label, start_us, end_us))
            else:
                spans[before] = (label, spans[before][1], end_us)
    return [span for span in spans if span[1] < span[2]] or spans[:1]


def _labels(term: PlanTerm, meter: int) -> list[str | None]:
    if meter >= len(term.plan.meters):
        return []
    labels: list[str | None] = [policy.label for policy in term.policies[meter]] if term.policies else []
    return labels or [None]


def _with_policy(sessions: pa.Table, label: str | None) -> pa.Table:
    labels = pa.array([label], pa.string()).take(pa.array(np.zeros(sessions.num_rows, np.int8)))
    return sessions.append_column("policy", labels)


def _in_rating_order(tables: list[pa.Table]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    order = [(name, "ascending") for name in ("started_at", "opening_key", "policy")]
    return pa.concat_tables(tables).unify_dictionaries().sort_by(order)


def rated_cycles(
    ledger: ReadableLedger, cycles: Sequence[AccountCycle], *, plans: AccountPlans
) -> Iterator[tuple[AccountCycle, tuple[pa.Table, ...], RatedCycle]]:
    """Read and rate cycles that follow one another, each with what the one before left."""
    carried = carried_into(ledger, cycles[0], plans=plans) if cycles else NOTHING_CARRIED
    for each in cycles:
        sessions = cycle_sessions(ledger, each)
        rated, carried = rate_cycle(each, sessions, facts=plans.facts, carried=carried)
        yield each, sessions, rated


def carried_into(
    ledger: ReadableLedger, account_cycle: AccountCycle, *, plans: AccountPlans, cache: BillCache | None = None
) -> Carried:
    """Grants that earlier cycles left for this one."""
    start_us = account_cycle.cycle.start_us
    if start_us == plans.terms[0].from_us or not carries(plans):
        return NOTHING_CARRIED
    earlier = timeline(plans.terms, start_us)

    def rate_earlier() -> Carried:
        carried = NOTHING_CARRIED
        for each in earlier:
            _, carried = rate_cycle(each, cycle_sessions(ledger, each), facts=plans.facts, carried=carried)
        return carried

    if cache is None:
        return rate_earlier()
    facts = {name: number for name, number in last_numbers(ledger).items() if name != "appends"}
    past = _past_fingerprint(ledger, earlier[0].cycle.start_us, end_us=start_us, cache=cache)
    version = (*facts.values(), past)
    return cache.carried.find_or_make((ledger.account.name, start_us), rate_earlier, version=version)


def _past_fingerprint(ledger: ReadableLedger, start_us: int, *, end_us: int, cache: BillCache) -> str:
    # Ten million sessions take 45 ms of each processor, and a commit seldom reaches into earlier cycles.
    version, key = ledger.version, (ledger.account.name, end_us)
    known = cache.past.get(key)
    if known is not None and known[0] <= version and ledger.changed_days.first_us(known[0]) >= end_us:
        value = known[1]
    else:
        value = fingerprints(ledger, [(start_us, end_us)])[str(start_us)]
    cache.past.remake(key, lambda: (version, value))
    return value


def carries(plans: AccountPlans) -> bool:
    """Return whether grants can outlive a cycle: packs that lapse later, an allowance per account, opening balances."""
    meters = [meter for term in plans.terms for meter in term.plan.meters]
    # Another anchor, length or zone ends a cycle early, before the packs that lapse with it.
    ends_early = len({term.plan.cycle for term in plans.terms}) > 1
    return (
        ends_early
        or bool(plans.facts.openings)
        or any(
            (meter.pack is not None and meter.pack.lapses != "cycle_end")
            or (meter.allowance is not None and meter.allowance.per == "account")
            for meter in meters
        )
    )
