"""Format of a column of times, tested with the reader of mappings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.suggest.suggestion import Document
from botmeter.sources.suggest.time_patterns import pattern_of, zone_word

_TRIED_MAX = 200
_PATTERNS_MAX = 6
# Below it the column holds other things too, and most rows would be refused.
_READ_SHARE_MIN = 0.9
# By size: a number of 2001 to 2100 in each unit.
_EPOCHS = {"epoch_s": 1e9, "epoch_ms": 1e12, "epoch_us": 1e15, "epoch_ns": 1e18}
_EPOCH_GROWTH = 4.2
# Days of 1982 to 2064.
_EXCEL_DAYS = (30_000, 60_000)
# Abbreviations that one zone alone uses; CST, IST and BST mean several.
_ZONES = {
    "PST": "-08:00",
    "PDT": "-07:00",
    "MST": "-07:00",
    "MDT": "-06:00",
    "CDT": "-05:00",
    "EST": "-05:00",
    "EDT": "-04:00",
    "CET": "+01:00",
    "CEST": "+02:00",
    "EET": "+02:00",
    "EEST": "+03:00",
    "JST": "+09:00",
}
_OWN_ZONE_WORDS = ("UTC", "GMT", "Z")
NO_ZONE = "the times name no zone and are read as UTC; set timezone to the zone of the export, such as Europe/London"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFormat:
    """Format that reads a column's times.

    Attributes:
        document: `format`, `timezone` and `zones` of a mapping.
        unknown_zones: Words that can mean several zones.
    """

    document: Document
    reason: str
    doubt: str = ""
    is_number: bool = False
    unknown_zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    form: TimeFormat
    share: float
    span_days: int


def time_format(texts: Sequence[str]) -> TimeFormat | None:
    """Format that reads nearly all of the texts."""
    sample = [text.strip() for text in dict.fromkeys(texts)][:_TRIED_MAX]
    if not sample or max(map(len, sample)) > 64:
        return None
    for forms in (_iso_forms(sample), _number_forms(sample), _pattern_forms(sample)):
        trials = [each for each in (_trial(form, sample) for form in forms) if each.share >= _READ_SHARE_MIN]
        if trials:
            return _best(trials)
    return None


def _best(trials: Sequence[_Trial]) -> TimeFormat:
    best = max(trials, key=lambda each: (each.share, -each.span_days))
    pattern = str(best.form.document.get("format", ""))
    swapped = pattern.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    equals = [each.form.document.get("format") for each in trials if each.share == best.share]
    if swapped == pattern or swapped not in equals:
        return best.form
    first = "day" if pattern.find("%d") < pattern.find("%m") else "month"
    doubt = f"no day is past the 12th, so day and month could be swapped; the {first} is assumed to come first"
    doubts = "; ".join(filter(None, (doubt, best.form.doubt)))
    return TimeFormat(document=best.form.document, reason=best.form.reason, doubt=doubts)


def _trial(form: TimeFormat, texts: Sequence[str]) -> _Trial:
    instants = []
    document = {"column": "time", **form.document}
    if form.unknown_zones:
        zones = form.document.get("zones")
        known = zones if isinstance(zones, dict) else {}
        document["zones"] = {**known, **dict.fromkeys(form.unknown_zones, "+00:00")}
    try:
        clock = mapping_from_document({"occurred_at": document}).clock
    except Refused:
        return _Trial(form=form, share=0, span_days=0)
    for text in texts:
        try:
            instants.append(clock.us(text))
        except Refused:
            continue
    span_days = (max(instants) - min(instants)) // DAY_US if instants else 0
    return _Trial(form=form, share=len(instants) / len(texts), span_days=span_days)


def _iso_forms(texts: Sequence[str]) -> Iterator[TimeFormat]:
    yield TimeFormat(document={}, reason="ISO times with an offset")
    if not all(text.isdigit() for text in texts):
        yield TimeFormat(document={"timezone": "UTC"}, reason="ISO times without an offset", doubt=NO_ZONE)


def _number_forms(texts: Sequence[str]) -> Iterator[TimeFormat]:
    try:
        numbers = [float(text.replace(",", ".")) for text in texts]
    except ValueError:
        return
    for name, first in _EPOCHS.items():
        if all(first * 0.9 <= number < first * _EPOCH_GROWTH for number in numbers):
            unit = name.removeprefix("epoch_")
            yield TimeFormat(document={"format": name}, reason=f"{unit} since 1970, by their size", is_number=True)
    if all(_EXCEL_DAYS[0] <= number < _EXCEL_DAYS[1] for number in numbers):
        reason = "days since 1900, as spreadsheets count"
        yield TimeFormat(document={"format": "excel", "timezone": "UTC"}, reason=reason, doubt=NO_ZONE, is_number=True)


def _pattern_forms(texts: Sequence[str]) -> Iterator[TimeFormat]:
    words = dict.fromkeys(word for word in map(zone_word, texts) if word is not None)
    patterns: dict[str, None] = {}
    for text in texts[:20]:
        for day_first in (True, False):
            pattern = pattern_of(text, day_first=day_first)
            if pattern is not None and len(patterns) < _PATTERNS_MAX:
                patterns.setdefault(pattern)
    for pattern in patterns:
        yield _pattern_form(pattern, words=tuple(words))


def _pattern_form(pattern: str, *, words: Sequence[str]) -> TimeFormat:
    reason = f"times written as {pattern}"
    if "%z" in pattern:
        return TimeFormat(document={"format": pattern}, reason=reason)
    if "%Z" not in pattern:
        return TimeFormat(document={"format": pattern, "timezone": "UTC"}, reason=reason, doubt=NO_ZONE)
    zones = {word: _ZONES[word] for word in words if word in _ZONES}
    unknown = [word for word in words if word not in _ZONES and word not in _OWN_ZONE_WORDS]
    doubts = [f"check the offsets of its zones: {', '.join(zones)}"] if zones else []
    doubts += [f"add {', '.join(unknown)} to zones; until then such rows are refused"] if unknown else []
    document = {"format": pattern, **({"zones": zones} if zones else {})}
    return TimeFormat(document=document, reason=reason, doubt="; ".join(doubts), unknown_zones=tuple(unknown))
