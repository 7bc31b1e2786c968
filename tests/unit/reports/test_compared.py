from datetime import date

import pytest

from botmeter.domain.account import Account
from botmeter.domain.instant import text_from_us, us_from_text
from botmeter.domain.period import Period
from botmeter.reports.compared_period import ComparedWith, compared_query
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery

ACCOUNT = Account(name="acme", available_from=date(2022, 2, 4))
FILTERS = Filters(bot=("b1",), preview=False)


def compared(first: str, last: str, *, now: str = "2026-11-22T09:30:00Z", **options: str) -> UsageQuery | None:
    period = Period(
        first_on=date.fromisoformat(first), last_on=date.fromisoformat(last), timezone=options.get("zone", "UTC")
    )
    against = ComparedWith(options.get("against", "previous"))
    return compared_query(
        UsageQuery(period=period, filters=FILTERS), account=ACCOUNT, against=against, now_us=us_from_text(now)
    )


def days_and_end(query: UsageQuery | None) -> tuple[str, str, str | None]:
    assert query is not None
    until = None if query.until_us is None else text_from_us(query.until_us)
    return str(query.period.first_on), str(query.period.last_on), until


@pytest.mark.parametrize(
    ("first", "last", "against", "earlier"),
    [
        ("2026-10-01", "2026-10-31", "previous", ("2026-08-31", "2026-09-30", None)),
        ("2026-11-01", "2026-11-01", "previous", ("2026-10-31", "2026-10-31", None)),
        ("2026-10-05", "2026-10-11", "year", ("2025-10-06", "2025-10-12", None)),
        ("2024-01-01", "2025-12-31", "year", ("2023-01-02", "2025-01-01", None)),
    ],
)
def test_days_that_are_over_are_compared_with_as_many_whole_days(first, last, against, earlier) -> None:
    assert days_and_end(compared(first, last, against=against)) == earlier


def test_the_year_before_begins_on_the_same_weekday() -> None:
    query = compared("2026-11-02", "2026-11-08", against="year")
    assert query is not None
    assert query.period.first_on.weekday() == date(2026, 11, 2).weekday()


def test_a_period_that_holds_today_is_compared_up_to_the_same_time_of_day() -> None:
    assert days_and_end(compared("2026-11-16", "2026-11-22")) == ("2026-11-09", "2026-11-15", "2026-11-15T09:30:00Z")
    assert days_and_end(compared("2026-11-22", "2026-11-22")) == ("2026-11-21", "2026-11-21", "2026-11-21T09:30:00Z")


def test_a_period_that_ends_after_today_is_compared_up_to_the_day_that_matches_today() -> None:
    assert days_and_end(compared("2026-11-21", "2026-11-30")) == ("2026-11-11", "2026-11-20", "2026-11-12T09:30:00Z")


def test_a_future_period_is_compared_with_whole_days() -> None:
    assert days_and_end(compared("2026-12-01", "2026-12-02")) == ("2026-11-29", "2026-11-30", None)


def test_elapsed_time_counts_where_clocks_change() -> None:
    # On 8 March clocks in New York go from two to three: at noon eleven hours have passed.
    now = "2026-03-08T16:00:00Z"
    zone = "America/New_York"
    assert days_and_end(compared("2026-03-08", "2026-03-08", now=now, zone=zone))[2] == "2026-03-07T16:00:00Z"
    # The last hour of a day of 25 hours has no counterpart in a day of 24: all of that day counts.
    late = "2026-11-02T04:59:00Z"
    assert days_and_end(compared("2026-11-01", "2026-11-01", now=late, zone=zone))[2] == "2026-11-01T04:00:00Z"


def test_the_compared_query_has_the_same_filters() -> None:
    query = compared("2026-11-01", "2026-11-10")
    assert query is not None
    assert query.filters == FILTERS


def test_days_before_the_data_are_left_out_and_recorded() -> None:
    query = compared("2022-02-14", "2022-02-23")
    assert days_and_end(query) == ("2022-02-04", "2022-02-13", None)
    assert query is not None
    assert query.moved_from is None
    cut = compared("2022-02-10", "2022-02-19")
    assert days_and_end(cut) == ("2022-02-04", "2022-02-09", None)
    assert cut is not None
    assert cut.moved_from == date(2022, 1, 31)


@pytest.mark.parametrize(
    ("first", "last", "now"),
    [
        ("2022-02-04", "2022-02-10", "2026-11-22T09:30:00Z"),
        # Of the days before there is data of the last one alone, and that day has not yet come.
        ("2022-02-05", "2022-02-06", "2022-02-05T09:30:00Z"),
        ("0001-01-01", "0001-01-02", "2026-11-22T09:30:00Z"),
    ],
)
def test_nothing_is_compared_with_days_before_the_data(first, last, now) -> None:
    assert compared(first, last, now=now) is None
