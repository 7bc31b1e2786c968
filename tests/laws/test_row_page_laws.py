"""Walking through the underlying data by cursor gives each line once, whatever the pages, the order and the filters."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.instant import us_from_datetime
from botmeter.ledger.ledger import Ledger
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_options import Grouping, RowOptions, SortKey
from botmeter.reports.row_pages import RowPage, SessionLine, row_page, session_rows
from botmeter.reports.rows import INSTANT_COLUMNS, UnderlyingRow, underlying_rows
from botmeter.reports.usage import usage_report
from laws.test_report_laws import ledger_of, queries, traffic
from support.event_strategies import policies
from support.examples import examples
from support.oracle import Event

# A ledger is filled and paged through several times for each example.
EXAMPLES = examples(cost=3)


def row_options() -> st.SearchStrategy[RowOptions]:
    return st.builds(
        RowOptions,
        grouping=st.sampled_from(Grouping),
        sort=st.sampled_from(SortKey),
        descending=st.booleans(),
        search=st.sampled_from(["", "", "", "c", "c1", "v2", "T1", "nothing", "%", "\ud800"]),
        limit=st.sampled_from([1, 2, 3, 5, 1000]),
    )


def other_limit(options: RowOptions, limit: int) -> RowOptions:
    return RowOptions(
        grouping=options.grouping, sort=options.sort, descending=options.descending, search=options.search, limit=limit
    )


def lines(page: RowPage) -> tuple[SessionLine, ...] | tuple[UnderlyingRow, ...]:
    return page.lines if page.options.grouping is Grouping.SESSION else page.rows


def paged(ledger: Ledger, query: UsageQuery, *, options: RowOptions, limits: list[int]) -> tuple[list[Any], list[Any]]:
    """All lines from the first page on, and all of them again on the way back, with pages of changing size."""
    sizes: Iterator[int] = iter(limits * 1000)
    page = row_page(ledger, query, options=options)
    assert page.previous_cursor is None
    forth = list(lines(page))
    while page.next_cursor is not None:
        page = row_page(ledger, query, options=other_limit(options, next(sizes)), cursor=page.next_cursor)
        assert lines(page)
        forth += lines(page)
    back = list(lines(page))
    while page.previous_cursor is not None:
        page = row_page(ledger, query, options=other_limit(options, next(sizes)), cursor=page.previous_cursor)
        assert lines(page)
        back = [*lines(page), *back]
    return forth, back


def plain(row: dict[str, Any]) -> UnderlyingRow:
    """A row of the export as a page has it."""
    us = {name: None if row[name] is None else us_from_datetime(row[name]) for name in INSTANT_COLUMNS}
    return UnderlyingRow(**{**row, **us})


def searched_by_hand(rows: list[UnderlyingRow], search: str) -> list[UnderlyingRow]:
    return [
        row
        for row in rows
        if row.session_id == search
        or any(each.startswith(search) for each in (row.customer_id, row.conversation_id, *row.ticket_ids))
    ]


def exported(ledger: Ledger, query: UsageQuery, *, search: str = "") -> list[UnderlyingRow]:
    return [plain(row) for row in underlying_rows(ledger, query, search=search).read_all().to_pylist()]


def sort_values(rows: list[UnderlyingRow]) -> dict[SortKey, Any]:
    """Sort values of a session with these rows."""
    first = rows[0]
    return {
        SortKey.SESSION_START: first.session_start,
        SortKey.SESSION_END: 2**62 if first.session_end is None else first.session_end,
        SortKey.CUSTOMER: first.customer_id,
        SortKey.CONVERSATIONS: len({row.conversation_id for row in rows}),
        SortKey.TICKETS: len({ticket for row in rows for ticket in row.ticket_ids}),
        SortKey.EVENTS: sum(row.events for row in rows),
    }


def in_order(rows: list[UnderlyingRow], options: RowOptions) -> dict[str, list[UnderlyingRow]]:
    """The rows of each session, the sessions in the order of the options."""
    own: dict[str, list[UnderlyingRow]] = {}
    for row in rows:
        own.setdefault(row.session_id, []).append(row)
    keys = {session: (sort_values(its)[options.sort], session) for session, its in own.items()}
    return {session: own[session] for session in sorted(own, key=keys.__getitem__, reverse=options.descending)}


def assert_line_is_of_rows(line: SessionLine, rows: list[UnderlyingRow]) -> None:
    values = sort_values(rows)
    assert (line.started_us, line.customer_id) == (values[SortKey.SESSION_START], values[SortKey.CUSTOMER])
    assert line.ended_us == rows[0].session_end
    assert line.conversation_count == values[SortKey.CONVERSATIONS]
    assert line.ticket_count == values[SortKey.TICKETS]
    assert line.event_count == values[SortKey.EVENTS]
    assert line.bot_names == tuple(sorted({row.bot_name for row in rows if row.bot_name is not None}))
    assert line.channels == tuple(sorted({row.channel for row in rows}))
    assert line.is_preview == rows[0].preview


@given(
    traffic(),
    policies(),
    st.lists(st.tuples(queries(), row_options()), min_size=4, max_size=4),
    st.lists(st.integers(1, 4)),
)
@EXAMPLES
def test_all_pages_forth_and_back_are_the_underlying_rows(
    events: list[Event], policy: Any, several: list[tuple[UsageQuery, RowOptions]], sizes: list[int]
) -> None:
    with ledger_of(events, policy) as ledger:
        for query, options in several:
            forth, back = paged(ledger, query, options=options, limits=[*sizes, options.limit])
            assert forth == back
            rows = in_order(searched_by_hand(exported(ledger, query), options.search), options)
            if options.grouping is Grouping.CONVERSATION:
                assert forth == [row for own in rows.values() for row in own]
            else:
                assert [line.session_id for line in forth] == list(rows)
                for line in forth:
                    assert_line_is_of_rows(line, rows[line.session_id])


@given(traffic(), policies(), st.lists(st.tuples(queries(), row_options()), min_size=4, max_size=4))
@EXAMPLES
def test_the_counts_of_a_page_are_those_of_report_and_export(
    events: list[Event], policy: Any, several: list[tuple[UsageQuery, RowOptions]]
) -> None:
    with ledger_of(events, policy) as ledger:
        for query, options in several:
            page = row_page(ledger, query, options=options)
            rows = exported(ledger, query, search=options.search)
            assert rows == searched_by_hand(exported(ledger, query), options.search)
            assert page.row_count == len(rows)
            assert page.session_count == len({row.session_id for row in rows})
            if not options.search:
                assert page.session_count == usage_report(ledger, query).sessions_consumed


@given(traffic(), policies(), queries(), row_options())
@EXAMPLES
def test_a_session_opens_into_its_own_rows(
    events: list[Event], policy: Any, query: UsageQuery, options: RowOptions
) -> None:
    with ledger_of(events, policy) as ledger:
        own = in_order(exported(ledger, query, search=options.search), options)
        for session_id, rows in list(own.items())[:5]:
            assert session_rows(ledger, query, session_id=session_id, search=options.search) == rows
