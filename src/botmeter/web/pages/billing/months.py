"""Sessions by month of a billing page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Final

from botmeter.billing.day_counts import day_counts, first_event_us_of
from botmeter.domain import text
from botmeter.domain.period import day_of_us, month_last_on
from botmeter.reports.compared_period import Compare
from botmeter.reports.presets import Preset
from botmeter.reports.query import UsageQuery
from botmeter.reports.usage import is_partial_month
from botmeter.web.components import Cell, Column, count_cell
from botmeter.web.pages.billing.bills import bill_cache
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.sections.usage import SectionContext
from botmeter.web.question import Question
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_MONTH_COLUMNS: Final = (
    Column(label="Month"),
    Column(label="Sessions", variant="r"),
    Column(label="Change", variant="r"),
    Column(label="Per day", variant="r"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsCard:
    """Sessions by month, newest first, back to the first event."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    question: Question
    urls: ReportUrls
    first_event_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    first_on: date
    count: int
    is_whole: bool

    @property
    def last_on(self) -> date:
        return month_last_on(self.first_on)


def months_card(ledger: "ReadableLedger", section: SectionContext) -> MonthsCard:
    """List the last year, with the change of whole months."""
    question = section.question(ledger, ReportAddress(preset=Preset.LAST_12_MONTHS, compare=Compare.NONE))
    first_us = first_event_us_of(ledger, cache=bill_cache)
    first_event_on = None if first_us is None else day_of_us(first_us, timezone=question.zone)
    months = list(_months(ledger, question.query, first_event_on=first_event_on))
    before = [None, *months[:-1]]
    context = _Context(question=question, urls=section.urls, first_event_on=first_event_on)
    lines = [_line(month, earlier, context=context) for month, earlier in zip(months, before, strict=True)]
    return MonthsCard(columns=_MONTH_COLUMNS, lines=tuple(reversed(lines)))


def _months(ledger: "ReadableLedger", query: UsageQuery, *, first_event_on: date | None) -> Iterator[_Month]:
    counted = zip(query.period.days(), day_counts(ledger, query.period, cache=bill_cache), strict=True)
    for first_on, days in groupby(counted, key=lambda counted_day: counted_day[0].replace(day=1)):
        if first_event_on is not None and first_event_on <= month_last_on(first_on):
            is_whole = not is_partial_month(query, first_on) and first_event_on <= first_on
            yield _Month(first_on=first_on, count=sum(count for _on, count in days), is_whole=is_whole)


def _line(month: _Month, before: _Month | None, *, context: _Context) -> tuple[Cell, ...]:
    last_on = min(month.last_on, context.question.query.period.last_on)
    address = context.question.address.between(month.first_on, last_on)
    change = per_day = ""
    if month.is_whole:
        per_day = text.ratio_text(month.count, last_on.day, decimals=1)
        if before is not None and before.is_whole and before.count:
            change = text.change_text(month.count, before=before.count)
    rows_href = context.urls.rows(address) if month.count else ""
    return (
        Cell(
            value=text.month_text(f"{month.first_on:%Y-%m}"),
            href=context.urls.report(address),
            note="" if month.is_whole else _cut_note(month, context=context),
        ),
        count_cell(month.count, href=rows_href, has_number=True),
        Cell(value=change, variant="r num"),
        Cell(value=per_day, variant="r num"),
    )


def _cut_note(month: _Month, *, context: _Context) -> str:
    first_on, last_on = context.first_event_on, context.question.query.period.last_on
    # The last day of this month is not over either.
    if month.last_on >= last_on:
        return f"until {text.day_text(last_on, year=False)}"
    return "" if first_on is None else f"from {text.day_text(first_on, year=False)}"
