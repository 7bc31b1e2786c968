"""Walking through the underlying data by cursor gives each line once, whatever the pages, the order and the filters."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.instant import us_from_datetime
from botmeter.ledger.ledger import Ledger
from botmeter.reports.grain_rows import underlying_data
from botmeter.reports.query import UsageQuery
from botmeter.reports.row_lines import ConversationLine, SessionLine, TicketLine
from botmeter.reports.row_options import SORT_KEYS, Grain, RowOptions, SortKey
from botmeter.reports.row_pages import row_page, session_rows
from botmeter.reports.rows import INSTANT_COLUMNS, UnderlyingRow, underlying_rows
from botmeter.reports.usage import usage_report
from laws.test_report_laws import ledger_of, queries, traffic
from support.event_strategies import policies
from support.examples import examples
from support.oracle import Event

# A ledger is filled and paged through several times for each example.
EXAMPLES = examples(cost=3)


def row_options() -> st.SearchStrategy[RowOptions]:
    return st.sampled_from(Grain).flatmap(
        lambda grain: st.builds(
            RowOptions,
            grain=st.just(grain),
            sort=st.sampled_from(SORT_KEYS[grain]),
            descending=st.booleans(),
            search=st.sampled_from(["", "", "", "c", "c1", "v2", "T1", "nothing", "%", "\ud800"]),
            limit=st.sampled_from([1, 2, 3, 5, 1000]),
        )
    )


def paged(ledger: Ledger, query: UsageQuery, *, options: RowOptions, limits: list[int]) -> tuple[list[Any], list[Any]]:
    """All lines from the first page on, and all of them again on the way back, with pages of changing size."""
    sizes: Iterator[int] = iter(limits * 1000)
    page = row_page(ledger, query, options=options)
    assert page.previous_cursor is None
    forth = list(page.lines)
    while page.next_cursor is not None:
        page = row_page(ledger, query, options=replace(options, limit=next(sizes)), cursor=page.next_cursor)
        assert page.lines
        forth += page.lines
    back = list(page.lines)
    while page.previous_cursor is not None:
        page = row_page(ledger, query, options=replace(options, limit=next(sizes)), cursor=page.previous_cursor)
        assert page.lines
        back = [*page.lines, *back]
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


def grouped(rows: list[UnderlyingRow], options: RowOptions) -> dict[str, list[UnderlyingRow]]:
    """The rows of each conversation or ticket, in the order of the options."""
    own: dict[str, list[UnderlyingRow]] = {}
    for row in rows:
        for name in [row.conversation_id] if options.grain is Grain.CONVERSATION else dict.fromkeys(row.ticket_ids):
            own.setdefault(name, []).append(row)

    def key(name: str) -> tuple[Any, str]:
        its = own[name]
        values: dict[SortKey, Any] = {
            SortKey.SESSION_START: max(row.session_start for row in its),
            SortKey.CUSTOMER: min(row.customer_id for row in its),
            SortKey.CONVERSATIONS: len({row.conversation_id for row in its}),
            SortKey.TICKETS: len({ticket for row in its for ticket in row.ticket_ids}),
            SortKey.EVENTS: sum(row.events for row in its),
        }
        return values[options.sort], name

    return {name: own[name] for name in sorted(own, key=key, reverse=options.descending)}


def assert_is_of_rows(line: ConversationLine | TicketLine, rows: list[UnderlyingRow]) -> None:
    customers, sessions = sorted({row.customer_id for row in rows}), {row.session_id for row in rows}
    assert (line.customer_ids, line.customer_count) == (tuple(customers), len(customers))
    assert line.bot_names == tuple(sorted({row.bot_name for row in rows if row.bot_name is not None}))
    assert line.channels == tuple(sorted({row.channel for row in rows}))
    assert (line.session_count, line.last_started_us) == (len(sessions), max(row.session_start for row in rows))
    if isinstance(line, TicketLine):
        conversations = sorted({row.conversation_id for row in rows})
        assert (line.conversation_ids, line.conversation_count) == (tuple(conversations), len(conversations))
        pairs = {pair for row in rows for pair in zip(row.ticket_ids, row.ticket_types, strict=True)}
        assert line.ticket_types == tuple(sorted({kind for ticket, kind in pairs if ticket == line.ticket_id}))
        return
    tickets = sorted({ticket for row in rows for ticket in row.ticket_ids})
    assert (line.ticket_ids, line.ticket_count) == (tuple(tickets), len(tickets))
    assert line.event_count == sum(row.events for row in rows)
    assert (line.created_us, line.updated_us) == (rows[0].conversation_created_at, rows[0].conversation_updated_at)


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
            rows = searched_by_hand(exported(ledger, query), options.search)
            if options.grain in (Grain.CONVERSATION, Grain.TICKET):
                lines = grouped(rows, options)
                assert [getattr(line, f"{options.grain}_id") for line in forth] == list(lines)
                for line, own in zip(forth, lines.values(), strict=True):
                    assert_is_of_rows(line, own)
                continue
            sessions = in_order(rows, options)
            if options.grain is Grain.ROW:
                assert forth == [row for own in sessions.values() for row in own]
            else:
                assert [line.session_id for line in forth] == list(sessions)
                for line in forth:
                    assert_line_is_of_rows(line, sessions[line.session_id])


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
            is_of_tickets = options.grain is Grain.TICKET
            sessions = {row.session_id for row in rows if row.ticket_ids or not is_of_tickets}
            assert page.session_count == len(sessions)
            counts = {
                Grain.SESSION: len(sessions),
                Grain.CONVERSATION: len({row.conversation_id for row in rows}),
                Grain.TICKET: len({ticket for row in rows for ticket in row.ticket_ids}),
                Grain.ROW: len(rows),
            }
            assert page.line_count == counts[options.grain]
            if not options.search:
                report = usage_report(ledger, query)
                assert len({row.session_id for row in rows}) == report.sessions_consumed
                assert counts[Grain.CONVERSATION] == report.conversation_count
                assert counts[Grain.TICKET] == report.ticket_count


@given(traffic(), policies(), queries(), row_options())
@EXAMPLES
def test_a_session_opens_into_its_own_rows(
    events: list[Event], policy: Any, query: UsageQuery, options: RowOptions
) -> None:
    with ledger_of(events, policy) as ledger:
        own = in_order(exported(ledger, query, search=options.search), options)
        for session_id, rows in list(own.items())[:5]:
            assert session_rows(ledger, query, session_id=session_id, search=options.search) == rows


@given(traffic(), policies(), queries(), st.sampled_from([Grain.CONVERSATION, Grain.TICKET]))
@EXAMPLES
def test_a_file_has_the_lines_of_the_pages(events: list[Event], policy: Any, query: UsageQuery, grain: Grain) -> None:
    with ledger_of(events, policy) as ledger:
        listed = row_page(ledger, query, options=RowOptions(grain=grain, descending=False, limit=1000)).lines
        file = underlying_data(ledger, query, grain=grain).read_all().to_pylist()
    names = {"bot_names": "bots", "channels": "channels", "customer_ids": "customer_ids", "session_count": "sessions"}
    for line, row in zip(listed, file, strict=True):
        assert getattr(line, f"{grain}_id") == row[f"{grain}_id"]
        for name, column in names.items():
            value = getattr(line, name)
            assert (list(value) if isinstance(value, tuple) else value) == row[column]
