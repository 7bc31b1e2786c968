"""The allow-list of a report page: nothing else is read or shown."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.presets import Preset
from botmeter.web.report_query import Compare


class Fact(StrEnum):
    """A fact or choice that stands on a page besides its widgets."""

    FRESHNESS = "freshness"
    """The time of the newest event, and following the report live."""
    OPENERS = "openers"
    """Counting sessions by the bot and channel that opened them."""
    PREVIEWS = "previews"
    """The filter by previews."""
    TIME_ZONES = "time_zones"
    """Other time zones."""
    SUGGESTIONS = "suggestions"
    """Links in notices to other days, filters and time zones."""
    ALL_CLEAR = "all_clear"
    """The link that clears all filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAccess:
    """Widgets, facts and choices that the pages of a report may show. The default allows nothing.

    Attributes:
        widgets: Names of widgets.
        filters: Names of filters that can be set.
        fixed_filters: Values to which filters are limited, and those that they always exclude.
        presets: Named periods that can be chosen.
        days: First and last day that can be chosen; None for all days with data.
        comparisons: Comparisons that can be chosen.
        reset_href: Link that clears the filters where `Fact.ALL_CLEAR` is not allowed; empty for none.
    """

    widgets: frozenset[str] = frozenset()
    facts: frozenset[Fact] = frozenset()
    filters: frozenset[str] = frozenset()
    fixed_filters: Filters = NO_FILTERS
    presets: frozenset[Preset] = frozenset()
    days: tuple[date, date] | None = None
    comparisons: frozenset[Compare] = frozenset()
    reset_href: str = ""

    def allows(self, fact: Fact) -> bool:
        return fact in self.facts

    def fixed_values(self, name: str, *, is_excluded: bool = False) -> tuple[str, ...]:
        """Values to which a filter is limited, or which it always excludes; empty for any."""
        return self.fixed_filters.excluded_values(name) if is_excluded else self.fixed_filters.values(name)

    def is_fixed(self, name: str) -> bool:
        """Return True if a filter is limited to some values, or always excludes some."""
        return bool(self.fixed_values(name) or self.fixed_values(name, is_excluded=True))

    def shows_filter(self, name: str) -> bool:
        return name in self.filters or self.is_fixed(name)

    def can_choose(self, name: str, *, is_excluded: bool) -> bool:
        """Return True if a filter offers more than one value."""
        if is_excluded:
            return name in self.filters and not self.is_fixed(name)
        return name in self.filters and len(self.fixed_values(name)) != 1

    def can_remove(self, name: str, values: tuple[str, ...], *, is_excluded: bool) -> bool:
        """Return True if a filter set to `values` can be widened again."""
        return set(values) != set(self.fixed_values(name, is_excluded=is_excluded))
