"""Days of a period for SQL, which knows no calendar, as equal steps that meet every local midnight."""

from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import Any

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.domain.period import Period, day_of_us
from botmeter.reports.counts import Ints, integers, sums

_NO_DAYS = (date(1970, 1, 2), date(1970, 1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Days of a period: `edges_us` has their starts and the last end; `step_us` divides each day."""

    edges_us: tuple[int, ...]
    step_us: int

    @property
    def parameters(self) -> dict[str, Any]:
        return {"origin_us": self.edges_us[0], "step_us": self.step_us}

    @property
    def is_utc(self) -> bool:
        return self.edges_us[0] % DAY_US == 0 and self.edges_us == tuple(
            range(self.edges_us[0], self.edges_us[-1] + 1, DAY_US)
        )

    def with_days(self, rows: pa.Table) -> pa.Table:
        """Replace the step (first column) by the day of the period."""
        if self.is_utc:
            return rows.rename_columns(["day", *rows.column_names[1:]])
        starts_us = self.edges_us[0] + integers(rows, "step") * self.step_us
        days = np.searchsorted(np.array(self.edges_us), starts_us, side="right") - 1
        return rows.set_column(0, "day", pa.array(days, pa.int64()))

    def counts(self, days: Ints, session_count: Ints) -> list[int]:
        counts: list[int] = sums(days, session_count, size=len(self.edges_us) - 1).tolist()
        return counts


def grid_of(period: Period) -> Grid:
    """Grid of a period."""
    edges_us = tuple(period.edges_us())
    return Grid(edges_us=edges_us, step_us=gcd(DAY_US, *(edge_us - edges_us[0] for edge_us in edges_us)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UtcParts:
    """Span as whole UTC days and the partial days at its ends.

    Attributes:
        whole: First and last day; reversed if there is none.
        partial_us: (start, end), half-open; at most two, never empty.
    """

    whole: tuple[date, date]
    partial_us: tuple[tuple[int, int], ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Bound values; a missing partial day is empty."""
        first, second = [*self.partial_us, (0, 0), (0, 0)][:2]
        return {
            "first_on": self.whole[0],
            "last_on": self.whole[1],
            "first_part_start_us": first[0],
            "first_part_end_us": first[1],
            "second_part_start_us": second[0],
            "second_part_end_us": second[1],
        }


def utc_parts(start_us: int, end_us: int) -> UtcParts:
    """Split [start_us, end_us) into whole UTC days and partial ones."""
    first_us, last_us = -(-start_us // DAY_US) * DAY_US, end_us // DAY_US * DAY_US
    if first_us >= last_us:
        return UtcParts(whole=_NO_DAYS, partial_us=((start_us, end_us),) if start_us < end_us else ())
    partial_us = ((start_us, first_us), (last_us, end_us))
    return UtcParts(
        whole=(day_of_us(first_us), day_of_us(last_us - 1)),
        partial_us=tuple((start, end) for start, end in partial_us if start < end),
    )
