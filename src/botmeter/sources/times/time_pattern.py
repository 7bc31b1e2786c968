"""Patterns of times, in the directives of `strptime`, as regular expressions.

Names of months and days are English whatever the machine's locale, and `%Z` never depends on its zone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.written_time import (
    AFTERNOON_MARKS,
    BLANK,
    MONTHS,
    MORNING_MARKS,
    OFFSET,
    ZONE_WORD,
    number_reader,
    quoted,
)

_WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FULL_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# Directives that stand for others, as in the locale of C.
_SHORT_FOR: Final = {"%c": "%a %b %d %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S"}
# One or two digits; beside other digits always two, but the first may have lost its zero.
_NUMBERS: Final = {"m": "month", "d": "day", "H": "hour", "I": "hour12", "M": "minute", "S": "second"}
_FIXED: Final = {"Y": ("year", 4), "y": ("short_year", 2)}
_LARGEST: Final = {"m": 12, "d": 31, "H": 23, "I": 12, "M": 59, "S": 60}
# The day by week or day of the year, which is left to `strptime`.
_RARE: Final = {"j": 3, "U": 2, "W": 2, "w": 1, "u": 1, "G": 4, "V": 2}
_KNOWN: Final = frozenset({*_NUMBERS, *_FIXED, *_RARE, *"fzZpbBaA%"})
# Offsets, zones and marks of half days stand with or without a blank before them.
_AFTER_ANY_BLANK: Final = frozenset({"%z", "%Z", "%p"})
_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePattern:
    """Pattern as a regular expression.

    Attributes:
        is_by_month: The day is written as year, month and day.
    """

    regex: re.Pattern[str]
    is_by_month: bool

    def column_match(self, sample: str) -> re.Match[str] | None:
        """Match a text that stands for all of its shape; None: read them one by one."""
        match = self.regex.fullmatch(sample) if self.is_by_month else None
        return None if match is None or _lone_digits(match) else match

    def numbers(self, match: re.Match[str]) -> Callable[[str], int | None]:
        """Function that reads a group's number.

        Raises:
            ValueError: For a day that does not exist.
            Refused: `time_invalid`, for digits that can be two times: 1112026 is two days.
        """
        for name, start in _lone_digits(match):
            if int(match.string[start : start + 2]) <= _LARGEST[name]:
                reason = "can be two times: it lacks a zero, and has no marks between its numbers"
                raise Refused("time_invalid", f"{quoted(match.string)} {reason}.")
        number = number_reader(match)
        if self.is_by_month:
            return number
        on = _calendar_day(match)
        day = {"year": on.year, "month": on.month, "day": on.day}
        return lambda name: day.get(name) or number(name)


@lru_cache(maxsize=64)
def time_pattern(pattern: str) -> TimePattern:
    """Translate a pattern; raises `ValueError` for one without an hour, or with an unknown or repeated directive."""
    tokens = _tokens(pattern)
    names = {token[1] for token in tokens if len(token) == 2}
    if not names <= _KNOWN or not names & {"H", "I"} or "%" in tokens:
        raise ValueError(pattern)
    parts = [_regex(token, before=before, after=after, names=names) for before, token, after in _neighbours(tokens)]
    try:
        regex = re.compile(rf"{BLANK}*{''.join(parts)}{BLANK}*", re.IGNORECASE)
    except re.error as fault:
        raise ValueError(str(fault)) from None
    is_by_month = bool(names & {"Y", "y"}) and bool(names & {"m", "b", "B"}) and "d" in names
    return TimePattern(regex=regex, is_by_month=is_by_month)


def _tokens(pattern: str) -> list[str]:
    tokens = re.findall(r"[.,]%f|%.|\s+|.", pattern, re.DOTALL)
    return [part for token in tokens for part in (_tokens(_SHORT_FOR[token]) if token in _SHORT_FOR else [token])]


def _neighbours(tokens: list[str]) -> list[tuple[str, str, str]]:
    return [(before, token, after) for (before, token), (_, after) in pairwise(pairwise(["", *tokens, ""]))]


def _regex(token: str, *, before: str, after: str, names: set[str]) -> str:
    if token.isspace():
        return r"\s*" if after in _AFTER_ANY_BLANK else r"\s+"
    if len(token) == 1:
        return re.escape(token)
    name = token[-1]
    if len(token) == 3:
        return rf"(?:\{token[0]}(?P<fraction>[0-9]{{1,9}}))?"
    if name in _NUMBERS:
        return _number(name, is_after_digits=_is_digits(before), is_before_digits=_is_digits(after))
    if name in _FIXED:
        group, width = _FIXED[name]
        return rf"(?P<{group}>[0-9]{{{width}}})"
    if name in _RARE:
        return rf"(?P<{name}>[0-9]{{1,{_RARE[name]}}})"
    return _words(name, names=names)


def _number(name: str, *, is_after_digits: bool, is_before_digits: bool) -> str:
    group = _NUMBERS[name]
    blank_for_zero = "| [0-9]" if name == "d" else ""
    if is_after_digits:
        return rf"(?P<{group}>[0-9]{{2}}{blank_for_zero})"
    if is_before_digits:
        return rf"(?P<{group}>[0-9]{{2}}{blank_for_zero}|(?P<lone_{name}>[0-9]))"
    return rf"(?P<{group}>[0-9]{{1,2}}{blank_for_zero})"


def _is_digits(token: str) -> bool:
    return token in _DIGITS or (len(token) == 2 and token[1] in {*_NUMBERS, *_FIXED, *_RARE, "f"})


def _lone_digits(match: re.Match[str]) -> list[tuple[str, int]]:
    groups = match.groupdict()
    return [(name, match.start(group)) for name in _LARGEST if groups.get(group := f"lone_{name}") is not None]


def _words(name: str, *, names: set[str]) -> str:
    match name:
        case "b":
            return rf"(?P<month_name>{'|'.join(MONTHS)})"
        case "B":
            return rf"(?P<month_name>{'|'.join(_FULL_MONTHS)})"
        case "a":
            return rf"(?P<weekday>{'|'.join(day[:3] for day in _WEEKDAYS)})"
        case "A":
            return rf"(?P<weekday>{'|'.join(_WEEKDAYS)})"
        case "p":
            return rf"\s*(?P<mark>{_marks()})"
        case "z":
            return rf"\s*{OFFSET}" if "Z" in names else rf"\s*(?:{OFFSET}|{ZONE_WORD})"
        case "Z":
            return rf"\s*{ZONE_WORD}"
        case "f":
            return r"(?P<fraction>[0-9]{1,9})"
        case _:
            return re.escape(name)


def _marks() -> str:
    # Some languages have dots and blanks in them: p. m.
    marks = sorted((*MORNING_MARKS, *AFTERNOON_MARKS), key=len, reverse=True)
    return "|".join(r"\.?\s?".join(mark) + r"\.?" for mark in marks)


def _calendar_day(match: re.Match[str]) -> datetime:
    groups = match.groupdict()
    names = {"Y": "year", "y": "short_year", "m": "month", "d": "day"} | {name: name for name in _RARE}
    values = {name: groups[group] for name, group in names.items() if groups.get(group) is not None}
    if groups.get("month_name") is not None:
        values["m"] = str(MONTHS.index(groups["month_name"][:3].lower()) + 1)
    if groups.get("weekday") is not None:
        values["w"] = str([day[:3] for day in _WEEKDAYS].index(groups["weekday"][:3].lower()))
    on = datetime.strptime(" ".join(values.values()), " ".join(f"%{name}" for name in values))  # noqa: DTZ007
    if "j" in values and on.timetuple().tm_yday != int(values["j"]):
        raise ValueError(match.string)
    return on
