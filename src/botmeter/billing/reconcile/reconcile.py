"""Vendor's list of sessions against ours."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.reconcile.assignment import assigned
from botmeter.billing.reconcile.differences import Kind
from botmeter.billing.reconcile.kinds import Kinds, kinds_of
from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.reasons import Context, reasons_of_other_days, reasons_of_ours, reasons_of_theirs
from botmeter.billing.reconcile.result import Reconciliation, Terms
from botmeter.billing.reconcile.shift import ConstantShift, shift_of_pairs, shift_of_times
from botmeter.billing.reconcile.sides import ID_COLUMNS, NONE, Flags, sides_of
from botmeter.billing.reconcile.tables import (
    days_of,
    differences_by_time,
    part_of_differences,
    totals_of,
    with_few_decimals,
)
from botmeter.domain.text import count_text, counted

_LABELS: Final = {"customer_id": "customer id", "conversation_id": "conversation id"}
_RECEIPTS_SAMPLED: Final = 1_000
"""Sessions by which late events are told from an imported history, all of which was received later."""


def reconcile(theirs: pa.Table, ours: pa.Table, *, terms: Terms) -> Reconciliation:
    """Compare a vendor's list with our sessions.

    Args:
        theirs: As `VENDOR_SCHEMA`.
        ours: As `OWN_SCHEMA`, of the period and `ID_REACH_US` around it.
    """
    # By content, so that the order of their file changes nothing.
    columns = ("started_at", *ID_COLUMNS, "bot_id", "channel", "amount", "row")
    theirs = with_few_decimals(theirs).sort_by([(name, "ascending") for name in columns]).combine_chunks()
    ours = ours.sort_by([("started_at", "ascending"), ("session_id", "ascending")]).combine_chunks()
    sides = sides_of(theirs, ours, aliases=terms.aliases)
    kinds = kinds_of(sides, assigned(sides, tolerance_us=terms.tolerance_us), terms=terms)
    shift = _shift(kinds, terms)
    context = Context(
        kinds=kinds,
        terms=terms,
        shift_us=0 if shift is None else shift.shift_us,
        amounts=_codes(theirs["amount"]),
        previews=ours["preview"].combine_chunks().to_numpy(zero_copy_only=False),
        corrected=_corrected(ours, terms),
        receipts=_receipts(ours, kinds, terms=terms),
    )
    differences = _differences(theirs, ours, context=context)
    return Reconciliation(
        start_us=terms.start_us,
        end_us=terms.end_us,
        timezone=terms.timezone,
        their_count=len(theirs),
        our_count=int(kinds.is_our_period.sum()),
        same_count=len(kinds.same),
        moved_count=kinds.moved_count,
        amount=pc.sum(theirs["amount"]).as_py(),
        totals=totals_of(differences),
        days=days_of(theirs, ours.filter(pa.array(kinds.is_our_period)), terms=terms),
        shift=shift,
        notes=(*_notes(kinds, terms), *_charged_corrections(context)),
        differences=differences,
    )


def _shift(kinds: Kinds, terms: Terms) -> ConstantShift | None:
    sides, middle_us = kinds.sides, (terms.start_us + terms.end_us) // 2
    if not sides.comparable_ids:
        return shift_of_times(
            sides.their_times, sides.our_times, tolerance_us=terms.tolerance_us, at_us=middle_us, zones=terms.zones
        )
    rows = np.flatnonzero(kinds.partners != NONE)
    apart_us = sides.their_times[rows] - sides.our_times[kinds.partners[rows]]
    return shift_of_pairs(apart_us, tolerance_us=terms.tolerance_us, at_us=middle_us, zones=terms.zones)


def _receipts(ours: pa.Table, kinds: Kinds, *, terms: Terms) -> Ints | None:
    if terms.receipt_times is None:
        return None
    same = kinds.partners[kinds.same]
    sample = same[np.linspace(0, len(same) - 1, min(len(same), _RECEIPTS_SAMPLED)).astype(np.int64)]
    asked = np.unique(np.concatenate([kinds.only_ours, kinds.partners[kinds.other_day], sample]))
    receipts = np.full(len(ours), NONE)
    if len(asked):
        receipts[asked] = terms.receipt_times(ours["session_id"].take(pa.array(asked)).to_pylist())
    is_history = len(sample) > 0 and 2 * int((receipts[sample] >= terms.end_us).sum()) > len(sample)
    return None if is_history else receipts


def _differences(theirs: pa.Table, ours: pa.Table, *, context: Context) -> pa.Table:
    kinds = context.kinds
    of_theirs, of_ours = reasons_of_theirs(context), reasons_of_ours(context)
    parts = [
        part_of_differences(
            theirs,
            ours,
            kind=Kind.OTHER_DAY,
            rows=kinds.other_day,
            sessions=kinds.partners[kinds.other_day],
            reasons=reasons_of_other_days(context),
        ),
        part_of_differences(
            theirs,
            ours,
            kind=Kind.ONLY_THEIRS,
            rows=kinds.only_theirs,
            sessions=of_theirs.related,
            reasons=of_theirs.reasons,
        ),
        part_of_differences(
            theirs, ours, kind=Kind.ONLY_OURS, rows=of_ours.related, sessions=kinds.only_ours, reasons=of_ours.reasons
        ),
    ]
    return differences_by_time(parts)


def _notes(kinds: Kinds, terms: Terms) -> Iterator[str]:
    sides = kinds.sides
    for name in ID_COLUMNS:
        column = sides.columns[name]
        filled_count, known_count = int((column.theirs != NONE).sum()), int(column.is_their_known.sum())
        if filled_count and not column.is_comparable:
            ids = counted(filled_count, _LABELS[name])
            yield f"Of their {ids}, {count_text(known_count)} are among ours, so that they were not compared."
    if not sides.comparable_ids and len(sides.their_times):
        yield "Sessions were matched by time alone, so that one session can stand for another of the same minute."
    outside_count = int((~terms.includes(sides.their_times)).sum())
    if outside_count:
        yield f"{counted(outside_count, 'row')} of their list start outside the period."


def _charged_corrections(context: Context) -> Iterator[str]:
    kinds = context.kinds
    count = int(context.corrected[kinds.partners[kinds.same]].sum()) if len(kinds.same) else 0
    if count:
        verb = "is" if count == 1 else "are"
        yield f"{counted(count, 'session')} that you marked as void or test {verb} on their list."


def _corrected(ours: pa.Table, terms: Terms) -> Flags:
    if not terms.corrected:
        return np.zeros(len(ours), np.bool_)
    ids = pa.array(sorted(terms.corrected), pa.string())
    flags: Flags = pc.is_in(ours["session_id"], value_set=ids).combine_chunks().to_numpy(zero_copy_only=False)
    return flags


def _codes(column: pa.ChunkedArray) -> Ints:
    return column.combine_chunks().dictionary_encode().indices.fill_null(NONE).to_numpy().astype(np.int64)
