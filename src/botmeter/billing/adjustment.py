"""Adjustments of closed cycles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.billing.rated import Line, RatedCycle
from botmeter.billing.statement_list import LIST_SCHEMA, NO_SESSION


class Change(StrEnum):
    """Change of a session's charge since the statement of its cycle."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


class Reason(StrEnum):
    """Reason why a session was added to a closed cycle or removed from it."""

    LATE = "late"
    VOIDED = "voided"
    MARKED_TEST = "marked_test"
    UNDONE = "undone"
    MERGED = "merged"
    POLICY = "policy"
    IMPORT_UNDONE = "import_undone"


CHANGES_SCHEMA: Final = pa.schema(
    [
        *LIST_SCHEMA,
        pa.field("change", pa.string(), nullable=False),
        pa.field("funding_before", pa.string(), nullable=False),
    ]
)
"""One row per session whose charge changed, by meter in rating order; `none` where it was or is no session."""

_CORRECTED: Final = {"void": Reason.VOIDED, "test": Reason.MARKED_TEST}
_OF_OPENING: Final = ("policy", "started_at", "bot_id", "channel")
LineKey = tuple[str, int | None, int | None, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """Line as statements show it; `unit_price` as printed."""

    kind: str
    meter: int | None
    tier: int | None
    label: str
    unit_price: str | None
    amount: Decimal

    @classmethod
    def of(cls, line: Line) -> Self:
        price = None if line.unit_price is None else f"{line.unit_price:f}"
        return cls(
            kind=line.kind, meter=line.meter, tier=line.tier, label=line.label, unit_price=price, amount=line.amount
        )

    @classmethod
    def read(cls, line: Mapping[str, Any], *, amount: str = "amount") -> Self:
        fields = {name: line[name] for name in ("kind", "meter", "tier", "label", "unit_price")}
        return cls(**fields, amount=Decimal(line[amount]))

    @property
    def key(self) -> LineKey:
        """Identity after a recount: a volume price changes with the count, so only purchases have theirs in it."""
        price = self.unit_price if self.kind == "purchase" else None
        return self.kind, self.meter, self.tier, self.label, price


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """Line of a closed cycle with another amount, both rounded."""

    line: StatedLine
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedCycle:
    """Closed cycle as its statement and the adjustments so far have it.

    Attributes:
        number: Of its own statement.
        sessions: With `LIST_SCHEMA`.
    """

    number: str
    cycle_start: int
    lines: tuple[StatedLine, ...]
    tax: Decimal
    sessions: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Difference of a closed cycle.

    Attributes:
        sessions: With `CHANGES_SCHEMA`; `reasons` has one each, None where only the funding changed.
    """

    number: str
    rated: RatedCycle
    lines: tuple[LineChange, ...]
    tax_before: Decimal
    sessions: pa.Table
    reasons: tuple[Reason | None, ...] = ()

    @property
    def tax_difference(self) -> Decimal:
        return self.rated.tax - self.tax_before

    @property
    def subtotal(self) -> Decimal:
        return sum((each.difference for each in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax_difference


def adjustment_of(stated: StatedCycle, rated: RatedCycle, *, sessions: pa.Table) -> Adjustment | None:
    """Compare a closed cycle with its rating now; None: nothing changed."""
    lines = line_changes(stated.lines, [StatedLine.of(line) for line in rated.lines])
    changes = changed_sessions(stated.sessions, sessions)
    if not lines and not changes.num_rows and rated.tax == stated.tax:
        return None
    return Adjustment(number=stated.number, rated=rated, lines=lines, tax_before=stated.tax, sessions=changes)


def line_changes(before: Iterable[StatedLine], after: Iterable[StatedLine]) -> tuple[LineChange, ...]:
    """Lines whose amount differs; one that is no more counts as 0."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key in (*new, *(key for key in old if key not in new)):
        before_amount = old[key].amount if key in old else Decimal(0)
        after_amount = new[key].amount if key in new else Decimal(0)
        if before_amount != after_amount:
            found.append(LineChange(line=new.get(key) or old[key], before=before_amount, after=after_amount))
    return tuple(found)


def changed_sessions(before: pa.Table, after: pa.Table) -> pa.Table:
    """Sessions whose charge differs, with `CHANGES_SCHEMA`."""
    if before.equals(after):
        return CHANGES_SCHEMA.empty_table()
    # Two policies of a meter can have sessions with one opening event. A join finds no null.
    keys = ["meter", "policy_key", "opening_key"]
    before, after = (each.append_column("policy_key", pc.fill_null(each["policy"], "")) for each in (before, after))
    joined = before.join(after, keys, join_type="full outer", left_suffix="_before")
    was = pc.fill_null(joined["funding_before"], NO_SESSION)
    now = pc.fill_null(joined["funding"], NO_SESSION)
    columns = {name: pc.coalesce(joined[name], joined[f"{name}_before"]) for name in _OF_OPENING}
    columns |= {name: joined[name] for name in ("meter", "opening_key")} | {"funding": now, "funding_before": was}
    columns["change"] = pc.if_else(
        pc.equal(_is_counted(was), _is_counted(now)),
        pa.scalar(str(Change.MOVED)),
        pc.if_else(_is_counted(now), pa.scalar(str(Change.ADDED)), pa.scalar(str(Change.REMOVED))),
    )
    changed = pa.table(columns).filter(pc.not_equal(was, now)).select(CHANGES_SCHEMA.names).cast(CHANGES_SCHEMA)
    return changed.sort_by([(name, "ascending") for name in ("meter", "started_at", "opening_key", "policy")])


def reason_by_correction(change: str, *, funding_before: str, funding: str) -> Reason | None:
    """Reason that a void or test mark, or its undoing, gives; None: another one."""
    if change == Change.REMOVED:
        return _CORRECTED.get(funding)
    return Reason.UNDONE if funding_before in _CORRECTED else None


def _is_counted(funding: pa.ChunkedArray) -> pa.ChunkedArray:
    # What a vendor would not have charged for any other reason than its price.
    return pc.invert(pc.is_in(funding, pa.array([NO_SESSION, *_CORRECTED])))


def _by_key(lines: Iterable[StatedLine]) -> dict[LineKey, StatedLine]:
    by_key: dict[LineKey, StatedLine] = {}
    for line in lines:
        if line.key in by_key:
            raise ValueError(f"Line {line.key} stands twice in a cycle, so its differences can't be told apart.")
        by_key[line.key] = line
    return by_key
