"""A promise, what was measured, and whether it was kept: a line of the printed page."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line.

    Attributes:
        subject: What was measured.
        value: The measured number.
        unit: What it counts: `×` for a ratio to a peer, `ms`, `s`, `GB`.
        promise: The bound of the promise; None: the line is there to compare with, nothing is promised.
        is_least: The value must reach the bound; otherwise it must stay within it.
        detail: Both sides of a ratio, scale, load: what is needed to judge the number.
    """

    subject: str
    value: float
    unit: str
    promise: float | None = None
    is_least: bool = False
    detail: str = ""

    @property
    def is_kept(self) -> bool | None:
        if self.promise is None:
            return None
        return self.value >= self.promise if self.is_least else self.value <= self.promise

    def __str__(self) -> str:
        measured = f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:,.0f} {self.unit}"
        if self.promise is None:
            verdict, promised = "", ""
        else:
            verdict = "kept" if self.is_kept else "NOT KEPT"
            promised = f"{'at least' if self.is_least else 'at most'} {self.promise:g} {self.unit}"
        return f"{self.subject:<58} {measured:>9}  {promised:<15} {verdict:<9} {self.detail}".rstrip()


def quantile(values: Any, share: float) -> float:
    """The smallest of `values` that is not below `share` of them."""
    return float(np.quantile(values, share, method="inverted_cdf"))
