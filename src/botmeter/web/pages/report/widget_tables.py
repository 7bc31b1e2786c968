"""Widgets' tables for files: whole numbers under the API's names, all lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from botmeter.domain.week_hours import WEEKDAYS
from botmeter.reports.cost_centres import cost_centre_usage
from botmeter.reports.customers import top_customers
from botmeter.reports.hours import hours
from botmeter.reports.intervals import Interval
from botmeter.reports.report_json import ReportBot, ReportChannel, UsageReport
from botmeter.reports.versions import versions
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.trend_points import labelled_points

CUSTOMERS_MAX: Final = 1_000
"""The page shows 50; all customers are in the underlying data."""

_Further = Mapping[str, Sequence[int | None]]
_TEXT, _COUNT = pa.string(), pa.int64()
_BOT: Final = {"bot_id": _TEXT, "bot_name": _TEXT}
_SESSIONS: Final = {"sessions": _COUNT, "opened": _COUNT}
_INSTANT = pa.timestamp("us", tz="UTC")


def headline_table(context: WidgetContext) -> pa.Table:
    """Figures of the headline."""
    names = ("Sessions consumed", "of which preview", "Conversations", "Tickets")
    before = None if context.compared is None else _figures(context.compared)
    return _table(
        {"figure": _TEXT, "count": _COUNT},
        zip(names, _figures(context.report), strict=True),
        further={} if before is None else {"compared_count": before},
    )


def days_table(context: WidgetContext) -> pa.Table:
    """Sessions and tickets by day."""
    days = ((day.on, day.session_count, day.ticket_count) for day in context.report.trend)
    further = {}
    if context.compared is not None:
        further["compared_sessions"] = [each.point.compared_count for each in labelled_points(context, Interval.DAY)]
    return _table({"date": pa.date32(), "sessions": _COUNT, "tickets": _COUNT}, days, further=further)


def bots_table(context: WidgetContext) -> pa.Table:
    """Sessions by bot."""
    bots, compared = context.report.by_bot, context.compared
    before = None if compared is None else {bot.bot_id: bot for bot in compared.by_bot}
    return _table(
        {**_BOT, **_SESSIONS},
        ((bot.bot_id, bot.bot_name, bot.session_count, bot.opened_count) for bot in bots),
        further=_compared([bot.bot_id for bot in bots], before),
    )


def channels_table(context: WidgetContext) -> pa.Table:
    """Sessions by channel."""
    channels, compared = context.report.by_channel, context.compared
    before = None if compared is None else {one.channel: one for one in compared.by_channel}
    return _table(
        {"channel": _TEXT, **_SESSIONS},
        ((one.channel, one.session_count, one.opened_count) for one in channels),
        further=_compared([one.channel for one in channels], before),
    )


def months_table(context: WidgetContext) -> pa.Table:
    """Sessions by month."""
    months = ((month.month, month.session_count, month.is_partial) for month in context.report.by_month)
    return _table({"month": _TEXT, "sessions": _COUNT, "partial": pa.bool_()}, months)


def ticket_types_table(context: WidgetContext) -> pa.Table:
    """Tickets by type."""
    kinds, compared = context.report.by_ticket_type, context.compared
    further = {}
    if compared is not None:
        before = {one.ticket_type: one.ticket_count for one in compared.by_ticket_type}
        further["compared_tickets"] = [before.get(one.ticket_type, 0) for one in kinds]
    return _table(
        {"ticket_type": _TEXT, "tickets": _COUNT, "sessions": _COUNT},
        ((one.ticket_type, one.ticket_count, one.session_count) for one in kinds),
        further=further,
    )


def matrix_table(context: WidgetContext) -> pa.Table:
    """Sessions by bot and channel."""
    names = {bot.bot_id: bot.bot_name for bot in context.report.by_bot}
    cells = (
        (cell.bot_id, names[cell.bot_id], cell.channel, cell.session_count, cell.opened_count)
        for cell in context.overview.matrix
    )
    return _table({**_BOT, "channel": _TEXT, **_SESSIONS}, cells)


def hours_table(context: WidgetContext) -> pa.Table:
    """Sessions by weekday and hour of start."""
    counts = (
        (name, hour, count)
        for name, day in zip(WEEKDAYS, hours(context.ledger, context.question.query), strict=True)
        for hour, count in enumerate(day)
    )
    return _table({"weekday": _TEXT, "hour": _COUNT, "sessions": _COUNT}, counts)


def ticket_days_table(context: WidgetContext) -> pa.Table:
    """Tickets by day and type."""
    kinds = [one.ticket_type for one in context.report.by_ticket_type]
    counts = (
        (day.on, kind, context.overview.ticket_trend[kind][number])
        for number, day in enumerate(context.report.trend)
        for kind in kinds
    )
    return _table({"date": pa.date32(), "ticket_type": _TEXT, "tickets": _COUNT}, counts)


def customers_table(context: WidgetContext) -> pa.Table:
    """Customers with the most sessions."""
    customers = (
        (one.customer_id, one.session_count, one.conversation_count, one.last_started_us)
        for one in top_customers(context.ledger, context.question.query, limit=CUSTOMERS_MAX)
    )
    return _table(
        {"customer_id": _TEXT, "sessions": _COUNT, "conversations": _COUNT, "last_session_start": _INSTANT}, customers
    )


def cost_centres_table(context: WidgetContext) -> pa.Table:
    """Sessions by cost centre; null: none."""
    usages = cost_centre_usage(context.ledger, context.question.query)
    return _table(
        {"cost_centre": _TEXT, "sessions": _COUNT}, ((one.cost_centre or None, one.session_count) for one in usages)
    )


def versions_table(context: WidgetContext) -> pa.Table:
    """Bot versions."""
    every = (
        (
            one.bot_id,
            one.bot_name,
            one.bot_version,
            one.session_count,
            one.opened_count,
            one.conversation_count,
            one.ticket_count,
            one.handoff_count,
        )
        for one in versions(context.ledger, context.question.query)
    )
    further = {"conversations": _COUNT, "tickets": _COUNT, "handoffs": _COUNT}
    return _table({**_BOT, "bot_version": _TEXT, **_SESSIONS, **further}, every)


def _figures(report: UsageReport) -> list[int]:
    return [report.sessions_consumed, report.preview_count, report.conversation_count, report.ticket_count]


def _compared(keys: Sequence[str | None], before: Mapping[Any, ReportBot | ReportChannel] | None) -> _Further:
    if before is None:
        return {}
    found = [before.get(key) for key in keys]
    return {
        "compared_sessions": [0 if one is None else one.session_count for one in found],
        "compared_opened": [0 if one is None else one.opened_count for one in found],
    }


def _table(
    columns: Mapping[str, pa.DataType], lines: Iterable[tuple[Any, ...]], *, further: _Further | None = None
) -> pa.Table:
    every, counts = list(lines), further or {}
    arrays = [pa.array([line[number] for line in every], kind) for number, kind in enumerate(columns.values())]
    return pa.table([*arrays, *(pa.array(values, _COUNT) for values in counts.values())], names=[*columns, *counts])
