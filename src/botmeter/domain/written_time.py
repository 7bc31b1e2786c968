"""Times as texts write them: a wall clock, and the offset beside it.

The arithmetic takes numbers or whole columns of them, so that both are read by one rule. Digits beyond the microsecond
are cut; a leap second (:60) becomes the last microsecond of its minute.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.time_zone import is_timezone

Number = Any
"""An `int`, or a NumPy column of them; None for a group that a text lacks."""

_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US
_DAY_US: Final = 1_440 * _MINUTE_US
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS_TO_1970: Final = 719_468
NO_ZONES: Final[Mapping[str, int]] = {}

# Space, tab, no-break space, thin space and narrow no-break space: not a line break, which ends a record.
BLANK: Final = "[ \t\u00a0\u2009\u202f]"
OFFSET: Final = (
    r"(?P<sign>[+\-\u2212])(?P<offset_hour>[0-9]{2})"
    r"(?::?(?P<offset_minute>[0-9]{2})(?::?(?P<offset_second>[0-9]{2}))?)?"
)
ZONE_WORD: Final = r"(?P<zone_word>[A-Za-z][A-Za-z/_]*)"
TIME_LENGTH_MAX: Final = 256
"""Several times as long as the longest time; the search for blanks in longer texts could take minutes."""
UTC_WORDS: Final = frozenset({"Z", "UTC", "GMT"})
UTC_ZONES: Final = frozenset({*UTC_WORDS, "Etc/UTC", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Universal", "Greenwich"})

# ISO 8601, extended or basic; what RFC 3339, SQL databases and Java write is among it. Digits stand for digits only, so
# that all texts of one shape are split alike.
ISO_TIME: Final = re.compile(
    rf"{BLANK}*(?P<year>[0-9]{{4}})(?P<dash>-?)(?P<month>[0-9]{{2}})(?P=dash)(?P<day>[0-9]{{2}})(?:[Tt]|{BLANK}+)"
    r"(?P<hour>[0-9]{2})(?P<colon>:?)(?P<minute>[0-9]{2})(?:(?P=colon)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    rf"(?:{BLANK}*{OFFSET})?(?:{BLANK}*{ZONE_WORD})?(?:{BLANK}*\[!?(?P<zone_name>[^\[\]]{{1,64}})\])?{BLANK}*"
)

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Without dots and blanks, in small letters. Source: the day periods of the Unicode CLDR.
MORNING_MARKS: Final = ("am", "a", "上午", "午前", "오전", "ص", "πμ", "öö", "fm", "de", "vm", "dop", "ap")
AFTERNOON_MARKS: Final = ("pm", "p", "下午", "午後", "오후", "م", "μμ", "ös", "em", "du", "nm", "odp", "ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTime:
    """Wall-clock time of a text, or of a column of texts.

    Attributes:
        wall_us: Since 1970 on that clock.
        offset_us: Ahead of UTC; None: the text names none.
        exists: Every part is in its range.
        agrees: The offset is that of the zone's word beside it.
    """

    wall_us: Number
    offset_us: Number | None
    exists: Any
    agrees: Any


def iso_match(text: str) -> re.Match[str]:
    """Match an ISO 8601 date with a time; raises `Refused` (`time_invalid`)."""
    match = ISO_TIME.fullmatch(text) if len(text) <= TIME_LENGTH_MAX else None
    if match is None or not is_iso(match):
        raise Refused("time_invalid", f"{quoted(text)} is not an RFC 3339 time, such as 2026-11-22T14:05:00Z.")
    return match


def is_iso(match: re.Match[str]) -> bool:
    """Test for one form, basic or extended, without AM or PM, and an offset with its zone."""
    word = match["zone_word"]
    if bool(match["dash"]) != bool(match["colon"]) or (word or "").upper() in ("AM", "PM"):
        return False
    return match["zone_name"] is None or match["sign"] is not None or word is not None


def checked_time(
    match: re.Match[str], *, number: Callable[[str], int | None] | None = None, zones: Mapping[str, int] = NO_ZONES
) -> WrittenTime:
    """Read a matched text.

    Args:
        number: Named group → its number; None: read the group.
        zones: Zone words → µs ahead of UTC, beside UTC, GMT and Z.

    Raises:
        Refused: `time_invalid`, `time_zone_unknown`.
    """
    text = match.string
    written = written_time(match, number=number or number_reader(match), zones=zones)
    if not written.exists:
        raise Refused("time_invalid", f"{quoted(text)} names a date or time that does not exist.")
    zone_name = match.groupdict().get("zone_name")
    if not written.agrees or (zone_name is not None and not _is_offset_in(zone_name, written, text=text)):
        raise Refused("time_invalid", f"{quoted(text)} names an offset and a zone that contradict each other.")
    return written


def written_time(match: re.Match[str], *, number: Callable[[str], Number], zones: Mapping[str, int]) -> WrittenTime:
    """Read the numbers of a text, or of all texts of its shape; raises `Refused` (`time_zone_unknown`)."""
    groups = match.groupdict()
    year, month = number("year"), number("month")
    if year is None:
        short = number("short_year")
        # Source: POSIX; 69 to 99 are of the last century.
        year = short + 1900 + 100 * (short < 69)
    if month is None:
        month = MONTHS.index(groups["month_name"][:3].lower()) + 1
    hour, exists = _hour(number, mark=groups.get("mark"))
    days, is_day = _days(year, month, day=number("day"))
    minute, second, micros = (_or_zero(number(name)) for name in ("minute", "second", "fraction"))
    is_leap = second == 60
    micros = micros + is_leap * (_SECOND_US - 1 - micros)
    exists = exists & is_day & (hour <= 23) & (minute <= 59) & (second <= 60)
    wall_us = days * _DAY_US + (hour * 60 + minute) * _MINUTE_US + (second - is_leap) * _SECOND_US + micros
    offset_us, is_offset, agrees = _offset(match, number=number, zones=zones)
    return WrittenTime(wall_us=wall_us, offset_us=offset_us, exists=exists & is_offset, agrees=agrees)


def number_reader(match: re.Match[str]) -> Callable[[str], int | None]:
    """Function that reads a group's number; decimals are cut to microseconds."""
    groups = match.groupdict()

    def number(name: str) -> int | None:
        digits = groups.get(name)
        if digits is None:
            return None
        return int((digits + "000000")[:6]) if name == "fraction" else int(digits)

    return number


def offset_from_text(text: str) -> int | None:
    """µs ahead of UTC of an offset, UTC, GMT or Z; None for any other text."""
    match = re.fullmatch(rf"{OFFSET}|{ZONE_WORD}", text)
    if match is None or (match["zone_word"] or "Z").upper() not in UTC_WORDS:
        return None
    offset_us, exists, _ = _offset(match, number=number_reader(match), zones=NO_ZONES)
    return offset_us if exists else None


def quoted(text: str) -> str:
    """Quote the beginning of a text."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _or_zero(number: Number | None) -> Number:
    return 0 if number is None else number


def _days(year: Number, month: Number, *, day: Number) -> tuple[Number, Any]:
    """Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"."""
    is_leap_year = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = 30 + (month + month // 8) % 2 - (month == 2) * (2 - is_leap_year)
    exists = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest)
    # Years begin in March, so that the leap day is their last one.
    from_march = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = from_march * 365 + from_march // 4 - from_march // 100 + from_march // 400 + day_of_year - _DAYS_TO_1970
    return days, exists


def _hour(number: Callable[[str], Number], *, mark: str | None) -> tuple[Number, Any]:
    hour, hour_of_half = number("hour"), number("hour12")
    if mark is None:
        return hour if hour_of_half is None else hour_of_half, True
    is_afternoon = re.sub(r"[.\s]", "", mark).lower() in AFTERNOON_MARKS
    if hour_of_half is not None:
        return hour_of_half % 12 + 12 * is_afternoon, (hour_of_half >= 1) & (hour_of_half <= 12)
    return hour, (hour >= 12) == is_afternoon


def _offset(
    match: re.Match[str], *, number: Callable[[str], Number], zones: Mapping[str, int]
) -> tuple[Number | None, Any, Any]:
    groups = match.groupdict()
    sign, word = groups.get("sign"), groups.get("zone_word")
    word_us = None if word is None else _offset_of_word(word, zones, text=match.string)
    if sign is None:
        return word_us, True, True
    hour, minute, second = (_or_zero(number(f"offset_{part}")) for part in ("hour", "minute", "second"))
    offset_us = (1 if sign == "+" else -1) * ((hour * 60 + minute) * _MINUTE_US + second * _SECOND_US)
    return offset_us, (hour <= 23) & (minute <= 59) & (second <= 59), word is None or offset_us == word_us


def _offset_of_word(word: str, zones: Mapping[str, int], *, text: str) -> int:
    if word.upper() in UTC_WORDS:
        return 0
    if word not in zones:
        raise Refused(
            "time_zone_unknown",
            f"{quoted(text)} names the zone {word[:32]}, which can mean several offsets; name one in a mapping, "
            'such as zones = { PST = "-08:00" }.',
        )
    return zones[word]


def _is_offset_in(zone_name: str, written: WrittenTime, *, text: str) -> bool:
    if zone_name in UTC_ZONES:
        return bool(written.offset_us == 0)
    fixed_us = offset_from_text(zone_name)
    if fixed_us is not None:
        return bool(written.offset_us == fixed_us)
    if not is_timezone(zone_name):
        raise Refused("time_zone_unknown", f"{quoted(text)} names a zone that is not in the IANA time zone database.")
    ahead = timedelta(microseconds=written.offset_us or 0)
    try:
        instant = _EPOCH + timedelta(microseconds=written.wall_us) - ahead
        return instant.astimezone(ZoneInfo(zone_name)).utcoffset() == ahead
    except OverflowError:
        return False
