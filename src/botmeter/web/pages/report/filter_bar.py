"""Period, comparison and filter chips above a report."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.week_hours import week_hour_of_text
from botmeter.reports.bots import names_of_bots
from botmeter.reports.cost_centres import cost_centre_names
from botmeter.reports.filter_values import bot_names_within
from botmeter.reports.filters import FILTERS, FilterDeclaration, Filters, FilterTarget
from botmeter.web.components import FilterChip, Link, LinkChip, PeriodPicker
from botmeter.web.pages.report.comparison_menu import ComparisonMenu, comparison_menu
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.period_picker import MakeHref, period_picker
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.question import Question
from botmeter.web.report_address import PreviewChoice, ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_NAMED_MAX: Final = 3
_OPERATORS: Final = {
    (False, False): "is",
    (False, True): "is one of",
    (True, False): "is not",
    (True, True): "is none of",
}
_PREVIEWS: Final = (("Included", None), ("Previews only", True), ("Without previews", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBar:
    """Filter bar; a filter that picks and excludes has two chips."""

    period: PeriodPicker
    comparison: ComparisonMenu | None
    chips: tuple[FilterChip, ...]
    link_chips: tuple[LinkChip, ...]
    clear_href: str


def filter_bar(ledger: "ReadableLedger", question: Question, *, page: PageContext, here: FilteredPage) -> FilterBar:
    """Build the bar, whose links stay on the page."""
    address, access, href_of = question.address, page.access, here.href
    period = period_picker(question, access=access, href_of=href_of)
    return FilterBar(
        period=replace(period, hidden_fields=(*period.hidden_fields, *here.form_fields)),
        comparison=comparison_menu(ledger, question, access=access, href_of=href_of) if here.view is None else None,
        chips=tuple(_chips(ledger, question, access=access, here=here)),
        link_chips=(_preview_chip(address, access=access, href_of=href_of),),
        clear_href=_clear_href(address, access=access, href_of=href_of),
    )


def _preview_chip(address: ReportAddress, *, access: ReportAccess, href_of: MakeHref) -> LinkChip:
    choice = address.preview_choice
    return LinkChip(
        label="Preview",
        chosen="" if choice is PreviewChoice.INCLUDED else choice.value,
        links=tuple(
            Link(label=label, href=href_of(address.preview(flag)), is_current=address.filters.preview is flag)
            for label, flag in _PREVIEWS
            if access.allows(Fact.PREVIEWS)
        ),
        remove_href=href_of(address.preview(None)),
    )


def bar_filters(filters: Filters) -> Iterator[tuple[FilterDeclaration, bool]]:
    """Generate filters with a chip; True for excluded values."""
    for declared in FILTERS:
        picked, excluded = filters.values(declared.name), filters.excluded_values(declared.name)
        if picked or (declared.in_bar and not excluded):
            yield declared, False
        if excluded:
            yield declared, True


def _chips(
    ledger: "ReadableLedger", question: Question, *, access: ReportAccess, here: FilteredPage
) -> Iterator[FilterChip]:
    address, filters = question.address, question.address.filters
    names_bots = any(declared.is_of_bots for declared, _, _ in filters.set_filters())
    bot_names = _bot_names(ledger, question, access=access) if names_bots else {}
    for declared, is_excluded in bar_filters(filters):
        name = declared.name
        if not access.shows_filter(name):
            continue
        values = filters.excluded_values(name) if is_excluded else filters.values(name)
        if declared.is_set_up and not values and not cost_centre_names(ledger):
            continue
        choices_href = here.choices_href(name, address, is_excluded=is_excluded)
        remove_href = here.href(address.removing(name, is_excluded=is_excluded))
        yield FilterChip(
            label=declared.label,
            operator=_OPERATORS[is_excluded, len(values) > 1],
            chosen=_values_text(declared, values, bot_names=bot_names),
            choices_href=choices_href if access.can_choose(name, is_excluded=is_excluded) else "",
            remove_href=remove_href if access.can_remove(name, values, is_excluded=is_excluded) else "",
        )


def _bot_names(ledger: "ReadableLedger", question: Question, *, access: ReportAccess) -> dict[str, str]:
    if access.days is None:
        return names_of_bots(ledger)
    return bot_names_within(ledger, replace(question.query, filters=access.fixed_filters))


def _values_text(declared: FilterDeclaration, values: tuple[str, ...], *, bot_names: dict[str, str]) -> str:
    if len(values) > _NAMED_MAX:
        return f"{len(values)} chosen"
    if declared.target is FilterTarget.HOUR:
        return ", ".join(text.week_hour_text(week_hour_of_text(value)) for value in values)
    if declared.column == "bot_version":
        return ", ".join(value if not value.endswith("/") else f"none of {value[:-1]}" for value in values)
    return ", ".join(bot_names.get(value, value) if declared.is_of_bots else value for value in values)


def _clear_href(address: ReportAddress, *, access: ReportAccess, href_of: MakeHref) -> str:
    if not access.allows(Fact.ALL_CLEAR):
        return access.reset_href
    return href_of(address.cleared()) if address.has_filters else ""
