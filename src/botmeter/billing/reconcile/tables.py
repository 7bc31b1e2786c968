"""Differences as a table, and their sums."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.reconcile.differences import AMOUNT_TYPE, DIFFERENCES_SCHEMA, Kind, Reason
from botmeter.billing.reconcile.pairing import Ints
from botmeter.billing.reconcile.reasons import REASONS, Numbers
from botmeter.billing.reconcile.result import DayTotal, Terms, Total
from botmeter.billing.reconcile.sides import NONE
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import day_of_us

_INSTANT = pa.timestamp("us", tz="UTC")
_DECIMALS_MIN = 2
_IDS = ("customer_id", "conversation_id", "bot_id", "channel")


def part_of_differences(
    theirs: pa.Table, ours: pa.Table, *, kind: Kind, rows: Ints, sessions: Ints, reasons: Numbers
) -> pa.Table:
    """Differences of one kind: rows and sessions with `NONE` where a side has none."""
    their_part, our_part = _taken(theirs, rows), _taken(ours, sessions)
    main, other = (our_part, their_part) if kind is Kind.ONLY_OURS else (their_part, our_part)
    is_alone = kind is Kind.ONLY_THEIRS
    columns = {
        "kind": pa.repeat(pa.scalar(str(kind)), len(rows)),
        "reason": pa.array([str(each) for each in REASONS]).take(pa.array(reasons)),
        "their_row": their_part["row"],
        "their_started_at": their_part["started_at"].cast(_INSTANT),
        "our_session_id": our_part["session_id"],
        "our_started_at": our_part["started_at"].cast(_INSTANT),
        **{name: main[name] if is_alone else pc.coalesce(main[name], other[name]) for name in _IDS},
        # A row that is only ours may name one of theirs, which is charged for another session.
        "amount": pa.nulls(len(rows), theirs.schema.field("amount").type)
        if kind is Kind.ONLY_OURS
        else their_part["amount"],
    }
    amount = DIFFERENCES_SCHEMA.get_field_index("amount")
    schema = DIFFERENCES_SCHEMA.set(amount, theirs.schema.field("amount"))
    return pa.table([columns[field.name] for field in schema], schema=schema)


def differences_by_time(parts: Sequence[pa.Table]) -> pa.Table:
    """All differences by the time of the row, or else of the session."""
    table = pa.concat_tables(parts)
    is_ours = pc.equal(table["kind"], str(Kind.ONLY_OURS))
    at = pc.if_else(is_ours, table["our_started_at"], table["their_started_at"])
    order = pc.sort_indices(
        table.append_column("at", at),
        sort_keys=[
            ("at", "ascending"),
            ("kind", "ascending"),
            ("our_session_id", "ascending"),
            ("their_row", "ascending"),
        ],
    )
    return table.take(order).combine_chunks()


def with_few_decimals(theirs: pa.Table) -> pa.Table:
    """Their rows, amounts with as many decimals as their list has."""
    amounts = theirs["amount"]
    scales = (
        scale for scale in range(AMOUNT_TYPE.scale) if pc.all(pc.equal(pc.round(amounts, scale), amounts)).as_py()
    )
    scale = next(scales, AMOUNT_TYPE.scale) if amounts.null_count < len(amounts) else AMOUNT_TYPE.scale
    # Written amounts mostly have two, also where each is a whole number.
    column = amounts.cast(pa.decimal128(AMOUNT_TYPE.precision, max(scale, _DECIMALS_MIN)))
    return theirs.set_column(theirs.schema.get_field_index("amount"), "amount", column)


def totals_of(differences: pa.Table) -> tuple[Total, ...]:
    """Sum differences by kind and reason."""
    sums = differences.group_by(["kind", "reason"]).aggregate([([], "count_all"), ("amount", "sum")]).to_pylist()
    totals = [
        Total(
            kind=Kind(each["kind"]), reason=Reason(each["reason"]), count=each["count_all"], amount=each["amount_sum"]
        )
        for each in sums
    ]
    kinds, reasons = list(Kind), list(Reason)
    return tuple(sorted(totals, key=lambda total: (kinds.index(total.kind), reasons.index(total.reason))))


def days_of(theirs: pa.Table, ours: pa.Table, *, terms: Terms) -> tuple[DayTotal, ...]:
    """Count sessions by local day."""
    their_days, our_days = (terms.days(np.asarray(table["started_at"].to_numpy())) for table in (theirs, ours))
    amounts = pa.table({"day": pa.array(their_days), "amount": theirs["amount"]}).group_by("day")
    by_day = amounts.aggregate([("amount", "sum"), ([], "count_all")]).to_pylist()
    their_counts = {each["day"]: (each["count_all"], each["amount_sum"]) for each in by_day}
    our_counts = dict(zip(*(each.tolist() for each in np.unique(our_days, return_counts=True)), strict=True))
    return tuple(
        DayTotal(
            day_on=day_of_us(day * DAY_US),
            their_count=their_counts.get(day, (0, None))[0],
            our_count=our_counts.get(day, 0),
            amount=their_counts.get(day, (0, None))[1],
        )
        for day in sorted({*their_counts, *our_counts})
    )


def _taken(table: pa.Table, rows: Ints) -> pa.Table:
    return table.take(pa.array(rows, mask=rows == NONE))
