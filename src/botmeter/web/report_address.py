"""Report state in the URL. Reading refuses invalid values; writing omits defaults."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import urlencode

from django.http import QueryDict

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.period import day_from_text
from botmeter.domain.text import day_as_typed
from botmeter.reports.compared_period import Compare, Comparison, comparison_invalid
from botmeter.reports.filters import FILTERS, NO_FILTERS, Filters, filters_of
from botmeter.reports.intervals import Interval
from botmeter.reports.presets import Preset

_Choice = TypeVar("_Choice", bound=StrEnum)


class Split(StrEnum):
    """Attribution of a session to bots and channels."""

    TOOK_PART = "took-part"
    OPENED = "opened"


class VersionOrder(StrEnum):
    """Order of a bot's versions: by age or a number; with a minus, the largest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_SESSIONS = "-sessions"
    FEWEST_SESSIONS = "sessions"
    MOST_CONVERSATIONS = "-conversations"
    FEWEST_CONVERSATIONS = "conversations"
    MOST_TICKETS = "-tickets"
    FEWEST_TICKETS = "tickets"
    MOST_HANDOFFS = "-handoffs"
    FEWEST_HANDOFFS = "handoffs"


class Follow(StrEnum):
    """Live updates; off by default."""

    ON = "on"


class Axis(StrEnum):
    """Height of the trend's axis; by default spikes are cut."""

    FULL = "full"


class PreviewChoice(StrEnum):
    """Sessions to count, by preview."""

    INCLUDED = "included"
    ONLY = "only"
    WITHOUT = "without"


MODE_SUFFIX: Final = ".mode"
"""Ending of the form field that excludes a filter's values, for browsers without scripts."""
EXCLUDE: Final = "not"

COMPARE_DAYS: Final = ("compare_from", "compare_to")

QUERY_LENGTH_MAX: Final = 8_000
"""Longest query of a report's address: a page repeats it hundreds of times, and proxies refuse longer ones."""

_VALUES_MAX: Final = 50
_PREVIEW_FLAGS: Final = {PreviewChoice.INCLUDED: None, PreviewChoice.ONLY: True, PreviewChoice.WITHOUT: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAddress:
    """Query parameters of a report.

    Attributes:
        days: First and last, each None if missing; both None with a preset.
        compare_days: First and last of a custom comparison.
        interval: Of charts over time; None for the fitting one.
        has_full_axis: Spikes are not cut.
        table: Widgets shown as tables.
        opened: Bots expanded into versions.
        was_reversed: Days were typed in reverse; not in the address.
    """

    preset: Preset | None = None
    days: tuple[date | None, date | None] = (None, None)
    timezone: str | None = None
    filters: Filters = NO_FILTERS
    split: Split = Split.TOOK_PART
    compare: Compare = Compare.AUTOMATIC
    compare_days: tuple[date, date] | None = None
    interval: Interval | None = None
    has_full_axis: bool = False
    table: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    versions: VersionOrder = VersionOrder.NEWEST
    follows: bool = False
    was_reversed: bool = False

    @property
    def has_filters(self) -> bool:
        return self.filters != NO_FILTERS

    @property
    def preview_choice(self) -> PreviewChoice:
        return next(choice for choice, flag in _PREVIEW_FLAGS.items() if flag is self.filters.preview)

    def with_days(self, preset: Preset) -> "ReportAddress":
        return replace(self, preset=preset, days=(None, None), was_reversed=False)

    def between(self, first_on: date, last_on: date) -> "ReportAddress":
        return replace(self, preset=None, days=(first_on, last_on), was_reversed=False)

    def only(self, name: str, *values: str) -> "ReportAddress":
        return replace(self, filters=self.filters.with_values(name, values))

    def excluding(self, name: str, *values: str) -> "ReportAddress":
        return replace(self, filters=self.filters.with_excluded(name, values))

    def removing(self, name: str, *, is_excluded: bool) -> "ReportAddress":
        return self.excluding(name) if is_excluded else self.only(name)

    def preview(self, flag: bool | None) -> "ReportAddress":
        """Keep previews only (True), none (False), or both."""
        return replace(self, filters=replace(self.filters, preview=flag))

    def cleared(self) -> "ReportAddress":
        return replace(self, filters=NO_FILTERS)

    def split_by(self, split: Split) -> "ReportAddress":
        return replace(self, split=split)

    def against(self, compare: Compare) -> "ReportAddress":
        days = self.compare_days if compare is Compare.CUSTOM else None
        return replace(self, compare=compare, compare_days=days)

    def by(self, interval: Interval | None) -> "ReportAddress":
        return replace(self, interval=interval)

    def with_full_axis(self, flag: bool) -> "ReportAddress":
        return replace(self, has_full_axis=flag)

    def toggled_bot(self, bot_id: str) -> "ReportAddress":
        return replace(self, opened=_toggled(self.opened, bot_id))

    def toggled_table(self, widget: str) -> "ReportAddress":
        return replace(self, table=_toggled(self.table, widget))

    def versions_by(self, order: VersionOrder) -> "ReportAddress":
        return replace(self, versions=order)

    def following(self, flag: bool) -> "ReportAddress":
        return replace(self, follows=flag)

    def pairs(self) -> Iterator[tuple[str, str]]:
        if self.preset is not None:
            yield "period", self.preset.value
        for name, day in zip(("from", "to"), self.days, strict=True):
            if day is not None:
                yield name, day.isoformat()
        if self.timezone is not None:
            yield "timezone", self.timezone
        for declared, picked, excluded in self.filters.set_filters():
            for value in picked:
                yield declared.name, value
            for value in excluded:
                yield declared.not_parameter, value
        yield from self._choices()
        for widget in self.table:
            yield "table", widget
        for bot_id in self.opened:
            yield "open", bot_id

    def _choices(self) -> Iterator[tuple[str, str]]:
        if self.preview_choice is not PreviewChoice.INCLUDED:
            yield "preview", self.preview_choice.value
        if self.split is not Split.TOOK_PART:
            yield "split", self.split.value
        if self.compare is not Compare.AUTOMATIC:
            yield "compare", self.compare.value
        if self.compare_days is not None:
            yield from zip(COMPARE_DAYS, (on.isoformat() for on in self.compare_days), strict=True)
        if self.interval is not None:
            yield "interval", self.interval.value
        if self.has_full_axis:
            yield "axis", Axis.FULL.value
        if self.versions is not VersionOrder.NEWEST:
            yield "versions", self.versions.value
        if self.follows:
            yield "follow", Follow.ON.value

    def query(self, **more: str) -> str:
        text = "&".join(filter(None, (_query_string(self), urlencode(more))))
        return f"?{text}" if text else ""


def _toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(each for each in names if each != name) if name in names else (*names, name)


@lru_cache(maxsize=1_000)
def _query_string(address: ReportAddress) -> str:
    """Cached, since a page repeats hundreds of URLs. 25 MB of the longest ones."""
    return urlencode([*address.pairs()])


def read_address(parameters: QueryDict) -> ReportAddress:
    """Parse a page's address, with days as typed, in any order.

    Raises:
        Refused: As `parsed_address`.
        TooMuch: As `parsed_address`, and `address_too_long`.
    """
    address = parsed_address(parameters, is_typed=True)
    check_query_length(parameters.urlencode())
    return address


def parsed_address(parameters: QueryDict, *, is_typed: bool = False) -> ReportAddress:
    """Parse parameters of any length; `is_typed` takes days as typed, in any order.

    Raises:
        Refused: `date_invalid`, `parameter_invalid`, `arguments_clash` for a preset with days, and as `Comparison`.
        TooMuch: `filter_too_long`.
    """
    preset = choice(parameters, "period", choices=Preset)
    days, is_reversed = _days(parameters, ("from", "to"), is_typed=is_typed)
    if preset is not None and days != (None, None):
        raise Refused("arguments_clash", "Use either `period`, or `from` and `to`, not both.")
    preview = choice(parameters, "preview", choices=PreviewChoice) or PreviewChoice.INCLUDED
    comparison = read_comparison(parameters, default=Compare.AUTOMATIC, is_typed=is_typed)
    return ReportAddress(
        preset=preset,
        days=days,
        timezone=parameters.get("timezone") or None,
        filters=_filters(parameters, preview=_PREVIEW_FLAGS[preview]),
        split=choice(parameters, "split", choices=Split) or Split.TOOK_PART,
        compare=comparison.choice,
        compare_days=comparison.days,
        interval=choice(parameters, "interval", choices=Interval),
        has_full_axis=choice(parameters, "axis", choices=Axis) is not None,
        table=tuple(sorted({name[:40] for name in parameters.getlist("table")}))[:_VALUES_MAX],
        opened=tuple(dict.fromkeys(parameters.getlist("open")))[:_VALUES_MAX],
        versions=choice(parameters, "versions", choices=VersionOrder) or VersionOrder.NEWEST,
        follows=choice(parameters, "follow", choices=Follow) is not None,
        was_reversed=is_reversed,
    )


def read_comparison(parameters: QueryDict, *, default: Compare, is_typed: bool = False) -> Comparison:
    """Parse the comparison; days alone are a custom one.

    Raises:
        Refused: `date_invalid`, `parameter_invalid`, and as `Comparison`.
    """
    (first_on, last_on), _ = _days(parameters, COMPARE_DAYS, is_typed=is_typed)
    if (first_on is None) != (last_on is None):
        raise comparison_invalid()
    days = None if first_on is None or last_on is None else (first_on, last_on)
    chosen = choice(parameters, "compare", choices=Compare)
    return Comparison(choice=chosen or (default if days is None else Compare.CUSTOM), days=days)


def check_query_length(query: str) -> None:
    """Raise TooMuch `address_too_long` beyond the limit."""
    if len(query) > QUERY_LENGTH_MAX:
        raise TooMuch(
            "address_too_long",
            f"The address of this report has {len(query):,} characters; the limit is {QUERY_LENGTH_MAX:,}. "
            "Choose fewer values in its filters.",
        )


def _filters(parameters: QueryDict, *, preview: bool | None) -> Filters:
    picked, excluded = {}, {}
    for declared in FILTERS:
        name = declared.name
        picked[name], excluded[name] = parameters.getlist(name), parameters.getlist(declared.not_parameter)
        if parameters.get(name + MODE_SUFFIX) == EXCLUDE:
            picked[name], excluded[name] = [], [*excluded[name], *picked[name]]
    return filters_of(picked, excluded, preview=preview)


def choice(parameters: QueryDict, name: str, *, choices: type[_Choice]) -> _Choice | None:
    """Parse a parameter; None if missing.

    Raises:
        Refused: `parameter_invalid`.
    """
    text = parameters.get(name)
    return choice_named(text, name, choices=choices) if text else None


def choice_named(text: str, name: str, *, choices: type[_Choice]) -> _Choice:
    """Parse a value.

    Raises:
        Refused: `parameter_invalid`.
    """
    try:
        return choices(text)
    except ValueError:
        known = ", ".join(choice.value for choice in choices)
        raise Refused("parameter_invalid", f"Unknown value {text[:40]!r} for {name}. Use one of {known}.") from None


def number_named(text: str, name: str, *, within: tuple[int, int]) -> int:
    """Parse a whole number of a parameter.

    Raises:
        Refused: `parameter_invalid`.
    """
    least, most = within
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise Refused("parameter_invalid", f"Invalid value {text[:40]!r} for {name}. Use a number from {least} to {most}.")


def _days(
    parameters: QueryDict, names: tuple[str, str], *, is_typed: bool
) -> tuple[tuple[date | None, date | None], bool]:
    """First and last day; True if typed ones were in reverse."""
    read = day_as_typed if is_typed else day_from_text
    first_on, last_on = (read(text) if (text := parameters.get(name)) else None for name in names)
    if is_typed and first_on is not None and last_on is not None and first_on > last_on:
        return (last_on, first_on), True
    return (first_on, last_on), False
