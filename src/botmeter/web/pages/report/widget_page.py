"""One widget by itself: all its lines, and those that take too long for the page of the whole report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botmeter.reports.customers import top_customers
from botmeter.reports.hours import hours
from botmeter.reports.overview import Overview, overview
from botmeter.reports.versions import versions
from botmeter.web.asking import Question
from botmeter.web.pages.frame import Frame
from botmeter.web.pages.report.filter_bar import FilterBar, filter_bar
from botmeter.web.pages.report.grids import hour_widget, matrix
from botmeter.web.pages.report.people_widgets import customers_widget, versions_widget
from botmeter.web.pages.report.places import Places
from botmeter.web.pages.report.splits import bot_split, channel_split, ticket_split
from botmeter.web.pages.report.ticket_trend import ticket_trend_widget
from botmeter.web.pages.report.trend import months_widget, trend_widget

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

CUSTOMER_COUNT: Final = 10

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


def widget_page(ledger: "Ledger", question: Question, *, name: str, places: Places, frame: Frame) -> WidgetPage:
    """The widget of that name; one of `WIDGETS`."""
    bar = filter_bar(question, places=places, bot_names={}, available_from=ledger.account.available_from)
    kind, widget = _made(name, ledger, question=question, places=places)
    return WidgetPage(frame=frame, name=name, title=WIDGETS[name], kind=kind, bar=bar, widget=widget)


def _made(name: str, ledger: "Ledger", *, question: Question, places: Places) -> tuple[str, Any]:
    match name:
        case "hours":
            return "hours", hour_widget(hours(ledger, question.ask), question, places=places)
        case "versions":
            return "versions", versions_widget(versions(ledger, question.ask), question, places=places)
        case "customers":
            found = top_customers(ledger, question.ask, limit=CUSTOMER_COUNT)
            return "customers", customers_widget(found, question, places=places)
    kind, made = _OF_OVERVIEW[name]
    return kind, made(overview(ledger, question.ask, compared=question.compared), question, places)


_Made = Callable[[Overview, Question, Places], Any]

_OF_OVERVIEW: Final[dict[str, tuple[str, _Made]]] = {
    "session-consumption-trend": ("trend", lambda found, asked, places: trend_widget(found, asked, places=places)),
    "monthly-consumption": ("months", lambda found, asked, places: months_widget(found, asked, places=places)),
    "ticket-trend": ("ticket_trend", lambda found, asked, places: ticket_trend_widget(found, asked, places=places)),
    "bot-consumption": ("split", lambda found, asked, places: bot_split(found, asked, places=places, is_whole=True)),
    "channel-consumption": (
        "split",
        lambda found, asked, places: channel_split(found, asked, places=places, is_whole=True),
    ),
    "tickets-by-type": ("split", lambda found, asked, places: ticket_split(found, asked, places=places, is_whole=True)),
    "bot-channel-matrix": ("matrix", lambda found, asked, places: matrix(found, asked, places=places, is_whole=True)),
}
