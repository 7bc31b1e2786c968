"""Times of whole columns → µs UTC; laws prove that they agree with `clock` and `domain.written_time`."""

import re
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, INSTANT_END_US, INSTANT_FIRST_US
from botmeter.domain.time_zone import is_timezone
from botmeter.domain.written_time import ISO_TIME, UTC_ZONES, is_iso, written_time
from botmeter.sources.times.clock import Clock
from botmeter.sources.times.local_times import us_from_walls
from botmeter.sources.times.text_shapes import Flags, Ints, ShapeGroup, shape_groups
from botmeter.sources.times.time_numbers import (
    EPOCH_POWERS,
    FLOAT_BITS,
    NUMBER,
    SERIAL_BITS,
    SERIAL_DIGITS,
    SERIAL_ORIGINS_US,
    SERIAL_STEPS_US,
    exact_step_us,
    may_be_thousands,
)
from botmeter.sources.times.time_pattern import time_pattern

# Exactly the texts that Arrow and `domain.instant` read alike; Arrow reads many others, and raises for a day or an
# hour that does not exist.
_LEAP_YEAR = r"\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00"
_DAY = (
    r"(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8])"
)
_MINUTES = r"(?:[01]\d|2[0-3]):[0-5]\d"
_RFC3339 = rf"^(?:\d{{4}}-(?:{_DAY})|(?:{_LEAP_YEAR})-02-29)T{_MINUTES}:[0-5]\d(?:\.\d{{1,9}})?(?:Z|[+-]{_MINUTES})$"
_MICROSECONDS_LENGTH = len("2026-11-22T10:00:00.123456Z")

_PARTS: Final = frozenset(
    {"year", "short_year", "month", "day", "hour", "hour12", "minute", "second", "fraction"}
    | {"offset_hour", "offset_minute", "offset_second"}
)
# Of a serial day, so that its fraction times a day in µs fits 64 bits.
_SERIAL_DECIMALS_MAX: Final = 12
# Of a float that is a serial, in millionths of a µs.
_FLOAT_STEP: Final = DAY_US * 10**6 // 2 ** (FLOAT_BITS - SERIAL_BITS)


def us_from_texts(texts: pa.StringArray) -> tuple[Ints, Flags]:
    """µs UTC (0 if unread) and flags of RFC 3339 texts read; the fastest way."""
    is_read = pc.fill_null(pc.match_substring_regex(texts, _RFC3339), False)
    times = pc.if_else(is_read, texts, pa.scalar(None, pa.string()))
    if (pc.max(pc.binary_length(times)).as_py() or 0) > _MICROSECONDS_LENGTH:
        times = pc.replace_substring_regex(times, r"(\.\d{6})\d+", r"\1")
    instants = times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).fill_null(0)
    return instants.to_numpy(), is_read.to_numpy(zero_copy_only=False)


def us_from_column(texts: pa.StringArray, *, clock: Clock) -> tuple[Ints, Flags]:
    """µs UTC (0 if unread) and flags of texts read; `Clock.us` refuses or reads the others."""
    instants: Ints = np.zeros(len(texts), np.int64)
    read: Flags = np.zeros(len(texts), np.bool_)
    if clock.format == "iso":
        instants, read = us_from_texts(texts)
        if read.sum() == len(texts) - texts.null_count:
            return instants, read & in_range(instants)
        instants, read = instants.copy(), read.copy()
        texts = pc.if_else(pa.array(read), pa.scalar(None, pa.string()), texts)
    for group in shape_groups(texts):
        instants[group.rows], read[group.rows] = _read(group, clock)
    read &= in_range(instants)
    _read_rest(texts, clock=clock, instants=instants, read=read)
    return np.where(read, instants, 0), read


def in_range(instants: Ints) -> Flags:
    """Flags of instants that an event can have."""
    return (instants >= INSTANT_FIRST_US) & (instants < INSTANT_END_US)


def _read_rest(texts: pa.StringArray, *, clock: Clock, instants: Ints, read: Flags) -> None:
    rows = np.flatnonzero(~read & texts.is_valid().to_numpy(zero_copy_only=False))
    known: dict[str, int | None] = {}
    for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
        if text not in known:
            known[text] = _us(text, clock)
        us = known[text]
        if us is not None:
            instants[row], read[row] = us, True


def _us(text: str, clock: Clock) -> int | None:
    try:
        return clock.us(text) if text else None
    except Refused:
        return None


def _read(group: ShapeGroup, clock: Clock) -> tuple[Ints, Flags]:
    unread = np.zeros(len(group.rows), np.int64), np.zeros(len(group.rows), np.bool_)
    if clock.format in EPOCH_POWERS or clock.format in SERIAL_ORIGINS_US:
        match = NUMBER.fullmatch(group.sample)
        if match is None or may_be_thousands(match):
            return unread
        if clock.format in EPOCH_POWERS:
            return _epochs(group, match, power=EPOCH_POWERS[clock.format]) or unread
        walls = _serials(group, match, form=clock.format)
        return unread if walls is None else us_from_walls(*walls, zone=clock.zone)
    match = _match(group.sample, clock)
    return unread if match is None else _written(group, match, clock=clock) or unread


def _match(sample: str, clock: Clock) -> re.Match[str] | None:
    if clock.format == "iso":
        match = ISO_TIME.fullmatch(sample)
        return match if match is not None and is_iso(match) else None
    return time_pattern(clock.format).column_match(sample)


def _written(group: ShapeGroup, match: re.Match[str], *, clock: Clock) -> tuple[Ints, Flags] | None:
    zone_name = match.groupdict().get("zone_name")
    if zone_name is not None and zone_name not in UTC_ZONES and not is_timezone(zone_name):
        return None
    try:
        written = written_time(match, number=_number_reader(group, match), zones=clock.zones)
    except Refused:
        return None
    exists = written.exists & written.agrees & group.same_elsewhere(match, _PARTS)
    if written.offset_us is None:
        return us_from_walls(written.wall_us, exists, zone=clock.zone)
    us = written.wall_us - written.offset_us
    if zone_name is None:
        return us, exists
    if zone_name in UTC_ZONES:
        return us, exists & (written.offset_us == 0)
    by_zone, is_read = us_from_walls(written.wall_us, exists, zone=ZoneInfo(zone_name))
    return us, is_read & (by_zone == us)


def _number_reader(group: ShapeGroup, match: re.Match[str]) -> Callable[[str], Ints | None]:
    return lambda name: group.micros(match, name) if name == "fraction" else group.number(match, name)


def _epochs(group: ShapeGroup, match: re.Match[str], *, power: int) -> tuple[Ints, Flags] | None:
    whole = group.number(match, "whole")
    if whole is None:
        return None
    if power <= 0:
        return whole // 10**-power, np.ones(len(whole), np.bool_)
    micros = group.micros(match, "decimals")
    # Clipped before the product, which could overflow; clipped values stay out of range.
    us = np.minimum(whole, INSTANT_END_US // 10**power + 1) * 10**power
    return us if micros is None else us + micros // 10 ** (6 - power), np.ones(len(whole), np.bool_)


def _serials(group: ShapeGroup, match: re.Match[str], *, form: str) -> tuple[Ints, Flags] | None:
    day, decimals = group.number(match, "whole"), group.width(match, "decimals")
    if day is None or decimals > _SERIAL_DECIMALS_MAX:
        return None
    rest = group.number(match, "decimals")
    # In 1 / 10 ** 12 of a day, times a day in s: µs and six decimals of them.
    part = np.zeros_like(day) if rest is None else rest * 10 ** (_SERIAL_DECIMALS_MAX - decimals)
    exact = part * (DAY_US // 1_000_000)
    # The first days of a century ago, and serials of more or fewer digits than five, are read one by one.
    read = (day > 9_999) & (day <= 99_999)
    known = 10 ** (_SERIAL_DECIMALS_MAX - min(decimals, SERIAL_DIGITS - 5)) * (DAY_US // 1_000_000)
    us, is_meant = _meant_us(exact, known, exact_step=exact_step_us(decimals) * 10**6)
    return SERIAL_ORIGINS_US[form] + day * DAY_US + us, read & is_meant


def _meant_us(exact: Ints, known: int, *, exact_step: int) -> tuple[Ints, Flags]:
    """`time_numbers` of columns; all in millionths of a µs."""
    is_meant = exact % exact_step == 0
    us = exact // 10**6
    for step_us in SERIAL_STEPS_US:
        step = step_us * 10**6
        if known < step:
            nearest = (exact + step // 2) // step
            is_near = ~is_meant & (np.abs(exact - nearest * step) * 2 <= known + _FLOAT_STEP)
            us = np.where(is_near, nearest * step_us, us)
            is_meant = is_meant | is_near
    return us, is_meant | (known < SERIAL_STEPS_US[0] * 10**6)
