"""One widget by itself: all its lines, and those that take too long for the page of the whole report."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from botmeter.reports.customers import top_customers
from botmeter.reports.hours import hours
from botmeter.reports.versions import versions
from botmeter.web.layout import Frame
from botmeter.web.pages.report.answer_cache import kept_overview
from botmeter.web.pages.report.answered import Answered, PageContext
from botmeter.web.pages.report.customer_widgets import customers_widget, versions_widget
from botmeter.web.pages.report.filter_bar import FilterBar, bot_names_shown, filter_bar
from botmeter.web.pages.report.grids import hour_widget, matrix
from botmeter.web.pages.report.splits import bot_split, channel_split, ticket_split
from botmeter.web.pages.report.ticket_trend import ticket_trend_widget
from botmeter.web.pages.report.trend import months_widget, trend_points, trend_widget
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

# As many as are as high as the card beside them; the widget by itself shows more.
CUSTOMER_COUNT: Final = 7
CUSTOMER_COUNT_WHOLE: Final = 50

WIDGETS: Final = {
    "session-consumption-trend": "Session consumption trend",
    "bot-consumption": "Bot-based session consumption volume",
    "channel-consumption": "Channel-based session consumption volume",
    "monthly-consumption": "Monthly session consumption volume",
    "tickets-by-type": "Tickets by type",
    "bot-channel-matrix": "Bot × channel",
    "hours": "Hour × weekday",
    "versions": "Versions of bots",
    "customers": "Customers with most sessions",
    "ticket-trend": "Tickets over time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetPage:
    """A widget and the filter bar that applies to it; `kind` names its template."""

    frame: Frame
    name: str
    title: str
    kind: str
    bar: FilterBar
    widget: Any


def widget_page(ledger: "Ledger", question: Question, *, name: str, stage: PageContext) -> WidgetPage:
    """The widget of that name; one of `WIDGETS`."""
    bar = filter_bar(question, places=stage.places, bot_names=bot_names_shown(ledger, question))
    kind, widget = _made(name, ledger, question=question, stage=stage)
    return WidgetPage(frame=stage.frame, name=name, title=WIDGETS[name], kind=kind, bar=bar, widget=widget)


def _made(name: str, ledger: "Ledger", *, question: Question, stage: PageContext) -> tuple[str, Any]:
    places = stage.places
    match name:
        case "hours":
            return "hours", hour_widget(hours(ledger, question.query), question, places=places)
        case "versions":
            return "versions", versions_widget(versions(ledger, question.query), question, places=places)
        case "customers":
            limit = CUSTOMER_COUNT if stage.is_part else CUSTOMER_COUNT_WHOLE
            customers = top_customers(ledger, question.query, limit=limit)
            return "customers", customers_widget(customers, question, places=places)
    kind, made = _OF_OVERVIEW[name]
    found = kept_overview(ledger, question)
    return kind, made(Answered(overview=found, question=question, places=places))


_OF_OVERVIEW: Final[dict[str, tuple[str, Callable[[Answered], Any]]]] = {
    "session-consumption-trend": ("trend", lambda answered: trend_widget(answered, points=trend_points(answered))),
    "monthly-consumption": ("months", months_widget),
    "ticket-trend": ("ticket_trend", ticket_trend_widget),
    "bot-consumption": ("split", partial(bot_split, is_whole=True)),
    "channel-consumption": ("split", partial(channel_split, is_whole=True)),
    "tickets-by-type": ("split", partial(ticket_split, is_whole=True)),
    "bot-channel-matrix": ("matrix", partial(matrix, is_whole=True)),
}
