"""Column types, and days as numbers since 1970."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from botmeter.domain.instant import EPOCH

Numbers = npt.NDArray[np.int64]
Units = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def number_of_day(on: date) -> int:
    """Number of a day."""
    return (on - EPOCH.date()).days


def day_of_number(number: int) -> date:
    """Day of a number."""
    return EPOCH.date() + timedelta(days=number)
