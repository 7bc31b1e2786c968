"""Grants that cycles leave to later ones, each cycle rated once for as long as nothing of it changes."""

from collections.abc import Sequence

from botmeter.billing.bill_cache import BillCache, LeftGrants, RatedSource
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.cycle_sessions import cycle_starts
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import NOTHING_CARRIED, Carried
from botmeter.billing.rating import rate_cycle
from botmeter.ledger.billing.corrections import last_correction_no
from botmeter.ledger.readable import ReadableLedger


def carried_through(
    ledger: ReadableLedger, cycles: Sequence[AccountCycle], *, facts: CycleFacts, cache: BillCache | None = None
) -> Carried:
    """Grants that the last of some cycles leaves, the first of which is the account's first."""
    carried, correction_no = NOTHING_CARRIED, last_correction_no(ledger)
    purchases = sorted(facts.purchases, key=lambda each: (each.from_us, each.number))
    at = 0
    for each in cycles:
        first = at
        while at < len(purchases) and purchases[at].from_us < each.cycle.end_us:
            at += 1
        source = RatedSource(
            account_cycle=each,
            purchases=tuple(purchases[first:at]),
            openings=tuple(facts.openings),
            carried=carried,
            correction_no=correction_no,
        )
        carried = _left(ledger, source, cache=cache)
    return carried


def _left(ledger: ReadableLedger, source: RatedSource, *, cache: BillCache | None) -> Carried:
    if cache is None:
        return _rated(ledger, source)
    cycle, version = source.account_cycle.cycle, ledger.version
    key = (ledger.account.name, cycle.start_us, cycle.end_us)
    known = cache.left.get(key)
    if (
        known is not None
        and known.version <= version
        and known.source == source
        and ledger.changed_days.first_us(known.version) >= cycle.end_us
    ):
        return known.carried
    # The version is read first, so that sessions are at least as new.
    carried = _rated(ledger, source)
    cache.left.remake(key, lambda: LeftGrants(version=version, source=source, carried=carried))
    return carried


def _rated(ledger: ReadableLedger, source: RatedSource) -> Carried:
    sessions = cycle_starts(ledger, source.account_cycle)
    facts = CycleFacts(purchases=source.purchases, openings=source.openings)
    return rate_cycle(source.account_cycle, sessions, facts=facts, carried=source.carried)[1]
