"""Instants: ISO 8601 text ⇄ int64 µs UTC, and the only reader of the clock."""

from datetime import UTC, datetime, timedelta

from botmeter.domain.errors import Refused
from botmeter.domain.written_time import checked_time, iso_match, quoted

MICROSECONDS_PER_SECOND = 1_000_000
DAY_US = 86_400 * MICROSECONDS_PER_SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Later than any instant, with room to add a duration; the end of a session that no limit ends.
NEVER_US = 2**62

# The range of an event's instant. It leaves a year at both ends of the range of `datetime`, so that calendar work in
# any time zone stays within it.
INSTANT_FIRST_US = (datetime(2, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
INSTANT_END_US = (datetime(9999, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


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
    """Convert an ISO 8601 text with an offset to µs UTC.

    Raises:
        Refused: `time_invalid`, `time_zone_unknown`, `time_without_offset`, or `time_out_of_range` outside the years
            2 to 9998.
    """
    written = checked_time(iso_match(text))
    if written.offset_us is None:
        raise without_offset(text)
    return checked_instant(written.wall_us - written.offset_us, text=text)


def checked_instant(instant_us: int, *, text: str) -> int:
    """Event's instant; raises `Refused` (`time_out_of_range`)."""
    if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
        raise Refused("time_out_of_range", f"{quoted(text)} is outside the years 2 to 9998.")
    return instant_us


def without_offset(text: str) -> Refused:
    """Refusal of a time without an offset."""
    return Refused("time_without_offset", f"{quoted(text)} has no offset. Add Z, or an offset such as +05:30.")


def text_from_us(instant_us: int) -> str:
    """Format as RFC 3339 with `Z` and 0, 3 or 6 decimals."""
    moment = datetime_from_us(instant_us)
    micros = moment.microsecond
    spec = "seconds" if micros == 0 else "milliseconds" if micros % 1000 == 0 else "microseconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")


def text_to_the_second(instant_us: int) -> str:
    """Format as RFC 3339 without a fraction: `2026-11-22T14:05:00Z`."""
    return f"{text_from_us(instant_us)[:19]}Z"
