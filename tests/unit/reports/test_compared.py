from datetime import date
from typing import Any

import pytest

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_from_us, us_from_text
from botmeter.domain.period import Period
from botmeter.reports.compared_period import Compare, Comparison, compared_day, compared_query
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery

ACCOUNT = Account(name="acme", available_from=date(2022, 2, 4))
FILTERS = Filters(bot=("b1",), preview=False)


def query_of(first: str, last: str, *, zone: str = "UTC") -> UsageQuery:
    period = Period(first_on=date.fromisoformat(first), last_on=date.fromisoformat(last), timezone=zone)
    return UsageQuery(period=period, filters=FILTERS)


def compared(
    first: str, last: str, *, now: str = "2026-11-22T09:30:00Z", zone: str = "UTC", **choice: Any
) -> UsageQuery | None:
    """`compared(first, last, against="auto", unit=1, days=(…))`: the compared query."""
    days = choice.get("days")
    comparison = Comparison(
        choice=Compare(choice.get("against", "previous")),
        unit_months=choice.get("unit"),
        days=None if days is None else (date.fromisoformat(days[0]), date.fromisoformat(days[1])),
    )
    query = query_of(first, last, zone=zone)
    return compared_query(query, account=ACCOUNT, comparison=comparison, now_us=us_from_text(now))


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
        ("2026-10-05", "2026-10-11", "weekdays", ("2026-09-28", "2026-10-04", None)),
        ("2026-10-05", "2026-10-05", "weekdays", ("2026-09-28", "2026-09-28", None)),
        ("2026-10-01", "2026-10-31", "weekdays", ("2026-08-27", "2026-09-26", None)),
        ("2026-10-05", "2026-10-11", "year-dates", ("2025-10-05", "2025-10-11", None)),
        ("2024-02-01", "2024-02-29", "year-dates", ("2023-02-01", "2023-02-28", None)),
    ],
)
def test_days_that_are_over_are_compared_with_whole_days(first, last, against, earlier) -> None:
    assert days_and_end(compared(first, last, against=against)) == earlier


@pytest.mark.parametrize(
    ("first", "last", "earlier"),
    [
        # Months, quarters, years and other whole months, of any length.
        ("2026-10-01", "2026-10-31", ("2026-09-01", "2026-09-30", None)),
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28", None)),
        ("2024-03-01", "2024-03-31", ("2024-02-01", "2024-02-29", None)),
        ("2026-01-01", "2026-01-31", ("2025-12-01", "2025-12-31", None)),
        ("2026-07-01", "2026-09-30", ("2026-04-01", "2026-06-30", None)),
        ("2025-01-01", "2025-12-31", ("2024-01-01", "2024-12-31", None)),
        ("2026-05-01", "2026-08-31", ("2026-01-01", "2026-04-30", None)),
        ("2026-12-01", "2026-12-31", ("2026-11-01", "2026-11-30", None)),
        # A running month: the same days, to the same time of day.
        ("2026-11-01", "2026-11-30", ("2026-10-01", "2026-10-30", "2026-10-22T09:30:00Z")),
        # Any other days: as many.
        ("2026-10-01", "2026-10-30", ("2026-09-01", "2026-09-30", None)),
        ("2026-10-02", "2026-10-31", ("2026-09-02", "2026-10-01", None)),
        ("2026-11-01", "2026-11-01", ("2026-10-31", "2026-10-31", None)),
    ],
)
def test_whole_months_are_compared_with_the_months_before(first, last, earlier) -> None:
    assert days_and_end(compared(first, last, against="auto")) == earlier


@pytest.mark.parametrize(
    ("first", "last", "unit", "now", "earlier"),
    [
        # This month, also on its last day, when it is whole, and when the month before is shorter.
        ("2026-11-01", "2026-11-22", 1, "2026-11-22T09:30:00Z", ("2026-10-01", "2026-10-22", "2026-10-22T09:30:00Z")),
        ("2026-11-01", "2026-11-30", 1, "2026-11-30T09:30:00Z", ("2026-10-01", "2026-10-30", "2026-10-30T09:30:00Z")),
        ("2026-03-01", "2026-03-31", 1, "2026-03-31T09:30:00Z", ("2026-02-01", "2026-02-28", None)),
        # The first day of a month is no month, but is compared as one.
        ("2026-11-01", "2026-11-01", 1, "2026-11-01T09:30:00Z", ("2026-10-01", "2026-10-01", "2026-10-01T09:30:00Z")),
        # Quarter to date: as many days of the quarter before, which can be shorter.
        ("2026-10-01", "2026-11-22", 3, "2026-11-22T09:30:00Z", ("2026-07-01", "2026-08-22", "2026-08-22T09:30:00Z")),
        ("2026-01-01", "2026-03-10", 3, "2026-03-10T09:30:00Z", ("2025-10-01", "2025-12-08", "2025-12-08T09:30:00Z")),
        ("2026-04-01", "2026-06-30", 3, "2026-06-30T09:30:00Z", ("2026-01-01", "2026-03-31", None)),
        ("2024-01-01", "2024-11-22", 12, "2024-11-22T09:30:00Z", ("2023-01-01", "2023-11-23", "2023-11-23T09:30:00Z")),
        # Twelve months to date.
        ("2025-12-01", "2026-11-22", 12, "2026-11-22T09:30:00Z", ("2024-12-01", "2025-11-22", "2025-11-22T09:30:00Z")),
        # Named days are compared with days, even if they are a whole month.
        ("2026-11-01", "2026-11-30", 0, "2026-11-30T09:30:00Z", ("2026-10-02", "2026-10-31", "2026-10-31T09:30:00Z")),
    ],
)
def test_a_named_period_is_compared_by_its_own_unit(first, last, unit, now, earlier) -> None:
    assert days_and_end(compared(first, last, against="auto", unit=unit, now=now)) == earlier


@pytest.mark.parametrize(
    ("first", "last", "earlier"),
    [
        ("2026-10-01", "2026-10-15", ("2026-09-01", "2026-09-15", None)),
        ("2026-10-01", "2026-11-15", ("2026-07-01", "2026-08-15", None)),
        ("2026-01-01", "2026-05-15", ("2025-01-01", "2025-05-15", None)),
        ("2026-02-01", "2026-05-15", ("2025-10-20", "2026-01-31", None)),
        ("2026-10-05", "2026-10-11", ("2026-09-28", "2026-10-04", None)),
    ],
)
def test_a_part_of_a_month_is_compared_by_calendar_if_chosen(first, last, earlier) -> None:
    assert days_and_end(compared(first, last, against="calendar")) == earlier


def test_other_days_can_be_compared() -> None:
    days = ("2026-03-01", "2026-03-31")
    assert days_and_end(compared("2026-10-01", "2026-10-30", against="custom", days=days)) == (*days, None)
    # A running period is cut only if it has as many days.
    assert days_and_end(compared("2026-11-01", "2026-11-22", against="custom", days=days)) == (*days, None)
    same_length = compared("2026-11-01", "2026-11-30", against="custom", days=("2026-09-01", "2026-09-30"))
    assert days_and_end(same_length) == ("2026-09-01", "2026-09-30", "2026-09-22T09:30:00Z")


@pytest.mark.parametrize(
    ("against", "days", "code"),
    [
        ("custom", None, "comparison_invalid"),
        ("year", ("2026-01-01", "2026-01-02"), "comparison_invalid"),
        ("custom", ("2026-01-02", "2026-01-01"), "period_reversed"),
    ],
)
def test_a_comparison_that_says_nothing_is_refused(against, days, code) -> None:
    with pytest.raises(Refused) as refused:
        compared("2026-10-01", "2026-10-31", against=against, days=days)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("first", "last", "against", "pairs"),
    [
        ("2026-10-01", "2026-10-31", "auto", {"2026-10-30": "2026-09-30", "2026-10-31": None}),
        ("2026-03-01", "2026-03-31", "auto", {"2026-03-28": "2026-02-28", "2026-03-29": None}),
        ("2024-02-01", "2024-03-31", "year-dates", {"2024-02-29": None, "2024-03-01": "2023-03-01"}),
        ("2026-10-05", "2026-10-11", "year", {"2026-10-05": "2025-10-06"}),
        ("2022-02-10", "2022-02-19", "previous", {"2022-02-13": None, "2022-02-14": "2022-02-04"}),
    ],
)
def test_each_day_is_set_beside_the_day_that_it_is_compared_with(first, last, against, pairs) -> None:
    query, earlier = query_of(first, last), compared(first, last, against=against)
    assert earlier is not None
    choice = Comparison(choice=Compare(against)).effective(query)
    for on, earlier_on in pairs.items():
        found = compared_day(date.fromisoformat(on), query=query, compared=earlier, choice=choice)
        assert found == (earlier_on and date.fromisoformat(earlier_on))


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
