"""Page of the underlying data."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.billing.session_charges import charges_for, has_charges
from botmeter.domain import text
from botmeter.reports import row_lines
from botmeter.reports.row_lines import RowPage, SessionLine
from botmeter.reports.row_options import ChargeFilter, Grain, SortKey
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.reports.rows import UnderlyingRow
from botmeter.web.components import Cell, Choice, Column, Link, LinkChip, Opener, Pager
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.filter_bar import FilterBar, filter_bar
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.notices import Notice
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.rows.columns import NUMBERS, SORTED_COLUMNS, column_label
from botmeter.web.pages.report.rows.exports import NO_EXPORTS, Exports
from botmeter.web.pages.report.rows.lines import Line, line_cells, line_href
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
    Grain.SESSION: "Each line is a session, as in an export; expand it to see its rows.",
    Grain.CONVERSATION: "Each line is a conversation, as in an export, with its customers, bots, channels and tickets.",
    Grain.TICKET: "Each line is a ticket, as in an export, with the conversations that it is linked to.",
    Grain.ROW: "Each line is a row, as in an export: a session with a conversation, bot, version and channel.",
}
_CHARGES: Final[dict[ChargeFilter | None, str]] = {
    None: "Any",
    ChargeFilter.CHARGED: "charged",
    ChargeFilter.NOT_CHARGED: "not charged",
    ChargeFilter.VOID: "void",
    ChargeFilter.TEST: "test",
    ChargeFilter.STOPPED: "stopped",
    ChargeFilter.PREVIEW_FREE: "preview, free",
}
TITLES: Final = {
    Grain.SESSION: "Sessions consumed",
    Grain.CONVERSATION: "Conversations",
    Grain.TICKET: "Tickets",
    Grain.ROW: "Rows",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage:
    """Underlying data.

    Attributes:
        count: Of lines, on all pages.
        within: Rows of sessions, or sessions of other lines.
    """

    frame: Frame
    grain: Grain
    count: Cell
    within: Cell
    bar: FilterBar
    notices: tuple[Notice, ...]
    report_href: str
    grains: tuple[Link, ...]
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
    """Request for underlying data."""

    question: Question
    view: RowsAddress
    page: PageContext

    @property
    def grain(self) -> Grain:
        return self.view.grain

    def href(self, view: RowsAddress) -> str:
        return self.page.urls.rows(self.question.address, **view.pairs())

    def pairs_without(self, *names: str) -> tuple[tuple[str, str], ...]:
        pairs = (*self.question.address.pairs(), *self.view.pairs().items())
        return tuple(pair for pair in pairs if pair[0] not in names)


def rows_page(ledger: "ReadableLedger", request: RowsRequest, *, exports: Exports = NO_EXPORTS) -> RowsPage:
    """Build the page."""
    question, view, urls = request.question, request.view, request.page.urls
    charges = charges_for(ledger, question.query, charge=view.options.charge, cache=SERVER_BILLS)
    rows = row_page(ledger, question.query, options=view.options, cursor=view.cursor or None, charges=charges)
    columns, here = view.visible_columns, FilteredPage(urls=urls, view=view.first_page())
    return RowsPage(
        frame=request.page.frame,
        grain=request.grain,
        count=_count(rows),
        within=_within(rows),
        bar=_bar(ledger, request, here=here),
        notices=() if rows.line_count else (_no_lines(request),),
        report_href=urls.report(question.address),
        grains=_grains(request),
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
        lines=tuple(_line(ledger, line, request=request) for line in rows.lines),
        has_openers=request.grain is Grain.SESSION,
        pager=_pager(rows, request),
        page_size=_page_size(rows),
        exports=_exports(rows, exports),
        definition=_DEFINITIONS[request.grain],
        footer=question.zone,
    )


def _bar(ledger: "ReadableLedger", request: RowsRequest, *, here: FilteredPage) -> FilterBar:
    view, page = request.view, request.page
    bar = filter_bar(ledger, request.question, page=page, here=here)
    if not page.access.allows(Fact.CHARGES) or not has_charges(ledger, cache=SERVER_BILLS):
        return bar
    chosen = view.options.charge
    chip = LinkChip(
        label="Charge",
        chosen=_CHARGES[chosen] if chosen else "",
        links=tuple(
            Link(label=label, href=request.href(view.of_charge(charge)), is_current=charge is chosen)
            for charge, label in _CHARGES.items()
        ),
        remove_href=request.href(view.of_charge(None)),
    )
    clear_href = bar.clear_href
    if chosen and clear_href:
        clear_href = page.urls.rows(request.question.address.cleared(), **view.of_charge(None).pairs())
    return replace(bar, link_chips=(*bar.link_chips, chip), clear_href=clear_href)


def _count(rows: RowPage) -> Cell:
    if rows.options.grain is Grain.SESSION:
        return Cell(value=text.counted(rows.line_count, "session"), number=rows.line_count)
    return Cell(value=text.count_text(rows.line_count), number=rows.line_count)


def _within(rows: RowPage) -> Cell:
    if rows.options.grain is Grain.SESSION:
        return Cell(value=text.counted(rows.row_count, "row"), number=rows.row_count)
    return Cell(value=text.counted(rows.session_count, "session"), number=rows.session_count)


def _no_lines(request: RowsRequest) -> Notice:
    search, address, page = request.view.options.search, request.question.address, request.page
    if search:
        return Notice(
            fact=f"No {request.grain}s match “{search}”.",
            consequence="Search finds IDs that start with this text.",
            action=Link(label="Clear search", href=request.href(request.view.without_search())),
        )
    suggestion: Link | None = None
    if (address.has_filters or request.view.options.charge) and page.access.allows(Fact.SUGGESTIONS):
        href = page.urls.rows(address.cleared(), **request.view.of_charge(None).pairs())
        suggestion = Link(label="Clear filters", href=href)
    fact = f"No {request.grain}s match the filters."
    return Notice(fact=fact, consequence="Choose another period or other filters.", action=suggestion)


def _grains(request: RowsRequest) -> tuple[Link, ...]:
    labels = {**TITLES, Grain.SESSION: "Sessions"}
    return tuple(
        Link(label=label, href=request.href(request.view.of_grain(grain)), is_current=request.grain is grain)
        for grain, label in labels.items()
    )


def _column(name: str, *, note: str = "") -> Column:
    return Column(label=column_label(name) + note, variant="r" if name in NUMBERS else "")


def _columns(request: RowsRequest) -> tuple[Column, ...]:
    options = request.view.options
    columns = []
    for name in request.view.visible_columns:
        key = SORTED_COLUMNS[request.grain].get(name)
        column = _column(name, note=f" ({request.question.zone})" if key is SortKey.SESSION_START else "")
        if key is not None:
            column = replace(column, href=request.href(request.view.sorted_by(key)))
        if key is options.sort:
            column = replace(column, sorted="descending" if options.descending else "ascending")
        columns.append(column)
    return tuple(columns)


def _line(ledger: "ReadableLedger", line: row_lines.Line, *, request: RowsRequest) -> Line:
    question, view, urls = request.question, request.view, request.page.urls
    cells = line_cells(line, view.visible_columns, question=question, urls=urls)
    href = line_href(line, urls)
    if not isinstance(line, SessionLine):
        return Line(cells=cells, href=href)
    is_open = line.session_id == view.open_session
    inner: tuple[tuple[Cell, ...], ...] = ()
    if is_open:
        rows = session_rows(ledger, question.query, session_id=line.session_id, search=view.options.search)
        inner = tuple(line_cells(row, _INNER_COLUMNS, question=question, urls=urls) for row in rows)
    toggled = view.opening("" if is_open else line.session_id)
    anchor = f"s-{line.session_id[:8]}"
    return Line(
        cells=cells,
        href=href,
        anchor=anchor,
        opener=Opener(
            name=f"{'Hide' if is_open else 'Show'} conversations of {line.session_id}",
            href=f"{request.href(toggled)}#{anchor}",
            is_open=is_open,
        ),
        inner_title=f"{text.counted(line.conversation_count, 'conversation')} in this session",
        inner=inner,
    )


def _pager(rows: RowPage, request: RowsRequest) -> Pager:
    def href(cursor: str | None) -> str:
        return "" if cursor is None else request.href(request.view.at(cursor))

    options = request.view.options
    is_by_time = options.sort is SortKey.SESSION_START
    newer, older = "Previous page", "Next page"
    if is_by_time:
        labels = (f"Newer {options.grain}s", f"Older {options.grain}s")
        newer, older = labels if options.descending else reversed(labels)
    return Pager(
        range=_range(rows, request.question) if is_by_time else "",
        newer_href=href(rows.previous_cursor),
        older_href=href(rows.next_cursor),
        newer_label=newer,
        older_label=older,
    )


def _range(rows: RowPage, question: Question) -> str:
    starts = [_start_us(line) for line in rows.lines]
    if not starts:
        return ""
    first, last = question.row_instant(starts[0]), question.row_instant(starts[-1])
    is_same_day = first.rpartition(" ")[0] == last.rpartition(" ")[0]
    return f"{first} {text.DASH} {last.rpartition(' ')[2] if is_same_day else last}"


def _exports(rows: RowPage, exports: Exports) -> Exports:
    total = rows.line_count
    if not total:
        return NO_EXPORTS
    return replace(exports, label=f"Export {text.counted(total, rows.options.grain.value)}:", total=total)


def _start_us(line: row_lines.Line) -> int:
    if isinstance(line, UnderlyingRow):
        return line.session_start
    return line.started_us if isinstance(line, SessionLine) else line.last_started_us


def _page_size(rows: RowPage) -> str:
    return f"{text.count_text(len(rows.lines))} of {text.counted(rows.line_count, rows.options.grain.value)}"
