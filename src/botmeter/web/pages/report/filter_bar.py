"""The bar above a report: period, comparison, and a chip for each filter, set or not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.week_hours import place_of_week_hour
from botmeter.reports.bots import names_of_bots
from botmeter.reports.filter_values import FilterField
from botmeter.reports.query import LINK_FILTERS
from botmeter.web.components import FilterChip, Link, PeriodPicker
from botmeter.web.pages.report.period_picker import Lead, period_picker
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.report_query import Compare, PreviewChoice, ReportAddress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botmeter.ledger.readable import ReadableLedger

LABELS: Final[dict[FilterField, str]] = {
    FilterField.BOT: "Bot",
    FilterField.BOT_VERSION: "Version",
    FilterField.CHANNEL: "Channel",
    FilterField.CUSTOMER: "Customer",
    FilterField.CONVERSATION: "Conversation",
}
_LINK_LABELS: Final = {
    "opened_by": "Opened by",
    "opened_on": "Opened on",
    "ticket_type": "Ticket type",
    "hour": "Starts",
}
_NAMED_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChip:
    """What the link of a single number has set: it is shown and removed, but not chosen."""

    label: str
    chosen: str
    remove_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBar:
    """The whole bar; `link_chips` are those of the number by which somebody came."""

    period: PeriodPicker
    compare_label: str
    compare: tuple[Link, ...]
    chips: tuple[FilterChip, ...]
    link_chips: tuple[LinkChip, ...]
    preview_label: str
    preview: tuple[Link, ...]
    preview_remove_href: str
    clear_href: str


def filter_bar(
    question: Question,
    *,
    places: ReportUrls,
    access: ReportAccess,
    bot_names: "Mapping[str, str]",
    is_for_rows: bool = False,
) -> FilterBar:
    """The bar of this question, with what the page may offer.

    Args:
        bot_names: What bots are called, by id.
        is_for_rows: Its links lead to the underlying data rather than to the report.
    """
    address = question.address
    lead: Lead = places.rows if is_for_rows else places.report
    return FilterBar(
        period=period_picker(question, access=access, lead=lead),
        compare_label=_compare_label(question),
        compare=_comparisons(question, access=access, lead=lead),
        chips=tuple(
            _chip(
                field,
                address,
                hrefs=(places.choices(field.value, address), lead(address.only(field.value))),
                access=access,
                bot_names=bot_names,
            )
            for field in FilterField
            if access.shows_filter(field.value)
        ),
        link_chips=tuple(
            LinkChip(
                label=_LINK_LABELS[name],
                chosen=_shown([_link_word(name, value, bot_names=bot_names) for value in values]),
                remove_href=lead(address.only(name)) if access.can_remove(name, values) else "",
            )
            for name in LINK_FILTERS
            if (values := getattr(address.filters, name))
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


def _chip(
    field: FilterField,
    address: ReportAddress,
    *,
    hrefs: tuple[str, str],
    access: ReportAccess,
    bot_names: "Mapping[str, str]",
) -> FilterChip:
    """The chip of a filter; `hrefs`: of its choices, and of the report without it."""
    values: tuple[str, ...] = getattr(address.filters, field.value)
    names = [bot_names.get(value, value) if field is FilterField.BOT else value for value in values]
    return FilterChip(
        label=LABELS[field],
        name=field.value,
        said="is" if len(values) == 1 else "is one of",
        chosen=_shown(names),
        chosen_values=values,
        choices_href=hrefs[0] if access.can_choose(field.value) else "",
        remove_href=hrefs[1] if access.can_remove(field.value, values) else "",
    )


def _clear_href(address: ReportAddress, *, access: ReportAccess, lead: Lead) -> str:
    if not access.allows(Fact.ALL_CLEAR):
        return access.reset_href
    return lead(address.cleared()) if address.has_filters else ""


def bot_names_shown(ledger: "ReadableLedger", question: Question) -> dict[str, str]:
    """What bots are called, if a chip names one; else nothing has to be read."""
    filters = question.query.filters
    return names_of_bots(ledger) if filters.bot or filters.opened_by else {}


def _shown(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED_MAX else f"{len(names)} chosen"


def _link_word(name: str, value: str, *, bot_names: "Mapping[str, str]") -> str:
    if name == "hour":
        return text.week_hour_text(place_of_week_hour(value))
    return bot_names.get(value, value) if name == "opened_by" else value


def _preview_of(address: ReportAddress) -> PreviewChoice:
    return PreviewChoice.ONLY if address.filters.preview else PreviewChoice.WITHOUT


def before_label(question: Question) -> str:
    """What the compared period is called."""
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
