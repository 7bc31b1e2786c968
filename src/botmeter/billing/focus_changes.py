"""Bots and channels that share the adjustment of a line."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import day_of_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Opening bot and channel of sessions, and their cost centre."""

    bot_id: str | None = None
    channel: str | None = None
    cost_centre: str = ""


NO_CELL: Final = Cell()


def changed_sessions(adjustment: Mapping[str, Any], changes: pa.Table | None) -> Sequence[Mapping[str, Any]]:
    """Sessions of an adjustment: of the statement's list, else those in its document."""
    if changes is None:
        return [{**each, "started_at": us_from_text(each["started_at"])} for each in adjustment["sessions"]]
    start_us, end_us = (us_from_text(adjustment["cycle"][name]) for name in ("start", "end"))
    starts = changes["started_at"]
    within = pc.and_(pc.greater_equal(starts, start_us), pc.less(starts, end_us))
    rows: list[dict[str, Any]] = changes.filter(within).to_pylist()
    return rows


def changed_cells(
    changed: Sequence[Mapping[str, Any]], line: Mapping[str, Any], *, centres: CostCentres
) -> Mapping[Cell, int]:
    """Number of the changed sessions by cell: of those that the line prices now or no longer, else of its meter's."""
    of_meter = [each for each in changed if each["meter"] == line["meter"]]
    priced = [each for each in of_meter if _is_priced(each)]
    counts = Counter(_cell(each, centres) for each in priced or of_meter)
    return dict(sorted(counts.items(), key=lambda item: _order(item[0]))) or {NO_CELL: 1}


def _is_priced(session: Mapping[str, Any]) -> bool:
    return session["change"] == "removed" or str(session["funding"]).startswith("beyond")


def _cell(session: Mapping[str, Any], centres: CostCentres) -> Cell:
    bot_id, channel = session["bot_id"], session["channel"]
    return Cell(
        bot_id=bot_id,
        channel=channel,
        cost_centre=centres.at(bot_id, channel, on=day_of_us(session["started_at"])),
    )


def _order(cell: Cell) -> tuple[str, str, str]:
    return cell.bot_id or "", cell.channel or "", cell.cost_centre
