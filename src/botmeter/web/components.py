"""Values of the macros in `templates/parts`."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from botmeter.domain import text

HEAT_STEP_COUNT: Final = 6
# Counts are skewed, often tenfold between cells; an exponent below one separates the small ones.
HEAT_EXPONENT: Final = 0.62
# Space beside the longest bar, so that the tick of a slightly larger compared count still shows.
BAR_PERCENT_MAX: Final = 98.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Link; `key` is its keyboard shortcut."""

    label: str
    href: str
    detail: str = ""
    symbol: str = ""
    key: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Links in a widget's head (`card.html`: card); empty ones are hidden."""

    chart_href: str = ""
    table_href: str = ""
    is_table: bool = False
    rows_href: str = ""
    exports: tuple[Link, ...] = ()
    expand_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Legend entry: `line`, `dash`, `tick`, a series `s1` to `s8`, or an event mark (`m-opening`)."""

    label: str
    kind: str = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Control that expands or collapses a row."""

    name: str
    href: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedLine:
    """Bar of a ranked table (`chart.html`: ranked); lengths from `bar_width`."""

    name: str
    number: int
    value: str
    width: str
    before: str | None = None
    href: str = ""
    share: str = ""
    is_nested: bool = False
    opener: Opener | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Table cell.

    Attributes:
        variant: CSS classes, such as `id`, `num` for numbers and instants, `wrap` for lists, `zero` for 0.
        title: Full text of a cut value.
    """

    value: str
    href: str = ""
    variant: str = ""
    title: str = ""
    tag: str = ""
    note: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """Shaded cell; `step` from `heat_step`."""

    number: int
    step: int
    text: str = ""
    href: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """Row of a heat map; None marks an impossible cell."""

    name: str
    cells: tuple[HeatCell | None, ...]
    href: str = ""
    total: str = ""
    total_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Filter value."""

    value: str
    label: str
    count: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChip:
    """Filter chip; without `choices_href` it doesn't open."""

    label: str
    choices_href: str
    operator: str = "is"
    chosen: str = ""
    remove_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChip:
    """Filter with few choices, each a link; without links it is fixed, and `chosen` is empty while it is not set."""

    label: str
    chosen: str
    links: tuple[Link, ...]
    remove_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterMenu:
    """Form of a filter (`filters.html`: filter_form).

    Attributes:
        mode_name: Field for "is" or "is not"; empty if fixed.
    """

    label: str
    name: str
    action: str
    choices: tuple[Choice, ...]
    hidden_fields: tuple[tuple[str, str], ...] = ()
    parameter: str = ""
    mode_name: str = ""
    is_excluded: bool = False
    remove_href: str = ""
    search_label: str = "Find"
    search_href: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerDay:
    """Day of the period picker; `on` in ISO."""

    day: int
    on: str
    href: str
    is_in: bool = False
    is_first: bool = False
    is_last: bool = False
    is_future: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerMonth:
    """Month of the period picker; None pads its first week."""

    name: str
    days: tuple[PickerDay | None, ...]
    on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPicker:
    """Period picker; links without an address lead nowhere, `least_on` and `most_on` are in ISO."""

    label: str
    dates: str
    presets: tuple[Link, ...]
    months: tuple[PickerMonth, ...]
    action: str
    cancel_href: str
    first_on: str
    last_on: str
    least_on: str
    most_on: str
    hidden_fields: tuple[tuple[str, str], ...] = ()
    timezone: str = "UTC"
    timezones: tuple[str, ...] = ()
    note: str = ""
    back: Link = Link(label="Previous period", href="")
    forth: Link = Link(label="Next period", href="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Column head (`rows.html`: table_head); unsortable without an address."""

    label: str
    href: str = ""
    sorted: Literal["", "ascending", "descending"] = ""
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Position in a list."""

    range: str
    newer_href: str = ""
    older_href: str = ""
    newer_label: str = "Newer sessions"
    older_label: str = "Older sessions"


def count_cell(count: int, *, href: str = "", note: str = "", has_number: bool = False) -> Cell:
    """Make a count's cell; `has_number` marks a number of the widget."""
    number = count if has_number else None
    return Cell(value=text.count_text(count), href=href, note=note, number=number, variant="r num")


def bar_width(count: int, *, longest: int) -> str:
    """Bar's length in percent."""
    return f"{BAR_PERCENT_MAX * count / longest:.2f}" if longest else "0"


def heat_step(count: int, *, most: int) -> int:
    """Count's shade, 0 to 5."""
    if count <= 0 or most <= 0:
        return 0
    return min(HEAT_STEP_COUNT - 1, int(HEAT_STEP_COUNT * (count / most) ** HEAT_EXPONENT))


def heat_ranges(most: int) -> tuple[tuple[int, int], ...]:
    """Least and greatest count of each shade; reversed if it has none."""
    firsts = [*(_first_of_shade(step, most=most) for step in range(HEAT_STEP_COUNT)), most + 1]
    return tuple((first, after - 1) for first, after in pairwise(firsts))


def _first_of_shade(step: int, *, most: int) -> int:
    if step == 0 or most <= 0:
        return 0 if step == 0 else most + 1
    # By the inverse of `heat_step`, which rounding can miss by one.
    about = max(1, int(most * (step / HEAT_STEP_COUNT) ** (1 / HEAT_EXPONENT)) - 1)
    return next(count for count in range(about, most + 2) if count > most or heat_step(count, most=most) >= step)
