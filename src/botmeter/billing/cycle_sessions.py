"""Sessions of a cycle, by meter, under the policies in force at its start."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.bill_cache import BillCache, ReadSessions
from botmeter.billing.grants import spans_of
from botmeter.billing.plan_terms import AccountCycle, PlanTerm
from botmeter.ledger.billing.corrections import last_correction_no
from botmeter.ledger.changed_days import ChangedSpan
from botmeter.ledger.readable import ReadableLedger
from botmeter.reports.billed_sessions import billed_sessions, billed_starts

_CHUNKS_MAX: Final = 16
"""Pieces of a table of sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelSpan:
    """Part of a cycle (µs UTC) and the label of the plan's policy in it; None: the account's own."""

    label: str | None
    start_us: int
    end_us: int


def cycle_sessions(
    ledger: ReadableLedger, account_cycle: AccountCycle, *, cache: BillCache | None = None
) -> tuple[pa.Table, ...]:
    """Sessions of a cycle by meter, in rating order, each under the policies in force at its start."""

    def read(span: _LabelSpan) -> pa.Table:
        return _with_policy(_sessions_of(ledger, span, cache=cache), span.label)

    return _by_meter(account_cycle, read, order=("started_at", "opening_key", "policy"))


def cycle_starts(ledger: ReadableLedger, account_cycle: AccountCycle) -> tuple[pa.Table, ...]:
    """Columns of a cycle's sessions that rating takes, by meter and start.

    Those of one instant are in any order, as they use the same grants and units.
    """

    def read(span: _LabelSpan) -> pa.Table:
        return billed_starts(ledger, span.start_us, end_us=span.end_us, policy=span.label)

    return _by_meter(account_cycle, read, order=("started_at",))


def known_correction_no(ledger: ReadableLedger, *, cache: BillCache | None) -> int:
    """Number of the last correction; older reads are repeated."""
    return last_correction_no(ledger) if cache is None else cache.of_facts(ledger, last_correction_no)


def _by_meter(
    account_cycle: AccountCycle, read: Callable[[_LabelSpan], pa.Table], *, order: tuple[str, ...]
) -> tuple[pa.Table, ...]:
    count = max(len(term.plan.meters) for term in account_cycle.terms)
    return tuple(
        _in_order([read(span) for span in _label_spans(account_cycle, meter)], order) for meter in range(count)
    )


def _sessions_of(ledger: ReadableLedger, span: _LabelSpan, *, cache: BillCache | None) -> pa.Table:
    if cache is None:
        return billed_sessions(ledger, span.start_us, end_us=span.end_us, policy=span.label)
    # The version is read first, so that rows are at least as new.
    version, correction_no = ledger.version, known_correction_no(ledger, cache=cache)
    key = (ledger.account.name, span.label, span.start_us, span.end_us)
    known = cache.sessions.get(key)
    if known is None or known.correction_no != correction_no or known.version > version:
        rows = billed_sessions(ledger, span.start_us, end_us=span.end_us, policy=span.label)
    else:
        changed = ledger.changed_days.since(known.version)
        if not changed.touches(span.start_us, span.end_us):
            return known.rows
        rows = _with_read(ledger, known.rows, span=span, changed=changed)
    cache.sessions.remake(key, lambda: ReadSessions(version=version, correction_no=correction_no, rows=rows))
    return rows


def _with_read(ledger: ReadableLedger, known: pa.Table, *, span: _LabelSpan, changed: ChangedSpan) -> pa.Table:
    start_us, end_us = max(changed.start_us, span.start_us), min(changed.end_us, span.end_us)
    first, last = np.searchsorted(known["started_at"].to_numpy(), (start_us, end_us)).tolist()
    read = billed_sessions(ledger, start_us, end_us=end_us, policy=span.label)
    rows = pa.concat_tables([known.slice(0, first), read, known.slice(last)]).unify_dictionaries()
    # Copied only now and then: for a month of 400,000 sessions that takes as long as all else of its page.
    return rows.combine_chunks() if rows["started_at"].num_chunks > _CHUNKS_MAX else rows


def _label_spans(account_cycle: AccountCycle, meter: int) -> list[_LabelSpan]:
    # A span without labels reads no sessions, so that a meter always has a table.
    at_us = account_cycle.cycle.start_us
    spans = [_LabelSpan(label=None, start_us=at_us, end_us=at_us)]
    for term, start_us, end_us in spans_of(account_cycle):
        for label in _labels(term, meter):
            before = next((at for at, each in enumerate(spans) if (each.label, each.end_us) == (label, start_us)), None)
            if before is None:
                spans.append(_LabelSpan(label=label, start_us=start_us, end_us=end_us))
            else:
                spans[before] = replace(spans[before], end_us=end_us)
    return [span for span in spans if span.start_us < span.end_us] or spans[:1]


def _labels(term: PlanTerm, meter: int) -> list[str | None]:
    if meter >= len(term.plan.meters):
        return []
    labels: list[str | None] = [policy.label for policy in term.policies[meter]] if term.policies else []
    return labels or [None]


def _with_policy(sessions: pa.Table, label: str | None) -> pa.Table:
    labels = pa.array([label], pa.string()).take(pa.array(np.zeros(sessions.num_rows, np.int8)))
    return sessions.append_column("policy", labels)


def _in_order(tables: list[pa.Table], names: tuple[str, ...]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    return pa.concat_tables(tables).unify_dictionaries().sort_by([(name, "ascending") for name in names])
