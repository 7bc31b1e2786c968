"""Interval and axis of a chart over time."""

from dataclasses import dataclass

from botmeter.charts.spikes import count_below_spikes
from botmeter.charts.trend import TrendPoint
from botmeter.domain import text
from botmeter.domain.period import Period
from botmeter.reports.intervals import Interval, fitting_interval, offered_intervals, point_count
from botmeter.web.components import Link
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.report_address import ReportAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisChoice:
    """Axis of a trend with spikes; `cut_at` is None if they are shown in full."""

    cut_at: int | None
    sentence: str
    other: Link


def interval_links(context: WidgetContext, widget: str, *, shown: Interval) -> tuple[Link, ...]:
    """Links to the intervals that fit the period; empty if there is only one."""
    day_count = context.question.query.period.day_count
    offered = {*offered_intervals(day_count), shown}
    if len(offered) == 1:
        return ()
    return tuple(
        Link(
            label=each.value.capitalize(),
            href=_href(
                context, widget, address=context.address.by(None if each is fitting_interval(day_count) else each)
            ),
            is_current=each is shown,
        )
        for each in Interval
        if each in offered
    )


def unfit_note(chosen: Interval, shown: Interval, *, period: Period) -> str:
    """Say why another interval than the chosen one is shown."""
    points = text.counted(point_count(chosen, period), "point")
    return f"Shown by {shown.value}, because this period has {points} by {chosen.value}."


def axis_choice(
    context: WidgetContext, widget: str, *, points: tuple[TrendPoint, ...], interval: Interval
) -> AxisChoice | None:
    """Offer the axis with and without spikes; None without any."""
    shown = [point for point in points if point.has_data]
    counts = [count for point in shown for count in (point.count, point.compared_count) if count is not None]
    cut_at, is_full = count_below_spikes(counts), context.address.has_full_axis
    if cut_at is None:
        return None
    spikes = sorted(count for count in counts if count > cut_at)
    highest = text.counted(spikes[-1], "session")
    sentence = f"{len(spikes)} {interval.value}s are far above the others, with up to {highest}."
    if len(spikes) == 1:
        sentence = f"One {interval.value} is far above the others, with {highest}."
    return AxisChoice(
        cut_at=None if is_full else cut_at,
        sentence=sentence,
        other=Link(
            label="Shorten the axis" if is_full else "Show the full axis",
            href=_href(context, widget, address=context.address.with_full_axis(not is_full)),
        ),
    )


def _href(context: WidgetContext, widget: str, *, address: ReportAddress) -> str:
    return f"{context.here.href(address)}#w-{widget}"
