"""Cycles before the open one, each rated once while unchanged."""

from collections.abc import Iterator, Sequence

from botmeter.billing.bill_cache import BillCache, PastCycle, RatedSource
from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.cycle_sessions import cycle_starts, known_correction_no
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import CHARGE_OF, NOTHING_CARRIED
from botmeter.billing.rating import rate_cycle
from botmeter.ledger.billing.closed_statements import fingerprints
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.charges import CHARGED


def past_cycles(
    ledger: ReadableLedger, cycles: Sequence[AccountCycle], *, facts: CycleFacts, cache: BillCache | None = None
) -> Iterator[PastCycle]:
    """Rate successive cycles, before the first of which nothing is left."""
    carried, correction_no = NOTHING_CARRIED, known_correction_no(ledger, cache=cache)
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
        past = _past(ledger, source, cache=cache)
        # Nothing is the same wherever a series of cycles begins.
        is_kept = any(meter.grants or meter.is_granted for meter in past.carried.meters)
        carried = past.carried if is_kept else NOTHING_CARRIED
        yield past


def known_fingerprints(
    ledger: ReadableLedger, spans: Sequence[tuple[int, int]], *, cache: BillCache | None = None
) -> dict[str, str]:
    """Hashes of the sessions of cycles as `fingerprints` gives them; those of unchanged days are computed once."""
    if cache is None:
        return fingerprints(ledger, spans)
    return {str(span[0]): _fingerprint(ledger, span, cache=cache) for span in spans}


def _fingerprint(ledger: ReadableLedger, span: tuple[int, int], *, cache: BillCache) -> str:
    version, key = ledger.version, (ledger.account.name, *span)
    known = cache.fingerprints.get(key)
    if known is not None and _is_current(ledger, known[0], span=span):
        return known[1]
    made = (version, fingerprints(ledger, [span])[str(span[0])])
    return cache.fingerprints.remake(key, lambda: made)[1]


def _past(ledger: ReadableLedger, source: RatedSource, *, cache: BillCache | None) -> PastCycle:
    if cache is None:
        return _rated(ledger, source)
    cycle = source.account_cycle.cycle
    key = (ledger.account.name, cycle.start_us, cycle.end_us)
    known = cache.past.get(key)
    if known is not None and known.source == source and _is_current(ledger, known.version, span=key[1:]):
        return known
    return cache.past.remake(key, lambda: _rated(ledger, source))


def _is_current(ledger: ReadableLedger, version: int, *, span: tuple[int, int]) -> bool:
    return version <= ledger.version and not ledger.changed_days.since(version).touches(*span)


def _rated(ledger: ReadableLedger, source: RatedSource) -> PastCycle:
    # The version is read first, so that sessions are at least as new.
    version, sessions = ledger.version, cycle_starts(ledger, source.account_cycle)
    facts = CycleFacts(purchases=source.purchases, openings=source.openings)
    rated, carried = rate_cycle(source.account_cycle, sessions, facts=facts, carried=source.carried)
    return PastCycle(
        version=version,
        source=source,
        currency=rated.plan.currency,
        lines=rated.lines,
        tax=rated.tax,
        free_count=sum(
            count for meter in rated.meters for kind, count in meter.counts().items() if CHARGE_OF[kind] != CHARGED
        ),
        carried=carried,
    )
