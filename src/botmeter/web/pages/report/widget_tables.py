"""Tables of single widgets, for files: whole numbers under the names of the API, all lines."""

from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa

from botmeter.domain.week_hours import WEEKDAYS
from botmeter.reports.customers import top_customers
from botmeter.reports.hours import hours
from botmeter.reports.versions import versions
from botmeter.web.pages.report.contexts import WidgetContext

CUSTOMERS_MAX: Final = 1_000
"""The page shows 50; all customers are in the underlying data."""

_TEXT, _COUNT = pa.string(), pa.int64()
_BOT: Final = {"bot_id": _TEXT, "bot_name": _TEXT}
_SESSIONS: Final = {"sessions": _COUNT, "opened": _COUNT}
_INSTANT = pa.timestamp("us", tz="UTC")


def headline_table(context: WidgetContext) -> pa.Table:
    """Figures of the headline."""
    report = context.report
    return _table(
        {"figure": _TEXT, "count": _COUNT},
        [
            ("Sessions consumed", report.sessions_consumed),
            ("of which preview", report.preview_count),
            ("Conversations", report.conversation_count),
            ("Tickets", report.ticket_count),
        ],
    )


def days_table(context: WidgetContext) -> pa.Table:
    """Sessions and tickets by day."""
    days = ((day.on, day.session_count, day.ticket_count) for day in context.report.trend)
    return _table({"date": pa.date32(), "sessions": _COUNT, "tickets": _COUNT}, days)


def bots_table(context: WidgetContext) -> pa.Table:
    """Sessions by bot."""
    bots = ((bot.bot_id, bot.bot_name, bot.session_count, bot.opened_count) for bot in context.report.by_bot)
    return _table({**_BOT, **_SESSIONS}, bots)


def channels_table(context: WidgetContext) -> pa.Table:
    """Sessions by channel."""
    channels = ((one.channel, one.session_count, one.opened_count) for one in context.report.by_channel)
    return _table({"channel": _TEXT, **_SESSIONS}, channels)


def months_table(context: WidgetContext) -> pa.Table:
    """Sessions by month."""
    months = ((month.month, month.session_count, month.is_partial) for month in context.report.by_month)
    return _table({"month": _TEXT, "sessions": _COUNT, "partial": pa.bool_()}, months)


def ticket_types_table(context: WidgetContext) -> pa.Table:
    """Tickets by type."""
    kinds = ((one.ticket_type, one.ticket_count, one.session_count) for one in context.report.by_ticket_type)
    return _table({"ticket_type": _TEXT, "tickets": _COUNT, "sessions": _COUNT}, kinds)


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


def _table(columns: dict[str, pa.DataType], lines: Iterable[tuple[Any, ...]]) -> pa.Table:
    every = list(lines)
    arrays = [pa.array([line[number] for line in every], kind) for number, kind in enumerate(columns.values())]
    return pa.table(arrays, names=list(columns))
