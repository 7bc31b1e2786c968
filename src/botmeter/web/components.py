"""Values that the macros in `templates/parts` take.

They hold text and addresses only; `domain.text` formats numbers. Page values are made of them, and
templates pass them to the macro that each docstring names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

HEAT_STEP_COUNT: Final = 6
# Counts are skewed: one cell often holds ten times the next. An exponent below one lifts the small ones apart.
HEAT_EXPONENT: Final = 0.62
# The longest bar leaves this much of its cell free, so that the tick of a period that was a little longer still shows.
BAR_PERCENT_MAX: Final = 98.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A word that leads somewhere: crumbs, tabs, navigation, segments, menus, actions, exports."""

    label: str
    href: str
    symbol: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Links in the head of a widget (`card.html`: card); empty ones are not shown."""

    chart_href: str = ""
    table_href: str = ""
    is_table: bool = False
    rows_href: str = ""
    export_href: str = ""
    expand_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One legend entry: `line`, `dash`, `tick`, a series `s1` to `s8`, or a mark of an event list (`m-o`, `m-c`)."""

    label: str
    kind: str = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Control that expands or collapses a line."""

    name: str
    href: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedLine:
    """One bar of a ranked table (`chart.html`: ranked); lengths are percents of the cell, by `bar_width`."""

    name: str
    number: int
    value: str
    width: str
    before: str | None = None
    href: str = ""
    share: str = ""
    tag: str = ""
    is_nested: bool = False
    opener: Opener | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthBar:
    """One month of the monthly widget where it is narrow (`chart.html`: month_bars)."""

    label: str
    value: str
    width: str
    href: str = ""
    year: str = ""
    note: str = ""
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """One shaded cell; `step` by `heat_step`."""

    number: int
    step: int
    text: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One line of a matrix or one weekday of the hours; None is an impossible cell."""

    name: str
    cells: tuple[HeatCell | None, ...]
    href: str = ""
    total: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One day of a customer's calendar (`heat.html`: month_calendar)."""

    day: int
    count: str = ""
    step: int = 0
    href: str = ""
    title: str = ""
    is_today: bool = False
    is_outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a filter."""

    value: str
    label: str
    count: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChip:
    """A filter as a chip (`filters.html`: filter_chip); `chosen` is empty while it is not set.

    Attributes:
        choices_href: Where its choices come from when it is opened; empty: it does not open.
        chosen_values: Values behind the text of `chosen`.
        is_excluded: The values are excluded.
    """

    label: str
    choices_href: str
    name: str = ""
    verb: str = "is"
    chosen: str = ""
    chosen_values: tuple[str, ...] = ()
    is_excluded: bool = False
    remove_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterMenu:
    """The form that sets a filter (`filters.html`: filter_form).

    Attributes:
        parameter: Parameter of the address that has the chosen values.
        mode_name: Field that chooses between "is" and "is not"; empty: the form can't change it.
        is_excluded: The values are excluded.
    """

    label: str
    name: str
    action: str
    choices: tuple[Choice, ...]
    kept: tuple[tuple[str, str], ...] = ()
    parameter: str = ""
    mode_name: str = ""
    is_excluded: bool = False
    remove_href: str = ""
    search_label: str = "Find"
    search_href: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A period with a name and, for some, a key."""

    label: str
    href: str
    key: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerDay:
    """One day of the period picker; `on` in ISO."""

    day: int
    on: str
    href: str
    is_in: bool = False
    is_first: bool = False
    is_last: bool = False
    is_future: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerMonth:
    """A month of the period picker: None fills the week before its first day."""

    name: str
    days: tuple[PickerDay | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPicker:
    """The period picker (`period.html`: period_picker); days in ISO."""

    label: str
    dates: str
    presets: tuple[Preset, ...]
    months: tuple[PickerMonth, ...]
    action: str
    cancel_href: str
    first_on: str
    last_on: str
    least_on: str
    most_on: str
    kept: tuple[tuple[str, str], ...] = ()
    timezone: str = "UTC"
    timezones: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of one column (`rows.html`: table_head); without an address it can't be sorted by."""

    label: str
    href: str = ""
    sorted: Literal["", "ascending", "descending"] = ""
    is_number: bool = False
    is_held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Position in a paged list (`rows.html`: pager); an address is empty at the end."""

    range: str
    newer_href: str = ""
    older_href: str = ""
    newer_label: str = "Newer sessions"
    older_label: str = "Older sessions"


def bar_width(count: int, *, longest: int) -> str:
    """The length of a bar in percent of its cell."""
    return f"{BAR_PERCENT_MAX * count / longest:.2f}" if longest else "0"


def heat_step(count: int, *, most: int) -> int:
    """The shade of a count, 0 to 5, where `most` is the greatest count that is drawn."""
    if count <= 0 or most <= 0:
        return 0
    return min(HEAT_STEP_COUNT - 1, int(HEAT_STEP_COUNT * (count / most) ** HEAT_EXPONENT))


def longest_of(counts: Sequence[int]) -> int:
    """The count that the longest bar stands for; 0 when there are none."""
    return max(counts, default=0)
