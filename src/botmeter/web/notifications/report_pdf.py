"""Reports as PDF: headline figures, trend, and sessions by bot, channel and month."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from botmeter import __version__
from botmeter.charts.picture import chart_file
from botmeter.charts.plane import WIDTHS
from botmeter.domain import text
from botmeter.pdf.document import Cell, Named, PdfChart, PdfDocument, PdfSection, PdfTable
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.headline import Headline, Kpi
from botmeter.web.pages.report.trend import trend_widget

CHART_PX: Final = 676
"""Shown at 482 pt, the width of a page, where a label of 12 px is as large as the tables' text."""
LINES_MAX: Final = 100
"""Bots and channels of a table: a page has about 45 lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTitle:
    """Texts around the numbers of a report.

    Attributes:
        filters: In words; empty for everything.
        made_at_us: Creation time (µs UTC).
    """

    name: str
    account: Named
    days: str
    filters: str
    made_at_us: int


def report_document(widgets: WidgetContext, figures: Headline, *, title: ReportTitle) -> PdfDocument:
    """Write a report as text."""
    made_at = text.instant_text(title.made_at_us, seconds=False)
    return PdfDocument(
        title=title.name,
        account=title.account,
        figure=(figures.sessions.label, figures.sessions.value),
        facts=tuple(_facts(widgets, figures, title=title)),
        chart=_chart(widgets, days=title.days) if widgets.report.sessions_consumed else None,
        sections=tuple(_sections(widgets)),
        footer=f"{title.name} · Created {made_at} UTC · Botmeter {__version__}",
        at_us=title.made_at_us,
    )


def _facts(widgets: WidgetContext, figures: Headline, *, title: ReportTitle) -> Iterator[tuple[str, Cell]]:
    yield "Days", title.days
    if title.filters:
        yield "Filters", title.filters
    if change := _change(figures.sessions):
        yield "Change in sessions", change
    yield from ((kpi.label, " ".join(filter(None, (kpi.value, _in_brackets(_change(kpi)))))) for kpi in figures.others)
    if widgets.report.preview_count:
        yield "Of which preview", text.count_text(widgets.report.preview_count)
    yield "Session policy", widgets.report.policy


def _change(kpi: Kpi) -> str:
    return " ".join(filter(None, (kpi.change, kpi.before)))


def _in_brackets(sentence: str) -> str:
    return f"({sentence})" if sentence else ""


def _chart(widgets: WidgetContext, *, days: str) -> PdfChart:
    trend, count = trend_widget(widgets), text.counted(widgets.report.sessions_consumed, "session")
    unit = trend.head.lower()
    return PdfChart(
        svg=chart_file(trend.chart.drawings[WIDTHS.index(CHART_PX)]).encode(),
        alt=f"Chart: {count} by {unit}, {days}.",
        # The dashed line has the second days.
        caption=f"Sessions by {unit}, {', dashed: '.join(key.label for key in trend.keys)}",
    )


def _sections(widgets: WidgetContext) -> Iterator[PdfSection]:
    report = widgets.report
    if not report.sessions_consumed:
        return
    bots = [
        (
            _bot(bot.bot_id, bot.bot_name),
            bot.session_count,
        )
        for bot in report.by_bot
    ]
    yield _split("Bot", bots, whole=report.sessions_consumed, excess=report.bot_overlap)
    channels: list[tuple[Cell, int]] = [(channel.channel, channel.session_count) for channel in report.by_channel]
    yield _split("Channel", channels, whole=report.sessions_consumed, excess=report.channel_overlap)
    yield _months(widgets)


def _bot(bot_id: str | None, name: str | None) -> Cell:
    return "No bot (agents only)" if bot_id is None else Named(name=name or bot_id, id=bot_id)


def _split(heading: str, counts: list[tuple[Cell, int]], *, whole: int, excess: int) -> PdfSection:
    ranked = sorted(((name, count) for name, count in counts if count), key=lambda line: -line[1])
    noun = heading.lower()
    notes = []
    if len(ranked) > LINES_MAX:
        notes.append(f"The first {LINES_MAX} of {text.counted(len(ranked), noun)}.")
    if excess:
        notes.append(
            f"A session that touched several {noun}s counts under each, so the {noun}s add up to "
            f"{text.count_text(excess)} more than the sessions consumed."
        )
    return PdfSection(
        heading=f"Sessions by {noun}",
        note=" ".join(notes),
        table=PdfTable(
            columns=(heading, "Sessions", "Share"),
            rows=tuple(
                (name, text.count_text(count), text.share_text(count, whole=whole))
                for name, count in ranked[:LINES_MAX]
            ),
        ),
    )


def _months(widgets: WidgetContext) -> PdfSection:
    report = widgets.report
    return PdfSection(
        heading="Sessions by month",
        note="Only the days of the report are counted." if any(month.is_partial for month in report.by_month) else "",
        table=PdfTable(
            columns=("Month", "Sessions"),
            rows=tuple(
                (
                    text.month_text(month.month) + (", in part" if month.is_partial else ""),
                    "No data" if month.session_count is None else text.count_text(month.session_count),
                )
                for month in report.by_month
            ),
            totals=(("Total", text.count_text(report.sessions_consumed)),),
        ),
    )
