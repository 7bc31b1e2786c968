"""A widget on its own page, with all rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botmeter.web.layout import Frame
from botmeter.web.pages.report.answer_cache import kept_overview
from botmeter.web.pages.report.answered import Answered, PageContext
from botmeter.web.pages.report.filter_bar import FilterBar, bot_names_shown, filter_bar
from botmeter.web.pages.report.widgets import Widget
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedWidget:
    """A widget with its computed value."""

    name: str
    title: str
    template: str
    span: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetPage:
    """A widget with its filter bar."""

    frame: Frame
    title: str
    bar: FilterBar
    widget: PlacedWidget


def placed(widget: Widget, answered: Answered, *, span: str = "") -> PlacedWidget:
    """Compute a widget; `span` overrides its width."""
    return PlacedWidget(
        name=widget.name,
        title=widget.title,
        template=widget.template,
        span=span or widget.span,
        value=widget.make(answered),
    )


def widget_page(ledger: "ReadableLedger", question: Question, *, widget: Widget, context: PageContext) -> WidgetPage:
    """Build the page of a widget; a part of a report keeps its size."""
    bar = filter_bar(question, urls=context.urls, bot_names=bot_names_shown(ledger, question), access=context.access)
    answered = Answered(
        ledger=ledger,
        overview=kept_overview(ledger, question),
        question=question,
        urls=context.urls,
        access=context.access,
        is_whole=not context.is_part,
    )
    shown = placed(widget, answered, span="" if context.is_part else "c12")
    return WidgetPage(frame=context.frame, title=widget.title, bar=bar, widget=shown)
