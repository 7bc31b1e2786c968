"""Sessions of a cycle grouped by what opened them: few groups, however many sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from botmeter.billing.shares import Ints, renumbered
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.period import day_start_us
from botmeter.metering.touchpoints import Touchpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Bot, version and channel that opened sessions, and the cost centre of them then; empty: none."""

    touchpoint: Touchpoint
    cost_centre: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningGroups:
    """Group of each session in rating order, and the opening of each group."""

    group: Ints
    openings: tuple[Opening, ...]


def opening_groups(sessions: pa.Table, *, touchpoints: Sequence[Touchpoint], centres: CostCentres) -> OpeningGroups:
    """Group the sessions of a meter.

    Args:
        sessions: As `billed_sessions` gives them.
        touchpoints: Of the ledger, by number.
    """
    days, count = [date.min, *centres.change_days], max(1, len(touchpoints))
    numbers = sessions["opening_touchpoint"].to_numpy().astype(np.int64)
    # Between two days of change a cost centre depends on the opening alone.
    for at in _first_rows(sessions, centres.change_days):
        numbers[at:] += count
    used, group = renumbered(numbers)
    spans, openings = np.divmod(used, count)
    return OpeningGroups(
        group=group,
        openings=tuple(
            _opening(touchpoints[opening], centres, on=days[span])
            for span, opening in zip(spans.tolist(), openings.tolist(), strict=True)
        ),
    )


def _first_rows(sessions: pa.Table, change_days: Sequence[date]) -> list[int]:
    if not change_days:
        return []
    changes = np.array([day_start_us(day) for day in change_days], np.int64)
    return [int(at) for at in np.searchsorted(sessions["started_at"].to_numpy(), changes)]


def _opening(touchpoint: Touchpoint, centres: CostCentres, *, on: date) -> Opening:
    return Opening(touchpoint=touchpoint, cost_centre=centres.at(touchpoint.bot_id, touchpoint.channel, on=on))
