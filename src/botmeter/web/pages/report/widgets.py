"""Widgets of the report, each declared once."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.http import Http404

from botmeter.reports.compared_period import Compare
from botmeter.reports.filters import FILTER_NAMES
from botmeter.reports.presets import Preset
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.customer_widgets import customers_widget, versions_widget
from botmeter.web.pages.report.grids import hour_widget, matrix
from botmeter.web.pages.report.headline import headline
from botmeter.web.pages.report.months import months_widget
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.splits import bot_split, channel_split, ticket_split
from botmeter.web.pages.report.ticket_trend import ticket_trend_widget
from botmeter.web.pages.report.trend import trend_widget


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
        loads_later: Slow: requested after the page.
    """

    name: str
    title: str
    template: str
    make: Callable[[WidgetContext], object]
    span: str = "c12"
    has_table: bool = False
    rows_sort: str = ""
    loads_later: bool = False
    shared: Shared = Shared.NEVER


# In page order.
WIDGETS: Final[tuple[Widget, ...]] = (
    Widget(
        name="sessions-consumed",
        title="Sessions consumed",
        template="headline",
        make=headline,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="session-consumption-trend",
        title="Session consumption trend",
        template="trend",
        make=trend_widget,
        has_table=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="bot-consumption",
        title="Bot-based session consumption volume",
        template="split",
        make=bot_split,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="channel-consumption",
        title="Channel-based session consumption volume",
        template="split",
        make=channel_split,
        span="c5",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="monthly-consumption",
        title="Monthly session consumption volume",
        template="months",
        make=months_widget,
        has_table=True,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="tickets-by-type",
        title="Tickets by type",
        template="split",
        make=ticket_split,
        span="c5",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="bot-channel-matrix",
        title="Bot × channel",
        template="matrix",
        make=matrix,
        span="c7",
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="hours",
        title="Hour × weekday",
        template="hours",
        make=hour_widget,
        span="c5",
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="ticket-trend",
        title="Tickets over time",
        template="ticket_trend",
        make=ticket_trend_widget,
        rows_sort="-tickets",
        span="c7",
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
    Widget(
        name="customers",
        title="Customers with the most sessions",
        template="table",
        make=customers_widget,
        rows_sort="customer",
        span="c5",
        loads_later=True,
        shared=Shared.WITH_ROWS,
    ),
    Widget(
        name="versions",
        title="Bot versions",
        template="table",
        make=versions_widget,
        loads_later=True,
        shared=Shared.ALWAYS,
    ),
)


def widgets_of(access: ReportAccess) -> tuple[Widget, ...]:
    """Allowed widgets, in order."""
    return tuple(widget for widget in WIDGETS if widget.name in access.widgets)


def widget_named(name: str, access: ReportAccess) -> Widget:
    """Return an allowed widget, else 404."""
    for widget in widgets_of(access):
        if widget.name == name:
            return widget
    raise Http404


def member_access() -> ReportAccess:
    """Return a member's access: everything."""
    return ReportAccess(
        widgets=frozenset(widget.name for widget in WIDGETS),
        facts=frozenset(Fact),
        filters=frozenset(FILTER_NAMES),
        presets=frozenset(Preset),
        comparisons=frozenset(Compare),
    )


def shared_widgets(*, with_rows: bool) -> frozenset[str]:
    """Widgets of a share link."""
    uses = {Shared.ALWAYS, Shared.WITH_ROWS} if with_rows else {Shared.ALWAYS}
    return frozenset(widget.name for widget in WIDGETS if widget.shared in uses)
