"""Headline figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import UNSET

from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.reports.compared_period import Compare
from botmeter.reports.presets import Preset
from botmeter.reports.report_json import UsageReport
from botmeter.reports.row_options import ChargeFilter, Grain
from botmeter.web.components import Link
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.trend import spark


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """Figure with its change; `number` is None unless a count."""

    label: str
    value: str
    number: int | None = None
    href: str = ""
    change: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """Headline figures; `notes` are of which preview and, with a plan, of which not charged."""

    sessions: Kpi
    notes: tuple[Link, ...]
    spark: Chart
    others: tuple[Kpi, ...]


def headline(context: WidgetContext) -> Headline:
    """Build the figures."""
    report, address, urls = context.report, context.address, context.urls
    return Headline(
        sessions=_sessions(context),
        notes=(
            Link(
                label=f"of which preview {text.count_text(report.preview_count)}",
                href=urls.rows(address.preview(True)) if report.preview_count else "",
            ),
            *_not_charged(context),
        ),
        spark=spark(context),
        others=_others(context),
    )


def _not_charged(context: WidgetContext) -> tuple[Link, ...]:
    count = context.report.not_charged_count
    if count is UNSET or not context.access.allows(Fact.CHARGES):
        return ()
    href = context.urls.rows(context.address, charge=ChargeFilter.NOT_CHARGED) if count else ""
    return (Link(label=f"of which not charged {text.count_text(count)}", href=href),)


def _others(context: WidgetContext) -> tuple[Kpi, ...]:
    report, before = context.report, context.compared
    address, urls = context.address, context.urls
    day_count, day_count_before = _day_counts(context)
    return (
        _counted(
            context,
            "Conversations",
            count_of=lambda one: one.conversation_count,
            href=urls.rows(address, grain=Grain.CONVERSATION),
        ),
        _counted(
            context, "Tickets", count_of=lambda one: one.ticket_count, href=urls.rows(address, grain=Grain.TICKET)
        ),
        _ratio(
            "Conv. per session",
            (report.conversation_count, report.sessions_consumed),
            before=None if before is None else (before.conversation_count, before.sessions_consumed),
        ),
        _ratio(
            "Sessions per day",
            (report.sessions_consumed, day_count),
            before=None if before is None else (before.sessions_consumed, day_count_before),
            decimals=0 if report.sessions_consumed >= 100 * day_count else 1,
        ),
    )


def _day_counts(context: WidgetContext) -> tuple[int, int]:
    before = context.overview.compared_days
    return max(1, context.overview.days.data_day_count), 0 if before is None else before.data_day_count


def _counted(context: WidgetContext, label: str, *, count_of: Callable[[UsageReport], int], href: str) -> Kpi:
    count, change, before_text = count_of(context.report), "", ""
    if context.compared is not None:
        before = count_of(context.compared)
        change = "" if context.comparable is None else text.change_text(count, before=before)
        before_text = _before_text(context, before)
    return Kpi(
        label=label,
        value=text.count_text(count),
        number=count,
        href=href if count else "",
        change=change,
        before=before_text,
    )


def _before_text(context: WidgetContext, before: int) -> str:
    days = context.overview.compared_days
    if days is None or days.is_complete:
        return f"from {text.count_text(before)}"
    return f"{text.count_text(before)} before, from {days.data_day_count} of {text.counted(days.day_count, 'day')}"


def _sessions(context: WidgetContext) -> Kpi:
    kpi = _counted(
        context,
        "Sessions consumed",
        count_of=lambda one: one.sessions_consumed,
        href=context.urls.rows(context.address),
    )
    is_compared = context.address.compare is not Compare.NONE and context.address.preset is not Preset.ALL
    if context.compared is None and is_compared:
        return replace(kpi, before="No earlier data to compare with")
    day_count, day_count_before = _day_counts(context)
    change = context.overview.session_change_per_day
    if change is None or day_count == day_count_before:
        return kpi
    days = f"{text.count_text(day_count)} and {text.counted(day_count_before, 'day')}"
    return replace(kpi, before=f"{kpi.before}, {text.percent_text(change)} per day ({days})")


def _ratio(label: str, now: tuple[int, int], *, before: tuple[int, int] | None, decimals: int = 2) -> Kpi:
    value = text.ratio_text(*now, decimals=decimals)
    if before is None or not before[1] or not now[1]:
        return Kpi(label=label, value=value)
    value_before = text.ratio_text(*before, decimals=decimals)
    change = text.signed(now[0] / now[1] - before[0] / before[1], decimals=decimals)
    return Kpi(
        label=label,
        value=value,
        change="No change" if value == value_before else change,
        before=f"from {value_before}",
    )
