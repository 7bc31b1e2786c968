"""Widgets of the report, each declared once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import pyarrow as pa
from django.http import Http404

from botmeter.reports.compared_period import Compare
from botmeter.reports.filters import FILTER_NAMES
from botmeter.reports.presets import Preset
from botmeter.reports.row_options import Grain
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.customer_widgets import customers_widget
from botmeter.web.pages.report.grids import hour_widget, matrix
from botmeter.web.pages.report.headline import headline
from botmeter.web.pages.report.months import months_widget
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.splits import bot_split, channel_split, cost_centre_split, ticket_split
from botmeter.web.pages.report.ticket_trend import ticket_trend_widget
from botmeter.web.pages.report.trend import trend_widget
from botmeter.web.pages.report.versions_widget import versions_widget
from botmeter.web.pages.report.widget_tables import (
    bots_table,
    channels_table,
    cost_centres_table,
    customers_table,
    days_table,
    headline_table,
    hours_table,
    matrix_table,
    months_table,
    ticket_days_table,
    ticket_types_table,
    versions_table,
)


class Shared(StrEnum):
    """Share links that include a widget."""

    NEVER = "never"
    WITH_ROWS = "with_rows"
    """Links that show the underlying data, with the ids of customers."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """Declaration of a widget.

    Attributes:
        span: Grid columns, `c1` to `c12`.
        table: Its numbers, for files, if any.
        grain: Of its underlying data.
        loads_later: Requested after the page.
        needs_cost_centres: Left out where none was ever set.
    """

    name: str
    title: str
    template: str
    make: Callable[[WidgetContext], object]
    table: Callable[[WidgetContext], pa.Table] | None = None
    span: str = "c12"
    has_table: bool = False
    rows_sort: str = ""
    grain: Grain = Grain.SESSION
    loads_later: bool = False
    needs_cost_centres: bool = False
    shared: Shared = Shared.NEVER


# In page order.
WIDGETS: Final[tuple[Widget, ...]] = (
    Widget(
        name="sessions-consumed",
        title="Sessions consumed",
        template="headline",
        make=headline,
        table=headline_table,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="session-consumption-trend",
        title="Session consumption trend",
        template="trend",
        make=trend_widget,
        table=days_table,
        has_table=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="bot-consumption",
        title="Bot-based session consumption volume",
        template="split",
        make=bot_split,
        table=bots_table,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="channel-consumption",
        title="Channel-based session consumption volume",
        template="split",
        make=channel_split,
        table=channels_table,
        span="c5",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="monthly-consumption",
        title="Monthly session consumption volume",
        template="months",
        make=months_widget,
        table=months_table,
        has_table=True,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="tickets-by-type",
        title="Tickets by type",
        template="split",
        make=ticket_split,
        table=ticket_types_table,
        grain=Grain.TICKET,
        span="c5",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="bot-channel-matrix",
        title="Bot × channel",
        template="matrix",
        make=matrix,
        table=matrix_table,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="hours",
        title="Hour × weekday",
        template="hours",
        make=hour_widget,
        table=hours_table,
        span="c5",
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="ticket-trend",
        title="Tickets over time",
        template="ticket_trend",
        make=ticket_trend_widget,
        table=ticket_days_table,
        grain=Grain.TICKET,
        span="c7",
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="customers",
        title="Customers with the most sessions",
        template="table",
        make=customers_widget,
        table=customers_table,
        rows_sort="customer",
        span="c5",
        loads_later=True,
        shared=Shared.WITH_ROWS,
    ),
    Widget(
        name="cost-centre-consumption",
        title="Session consumption by cost centre",
        template="split",
        make=cost_centre_split,
        table=cost_centres_table,
        needs_cost_centres=True,
    ),
    Widget(
        name="versions",
        title="Bot versions",
        template="versions",
        make=versions_widget,
        table=versions_table,
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
)


def widgets_of(access: ReportAccess) -> tuple[Widget, ...]:
    """Allowed widgets, in order."""
    return tuple(widget for widget in WIDGETS if widget.name in access.widgets)


def widget_named(name: str, access: ReportAccess) -> Widget:
    """Allowed widget, else 404."""
    for widget in widgets_of(access):
        if widget.name == name:
            return widget
    raise Http404


def member_access(*, may_export: bool = False) -> ReportAccess:
    """Member's access: everything, but exports only if granted."""
    return ReportAccess(
        widgets=frozenset(widget.name for widget in WIDGETS),
        facts=frozenset(Fact) if may_export else frozenset(Fact) - {Fact.EXPORTS},
        filters=frozenset(FILTER_NAMES),
        presets=frozenset(Preset),
        comparisons=frozenset(Compare),
    )


def shared_widgets(*, with_rows: bool) -> frozenset[str]:
    """Widgets of a share link."""
    uses = {Shared.ALWAYS, Shared.WITH_ROWS} if with_rows else {Shared.ALWAYS}
    return frozenset(widget.name for widget in WIDGETS if widget.shared in uses)
