"""Figure: a promise, the measurement, and the verdict, on one line."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line.

    Attributes:
        subject: Measured thing.
        unit: `×` for a ratio to a peer, `ms`, `s`, `GB`.
        promise: Bound of the promise; None: measured for comparison.
        is_least: The bound is a minimum, otherwise a maximum.
        detail: Both sides of a ratio, scale, load.
    """

    subject: str
    value: float
    unit: str
    promise: float | None = None
    is_least: bool = False
    detail: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.promise is None:
            return None
        return self.value >= self.promise if self.is_least else self.value <= self.promise

    def __str__(self) -> str:
        measured = f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:,.0f} {self.unit}"
        if self.promise is None:
            verdict, promised = "", ""
        else:
            verdict = "kept" if self.is_met else "NOT KEPT"
            promised = f"{'at least' if self.is_least else 'at most'} {self.promise:g} {self.unit}"
        return f"{self.subject:<58} {measured:>9}  {promised:<15} {verdict:<9} {self.detail}".rstrip()


def last_third(values: list[float]) -> tuple[float, float]:
    """Largest of the second third of the values, and of the last."""
    third = len(values) // 3
    return max(values[third : 2 * third]), max(values[2 * third :])


def quantile(values: Any, share: float) -> float:
    """Smallest of `values` not below `share` of them."""
    return float(np.quantile(values, share, method="inverted_cdf"))
