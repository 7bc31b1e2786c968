"""Comparison of a report: its name and menu."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.domain.months import QUARTER, YEAR
from botmeter.reports.compared_period import Compare, Comparison, compared_query
from botmeter.reports.query import UsageQuery
from botmeter.web.components import Link
from botmeter.web.pages.report.report_access import ReportAccess
from botmeter.web.question import Question
from botmeter.web.report_address import COMPARE_DAYS, ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# In menu order; days of one's own choice have a form.
_OFFERED: Final = (Compare.CALENDAR, Compare.PREVIOUS, Compare.WEEKDAYS, Compare.YEAR_DATES, Compare.YEAR)
_UNITS: Final = {1: "month", QUARTER: "quarter", YEAR: "year"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonForm:
    """Form for days of one's own choice."""

    action: str
    hidden_fields: tuple[tuple[str, str], ...]
    first_on: str
    last_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonMenu:
    """Menu; `form` is None where days can't be chosen."""

    label: str
    choices: tuple[Link, ...]
    form: ComparisonForm | None


def comparison_menu(
    ledger: "ReadableLedger", question: Question, *, access: ReportAccess, href_of: Callable[[ReportAddress], str]
) -> ComparisonMenu | None:
    """Build the menu; None without a choice."""
    links = tuple(_links(ledger, question, access=access, href_of=href_of))
    if len(links) < 2:
        return None
    label = before_label(question) if question.compared is not None else ""
    return ComparisonMenu(
        label=f"vs {label[0].lower()}{label[1:]}" if label else "Compare",
        choices=links,
        form=_form(question, href_of=href_of) if access.days is None else None,
    )


def before_label(question: Question) -> str:
    """Compared period's name; empty without a comparison."""
    return _name(question.query, question.comparison)


def _name(query: UsageQuery, comparison: Comparison) -> str:
    match comparison.effective(query):
        case Compare.CALENDAR:
            return f"Previous {_unit_text(query, comparison.months_of(query))}"
        case Compare.PREVIOUS:
            day_count = query.period.day_count
            return "Previous day" if day_count == 1 else f"Previous {text.count_text(day_count)} days"
        case Compare.WEEKDAYS:
            day_count = query.period.day_count
            return "Same weekday before" if day_count == 1 else "Same weekdays before"
        case Compare.YEAR_DATES:
            return "Same dates, year before"
        case Compare.YEAR:
            return "Same weekdays, year before"
        case Compare.CUSTOM if comparison.days is not None:
            return text.days_text(replace(query.period, first_on=comparison.days[0], last_on=comparison.days[1]))
        case _:
            return ""


def _unit_text(query: UsageQuery, month_count: int) -> str:
    first_on = query.moved_from or query.period.first_on
    is_unit = month_count in _UNITS and (first_on.month - 1) % month_count == 0
    return _UNITS[month_count] if is_unit else f"{month_count} months"


def _links(
    ledger: "ReadableLedger", question: Question, *, access: ReportAccess, href_of: Callable[[ReportAddress], str]
) -> Iterator[Link]:
    address, query, applied = question.address, question.query, question.applied
    default = replace(question.comparison, choice=Compare.AUTOMATIC, days=None)
    for choice in _OFFERED:
        comparison = replace(default, choice=choice)
        if choice not in access.comparisons or comparison.effective(query) is not choice:
            continue
        compared = compared_query(query, account=ledger.account, comparison=comparison, now_us=question.now_us)
        if compared is not None:
            is_default = default.effective(query) is choice
            yield Link(
                label=_name(query, comparison),
                detail=text.days_text(compared.period),
                href=href_of(address.against(Compare.AUTOMATIC if is_default else choice)),
                is_current=applied is choice,
            )
    if applied is Compare.CUSTOM:
        yield Link(label="Other days", detail=before_label(question), href=href_of(address), is_current=True)
    if Compare.NONE in access.comparisons:
        href = href_of(address.against(Compare.NONE))
        yield Link(label="No comparison", href=href, is_current=applied is Compare.NONE)


def _form(question: Question, *, href_of: Callable[[ReportAddress], str]) -> ComparisonForm:
    compared = question.query if question.compared is None else question.compared
    own = {"compare", *COMPARE_DAYS}
    return ComparisonForm(
        action=href_of(ReportAddress()),
        hidden_fields=(
            *((name, value) for name, value in question.address.pairs() if name not in own),
            ("compare", Compare.CUSTOM.value),
        ),
        first_on=text.day_text(compared.period.first_on),
        last_on=text.day_text(compared.period.last_on),
    )
