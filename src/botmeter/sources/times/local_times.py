"""Local times of whole columns → µs UTC; a law proves that `Clock` agrees."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US, INSTANT_END_US, INSTANT_FIRST_US, datetime_from_us
from botmeter.sources.times.text_shapes import Flags, Ints

_HOUR_US: Final = DAY_US // 24
_ONE_US: Final = timedelta(microseconds=1)
_NO_OFFSET: Final = np.iinfo(np.int64).min


def us_from_walls(walls_us: Ints, exists: Flags, *, zone: ZoneInfo | None) -> tuple[Ints, Flags]:
    """µs UTC of local times, and flags of those read: not of an hour in which the zone's clocks change."""
    if zone is None:
        return np.zeros_like(walls_us), np.zeros_like(exists)
    exists = exists & (walls_us >= INSTANT_FIRST_US) & (walls_us < INSTANT_END_US)
    coded = pa.array(np.where(exists, walls_us, 0) // _HOUR_US).dictionary_encode()
    offsets = np.array([_offset_us(hour, zone) for hour in coded.dictionary.to_pylist()], np.int64)
    ahead_us = offsets[coded.indices.to_numpy()]
    exists &= ahead_us != _NO_OFFSET
    return walls_us - np.where(exists, ahead_us, 0), exists


def _offset_us(hour: int, zone: ZoneInfo) -> int:
    """Offset during all of a local hour, or `_NO_OFFSET` if it changes within it."""
    first = datetime_from_us(hour * _HOUR_US).replace(tzinfo=zone)
    last = first + timedelta(microseconds=_HOUR_US - 1)
    offsets = {moment.replace(fold=fold).utcoffset() for moment in (first, last) for fold in (0, 1)}
    ahead = offsets.pop()
    return _NO_OFFSET if offsets or ahead is None else ahead // _ONE_US
