"""Times as numbers: seconds since 1970 in four units, and the serial days of spreadsheets, both read exactly."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, checked_instant, us_from_datetime
from botmeter.domain.written_time import BLANK, TIME_LENGTH_MAX, quoted

EPOCH_POWERS: Final = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0, "epoch_ns": -3}
"""Format → power of ten that makes µs of its unit."""
SERIAL_ORIGINS_US: Final = {
    # Serial 1 is 1 January 1900 and 60 a 29 February 1900 that never was; from 61 on, days count from 30 December 1899.
    "excel": us_from_datetime(datetime(1899, 12, 30, tzinfo=UTC)),
    "excel_1904": us_from_datetime(datetime(1904, 1, 1, tzinfo=UTC)),
}
FALSE_LEAP_DAY: Final = 60
SERIAL_DIGITS: Final = 15
"""Digits that Excel keeps of a number; those of a serial of five digits before the point name 8.64 µs."""
FLOAT_BITS: Final = 53
SERIAL_BITS: Final = 17
"""Of a serial up to the year 2258, which leave 2 ** -36 of a day, 1.3 µs, to a 64-bit float's last bit."""
SERIAL_STEPS_US: Final = (MICROSECONDS_PER_SECOND, 1_000)

_PLAIN: Final = r"(?P<whole>[0-9]{1,40})(?:(?P<mark>[.,])(?P<decimals>[0-9]{1,40}))?"
NUMBER: Final = re.compile(rf"{BLANK}*{_PLAIN}{BLANK}*")
"""Number without sign or exponent, as nearly all are; digits stand for digits only."""
_ANY_NUMBER: Final = re.compile(rf"{BLANK}*(?P<sign>[+-]?){_PLAIN}(?:[eE](?P<exponent>[+-]?[0-9]{{1,3}}))?{BLANK}*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactNumber:
    """Number of a text: `digits` divided by ten to the power of `decimals`."""

    digits: int
    decimals: int


def exact_number(text: str, *, form: str) -> ExactNumber:
    """Read a number without rounding; raises `Refused` (`time_invalid`)."""
    match = _ANY_NUMBER.fullmatch(text) if len(text) <= TIME_LENGTH_MAX else None
    if match is None:
        raise Refused("time_invalid", f"{quoted(text)} is not a number, as {form} requires.")
    if may_be_thousands(match):
        raise Refused("time_invalid", f"{quoted(text)} can be a number of thousands or one with decimals.")
    decimals = match["decimals"] or ""
    exponent = int(match["exponent"] or 0)
    if exponent > len(decimals):
        kept, needed = len(match["whole"] + decimals), len(match["whole"]) + exponent
        raise Refused(
            "time_invalid",
            f"{quoted(text)} has lost its last digits: {kept} of {needed} are left in scientific notation. Export the "
            "column with all of them.",
        )
    digits = int(match["sign"] + match["whole"] + decimals)
    return ExactNumber(digits=digits, decimals=len(decimals) - exponent)


def may_be_thousands(match: re.Match[str]) -> bool:
    """Test for a comma that can separate thousands: `1,772` but not `1772,355` or `0,355`."""
    whole = match["whole"]
    return match["mark"] == "," and len(match["decimals"]) == 3 and len(whole) <= 3 and not whole.startswith("0")


def us_from_epoch(text: str, *, form: str) -> int:
    """µs UTC, rounded down; raises `Refused` (`time_invalid`)."""
    return _shifted(exact_number(text, form=form), power=EPOCH_POWERS[form])


def wall_us_from_serial(text: str, *, form: str) -> int:
    """µs since 1970 on the wall clock of a serial day.

    A serial stands for all instants within half a unit of its last decimal or fifteenth digit, and half a step of a
    64-bit float: the whole second among them is meant, else the millisecond, else the number itself, cut to the µs.

    Raises:
        Refused: `time_out_of_range`; `time_invalid`, also for fewer than five decimals unless they are exact.
    """
    number = exact_number(text, form=form)
    unit = 10 ** max(number.decimals, 0)
    day, rest = divmod(number.digits, unit)
    if day < 0 or (form == "excel" and day == 0):
        raise Refused("time_invalid", f"{quoted(text)} is a time without a day, or before the first day of {form}.")
    if form == "excel" and day == FALSE_LEAP_DAY:
        raise Refused("time_invalid", f"{quoted(text)} is 29 February 1900, which only spreadsheets have.")
    if form == "excel" and day < FALSE_LEAP_DAY:
        day += 1
    midnight_us = checked_instant(SERIAL_ORIGINS_US[form] + day * DAY_US, text=text)
    known = Fraction(DAY_US, 10 ** min(number.decimals, SERIAL_DIGITS - len(str(day))))
    bits = max(day.bit_length(), SERIAL_BITS)
    near = known + Fraction(DAY_US, 2 ** (FLOAT_BITS - bits))
    us = _meant_us(Fraction(rest * DAY_US, unit), known, near_us=near, exact_step_us=exact_step_us(number.decimals))
    if us is None:
        seconds = float(known) / MICROSECONDS_PER_SECOND
        raise Refused(
            "time_invalid",
            f"{quoted(text)} was rounded to {seconds:g} s. Export the column as dates, or with five decimals or more.",
        )
    return midnight_us + us


def exact_step_us(decimals: int) -> int:
    """Step of times that so few decimals name exactly."""
    return MICROSECONDS_PER_SECOND * (60 if decimals <= 2 else 1)


def _meant_us(exact_us: Fraction, known_us: Fraction, *, near_us: Fraction, exact_step_us: int) -> int | None:
    if exact_us % exact_step_us == 0:
        return int(exact_us)
    for step_us in SERIAL_STEPS_US:
        nearest_us = round(exact_us / step_us) * step_us
        if known_us < step_us and abs(exact_us - nearest_us) * 2 <= near_us:
            return nearest_us
    return floor(exact_us) if known_us < MICROSECONDS_PER_SECOND else None


def _shifted(number: ExactNumber, *, power: int) -> int:
    exponent = power - number.decimals
    return number.digits * 10**exponent if exponent >= 0 else number.digits // 10**-exponent
