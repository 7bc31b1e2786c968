"""The bar above a report: period, comparison and filter chips."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.week_hours import week_hour_of_text
from botmeter.reports.bots import names_of_bots
from botmeter.reports.filters import FILTERS, FilterDeclaration, Filters, FilterTarget
from botmeter.web.components import FilterChip, Link, PeriodPicker
from botmeter.web.pages.report.period_picker import Lead, period_picker
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.report_query import Compare, PreviewChoice, ReportAddress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botmeter.ledger.readable import ReadableLedger

_NAMED_MAX: Final = 3
_OPERATORS: Final = {
    (False, False): "is",
    (False, True): "is one of",
    (True, False): "is not",
    (True, True): "is none of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBar:
    """The filter bar; a filter that picks and excludes has two chips."""

    period: PeriodPicker
    compare_label: str
    compare: tuple[Link, ...]
    chips: tuple[FilterChip, ...]
    preview_label: str
    preview: tuple[Link, ...]
    preview_remove_href: str
    clear_href: str


def filter_bar(
    question: Question,
    *,
    urls: ReportUrls,
    access: ReportAccess,
    bot_names: "Mapping[str, str]",
    is_for_rows: bool = False,
) -> FilterBar:
    """Build the bar; `is_for_rows` links to the underlying data."""
    address = question.address
    lead: Lead = urls.rows if is_for_rows else urls.report
    return FilterBar(
        period=period_picker(question, access=access, lead=lead),
        compare_label=_compare_label(question),
        compare=_comparisons(question, access=access, lead=lead),
        chips=tuple(
            _chip(
                declared,
                address,
                is_excluded=is_excluded,
                hrefs=(
                    urls.choices(declared.name, address, is_excluded=is_excluded),
                    lead(address.excluding(declared.name) if is_excluded else address.only(declared.name)),
                ),
                access=access,
                bot_names=bot_names,
            )
            for declared, is_excluded in shown_filters(address.filters)
            if access.shows_filter(declared.name)
        ),
        preview_label=_preview_of(address).value if address.filters.preview is not None else "",
        preview=tuple(
            Link(label=label, href=lead(address.preview(flag)), is_current=address.filters.preview is flag)
            for label, flag in (("Included", None), ("Previews only", True), ("Without previews", False))
            if access.allows(Fact.PREVIEWS)
        ),
        preview_remove_href=lead(address.preview(None)),
        clear_href=_clear_href(address, access=access, lead=lead),
    )


def shown_filters(filters: Filters) -> "Iterator[tuple[FilterDeclaration, bool]]":
    """Generate filters with a chip; True for excluded values."""
    for declared in FILTERS:
        picked, excluded = filters.values(declared.name), filters.excluded_values(declared.name)
        if picked or (declared.in_bar and not excluded):
            yield declared, False
        if excluded:
            yield declared, True


def _chip(
    declared: FilterDeclaration,
    address: ReportAddress,
    *,
    is_excluded: bool,
    hrefs: tuple[str, str],
    access: ReportAccess,
    bot_names: "Mapping[str, str]",
) -> FilterChip:
    filters = address.filters
    values = filters.excluded_values(declared.name) if is_excluded else filters.values(declared.name)
    return FilterChip(
        label=declared.label,
        name=declared.name,
        verb=_OPERATORS[is_excluded, len(values) > 1],
        chosen=_shown([value_text(declared, value, bot_names=bot_names) for value in values]),
        chosen_values=values,
        is_excluded=is_excluded,
        choices_href=hrefs[0] if access.can_choose(declared.name, is_excluded=is_excluded) else "",
        remove_href=hrefs[1] if access.can_remove(declared.name, values, is_excluded=is_excluded) else "",
    )


def _clear_href(address: ReportAddress, *, access: ReportAccess, lead: Lead) -> str:
    if not access.allows(Fact.ALL_CLEAR):
        return access.reset_href
    return lead(address.cleared()) if address.has_filters else ""


def value_text(declared: FilterDeclaration, value: str, *, bot_names: "Mapping[str, str]") -> str:
    """Format a value of a filter."""
    if declared.target is FilterTarget.HOUR:
        return text.week_hour_text(week_hour_of_text(value))
    return bot_names.get(value, value) if declared.is_of_bots else value


def bot_names_shown(ledger: "ReadableLedger", question: Question) -> dict[str, str]:
    """Return bot names if a chip shows one."""
    is_shown = any(declared.is_of_bots for declared, _, _ in question.query.filters.set_filters())
    return names_of_bots(ledger) if is_shown else {}


def _shown(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED_MAX else f"{len(names)} chosen"


def _preview_of(address: ReportAddress) -> PreviewChoice:
    return PreviewChoice.ONLY if address.filters.preview else PreviewChoice.WITHOUT


def before_label(question: Question) -> str:
    """Return the compared period's label."""
    if question.address.compare is Compare.YEAR:
        return "Same days, year before"
    day_count = question.query.period.day_count
    return "Previous day" if day_count == 1 else f"Previous {day_count} days"


def _compare_label(question: Question) -> str:
    if question.address.compare is Compare.NONE:
        return "Compare"
    label = before_label(question)
    return f"vs {label[0].lower()}{label[1:]}"


def _comparisons(question: Question, *, access: ReportAccess, lead: Lead) -> tuple[Link, ...]:
    day_count = question.query.period.day_count
    labels = {
        Compare.PREVIOUS: "The day before" if day_count == 1 else f"The {day_count} days before",
        Compare.YEAR: "The same days a year before, weekdays aligned",
        Compare.NONE: "Nothing",
    }
    links = tuple(
        Link(label=label, href=lead(question.address.against(one)), is_current=question.address.compare is one)
        for one, label in labels.items()
        if one in access.comparisons
    )
    return links if len(links) > 1 else ()
