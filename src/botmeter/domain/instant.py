"""Instants: RFC 3339 text ⇄ int64 µs UTC, and the only reader of the clock.

Digits beyond the microsecond are cut, which keeps the order; a leap second (:60) becomes the last microsecond of its
minute.
"""

import re
from datetime import UTC, date, datetime, time, timedelta

from botmeter.domain.errors import Refused

MICROSECONDS_PER_SECOND = 1_000_000
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Later than any instant, with room to add a duration; the end of a session that no limit ends.
NEVER_US = 2**62

# The range of an event's instant. It leaves a year at both ends of the range of `datetime`, so that calendar work in
# any time zone stays within it.
INSTANT_FIRST_US = (datetime(2, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
INSTANT_END_US = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))?",
    re.ASCII,
)


def now_us() -> int:
    """Present instant."""
    return us_from_datetime(present())


def present() -> datetime:
    """Present instant in UTC."""
    return datetime.now(UTC)


def us_from_datetime(instant: datetime) -> int:
    """Convert an aware `datetime` to µs UTC, exactly."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def datetime_from_us(instant_us: int) -> datetime:
    """Convert µs UTC to an aware UTC `datetime`."""
    return EPOCH + timedelta(microseconds=instant_us)


def us_from_text(text: str) -> int:
    """Convert an RFC 3339 text with an offset to µs UTC.

    Raises:
        Refused: `time_invalid`, `time_without_offset`, or `time_out_of_range` outside the years 2 to 9998.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise Refused("time_invalid", f"{_quoted(text)} is not an RFC 3339 time, such as 2026-11-22T14:05:00Z.")
    year, month, day, hour, minute, second, fraction, zulu, sign, off_hour, off_minute = match.groups()
    if zulu is None and sign is None:
        raise Refused("time_without_offset", f"{_quoted(text)} has no offset. Add Z, or an offset such as +05:30.")
    leap = second == "60"
    micros = 999_999 if leap else int(((fraction or "") + "000000")[:6])
    try:
        on = date(int(year), int(month), int(day))
        at = time(int(hour), int(minute), 59 if leap else int(second), micros)
        ahead = time(int(off_hour or 0), int(off_minute or 0))
    except ValueError:
        raise Refused("time_invalid", f"{_quoted(text)} names a date or time that does not exist.") from None
    ahead_us = (ahead.hour * 60 + ahead.minute) * 60 * MICROSECONDS_PER_SECOND
    instant_us = us_from_datetime(datetime.combine(on, at, UTC)) + (ahead_us if sign == "-" else -ahead_us)
    if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
        raise Refused("time_out_of_range", f"{_quoted(text)} is outside the years 2 to 9998.")
    return instant_us


def text_from_us(instant_us: int) -> str:
    """Format as RFC 3339 with `Z` and 0, 3 or 6 decimals."""
    moment = datetime_from_us(instant_us)
    micros = moment.microsecond
    spec = "seconds" if micros == 0 else "milliseconds" if micros % 1000 == 0 else "microseconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")


def text_to_the_second(instant_us: int) -> str:
    """Format as RFC 3339 without a fraction: `2026-11-22T14:05:00Z`."""
    return f"{text_from_us(instant_us)[:19]}Z"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
