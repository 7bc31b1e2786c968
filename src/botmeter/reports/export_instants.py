"""Instants in files, without Arrow's zones, whose files a small machine may lack."""

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import INSTANT_END_US
from botmeter.domain.period import UTC_NAME, offset_us

_SECONDS_END = len("2026-11-21T22:30:05")
_MINUTE_US = 60_000_000
# Clocks have changed at whole quarters of an hour ever since offsets are whole minutes.
_QUARTER_US = 15 * _MINUTE_US


class InstantTexts:
    """Instants as ISO 8601 text and local time; offsets are cached."""

    def __init__(self, timezone: str = UTC_NAME) -> None:
        self.timezone = timezone
        self._offset_of_quarter: dict[int, int] = {}

    def texts(self, instants: pa.Array) -> pa.Array:
        """Texts with `Z` or an offset, and 0, 3 or 6 decimals as needed; null past year 9999."""
        local_us = self.local_us(instants)
        if self.timezone == UTC_NAME:
            return pc.binary_join_element_wise(_date_and_time(local_us), "Z", "")
        offsets_us = pc.subtract(local_us, _us_to_year_9999(instants)).dictionary_encode()
        suffixes = pa.array([_suffix(offset_us) for offset_us in offsets_us.dictionary.to_pylist()], pa.string())
        return pc.binary_join_element_wise(_date_and_time(local_us), suffixes.take(offsets_us.indices), "")

    def local_us(self, instants: pa.Array) -> pa.Array:
        """Local µs since 1970; null past year 9999."""
        instants_us = _us_to_year_9999(instants)
        if self.timezone == UTC_NAME:
            return instants_us
        # Before 1970 the division rounds up, to a quarter later; then clocks were not so exact either.
        quarters = pc.divide(instants_us, _QUARTER_US).dictionary_encode()
        offsets_us = pa.array([self._offset(quarter) for quarter in quarters.dictionary.to_pylist()], pa.int64())
        return pc.add(instants_us, offsets_us.take(quarters.indices))

    def _offset(self, quarter: int) -> int:
        if quarter not in self._offset_of_quarter:
            exact_us = offset_us(quarter * _QUARTER_US, self.timezone)
            self._offset_of_quarter[quarter] = round(exact_us / _MINUTE_US) * _MINUTE_US
        return self._offset_of_quarter[quarter]


def _us_to_year_9999(instants: pa.Array) -> pa.Array:
    instants_us = instants.cast(pa.timestamp("us")).cast(pa.int64())
    return pc.if_else(pc.less(instants_us, INSTANT_END_US), instants_us, None)


def _date_and_time(local_us: pa.Array) -> pa.Array:
    # Cast, since strftime takes five times as long.
    text = local_us.cast(pa.timestamp("us")).cast(pa.string())
    text = pc.binary_replace_slice(text, start=10, stop=11, replacement="T")
    for decimals, step_us in ((3, 1_000), (0, 1_000_000)):
        is_whole = pc.equal(pc.multiply(pc.divide(local_us, step_us), step_us), local_us)
        if pc.any(is_whole).as_py():
            shorter = pc.utf8_slice_codeunits(text, start=0, stop=_SECONDS_END + decimals + (decimals > 0))
            text = pc.if_else(is_whole, shorter, text)
    return text


def _suffix(ahead_us: int) -> str:
    minutes = abs(ahead_us) // _MINUTE_US
    return f"{'-' if ahead_us < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
