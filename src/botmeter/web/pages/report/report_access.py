"""Allow-list of a report page; nothing else is read or shown."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from botmeter.reports.compared_period import Compare
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.presets import Preset


class Fact(StrEnum):
    """Fact or choice shown besides widgets."""

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
    EXPORTS = "exports"
    """Files of single widgets."""
    CHARGES = "charges"
    """The number of sessions that are not charged."""
    ALL_CLEAR = "all_clear"
    """The link that clears all filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAccess:
    """Allowed widgets, facts and choices; nothing by default.

    Attributes:
        days: First and last allowed day; None for all.
        reset_href: Link that resets filters without `Fact.ALL_CLEAR`.
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
        """Filter's required or excluded values; empty for any."""
        return self.fixed_filters.excluded_values(name) if is_excluded else self.fixed_filters.values(name)

    def is_fixed(self, name: str) -> bool:
        return bool(self.fixed_values(name) or self.fixed_values(name, is_excluded=True))

    def shows_filter(self, name: str) -> bool:
        return name in self.filters or self.is_fixed(name)

    def can_choose(self, name: str, *, is_excluded: bool) -> bool:
        if is_excluded:
            return name in self.filters and not self.is_fixed(name)
        return name in self.filters and len(self.fixed_values(name)) != 1

    def can_remove(self, name: str, values: tuple[str, ...], *, is_excluded: bool) -> bool:
        """Return True if a filter set to `values` can be widened."""
        return set(values) != set(self.fixed_values(name, is_excluded=is_excluded))
