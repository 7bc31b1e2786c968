"""Widget on its own page, with all rows."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botmeter.reports.row_options import Grain
from botmeter.web.components import Tools
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext, WidgetContext, widget_context
from botmeter.web.pages.report.filter_bar import FilterBar, filter_bar
from botmeter.web.pages.report.widget_exports import widget_exports
from botmeter.web.pages.report.widgets import Widget
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWidget:
    """Widget of a page; `value` is None until it loads."""

    name: str
    title: str
    template: str
    span: str
    tools: Tools
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetPage:
    """Widget with its filter bar; without one, the part that a report loads later."""

    frame: Frame
    bar: FilterBar | None
    widget: PageWidget


def page_widget(widget: Widget, context: WidgetContext, *, is_deferred: bool = False, span: str = "") -> PageWidget:
    """Compute a widget, unless it is deferred."""
    return PageWidget(
        name=widget.name,
        title=widget.title,
        template=widget.template,
        span=span or widget.span,
        tools=_tools(widget, context),
        value=None if is_deferred else widget.make(context),
    )


def _tools(widget: Widget, context: WidgetContext) -> Tools:
    address, urls, here, anchor = context.address, context.urls, context.here, f"#w-{widget.name}"
    view = {"sort": widget.rows_sort} if widget.rows_sort else {}
    if widget.grain is not Grain.SESSION:
        view["grain"] = widget.grain
    tools = Tools(
        rows_href=urls.rows(address, **view),
        exports=widget_exports(widget, context),
        expand_href="" if context.is_whole else urls.widget(widget.name, address),
    )
    if not widget.has_table:
        return tools
    is_table = widget.name in address.table
    current_href, other_href = here.href(address) + anchor, here.href(address.toggled_table(widget.name)) + anchor
    chart_href, table_href = (other_href, current_href) if is_table else (current_href, other_href)
    return replace(tools, is_table=is_table, chart_href=chart_href, table_href=table_href)


def widget_page(ledger: "ReadableLedger", question: Question, *, widget: Widget, page: PageContext) -> WidgetPage:
    """Build the page; a part of a report keeps its size."""
    context = widget_context(ledger, question, page=page, widget="" if page.is_part else widget.name)
    return WidgetPage(
        frame=page.frame,
        bar=None if page.is_part else filter_bar(ledger, question, page=page, here=context.here),
        widget=page_widget(widget, context, span="" if page.is_part else "c12"),
    )
