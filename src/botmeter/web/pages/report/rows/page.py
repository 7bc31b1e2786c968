"""The page of the underlying data."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.reports.export import FORMATS
from botmeter.reports.row_options import Grouping, SortKey
from botmeter.reports.row_pages import RowPage, row_page, session_rows
from botmeter.web.components import Column, Link, Pager
from botmeter.web.layout import Frame
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.filter_bar import FilterBar, bot_names_shown, filter_bar
from botmeter.web.pages.report.notices import Notice
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.report.rows.lines import COLUMN_LABELS, NUMBERS, Cell, Line, Times, row_cells, session_cells
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
_FORMAT_LABELS: Final = {"csv": "CSV", "xlsx": "XLSX", "parquet": "Parquet", "ndjson": "NDJSON", "json": "JSON"}
_DEFINITION_OF: Final = {
    Grouping.SESSION: "Each line is a session; expand it to see its rows. An export has one row for each "
    "conversation, bot, version and channel of a session.",
    Grouping.CONVERSATION: "Each line is a row of the export: a session with a conversation, bot, version and channel.",
}
_FORMATS_OFFERED: Final = ("csv", "xlsx", "parquet", "ndjson")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """A selectable column."""

    name: str
    label: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Export links."""

    label: str
    formats: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage:
    """Underlying data; `ticket_count` is None unless ticket types are filtered."""

    frame: Frame
    heading: str
    sessions: str
    session_count: int
    rows: str
    row_count: int
    tickets: str
    ticket_count: int | None
    bar: FilterBar
    notices: tuple[Notice, ...]
    report_href: str
    groupings: tuple[Link, ...]
    search: str
    search_action: str
    search_kept: tuple[tuple[str, str], ...]
    search_clear_href: str
    columns: tuple[Column, ...]
    column_choices: tuple[ColumnChoice, ...]
    column_label: str
    column_kept: tuple[tuple[str, str], ...]
    column_reset_href: str
    inner_columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    has_openers: bool
    pager: Pager
    shown: str
    exports: Exports | None
    definition: str
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsQuestion:
    """The report's question with view options."""

    question: Question
    rows: RowsAddress


def rows_page(ledger: "ReadableLedger", asked: RowsQuestion, *, context: PageContext) -> RowsPage:
    """Build the page, without exports."""
    question, address, urls = asked.question, asked.rows, context.urls
    found = row_page(ledger, question.query, options=address.options, cursor=address.cursor or None)
    columns = address.shown_columns
    is_by_session = address.options.grouping is Grouping.SESSION
    return RowsPage(
        frame=context.frame,
        heading="Sessions consumed",
        sessions=text.counted(found.session_count, "session"),
        session_count=found.session_count,
        rows=text.counted(found.row_count, "row"),
        row_count=found.row_count,
        tickets="" if found.ticket_count is None else text.counted(found.ticket_count, "ticket"),
        ticket_count=found.ticket_count,
        bar=filter_bar(
            question,
            urls=urls,
            access=context.access,
            bot_names=bot_names_shown(ledger, question),
            is_for_rows=True,
        ),
        notices=_notices(found, asked, context=context),
        report_href=urls.report(question.address),
        groupings=_groupings(asked, urls=urls),
        search=address.options.search,
        search_action=_bare(urls.rows(question.address)),
        search_kept=_kept(asked, without=("search", "cursor", "session")),
        search_clear_href=_href(
            asked, replace(address, options=replace(address.options, search=""), cursor=""), urls=urls
        ),
        columns=_columns(asked, urls=urls),
        column_choices=tuple(
            ColumnChoice(name=name, label=COLUMN_LABELS[name], is_shown=name in columns)
            for name in address.offered_columns
        ),
        column_label=f"{len(columns)} of {len(address.offered_columns)}",
        column_kept=_kept(asked, without=("columns",)),
        column_reset_href=_href(asked, replace(address, columns=()), urls=urls),
        inner_columns=tuple(Column(label=COLUMN_LABELS[name], is_number=name in NUMBERS) for name in _INNER_COLUMNS),
        lines=_session_lines(ledger, found, asked=asked, urls=urls)
        if is_by_session
        else tuple(Line(cells=row_cells(row, columns, times=_times(question), urls=urls)) for row in found.rows),
        has_openers=is_by_session,
        pager=_pager(found, asked, urls=urls),
        shown=_shown(found, is_by_session=is_by_session),
        exports=None,
        definition=_DEFINITION_OF[address.options.grouping],
        footer=question.zone,
    )


def exports_of(page: RowsPage, *, hrefs: dict[str, str]) -> RowsPage:
    """Add export links, given by format."""
    formats = tuple(Link(label=_FORMAT_LABELS[name], href=hrefs[name]) for name in _FORMATS_OFFERED if name in FORMATS)
    return replace(page, exports=Exports(label=f"Export {page.rows}:", formats=formats))


def _times(question: Question) -> Times:
    return Times(zone=question.zone, now_us=question.now_us)


def _href(asked: RowsQuestion, rows: RowsAddress, *, urls: ReportUrls) -> str:
    return urls.rows(asked.question.address, **rows.pairs())


def _bare(href: str) -> str:
    return href.partition("?")[0]


def _kept(asked: RowsQuestion, *, without: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = (*asked.question.address.pairs(), *asked.rows.pairs().items())
    return tuple(pair for pair in pairs if pair[0] not in without)


def _notices(found: RowPage, asked: RowsQuestion, *, context: PageContext) -> tuple[Notice, ...]:
    if found.row_count:
        return ()
    if asked.rows.options.search:
        clear = replace(asked.rows, options=replace(asked.rows.options, search=""), cursor="")
        action = Link(label="Clear search", href=_href(asked, clear, urls=context.urls))
        return (
            Notice(
                fact=f"No rows match “{asked.rows.options.search}”.",
                consequence="Search matches the beginning of IDs.",
                action=action,
            ),
        )
    suggestion: Link | None = None
    if asked.question.address.has_filters and context.access.allows(Fact.SUGGESTIONS):
        suggestion = Link(label="Clear filters", href=context.urls.rows(asked.question.address.cleared()))
    return (Notice(fact="No rows match.", consequence="Choose another period or other filters.", action=suggestion),)


def _groupings(asked: RowsQuestion, *, urls: ReportUrls) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=label,
            href=_href(asked, asked.rows.grouped(grouping), urls=urls),
            is_current=asked.rows.options.grouping is grouping,
        )
        for label, grouping in (("By session", Grouping.SESSION), ("By conversation", Grouping.CONVERSATION))
    )


_SORT_OF: Final = {
    "session_start": SortKey.SESSION_START,
    "session_end": SortKey.SESSION_END,
    "customer": SortKey.CUSTOMER,
    "customer_id": SortKey.CUSTOMER,
    "conversations": SortKey.CONVERSATIONS,
    "tickets": SortKey.TICKETS,
    "events": SortKey.EVENTS,
}


def _columns(asked: RowsQuestion, *, urls: ReportUrls) -> tuple[Column, ...]:
    options, zone = asked.rows.options, asked.question.zone
    is_by_session = options.grouping is Grouping.SESSION
    columns = []
    for name in asked.rows.shown_columns:
        # Rows have counts of their own, but sessions are sorted.
        key = _SORT_OF.get(name) if is_by_session or name not in NUMBERS else None
        label = f"{COLUMN_LABELS[name]} ({zone})" if name == "session_start" else COLUMN_LABELS[name]
        columns.append(
            Column(
                label=label,
                href="" if key is None else _href(asked, asked.rows.sorted_by(key), urls=urls),
                sorted="" if key is not options.sort else "descending" if options.descending else "ascending",
                is_number=name in NUMBERS,
            )
        )
    return tuple(columns)


def _session_lines(
    ledger: "ReadableLedger", found: RowPage, *, asked: RowsQuestion, urls: ReportUrls
) -> tuple[Line, ...]:
    question, address = asked.question, asked.rows
    lines = []
    for line in found.lines:
        is_open = line.session_id == address.open_session
        inner: tuple[tuple[Cell, ...], ...] = ()
        if is_open:
            rows = session_rows(ledger, question.query, session_id=line.session_id, search=address.options.search)
            inner = tuple(row_cells(row, _INNER_COLUMNS, times=_times(question), urls=urls) for row in rows)
        toggled = address.opening("" if is_open else line.session_id)
        cells = session_cells(line, address.shown_columns, times=_times(question), urls=urls)
        anchor = f"s-{line.session_id[:8]}"
        lines.append(
            Line(
                cells=cells,
                anchor=anchor,
                opener_name=f"{'Hide' if is_open else 'Show'} conversations of {line.session_id}",
                opener_href=_href(asked, toggled, urls=urls) + f"#{anchor}",
                is_open=is_open,
                session_href=urls.session(line.session_id),
                inner_title=f"{text.counted(line.conversation_count, 'conversation')} in this session",
                inner=inner,
            )
        )
    return tuple(lines)


def _pager(found: RowPage, asked: RowsQuestion, *, urls: ReportUrls) -> Pager:
    def href(cursor: str | None) -> str:
        return "" if cursor is None else _href(asked, asked.rows.at(cursor), urls=urls)

    is_in_time = asked.rows.options.sort is SortKey.SESSION_START
    newer, older = (
        ("Newer sessions", "Older sessions") if asked.rows.options.descending else ("Older sessions", "Newer sessions")
    )
    return Pager(
        range=_range(found, asked.question) if is_in_time else "",
        newer_href=href(found.previous_cursor),
        older_href=href(found.next_cursor),
        newer_label=newer if is_in_time else "Previous rows",
        older_label=older if is_in_time else "Next rows",
    )


def _range(found: RowPage, question: Question) -> str:
    starts = [line.started_us for line in found.lines] or [row.session_start_us for row in found.rows]
    if not starts:
        return ""
    first, last = (
        text.row_instant_text(at_us, zone=question.zone, now_us=question.now_us) for at_us in (starts[0], starts[-1])
    )
    same_day = first.rpartition(" ")[0] == last.rpartition(" ")[0]
    return f"{first} {text.DASH} {last.rpartition(' ')[2] if same_day else last}"


def _shown(found: RowPage, *, is_by_session: bool) -> str:
    if is_by_session:
        return f"{len(found.lines)} of {text.counted(found.session_count, 'session')}"
    return f"{len(found.rows)} of {text.counted(found.row_count, 'row')}"
