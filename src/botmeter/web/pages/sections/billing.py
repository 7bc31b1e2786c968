"""Billing: sessions of this month and of the last twelve, and the rule that counts them."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.instant import now_us
from botmeter.domain.period import month_last_on
from botmeter.ledger.event_rows import has_events
from botmeter.metering.policy import in_force
from botmeter.people.rights import Right
from botmeter.reports.compared_period import Compare
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.reports.presets import Preset
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Column, Link, count_cell
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.sections.cards import ImportsCard, ViewsCard, imports_card, views_card
from botmeter.web.pages.sections.usage import MonthToDate, SectionContext, month_to_date
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, Split

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
    """Sessions by month, newest first; the months before the first event are left out."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """A month; whole if it is over and began after the first event."""

    first_on: date
    count: int
    is_whole: bool

    @property
    def last_on(self) -> date:
        return month_last_on(self.first_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingCard:
    """The policy in force."""

    policy: str
    sentence: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPage:
    """Start page of Billing; `month` and `months` are None before the first event."""

    frame: Frame
    report: Link
    month: MonthToDate | None
    months: MonthsCard | None
    counting: CountingCard
    views: ViewsCard
    imports: ImportsCard | None


@for_member(Right.SEE_BILLING)
def billing(visit: Visit) -> HttpResponse:
    """Show the page."""
    page_frame, zone = frame(visit, title="Billing", current="billing"), preferred_zone(visit.account)
    # Each session counts for the bot that opened it, so that the bots add up to the bill.
    section = SectionContext(
        frame=page_frame, account=visit.account, entry_point=EntryPoint.BILLING, split=Split.OPENED, zone=zone
    )
    views = views_card(visit, EntryPoint.BILLING)
    with visit.reading() as ledger:
        is_filled = has_events(ledger)
        page = BillingPage(
            frame=page_frame,
            report=Link(
                label="Session usage report", href=reverse("billing-report", args=(visit.account,)), symbol="bill"
            ),
            month=month_to_date(ledger, section) if is_filled else None,
            months=_months(ledger, section) if is_filled else None,
            counting=_counting(visit, ledger),
            views=views,
            imports=imports_card(visit, ledger, zone=zone),
        )
    return rendered(visit.request, "billing.html", page=page)


def _counting(visit: Visit, ledger: "ReadableLedger") -> CountingCard:
    term = in_force(ledger.schedule, at_us=now_us())
    return CountingCard(
        policy=term.policy.label,
        sentence=policy_sentence(term.policy),
        href=reverse("counting", args=(visit.account,)),
    )


def _months(ledger: "ReadableLedger", section: SectionContext) -> MonthsCard:
    context = section.answer(ledger, ReportAddress(preset=Preset.LAST_12_MONTHS, compare=Compare.NONE))
    months = [
        _Month(
            first_on=first_on,
            count=month.session_count or 0,
            is_whole=not month.is_partial and _starts_before(context, first_on),
        )
        for month in context.report.by_month
        if _starts_before(context, month_last_on(first_on := date.fromisoformat(f"{month.month}-01")))
    ]
    before = [None, *months[:-1]]
    lines = [_line(month, earlier, context=context) for month, earlier in zip(months, before, strict=True)]
    return MonthsCard(columns=_MONTH_COLUMNS, lines=tuple(reversed(lines)))


def _starts_before(context: WidgetContext, on: date) -> bool:
    first_event_on = context.overview.first_event_on
    return first_event_on is not None and first_event_on <= on


def _line(month: _Month, before: _Month | None, *, context: WidgetContext) -> tuple[Cell, ...]:
    last_on = min(month.last_on, context.question.query.period.last_on)
    address = context.address.between(month.first_on, last_on)
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


def _cut_note(month: _Month, *, context: WidgetContext) -> str:
    first_on, last_on = context.overview.first_event_on, context.question.query.period.last_on
    if month.last_on > last_on:
        return f"until {text.day_text(last_on, year=False)}"
    return "" if first_on is None else f"from {text.day_text(first_on, year=False)}"
