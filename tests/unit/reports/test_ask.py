from datetime import date

import pytest

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.reports.filters import FILTER_NAMES, Filters
from botmeter.reports.query import RequestedDays, UsageQuery, usage_query

NOW_US = us_from_text("2026-11-22T20:00:00Z")


def query_of(
    first: str | None = None, last: str | None = None, *, since: str = "2022-02-04", zone: str = "UTC"
) -> UsageQuery:
    first_on, last_on = (day and date.fromisoformat(day) for day in (first, last))
    account = Account(name="acme", available_from=date.fromisoformat(since))
    return usage_query(
        account, now_us=NOW_US, days=RequestedDays(first_on=first_on or None, last_on=last_on or None, timezone=zone)
    )


def between(query: UsageQuery) -> tuple[str, str]:
    return str(query.period.first_on), str(query.period.last_on)


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (None, None, ("2026-10-24", "2026-11-22")),
        ("2026-11-01", None, ("2026-11-01", "2026-11-22")),
        (None, "2026-03-30", ("2026-03-01", "2026-03-30")),
        ("2026-11-22", "2026-11-22", ("2026-11-22", "2026-11-22")),
        ("2026-12-24", None, ("2026-12-24", "2026-12-24")),
        ("2026-12-24", "2027-01-06", ("2026-12-24", "2027-01-06")),
    ],
)
def test_missing_days_default_to_30_days_that_end_today_or_on_the_last_day(first, last, period) -> None:
    assert between(query_of(first, last)) == period
    assert query_of(first, last).moved_from is None


def test_a_first_day_before_the_data_is_moved_to_its_start() -> None:
    query = query_of("2019-01-01", "2022-03-01")
    assert between(query) == ("2022-02-04", "2022-03-01")
    assert query.moved_from == date(2019, 1, 1)


def test_the_default_period_of_a_new_account_starts_with_its_data() -> None:
    query = query_of(since="2026-11-20")
    assert between(query) == ("2026-11-20", "2026-11-22")
    assert query.moved_from == date(2026, 10, 24)


def test_a_period_wholly_before_the_data_becomes_its_first_day() -> None:
    assert between(query_of("2019-01-01", "2019-12-31")) == ("2022-02-04", "2022-02-04")


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(Refused, match="starts on 2026-11-22 and ends before that, on 2026-11-21.") as refusal:
        query_of("2026-11-22", "2026-11-21")
    assert refusal.value.code == "period_reversed"


def test_a_last_day_in_the_first_month_of_the_calendar_is_moved_up_too() -> None:
    assert between(query_of(None, "0001-01-05")) == ("2022-02-04", "2022-02-04")


def test_today_is_the_day_in_the_requested_zone() -> None:
    query = query_of(zone="Asia/Kolkata")
    assert between(query) == ("2026-10-25", "2026-11-23")
    assert (query.today_on, query.period.timezone) == (date(2026, 11, 23), "Asia/Kolkata")


def test_west_of_greenwich_data_starts_on_the_evening_before() -> None:
    assert between(query_of("2020-01-01", "2022-02-10", zone="America/New_York")) == ("2022-02-03", "2022-02-10")
    assert between(query_of("2020-01-01", "2022-02-10", zone="Asia/Kolkata")) == ("2022-02-04", "2022-02-10")


@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "utc+5", "../etc/passwd", "/etc/passwd", "a\0b", "\ud800", "right/UTC"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(Refused) as refusal:
        query_of(zone=zone)
    assert refusal.value.code == "timezone_unknown"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_the_first_and_the_last_day_of_the_calendar_are_valid(zone: str) -> None:
    query = query_of("9999-12-30", "9999-12-31", zone=zone)
    assert query.start_us < query.end_us
    early = UsageQuery(period=Period(first_on=date.min, last_on=date.min, timezone=zone))
    assert early.start_us < early.end_us


def test_a_cut_ends_the_period_earlier_but_never_before_it_starts() -> None:
    period = Period(first_on=date(2026, 11, 1), last_on=date(2026, 11, 2))
    assert UsageQuery(period=period).end_us == period.end_us
    assert UsageQuery(period=period, until_us=period.start_us + 5).end_us == period.start_us + 5
    assert UsageQuery(period=period, until_us=period.end_us + 5).end_us == period.end_us
    assert UsageQuery(period=period, until_us=0).end_us == period.start_us


@pytest.mark.parametrize("name", FILTER_NAMES)
def test_a_filter_has_at_most_a_thousand_values(name: str) -> None:
    values = ("mon-09",) * 1_001 if name == "hour" else tuple(str(number) for number in range(1_001))
    Filters(**{name: values[:1_000]})
    with pytest.raises(TooMuch, match="has 1,001 values; the limit is 1,000") as refusal:
        Filters(**{name: values})
    assert refusal.value.code == "filter_too_long"
