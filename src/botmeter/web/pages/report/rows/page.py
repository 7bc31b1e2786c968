"""The page of the underlying data."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.reports.row_options import Grouping, SortKey
from botmeter.reports.row_pages import RowPage, SessionLine, row_page, session_rows
from botmeter.web.components import Cell, Choice, Column, Link, Opener, Pager
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.filter_bar import FilterBar, filter_bar
from botmeter.web.pages.report.notices import Notice
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.rows.exports import NO_EXPORTS, Exports
from botmeter.web.pages.report.rows.lines import NUMBERS, Line, column_label, row_cells, session_cells
from botmeter.web.pages.report.rows.view_options import RowsAddress
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_INNER_COLUMNS: Final = (
    "conversation_id",
    "bot_name",
    "bot_version",
    "channel",
    "conversation_created_at",
    "conversation_updated_at",
    "events",
    "ticket_ids",
)
_DEFINITIONS: Final = {
    Grouping.SESSION: "Each line is a session; expand it to see its rows. An export has one row per session; list "
    "by conversation to export one per conversation, bot, version and channel.",
    Grouping.CONVERSATION: "Each line is a row of the export: a session with a conversation, bot, version and channel.",
}
_SORT_KEYS: Final = {
    "session_start": SortKey.SESSION_START,
    "session_end": SortKey.SESSION_END,
    "customer": SortKey.CUSTOMER,
    "customer_id": SortKey.CUSTOMER,
    "conversations": SortKey.CONVERSATIONS,
    "tickets": SortKey.TICKETS,
    "events": SortKey.EVENTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage:
    """Underlying data; `tickets` is None unless ticket types are filtered."""

    frame: Frame
    sessions: Cell
    rows: Cell
    tickets: Cell | None
    bar: FilterBar
    notices: tuple[Notice, ...]
    report_href: str
    groupings: tuple[Link, ...]
    search: str
    search_action: str
    search_fields: tuple[tuple[str, str], ...]
    search_clear_href: str
    columns: tuple[Column, ...]
    column_choices: tuple[Choice, ...]
    column_label: str
    column_fields: tuple[tuple[str, str], ...]
    column_reset_href: str
    inner_columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    has_openers: bool
    pager: Pager
    page_size: str
    exports: Exports
    definition: str
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRequest:
    """A request for underlying data."""

    question: Question
    view: RowsAddress
    page: PageContext

    @property
    def is_by_session(self) -> bool:
        return self.view.options.grouping is Grouping.SESSION

    def href(self, view: RowsAddress) -> str:
        return self.page.urls.rows(self.question.address, **view.pairs())

    def pairs_without(self, *names: str) -> tuple[tuple[str, str], ...]:
        pairs = (*self.question.address.pairs(), *self.view.pairs().items())
        return tuple(pair for pair in pairs if pair[0] not in names)


def rows_page(ledger: "ReadableLedger", request: RowsRequest, *, exports: Exports = NO_EXPORTS) -> RowsPage:
    """Build the page."""
    question, view, urls = request.question, request.view, request.page.urls
    rows = row_page(ledger, question.query, options=view.options, cursor=view.cursor or None)
    columns = view.visible_columns
    return RowsPage(
        frame=request.page.frame,
        sessions=_counted(rows.session_count, "session"),
        rows=_counted(rows.row_count, "row"),
        tickets=None if rows.ticket_count is None else _counted(rows.ticket_count, "ticket"),
        bar=filter_bar(ledger, question, page=request.page, is_for_rows=True),
        notices=() if rows.row_count else (_no_rows(request),),
        report_href=urls.report(question.address),
        groupings=_groupings(request),
        search=view.options.search,
        search_action=urls.rows(question.address).partition("?")[0],
        search_fields=request.pairs_without("search", "cursor", "session"),
        search_clear_href=request.href(view.without_search()),
        columns=_columns(request),
        column_choices=tuple(
            Choice(value=name, label=column_label(name), is_chosen=name in columns) for name in view.offered_columns
        ),
        column_label=f"{len(columns)} of {len(view.offered_columns)}",
        column_fields=request.pairs_without("columns"),
        column_reset_href=request.href(replace(view, columns=())),
        inner_columns=tuple(_column(name) for name in _INNER_COLUMNS),
        lines=tuple(
            [_session_line(ledger, line, request=request) for line in rows.lines]
            or [Line(cells=row_cells(row, columns, question=question, urls=urls)) for row in rows.rows]
        ),
        has_openers=request.is_by_session,
        pager=_pager(rows, request),
        page_size=_page_size(rows, request),
        exports=_exports(rows, request, exports=exports),
        definition=_DEFINITIONS[view.options.grouping],
        footer=question.zone,
    )


def _counted(count: int, noun: str) -> Cell:
    return Cell(value=text.counted(count, noun), number=count)


def _no_rows(request: RowsRequest) -> Notice:
    search, address, page = request.view.options.search, request.question.address, request.page
    if search:
        return Notice(
            fact=f"No rows match “{search}”.",
            consequence="Search matches the beginning of IDs.",
            action=Link(label="Clear search", href=request.href(request.view.without_search())),
        )
    suggestion: Link | None = None
    if address.has_filters and page.access.allows(Fact.SUGGESTIONS):
        suggestion = Link(label="Clear filters", href=page.urls.rows(address.cleared()))
    return Notice(fact="No rows match.", consequence="Choose another period or other filters.", action=suggestion)


def _groupings(request: RowsRequest) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=label,
            href=request.href(request.view.grouped(grouping)),
            is_current=request.view.options.grouping is grouping,
        )
        for label, grouping in (("By session", Grouping.SESSION), ("By conversation", Grouping.CONVERSATION))
    )


def _column(name: str, *, note: str = "") -> Column:
    return Column(label=column_label(name) + note, variant="r" if name in NUMBERS else "")


def _columns(request: RowsRequest) -> tuple[Column, ...]:
    options = request.view.options
    columns = []
    for name in request.view.visible_columns:
        # Rows have counts of their own, but sessions are sorted.
        key = _SORT_KEYS.get(name) if request.is_by_session or name not in NUMBERS else None
        column = _column(name, note=f" ({request.question.zone})" if name == "session_start" else "")
        if key is not None:
            column = replace(column, href=request.href(request.view.sorted_by(key)))
        if key is options.sort:
            column = replace(column, sorted="descending" if options.descending else "ascending")
        columns.append(column)
    return tuple(columns)


def _session_line(ledger: "ReadableLedger", line: SessionLine, *, request: RowsRequest) -> Line:
    question, view, urls = request.question, request.view, request.page.urls
    is_open = line.session_id == view.open_session
    inner: tuple[tuple[Cell, ...], ...] = ()
    if is_open:
        rows = session_rows(ledger, question.query, session_id=line.session_id, search=view.options.search)
        inner = tuple(row_cells(row, _INNER_COLUMNS, question=question, urls=urls) for row in rows)
    toggled = view.opening("" if is_open else line.session_id)
    anchor = f"s-{line.session_id[:8]}"
    return Line(
        cells=session_cells(line, view.visible_columns, question=question, urls=urls),
        anchor=anchor,
        opener=Opener(
            name=f"{'Hide' if is_open else 'Show'} conversations of {line.session_id}",
            href=f"{request.href(toggled)}#{anchor}",
            is_open=is_open,
        ),
        session_href=urls.session(line.session_id),
        inner_title=f"{text.counted(line.conversation_count, 'conversation')} in this session",
        inner=inner,
    )


def _pager(rows: RowPage, request: RowsRequest) -> Pager:
    def href(cursor: str | None) -> str:
        return "" if cursor is None else request.href(request.view.at(cursor))

    options = request.view.options
    is_by_time = options.sort is SortKey.SESSION_START
    newer, older = "Previous rows", "Next rows"
    if is_by_time:
        labels = ("Newer sessions", "Older sessions")
        newer, older = labels if options.descending else reversed(labels)
    return Pager(
        range=_range(rows, request.question) if is_by_time else "",
        newer_href=href(rows.previous_cursor),
        older_href=href(rows.next_cursor),
        newer_label=newer,
        older_label=older,
    )


def _range(rows: RowPage, question: Question) -> str:
    starts = [line.started_us for line in rows.lines] or [row.session_start for row in rows.rows]
    if not starts:
        return ""
    first, last = question.row_instant(starts[0]), question.row_instant(starts[-1])
    is_same_day = first.rpartition(" ")[0] == last.rpartition(" ")[0]
    return f"{first} {text.DASH} {last.rpartition(' ')[2] if is_same_day else last}"


def _exports(rows: RowPage, request: RowsRequest, *, exports: Exports) -> Exports:
    total, noun = (rows.session_count, "session") if request.is_by_session else (rows.row_count, "row")
    return replace(exports, label=f"Export {text.counted(total, noun)}:", total=total) if total else NO_EXPORTS


def _page_size(rows: RowPage, request: RowsRequest) -> str:
    if request.is_by_session:
        return f"{len(rows.lines)} of {text.counted(rows.session_count, 'session')}"
    return f"{len(rows.rows)} of {text.counted(rows.row_count, 'row')}"
