"""Every number of a report agrees with every other, and with counting by hand, for any filter."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from botmeter.domain.cost_centre import CostCentres, CostCentreTerm
from botmeter.domain.instant import datetime_from_us
from botmeter.domain.period import Period
from botmeter.domain.week_hours import HOURS_OF_WEEK, text_of_week_hour
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.cost_centres import cost_centre_usage
from botmeter.reports.explain import explain
from botmeter.reports.explanation_json import explanation_as_mapping
from botmeter.reports.export import FORMATS, write_rows
from botmeter.reports.filters import FILTER_NAMES, FILTERS, FilterDeclaration, Filters, FilterTarget, filters_of
from botmeter.reports.grain_rows import underlying_data
from botmeter.reports.query import UsageQuery
from botmeter.reports.report_json import UsageReport
from botmeter.reports.row_options import Grain
from botmeter.reports.rows import underlying_rows
from botmeter.reports.simulate import simulate
from botmeter.reports.usage import usage_report
from support.event_strategies import dense_event_lists, instants_us, policies, schedules
from support.examples import examples
from support.facts import filled_ledger, tickets_of, touchpoint_of
from support.oracle import Event, sessions

# A ledger is filled and queried a dozen times for each example.
EXAMPLES = examples(cost=3)

# On 8 March 2026, in the middle of the events, clocks go forward in New York at two and in Havana at midnight.
ZONES = ("UTC", "UTC", "UTC", "Asia/Kathmandu", "Europe/London", "America/New_York", "America/Havana", "Pacific/Apia")
WEEK_HOURS = tuple(text_of_week_hour(hour) for hour in range(HOURS_OF_WEEK))
TOUCHPOINT_COLUMNS = ("bot_id", "bot_version", "channel")
COLUMN_VALUES = {
    "bot_id": ("b1", "b2", "nobody"),
    "bot_version": ("1", "2", "none", "b1/1", "b2/2", "b1/", "nobody/1"),
    "channel": ("web", "sms", "nowhere"),
    "customer_id": ("c1", "c2", "nobody"),
    "conversation_id": ("v1", "v2", "v3", "nothing"),
    "ticket_type": ("refund", "delivery", "unknown", "nothing"),
    "cost_centre": ("Sales", "Online", "Nobody"),
}
"""Values of filters, by the column with which they are compared."""


CENTRE_TERMS = (
    CostCentreTerm(from_on=date(2026, 3, 7), channel="sms", cost_centre="Online"),
    CostCentreTerm(from_on=date(2026, 3, 8), bot_id="b1", cost_centre="Sales"),
    CostCentreTerm(from_on=date(2026, 3, 10), bot_id="b1", cost_centre=""),
    CostCentreTerm(from_on=date(2026, 1, 1), bot_id="b2", cost_centre="Online"),
    CostCentreTerm(from_on=date(2026, 3, 9), bot_id="b2", cost_centre="Sales"),
)
CENTRES = CostCentres(CENTRE_TERMS)
"""Of every ledger, changing in the middle of its events."""


class Row(NamedTuple):
    """A row of the underlying data, as the oracle has it."""

    session_id: str
    start_us: int
    day: date
    opening: tuple[str | None, str | None, str]
    preview: bool
    customer_id: str
    conversation_id: str
    touchpoint: tuple[str | None, str | None, str]


def with_tickets(events: list[Event], seed: int) -> list[Event]:
    random = Random(seed)
    return [
        {
            **event,
            "bot_name": random.choice([None, None, "Order bot", "Returns bot"]) if event["bot_id"] else None,
            "ticket_id": ticket,
            "ticket_type": random.choice([None, "refund", "delivery"]) if ticket else None,
        }
        for event in events
        for ticket in [random.choice([None, None, None, "T1", "T2", "T3"])]
    ]


def traffic() -> st.SearchStrategy[list[Event]]:
    return st.builds(with_tickets, dense_event_lists(), st.integers(0, 2**32))


def values(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.one_of(st.just(()), st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple))


def values_of(declared: FilterDeclaration) -> st.SearchStrategy[tuple[str, ...]]:
    """Values of a filter, some unknown; mostly none."""
    if declared.target is FilterTarget.HOUR:
        return st.one_of(st.just(()), st.sets(st.sampled_from(WEEK_HOURS), min_size=1, max_size=60).map(tuple))
    return values(*COLUMN_VALUES[declared.column])


def filters_on(declared: Iterable[FilterDeclaration]) -> st.SearchStrategy[Filters]:
    """Filters with selected and, sometimes, excluded values."""
    lists = st.fixed_dictionaries({one.name: values_of(one) for one in declared})
    return st.builds(
        lambda selected, excluded, preview: filters_of(selected, excluded, preview=preview),
        lists,
        st.one_of(st.just({}), lists),
        st.sampled_from([None, None, True, False]),
    )


def simulated_filters() -> st.SearchStrategy[Filters]:
    """Filters that simulations have too."""
    return filters_on([declared for declared in FILTERS if declared.is_simulated])


def narrowing_filters() -> st.SearchStrategy[Filters]:
    """Filters of the links of bars and cells, perhaps with others."""
    return filters_on(FILTERS)


def queries(filters: st.SearchStrategy[Filters] | None = None) -> st.SearchStrategy[UsageQuery]:
    days = st.lists(st.dates(date(2026, 3, 5), date(2026, 3, 14)), min_size=2, max_size=2).map(sorted)
    return st.builds(
        lambda between, zone, until_us, filters: UsageQuery(
            period=Period(first_on=between[0], last_on=between[1], timezone=zone), filters=filters, until_us=until_us
        ),
        days,
        st.sampled_from(ZONES),
        st.one_of(st.none(), instants_us()),
        st.one_of(simulated_filters(), narrowing_filters()) if filters is None else filters,
    )


def local_day_on(instant_us: int, zone: str) -> date:
    return datetime_from_us(instant_us).astimezone(ZoneInfo(zone)).date()


@contextmanager
def ledger_of(events: list[Event], schedule: Any) -> Iterator[Ledger]:
    ledger = filled_ledger(events, schedule)
    for term in CENTRE_TERMS:
        values = [term.from_on, term.bot_id, term.channel, term.cost_centre]
        ledger.connection.execute("INSERT INTO cost_centre_term VALUES (?, ?, ?, ?, 0, NULL)", values)
    try:
        yield ledger
    finally:
        ledger.connection.close()


def matching_rows(events: list[Event], schedule: Any, *, query: UsageQuery) -> list[Row]:
    rows = [
        Row(
            session.session_id,
            session.start_us,
            local_day_on(session.start_us, query.period.timezone),
            touchpoint_of(session.opening),
            session.preview,
            session.opening["customer_id"],
            conversation,
            touchpoint,
        )
        for session in sessions(events, schedule)
        for conversation, touchpoint in session.participations
    ]
    period, filters, excluded = query.period, query.filters, query.filters.excluded or Filters()
    rows = [
        row
        for row in rows
        if period.first_on <= row.day <= period.last_on
        and (query.until_us is None or row.start_us < query.until_us)
        and (filters.preview is None or row.preview == filters.preview)
    ]
    is_of = row_tests(events, query=query)
    excluded_ids = {
        row.session_id for row in rows if any(is_of[name](row, excluded.values(name)) for name in FILTER_NAMES)
    }
    return [
        row
        for row in rows
        if row.session_id not in excluded_ids
        and all(not filters.values(name) or is_of[name](row, filters.values(name)) for name in FILTER_NAMES)
    ]


def row_tests(events: list[Event], *, query: UsageQuery) -> dict[str, Callable[[Row, tuple[str, ...]], bool]]:
    """Test of a row for the values of a filter, by the filter's name."""
    tickets, zone = tickets_of(events), query.period.timezone
    versions = {event["bot_version"] for event in events}

    def row_test(declared: FilterDeclaration) -> Callable[[Row, tuple[str, ...]], bool]:
        column = declared.column
        match declared.target:
            case FilterTarget.TOUCHPOINT | FilterTarget.OPENING:
                name = "touchpoint" if declared.target is FilterTarget.TOUCHPOINT else "opening"
                if column == "bot_version":
                    return lambda row, texts: any(
                        is_version(text, bot=bot, version=version, versions=versions)
                        for bot, version in [getattr(row, name)[:2]]
                        for text in texts
                    )
                return lambda row, texts: getattr(row, name)[TOUCHPOINT_COLUMNS.index(column)] in texts
            case FilterTarget.PARTICIPATION:
                return lambda row, texts: getattr(row, column) in texts
            case FilterTarget.TICKET:
                return lambda row, texts: any(kind in texts for _, kind in tickets.get(row.conversation_id, ()))
            case FilterTarget.COST_CENTRE:
                return lambda row, texts: cost_centre(row) in texts
            case FilterTarget.HOUR:
                return lambda row, texts: week_hour(row.start_us, zone) in texts

    return {declared.name: row_test(declared) for declared in FILTERS}


def is_version(text: str, *, bot: str | None, version: str | None, versions: set[str | None]) -> bool:
    named_bot, _, named_version = text.rpartition("/")
    return version == text or (text not in versions and (bot, version) == (named_bot, named_version or None))


def cost_centre(row: Row) -> str:
    return CENTRES.at(row.opening[0], row.opening[2], on=local_day_on(row.start_us, "UTC"))


def week_hour(instant_us: int, zone: str) -> str:
    wall = datetime_from_us(instant_us).astimezone(ZoneInfo(zone))
    return f"{['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][wall.weekday()]}-{wall:%H}"


def counted_tickets(events: list[Event], *, query: UsageQuery) -> dict[str, set[tuple[str, str]]]:
    """(ticket, type) of each conversation, of the types that are filtered."""
    types = query.filters.ticket_type
    return {
        name: {(ticket, kind) for ticket, kind in tickets if not types or kind in types}
        for name, tickets in tickets_of(events).items()
    }


def counted_by_hand(rows: list[Row], events: list[Event], *, query: UsageQuery) -> dict[str, Any]:
    """The counts of a report, each as the size of a set."""
    tickets = counted_tickets(events, query=query)
    linked = {(row.session_id, row.day, *ticket) for row in rows for ticket in tickets.get(row.conversation_id, ())}
    opened = {(row.session_id, row.opening) for row in rows}
    return {
        "sessions_consumed": len({row.session_id for row in rows}),
        "previews": len({row.session_id for row in rows if row.preview}),
        "conversations": len({row.conversation_id for row in rows}),
        "tickets": len({ticket for _, _, ticket, _ in linked}),
        "trend": {
            str(day): (
                len({row.session_id for row in rows if row.day == day}),
                len({ticket for _, on, ticket, _ in linked if on == day}),
            )
            for day in {row.day for row in rows}
        },
        "by_bot": _split(
            [(row.session_id, row.touchpoint[0]) for row in rows], [(i, touchpoint[0]) for i, touchpoint in opened]
        ),
        "by_channel": _split(
            [(row.session_id, row.touchpoint[2]) for row in rows], [(i, touchpoint[2]) for i, touchpoint in opened]
        ),
        "by_ticket_type": {
            kind: (
                len({ticket for _, _, ticket, of_kind in linked if of_kind == kind}),
                len({session for session, _, _, of_kind in linked if of_kind == kind}),
            )
            for kind in {kind for *_, kind in linked}
        },
    }


def _split(visits: list[tuple[str, Any]], opened: list[tuple[str, Any]]) -> dict[Any, tuple[int, int]]:
    return {
        key: (len({i for i, at in visits if at == key}), len({i for i, at in opened if at == key}))
        for key in {key for _, key in [*visits, *opened]}
    }


def as_counted(report: UsageReport) -> dict[str, Any]:
    """The counts of the report in the form of `counted_by_hand`."""
    answer = msgspec.to_builtins(report)
    return {
        **{name: answer[name] for name in ("sessions_consumed", "previews", "conversations", "tickets")},
        "trend": {day["date"]: (day["sessions"], day["tickets"]) for day in answer["trend"] if day["sessions"]},
        "by_bot": {bot["bot_id"]: (bot["sessions"], bot["opened"]) for bot in answer["by_bot"]},
        "by_channel": {each["channel"]: (each["sessions"], each["opened"]) for each in answer["by_channel"]},
        "by_ticket_type": {
            each["ticket_type"]: (each["tickets"], each["sessions"]) for each in answer["by_ticket_type"]
        },
    }


@given(traffic(), schedules(), st.lists(queries(), min_size=4, max_size=4))
@EXAMPLES
def test_a_report_is_what_counting_its_rows_one_by_one_gives(
    events: list[Event], schedule: Any, several: list[UsageQuery]
) -> None:
    with ledger_of(events, schedule) as ledger:
        for query in several:
            rows = matching_rows(events, schedule, query=query)
            assert as_counted(usage_report(ledger, query)) == counted_by_hand(rows, events, query=query)


@given(traffic(), policies(), st.lists(queries(), min_size=3, max_size=3))
@EXAMPLES
def test_the_additive_usage_and_the_rows_give_the_same_report(
    events: list[Event], policy: Any, several: list[UsageQuery]
) -> None:
    everybody = tuple({event["customer_id"] for event in events} | {"nobody"})
    with ledger_of(events, policy) as ledger:
        for query in several:
            filters = query.filters
            for name in set(FILTER_NAMES) - {"bot", "bot_version", "channel"}:
                filters = filters.without(name)
            from_usage = usage_report(ledger, replace(query, filters=filters))
            from_rows = usage_report(ledger, replace(query, filters=replace(filters, customer=everybody)))
            assert as_counted(from_usage) == as_counted(from_rows)


@given(traffic(), schedules(), queries(), st.none() | st.dates(date(2026, 3, 4), date(2026, 3, 15)))
@EXAMPLES
def test_counts_are_null_on_days_without_data_and_only_there(
    events: list[Event], schedule: Any, query: UsageQuery, today_on: date | None
) -> None:
    query = replace(query, today_on=today_on, until_us=None)
    first_on = local_day_on(min(event["occurred_at"] for event in events), query.period.timezone)
    with ledger_of(events, schedule) as ledger:
        report = usage_report(ledger, query)
    for day in report.trend:
        has_data = first_on <= day.on and (today_on is None or day.on <= today_on)
        is_to_come = today_on is not None and day.on > today_on
        # A session of a day to come has events from a clock that is ahead.
        assert (day.session_count is not None) == has_data or (day.session_count and is_to_come)
        assert (day.session_count is None) == (day.ticket_count is None)
    for month in report.by_month:
        counts = [day.session_count for day in report.trend if f"{day.on:%Y-%m}" == month.month]
        assert (month.session_count is None) == (set(counts) == {None})
        assert (month.session_count or 0) == sum(count or 0 for count in counts)


@given(traffic(), policies(), st.lists(queries(), min_size=2, max_size=2))
@EXAMPLES
def test_headline_days_months_openings_rows_and_exports_agree(
    events: list[Event], policy: Any, several: list[UsageQuery]
) -> None:
    with ledger_of(events, policy) as ledger:
        for query in several:
            report = usage_report(ledger, query)
            rows = underlying_rows(ledger, query).read_all().to_pylist()
            exports = [exported(ledger, query, form=form) for form in FORMATS]
            counts = {
                "days": sum(day.session_count or 0 for day in report.trend),
                "months": sum(month.session_count or 0 for month in report.by_month),
                "opened by bot": sum(bot.opened_count for bot in report.by_bot),
                "opened on channel": sum(channel.opened_count for channel in report.by_channel),
                "by cost centre": sum(each.session_count for each in cost_centre_usage(ledger, query)),
                "rows": len({row["session_id"] for row in rows}),
                "rows by session": underlying_data(ledger, query, grain=Grain.SESSION).read_all().num_rows,
                **{form: len(set(ids)) for form, ids in zip(FORMATS, exports, strict=True)},
            }
            assert set(counts.values()) == {report.sessions_consumed}, counts
            assert len(rows) == len(matching_rows(events, policy, query=query))
            assert report.ticket_count == len({ticket for row in rows for ticket in row["ticket_ids"]})
            assert report.conversation_count == len({row["conversation_id"] for row in rows})


@given(traffic(), schedules(), queries(), st.sampled_from(FILTERS), st.data())
@EXAMPLES
def test_sessions_that_a_filter_selects_and_those_that_it_excludes_are_all(
    events: list[Event], schedule: Any, query: UsageQuery, declared: FilterDeclaration, data: st.DataObject
) -> None:
    known = WEEK_HOURS if declared.target is FilterTarget.HOUR else COLUMN_VALUES[declared.column]
    chosen = tuple(data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True)))
    filters = query.filters.without(declared.name)
    for other in FILTERS:
        # A session of two bots on two channels is on neither side of "web, and the bot is X" and "web, and the bot is
        # not X" if X took part on the other channel alone. So no other filter selects parts of a session here.
        if not declared.is_of_session and not other.is_of_session:
            filters = filters.with_values(other.name, ())
    with ledger_of(events, schedule) as ledger:
        is_one, is_none, all_sessions = (
            usage_report(ledger, replace(query, filters=each)).sessions_consumed
            for each in (
                filters.with_values(declared.name, chosen),
                filters.with_excluded(declared.name, chosen),
                filters,
            )
        )
    assert is_one + is_none == all_sessions


def exported(ledger: Ledger, query: UsageQuery, *, form: Any) -> list[str]:
    """The session id of each row of an export."""
    out = io.BytesIO()
    count = write_rows(underlying_rows(ledger, query), format=form, out=out)
    match form:
        case "csv":
            ids = [row["session_id"] for row in csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))]
        case "json":
            ids = [row["session_id"] for row in json.loads(out.getvalue())]
        case "ndjson":
            ids = [json.loads(line)["session_id"] for line in out.getvalue().splitlines()]
        case "xlsx":
            [_, *lines] = load_workbook(io.BytesIO(out.getvalue()), read_only=True).worksheets[0].values
            ids = [line[0] for line in lines]
        case _:
            ids = pq.read_table(io.BytesIO(out.getvalue()))["session_id"].to_pylist()
    assert (count.rows, count.sessions) == (len(ids), len(set(ids)))
    return ids


@given(traffic(), policies(), queries())
@EXAMPLES
def test_the_rows_by_session_are_the_rows_joined_by_session(
    events: list[Event], policy: Any, query: UsageQuery
) -> None:
    with ledger_of(events, policy) as ledger:
        rows = underlying_rows(ledger, query).read_all().to_pylist()
        sessions = underlying_data(ledger, query, grain=Grain.SESSION).read_all().to_pylist()
    assert [session["session_id"] for session in sessions] == list(dict.fromkeys(row["session_id"] for row in rows))
    for session in sessions:
        own = [row for row in rows if row["session_id"] == session["session_id"]]
        tickets = {pair for row in own for pair in zip(row["ticket_ids"], row["ticket_types"], strict=True)}
        for name in ("session_start", "session_end", "customer_id", "preview"):
            assert {row[name] for row in own} == {session[name]}
        assert session["bots"] == sorted({row["bot_name"] for row in own if row["bot_id"] is not None})
        assert session["channels"] == sorted({row["channel"] for row in own})
        assert session["conversation_ids"] == sorted({row["conversation_id"] for row in own})
        assert session["conversations"] == len(session["conversation_ids"])
        assert list(zip(session["ticket_ids"], session["ticket_types"], strict=True)) == sorted(tickets)
        assert session["tickets"] == len({ticket_id for ticket_id, _ in tickets})
        assert session["events"] == sum(row["events"] for row in own)


@given(traffic(), policies(), queries())
@EXAMPLES
def test_the_rows_are_in_one_total_order(events: list[Event], policy: Any, query: UsageQuery) -> None:
    with ledger_of(events, policy) as ledger:
        rows = underlying_rows(ledger, query).read_all().to_pylist()
    order = ("session_start", "session_id", "conversation_id", "bot_id", "bot_version", "channel")
    keys = [tuple((row[name] is not None, row[name]) for name in order) for row in rows]
    plain = [tuple((there, value if there else "") for there, value in key) for key in keys]
    assert plain == sorted(set(plain))


@given(traffic(), policies(), policies(), queries(simulated_filters()))
@EXAMPLES
def test_simulating_an_accounts_own_policy_gives_its_report_and_the_differences_add_up(
    events: list[Event], policy: Any, other: Any, query: UsageQuery
) -> None:
    with ledger_of(events, policy) as ledger:
        simulation = simulate(ledger, query, policies=[policy, other])
        report = usage_report(ledger, query)
    own = simulation.outcomes[0]
    assert own.session_count == report.sessions_consumed
    assert [month.session_count for month in own.by_month] == [month.session_count or 0 for month in report.by_month]
    assert {bot.bot_id: bot.opened_count for bot in own.by_bot} == {
        b.bot_id: b.opened_count for b in report.by_bot if b.opened_count
    }
    difference = simulation.differences[0]
    assert difference.session_count == simulation.outcomes[1].session_count - own.session_count
    assert difference.session_count == sum(difference.more.values()) - sum(difference.fewer.values())
    assert all(sum(outcome.closed_by.values()) == outcome.session_count for outcome in simulation.outcomes)


@given(traffic(), schedules())
@EXAMPLES
def test_every_session_can_be_explained_with_the_events_that_are_in_it(events: list[Event], schedule: Any) -> None:
    all_sessions = sessions(events, schedule)
    with ledger_of(events, schedule) as ledger:
        # Three of them are as good as all, and a third of the time.
        for session in all_sessions[:: max(1, len(all_sessions) // 3)]:
            explanation = explain(ledger, session.session_id, now_us=session.start_us)
            assert [(event.source, event.event_id) for event in explanation.members] == session.event_ids
            assert (explanation.opening.source, explanation.opening.event_id) == session.event_ids[0]
            assert explanation.closed_by.name.lower() == session.closed_by
            text = explanation_as_mapping(explanation)["text"]
            assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_of_nothing_is_a_whole_file(form: Any) -> None:
    with ledger_of([], FRESHCHAT) as ledger:
        query = UsageQuery(period=Period(first_on=date(2026, 3, 7), last_on=date(2026, 3, 7)))
        assert exported(ledger, query, form=form) == []
