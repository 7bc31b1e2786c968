"""Canonical queries and descriptions of saved reports."""

from typing import Final

from django.http import QueryDict

from botmeter.domain import text
from botmeter.domain.period import Period
from botmeter.reports.compared_period import Compare
from botmeter.reports.presets import Preset
from botmeter.web.report_address import ReportAddress, Split, check_query_length, read_address

_COMPARED: Final = {
    Compare.AUTOMATIC: "compared with the previous period",
    Compare.CALENDAR: "compared with the previous calendar period",
    Compare.PREVIOUS: "compared with as many days before",
    Compare.WEEKDAYS: "compared with the same weekdays before",
    Compare.YEAR_DATES: "compared with the same dates of the year before",
    Compare.YEAR: "compared with the same weekdays of the year before",
    Compare.NONE: "",
}
_NAMED_MAX: Final = 3


def canonical_query(address: ReportAddress) -> str:
    """Canonical query, without defaults and live updates.

    Raises:
        TooMuch: `address_too_long`.
    """
    query = address.following(False).query().removeprefix("?")
    check_query_length(query)
    return query


def address_of_query(query: str) -> ReportAddress:
    """Parse a saved query."""
    return read_address(QueryDict(query))


def is_moving(address: ReportAddress) -> bool:
    """Test for days that depend on when a view is opened."""
    return address.preset is not None or address.days[1] is None


def movement_text(address: ReportAddress) -> str:
    """State whether the days move."""
    period = period_text(address)
    if is_moving(address):
        return f"The dates move with time: {period[:1].lower()}{period[1:]}."
    return f"The dates are fixed: {period}."


def address_text(address: ReportAddress) -> str:
    """Describe period, time zone, filters and comparison."""
    words = [period_text(address), address.timezone or "", *_filter_texts(address), _comparison_text(address)]
    if address.split is Split.OPENED:
        words.append("split by opening bot and channel")
    if address.interval is not None:
        words.append(f"by {address.interval.value}")
    return ", ".join(word for word in words if word)


def filters_text(address: ReportAddress) -> str:
    """Describe the filters; empty without any."""
    return ", ".join(_filter_texts(address))


def period_text(address: ReportAddress) -> str:
    """Describe the days of a view."""
    if address.preset is not None:
        return address.preset.label
    first_on, last_on = address.days
    if first_on is None and last_on is None:
        return Preset.LAST_30_DAYS.label
    if last_on is None and first_on is not None:
        return f"Since {text.day_text(first_on)}"
    if first_on is None or last_on is None:
        return "" if last_on is None else f"30 days until {text.day_text(last_on)}"
    return text.days_text(Period(first_on=first_on, last_on=last_on))


def _comparison_text(address: ReportAddress) -> str:
    if address.compare_days is None:
        return _COMPARED[address.compare]
    return f"compared with {text.days_text(Period(first_on=address.compare_days[0], last_on=address.compare_days[1]))}"


def _filter_texts(address: ReportAddress) -> list[str]:
    parts = [
        f"{declared.name.replace('_', ' ')} {word}{_values_text(values)}"
        for declared, picked, excluded in address.filters.set_filters()
        for word, values in (("", picked), ("not ", excluded))
        if values
    ]
    if address.filters.preview is not None:
        parts.append("previews only" if address.filters.preview else "without previews")
    return parts


def _values_text(values: tuple[str, ...]) -> str:
    return f"{len(values)} selected" if len(values) > _NAMED_MAX else " or ".join(map(text.short_id, values))
