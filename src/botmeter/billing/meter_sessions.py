"""Sessions of one meter in a cycle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.billing.cycle_facts import CycleFacts
from botmeter.billing.funding_pass import TermSpan
from botmeter.billing.grants import meter_of, spans_of
from botmeter.billing.plan import Beyond, Meter
from botmeter.billing.plan_terms import AccountCycle
from botmeter.billing.rated import Funding

# The column `charge` of `billed_sessions`.
CHARGE_VOID, CHARGE_TEST = 1, 2
# A session that must be funded; above every `Funding`.
CHARGED: Final = 255
# A term whose plan has fewer meters funds nothing by the others.
_NO_METER: Final = Meter(beyond=Beyond(kind="stop"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSessions:
    """Sessions of a meter, in rating order.

    Attributes:
        kinds: `Funding` by session, or `CHARGED`.
        charged: Positions of those to fund; None: all.
    """

    meter: int
    kinds: npt.NDArray[np.uint8]
    ends: tuple[int, ...]
    charged: npt.NDArray[np.int64] | None
    starts: npt.NDArray[np.int64]
    spans: tuple[TermSpan, ...]


def meter_sessions(
    account_cycle: AccountCycle, meter: int, *, tables: Sequence[pa.Table], facts: CycleFacts
) -> MeterSessions:
    """Sessions of a meter from its table; without one it has none."""
    table = tables[0] if tables else None
    starts = _column(table, "started_at", dtype=np.int64)
    spans = tuple(spans_of(account_cycle))
    rules = [meter_of(term, meter) or _NO_METER for term, _start_us, _end_us in spans]
    ends = _positions(starts, [end_us for _term, _start_us, end_us in spans])
    kinds = _kinds(table, rules, ends=ends)
    if opening := facts.opening(meter, account_cycle.cycle):
        before = kinds[: np.searchsorted(starts, opening.as_of_us)]
        before[before == CHARGED] = Funding.OPENING
    must_be_funded = kinds == CHARGED
    charged, funded_ends = None, ends
    if not must_be_funded.all():
        charged = np.flatnonzero(must_be_funded)
        starts, funded_ends = starts[charged], _positions(charged, ends)
    return MeterSessions(
        meter=meter,
        kinds=kinds,
        ends=ends,
        charged=charged,
        starts=starts,
        spans=tuple(TermSpan(end=end, meter=rule) for rule, end in zip(rules, funded_ends, strict=True)),
    )


def _kinds(table: pa.Table | None, rules: Sequence[Meter], *, ends: Sequence[int]) -> npt.NDArray[np.uint8]:
    charge, preview = _column(table, "charge", dtype=np.uint8), _column(table, "preview", dtype=np.bool_)
    kinds = np.full(len(charge), CHARGED, np.uint8)
    if not charge.any() and not preview.any():
        return kinds
    for rule, first, end in zip(rules, (0, *ends), ends, strict=False):
        within = slice(first, end)
        if rule.previews == "free":
            kinds[within][preview[within]] = Funding.PREVIEW_FREE
        if rule.test == "free":
            kinds[within][charge[within] == CHARGE_TEST] = Funding.TEST
    kinds[charge == CHARGE_VOID] = Funding.VOID
    return kinds


def _positions(ascending: npt.NDArray[np.int64], bounds: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(position) for position in np.searchsorted(ascending, bounds))


def _column(table: pa.Table | None, name: str, *, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    if table is None or not len(table):
        return np.zeros(0, dtype)
    return table[name].to_numpy().astype(dtype, copy=False)
