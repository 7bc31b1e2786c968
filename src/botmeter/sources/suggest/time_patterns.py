"""Patterns of times, derived from how they are written."""

import re

_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?P<full>[a-z]{2,6})?"
_YEAR_FIRST = re.compile(r"\d{4}(?P<mark>[-/.])\d{1,2}(?P=mark)\d{1,2}(?!\d)")
_YEAR_LAST = re.compile(r"\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)(?P<year>\d{4}|\d{2})(?!\d)")
_NAMED_MONTH = re.compile(_MONTH, re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?P<full>[a-z]{3,6})?\b", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?P<hours>\d{1,2}):\d{2}(?P<seconds>:\d{2})?(?P<decimals>\.\d{1,9})?"
    r"(?P<space>[ \u202f\u00a0]?)(?P<half>[AaPp][Mm])?(?![A-Za-z])"
)
_OFFSET = re.compile(r"[+-]\d{2}(?::?\d{2})?$|Z$")
_ZONE_WORD = re.compile(r"[A-Z]{2,5}$")
_COMPACT = re.compile(r"\d{14}$")
_YEAR = re.compile(r"\d{4}(?!\d)")
_DAY = re.compile(r"\d{1,2}(?!\d)")


def pattern_of(text: str, *, day_first: bool) -> str | None:
    """Pattern in which a time is written; None: no day in it."""
    pattern, position = "", 0
    while position < len(text):
        piece, position = _piece(text, position, pattern=pattern, day_first=day_first)
        pattern += piece
    directives = re.findall(r"%[A-Za-z]", pattern)
    has_day = "%d" in directives and not {"%m", "%b", "%B"}.isdisjoint(directives)
    return pattern if has_day and len(set(directives)) == len(directives) else None


def is_clock(text: str) -> bool:
    """Check for an hour without a day."""
    return _CLOCK.fullmatch(text.strip()) is not None


def zone_word(text: str) -> str | None:
    """Zone abbreviation at the end of a time."""
    match = re.search(r"[\d ](?P<word>[A-Z]{2,5})$", text)
    word = match["word"] if match else None
    return None if word in ("AM", "PM") else word


def _piece(text: str, position: int, *, pattern: str, day_first: bool) -> tuple[str, int]:
    if match := _COMPACT.match(text, position):
        return "%Y%m%d%H%M%S", match.end()
    if match := _YEAR_FIRST.match(text, position):
        return "%Y{0}%m{0}%d".format(match["mark"]), match.end()
    if match := _YEAR_LAST.match(text, position):
        form = "%d{0}%m{0}" if day_first else "%m{0}%d{0}"
        return form.format(match["mark"]) + ("%Y" if len(match["year"]) == 4 else "%y"), match.end()
    if match := _CLOCK.match(text, position):
        return _clock_pattern(match), match.end() - (0 if match["half"] else len(match["space"]))
    if "%S" in pattern or "%M" in pattern:
        if match := _OFFSET.match(text, position):
            return "%z", match.end()
        if match := _ZONE_WORD.match(text, position):
            return "%Z", match.end()
    if match := _NAMED_MONTH.match(text, position):
        return ("%B" if match["full"] else "%b"), match.end()
    if match := _WEEKDAY.match(text, position):
        return ("%A" if match["full"] else "%a"), match.end()
    if match := _YEAR.match(text, position):
        return "%Y", match.end()
    if "%d" not in pattern and (match := _DAY.match(text, position)):
        return "%d", match.end()
    return ("%%" if text[position] == "%" else text[position]), position + 1


def _clock_pattern(match: re.Match[str]) -> str:
    hours = "%I" if match["half"] else "%H"
    seconds = ":%S" if match["seconds"] else ""
    decimals = ".%f" if match["decimals"] else ""
    return f"{hours}:%M{seconds}{decimals}" + (f"{match['space']}%p" if match["half"] else "")
