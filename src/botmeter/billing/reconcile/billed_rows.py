"""Billed sessions, under the policies of each plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.account_facts import account_terms
from botmeter.billing.plan_terms import PlanTerm
from botmeter.domain.errors import TooMuch
from botmeter.domain.period import Period
from botmeter.ledger.billing.corrections import corrections
from botmeter.ledger.plan_sessions import policies_metered_apart
from botmeter.reports.billed_sessions import CHARGED, billed_sessions, sessions_by_day
from botmeter.reports.snapshot import Snapshot, open_snapshot
from botmeter.reports.stored_session import OWN_SCHEMA, sessions_between
from botmeter.sources.vendor_sessions import ROWS_MAX

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledSpan:
    """Starts of sessions (µs UTC) and the policy that counts them; None: the account's own."""

    start_us: int
    end_us: int
    policy: str | None


def billed_spans(
    ledger: "ReadableLedger", terms: Sequence[PlanTerm], *, start_us: int, end_us: int
) -> list[BilledSpan]:
    """Spans of a time by policy, in order; before the first plan, the account's own counts."""
    apart = {each.label for each in policies_metered_apart(ledger.connection, ledger.schedule)}
    starts_us = [start_us, *(min(max(each.from_us, start_us), end_us) for each in terms)]
    ends_us = [*starts_us[1:], end_us]
    spans: list[BilledSpan] = []
    for term, from_us, until_us in zip((None, *terms), starts_us, ends_us, strict=True):
        if from_us >= until_us:
            continue
        for policy in _policies(term, apart):
            before = spans[-1] if spans else None
            if before is not None and (before.policy, before.end_us) == (policy, from_us):
                spans[-1] = BilledSpan(start_us=before.start_us, end_us=until_us, policy=policy)
            else:
                spans.append(BilledSpan(start_us=from_us, end_us=until_us, policy=policy))
    return spans


def billed_rows(snapshot: Snapshot, spans: Sequence[BilledSpan]) -> pa.Table:
    """Sessions of spans, as `OWN_SCHEMA`; raises TooMuch `period_too_large`."""
    batches, count = [], 0
    for batch in _batches(snapshot, spans):
        count += len(batch)
        if count > ROWS_MAX:
            raise TooMuch(
                "period_too_large",
                f"The account has more than {ROWS_MAX:,} sessions in the period and two days around it, the limit. "
                "Compare fewer days at once.",
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, schema=OWN_SCHEMA)


def billed_by_day(ledger: "ReadableLedger", period: Period) -> list[int]:
    """Number of sessions that start on each day."""
    spans = billed_spans(ledger, account_terms(ledger), start_us=period.start_us, end_us=period.end_us)
    if all(span.policy is None for span in spans):
        return sessions_by_day(ledger, period)
    edges = [Period(first_on=on, last_on=on, timezone=period.timezone).start_us for on in period.days()]
    counts = np.zeros(len(edges), np.int64)
    with open_snapshot(ledger) as snapshot:
        for batch in _batches(snapshot, spans):
            days = np.searchsorted(np.array(edges), batch["started_at"].to_numpy(), side="right") - 1
            counts += np.bincount(days, minlength=len(edges))
    counted: list[int] = counts.tolist()
    return counted


def corrected_ids(ledger: "ReadableLedger", spans: Sequence[BilledSpan]) -> frozenset[str]:
    """Ids of sessions taken off the bill."""
    starts_us = [each.started_at for each in corrections(ledger)]
    ids: set[str] = set()
    for span in spans:
        if any(span.start_us <= at_us < span.end_us for at_us in starts_us):
            rows = billed_sessions(ledger, span.start_us, end_us=span.end_us, policy=span.policy)
            ids.update(rows.filter(pc.not_equal(rows["charge"], CHARGED))["session_id"].to_pylist())
    return frozenset(ids)


def _batches(snapshot: Snapshot, spans: Sequence[BilledSpan]) -> Iterator[pa.RecordBatch]:
    for span in spans:
        yield from sessions_between(snapshot, start_us=span.start_us, end_us=span.end_us, policy=span.policy)


def _policies(term: PlanTerm | None, apart: set[str]) -> list[str | None]:
    labels = [] if term is None else [policy.label for each in term.policies for policy in each]
    chosen = [label if label in apart else None for label in labels] or [None]
    return sorted(set(chosen), key=lambda label: label or "")
