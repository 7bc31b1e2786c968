"""Points of the trend: counts, links, partial spans and the compared period."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from tests.support.facts import ACCOUNT, event, filled_ledger

from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.ledger import Ledger
from botmeter.reports.compared_period import Compare, Comparison
from botmeter.reports.intervals import Interval
from botmeter.reports.overview import overview
from botmeter.reports.query import RequestedDays, UsageQuery, usage_query
from botmeter.reports.usage import usage_report
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.report_access import ReportAccess
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.report.ticket_trend import ticket_trend_widget
from botmeter.web.pages.report.trend import trend_widget
from botmeter.web.pages.report.trend_points import LabelledPoint, labelled_points
from botmeter.web.question import Question
from botmeter.web.report_address import ReportAddress, read_address

# A Wednesday; the clock stands at 14:20.
TODAY = date(2026, 11, 18)
NOW_US = us_from_text("2026-11-18T14:20:00Z")
MakeContext = Callable[..., WidgetContext]


def at(text: str) -> int:
    return us_from_text(f"2026-{text}:00Z")


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """Sessions of one customer each, from 8 September on, and a ticket in each November session."""
    starts = ["09-08T10:00", "10-28T10:00", "11-03T09:00", "11-12T23:30", "11-17T09:10", "11-18T08:59", "11-18T09:00"]
    filled = filled_ledger(
        event(
            f"e{number}",
            at(start),
            customer_id=f"c{number}",
            conversation_id=f"v{number}",
            ticket_id=f"t{number}" if start.startswith("11") else None,
            ticket_type="refund",
        )
        for number, start in enumerate([*starts, "11-18T14:10"])
    )
    yield filled
    filled.connection.close()


@pytest.fixture
def context_of(ledger: Ledger) -> MakeContext:
    """`context_of(first, last)`: the context of these days, compared with as many before."""

    def make(first_on: date, last_on: date, *, zone: str = "UTC", interval: Interval | None = None) -> WidgetContext:
        days = RequestedDays(first_on=first_on, last_on=last_on, timezone=zone)
        query = usage_query(ACCOUNT, now_us=NOW_US, days=days)
        shift = timedelta(days=query.period.day_count)
        earlier = Period(first_on=first_on - shift, last_on=last_on - shift, timezone=zone)
        until_us = NOW_US - shift // timedelta(microseconds=1) if last_on >= TODAY else None
        compared = UsageQuery(period=earlier, today_on=TODAY, until_us=until_us)
        urls = ReportUrls(owner="acme")
        address = ReportAddress(timezone=zone, interval=interval).between(first_on, last_on)
        return WidgetContext(
            ledger=ledger,
            overview=overview(ledger, query, compared=compared, has_hours=True),
            question=Question(
                address=address,
                query=query,
                compared=compared,
                comparison=Comparison(choice=Compare.PREVIOUS),
                now_us=NOW_US,
                available_from=date(2022, 2, 4),
            ),
            urls=urls,
            access=ReportAccess(),
            here=FilteredPage(urls=urls),
        )

    return make


def counts(points: tuple[LabelledPoint, ...]) -> dict[str, int]:
    return {each.label: each.point.count for each in points if each.point.count}


def test_today_has_an_hour_for_each_on_the_clock_and_none_for_those_to_come(context_of: MakeContext) -> None:
    points = labelled_points(context_of(TODAY, TODAY), Interval.HOUR)
    assert counts(points) == {
        "Wed 18 Nov 2026, 08:00–09:00": 1,
        "Wed 18 Nov 2026, 09:00–10:00": 1,
        "Wed 18 Nov 2026, 14:00–15:00": 1,
    }
    assert [each.point.hour for each in points if each.point.has_data] == list(range(15))
    assert [each.note for each in points if each.point.is_partial] == ["until 14:20"]
    # Of yesterday as much as of today.
    assert [each.point.hour for each in points if each.point.compared_count is not None] == list(range(15))
    assert points[9].point.compared_count == 1
    assert points[9].point.title == ("Wed 18 Nov 2026, 09:00–10:00: 1 session; Tue 17 Nov 2026, 09:00–10:00: 1")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
@pytest.mark.parametrize("interval", list(Interval))
def test_each_point_opens_exactly_the_sessions_that_it_counts(
    context_of: MakeContext, ledger: Ledger, interval: Interval, zone: str
) -> None:
    context = context_of(date(2026, 11, 3), TODAY, zone=zone)
    points = [each.point for each in labelled_points(context, interval)]
    assert sum(point.count for point in points) == context.report.sessions_consumed
    for point in points:
        assert bool(point.href) is (point.count > 0)
        if point.href:
            linked = read_address(QueryDict(urlsplit(point.href).query))
            days = RequestedDays(first_on=linked.days[0], last_on=linked.days[1], timezone=zone)
            query = usage_query(ACCOUNT, now_us=NOW_US, days=days, filters=linked.filters)
            assert usage_report(ledger, query).sessions_consumed == point.count


def test_the_hour_that_clocks_repeat_is_one_and_the_one_they_skip_is_none(
    ledger: Ledger, context_of: MakeContext
) -> None:
    of_day = {
        on: [each.point.hour for each in labelled_points(context_of(on, on, zone="Europe/Berlin"), Interval.HOUR)]
        for on in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1))
    }
    assert of_day[date(2026, 3, 29)] == [hour for hour in range(24) if hour != 2]
    assert of_day[date(2026, 10, 25)] == of_day[date(2026, 11, 1)] == list(range(24))


def test_weeks_that_the_period_cuts_are_partial_at_both_ends(context_of: MakeContext) -> None:
    points = labelled_points(context_of(date(2026, 10, 29), TODAY), Interval.WEEK)
    assert [(each.label, each.note) for each in points] == [
        ("Week of 26 Oct 2026", "from 29 Oct"),
        ("Week of 2 Nov 2026", ""),
        ("Week of 9 Nov 2026", ""),
        ("Week of 16 Nov 2026", "until 14:20"),
    ]
    assert [each.point.is_partial for each in points] == [True, False, False, True]


def test_a_month_is_partial_from_the_first_event_and_without_data_before(context_of: MakeContext) -> None:
    points = labelled_points(context_of(date(2026, 8, 1), date(2026, 11, 10)), Interval.MONTH)
    assert [(each.label, each.note, each.point.has_data) for each in points] == [
        ("Aug 2026", "no data", False),
        ("Sep 2026", "from 8 Sep", True),
        ("Oct 2026", "", True),
        ("Nov 2026", "until 10 Nov", True),
    ]


def test_tickets_of_a_week_that_the_period_cuts_are_partial_too(context_of: MakeContext) -> None:
    widget = ticket_trend_widget(context_of(date(2026, 10, 29), TODAY, interval=Interval.WEEK))
    assert [label for label, _ in widget.lines] == [
        "Week of 26 Oct 2026, from 29 Oct",
        "Week of 2 Nov 2026",
        "Week of 9 Nov 2026",
        "Week of 16 Nov 2026, until 14:20",
    ]
    assert all('fill-opacity="0.35"' in drawing for drawing in widget.chart.drawings)


@pytest.mark.parametrize("interval", [Interval.DAY, Interval.WEEK, Interval.MONTH])
def test_a_column_of_tickets_opens_as_many_as_it_counts(
    context_of: MakeContext, ledger: Ledger, interval: Interval
) -> None:
    marks = ticket_trend_widget(context_of(date(2026, 10, 1), TODAY, interval=interval)).chart.marks
    for mark in marks:
        count = int(mark.title.partition(": ")[2].split()[0])
        assert bool(mark.href) is (count > 0)
        if mark.href:
            parameters = QueryDict(urlsplit(mark.href).query)
            assert parameters["grain"] == "ticket"
            days = read_address(parameters).days
            query = usage_query(ACCOUNT, now_us=NOW_US, days=RequestedDays(first_on=days[0], last_on=days[1]))
            assert usage_report(ledger, query).ticket_count == count


def test_the_card_offers_the_intervals_that_fit_and_says_why_another_is_shown(context_of: MakeContext) -> None:
    widget = trend_widget(context_of(date(2026, 10, 20), TODAY))
    assert [(link.label, link.is_current) for link in widget.intervals] == [("Day", True), ("Week", False)]
    assert parse_qs(urlsplit(widget.intervals[1].href).query)["interval"] == ["week"]
    assert "interval" not in widget.intervals[0].href
    unfit = trend_widget(context_of(date(2026, 10, 20), TODAY, interval=Interval.HOUR))
    assert unfit.note == "Shown by day, because this period has 720 points by hour."
    assert [line.label for line in unfit.lines] == [line.label for line in widget.lines]
