"""Columns of times of any type → instants; doubtful ones are left to `validation`."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US
from botmeter.sources.column_texts import CheckedColumn, as_string, decoded, present
from botmeter.sources.times.clock import Clock, us_from_number
from botmeter.sources.times.time_columns import in_range, us_from_column
from botmeter.sources.times.time_numbers import EPOCH_POWERS

_EXACT_END: Final = 2**53
"""Below it, 64-bit floating point has all whole numbers."""


def checked_instants(sent: pa.Array, *, clock: Clock) -> CheckedColumn:
    """Check a column of times."""
    sent = decoded(sent)
    if pa.types.is_timestamp(sent.type) and sent.type.tz is not None:
        return _from_numbers(sent.cast(pa.int64()), unit=sent.type.unit)
    if pa.types.is_integer(sent.type) and clock.format in EPOCH_POWERS:
        return _from_numbers(sent, unit=clock.format.removeprefix("epoch_"))
    if pa.types.is_float64(sent.type) and clock.format in EPOCH_POWERS:
        whole = _whole_numbers(sent)
        if whole is not None:
            return _from_numbers(whole, unit=clock.format.removeprefix("epoch_"))
    if pa.types.is_float64(sent.type) or pa.types.is_decimal(sent.type):
        # In the shortest digits that name the same number.
        sent = sent.cast(pa.string())
    text, _ = as_string(sent)
    instants, read = us_from_column(text, clock=clock)
    return pa.array(instants), ~read


def _whole_numbers(sent: pa.Array) -> pa.Array | None:
    numbers = sent.fill_null(0).to_numpy(zero_copy_only=False)
    if not ((np.floor(numbers) == numbers) & (np.abs(numbers) < _EXACT_END)).all():
        return None
    return pa.array(numbers.astype(np.int64), mask=sent.is_null().to_numpy(zero_copy_only=False))


def _from_numbers(sent: pa.Array, *, unit: str) -> CheckedColumn:
    if pa.types.is_uint64(sent.type):
        sent = pc.if_else(pc.less(sent, 2**63), sent, pa.scalar(None, pa.uint64()))
    numbers = sent.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if unit != "ns":
        # Clipped before the product, which could overflow; clipped values stay out of range.
        us_each = us_from_number(1, unit=unit)
        numbers = np.clip(numbers, INSTANT_FIRST_US // us_each - 1, INSTANT_END_US // us_each + 1)
    instants = us_from_number(numbers, unit=unit)
    read = in_range(instants) & present(sent)
    return pa.array(np.where(read, instants, 0)), ~read
