from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, text_from_us, us_from_text
from botmeter.domain.period import (
    Period,
    calendar_edges_us,
    day_from_text,
    day_of_us,
    day_start_us,
    offset_us,
    offsets_us,
)

HOUR_US = DAY_US // 24
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
ZONES = st.sampled_from(
    [
        "UTC",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
        "America/Havana",
        "America/St_Johns",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Europe/London",
    ]
)


def edges(unit: str, zone: str, *, start: str, end: str) -> list[str]:
    edge_times = calendar_edges_us(unit, timezone=zone, start_us=us_from_text(start), end_us=us_from_text(end))
    return [text_from_us(edge_us) for edge_us in edge_times]


@given(DAYS, st.integers(0, 400))
def test_a_period_holds_its_days_from_the_first_midnight_to_the_last(first_on: date, further: int) -> None:
    period = Period(first_on=first_on, last_on=first_on + timedelta(days=further))
    days = list(period.days())
    assert len(days) == period.day_count == further + 1
    assert (days[0], days[-1]) == (period.first_on, period.last_on)
    assert day_of_us(period.start_us) == period.first_on
    assert day_of_us(period.end_us - 1) == period.last_on
    assert period.end_us - period.start_us == period.day_count * DAY_US


def test_a_period_of_one_day_is_that_day() -> None:
    period = Period(first_on=date(2026, 2, 28), last_on=date(2026, 2, 28))
    assert list(period.days()) == [date(2026, 2, 28)]


@pytest.mark.parametrize(
    ("first_on", "last_on", "code"),
    [
        (date(2026, 11, 22), date(2026, 11, 21), "period_reversed"),
        (date(2022, 2, 4), date(9999, 12, 31), "period_too_long"),
    ],
)
def test_an_invalid_period_is_refused(first_on: date, last_on: date, code: str) -> None:
    with pytest.raises(Refused) as refused:
        Period(first_on=first_on, last_on=last_on)
    assert refused.value.code == code


@given(DAYS, st.integers(0, 400), ZONES)
def test_days_of_a_time_zone_are_between_its_midnights(first_on: date, further: int, zone: str) -> None:
    period = Period(first_on=first_on, last_on=first_on + timedelta(days=further), timezone=zone)
    edges = period.edges_us()
    assert edges == sorted(edges)
    assert (edges[0], edges[-1], len(edges)) == (period.start_us, period.end_us, period.day_count + 1)
    for on, start_us, end_us in zip(period.days(), edges, edges[1:], strict=False):
        if start_us < end_us:
            assert {day_of_us(at_us, timezone=zone) for at_us in (start_us, end_us - 1)} == {on}


@pytest.mark.parametrize(
    ("zone", "on", "start", "hours"),
    [
        ("UTC", date(2026, 3, 8), "2026-03-08T00:00:00Z", 24),
        ("Asia/Kolkata", date(2026, 3, 8), "2026-03-07T18:30:00Z", 24),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00:00Z", 23),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00:00Z", 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00:00Z", 24.5),
        # Midnight does not come: the day begins at one o'clock.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00Z", 23),
        # Midnight comes twice: the first one counts.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00Z", 25),
        # The day was skipped.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00Z", 0),
    ],
)
def test_a_day_has_the_length_of_its_time_zone(zone: str, on: date, start: str, hours: float) -> None:
    period = Period(first_on=on, last_on=on, timezone=zone)
    assert text_from_us(period.start_us) == start
    assert period.end_us - period.start_us == hours * HOUR_US


def test_the_offsets_of_a_period_begin_with_it_and_change_with_its_clocks() -> None:
    year = Period(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31), timezone="America/St_Johns")
    assert [(text_from_us(start_us), ahead_us / HOUR_US) for start_us, ahead_us in offsets_us(year)] == [
        ("2026-01-01T03:30:00Z", -3.5),
        ("2026-03-08T05:30:00Z", -2.5),
        ("2026-11-01T04:30:00Z", -3.5),
    ]


def test_an_offset_that_changes_at_a_skipped_midnight_begins_with_the_day() -> None:
    year = Period(first_on=date(2026, 1, 1), last_on=date(2026, 12, 31), timezone="America/Havana")
    assert [(text_from_us(start_us), ahead_us / HOUR_US) for start_us, ahead_us in offsets_us(year)] == [
        ("2026-01-01T05:00:00Z", -5),
        ("2026-03-08T05:00:00Z", -4),
        ("2026-11-01T05:00:00Z", -5),
    ]


@given(DAYS, st.integers(0, 400), ZONES, st.data())
def test_the_offset_of_any_instant_of_a_period_is_that_of_its_zone(
    first_on: date, more_days: int, timezone: str, data: st.DataObject
) -> None:
    period = Period(first_on=first_on, last_on=first_on + timedelta(days=more_days), timezone=timezone)
    instant_us = data.draw(st.integers(period.start_us, max(period.start_us, period.end_us - 1)))
    ahead_us = [ahead_us for start_us, ahead_us in offsets_us(period) if start_us <= instant_us][-1]
    assert ahead_us == offset_us(instant_us, timezone)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(Refused, match="'Mars/Base' is not in the IANA time zone database") as refused:
        Period(first_on=date(2026, 1, 1), last_on=date(2026, 1, 1), timezone="Mars/Base")
    assert refused.value.code == "timezone_unknown"


def test_a_day_is_read_as_year_month_day() -> None:
    assert day_from_text("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2026-2-3", "20260203", "2026-W05-2", "2026-02-30", "03/02/2026", "٢٠٢٦-02-03", "today", "", "2026-02-03 "]
)
def test_a_day_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        day_from_text(text)
    assert refused.value.code == "date_invalid"


@given(st.integers(-(10**16), 10**16))
def test_the_day_of_an_instant_contains_it(instant_us: int) -> None:
    start_us = day_start_us(day_of_us(instant_us))
    assert start_us <= instant_us < start_us + DAY_US


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2026-03-29", 23),
        ("Europe/London", "2026-10-25", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("Asia/Beirut", "2022-03-27", 23),
        ("America/Havana", "2025-11-02", 25),
        ("Asia/Kathmandu", "2026-11-22", 24),
    ],
)
def test_a_local_day_has_the_hours_that_its_clocks_give_it(zone: str, day: str, hours: int) -> None:
    noon_us = us_from_text(f"{day}T12:00:00Z")
    around = calendar_edges_us("day", timezone=zone, start_us=noon_us, end_us=noon_us)
    start_us, end_us = around[0], around[1]
    assert start_us <= noon_us < end_us
    assert end_us - start_us == hours * HOUR_US


def test_a_midnight_that_the_clocks_skip_is_the_first_instant_after_the_gap() -> None:
    edge_times = edges("day", "America/Sao_Paulo", start="2018-11-04T02:59:59Z", end="2018-11-04T03:00:00Z")
    assert edge_times == ["2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]
    assert (
        edges("day", "Asia/Beirut", start="2022-03-26T22:00:00Z", end="2022-03-26T22:00:00Z")[0]
        == "2022-03-26T22:00:00Z"
    )


def test_of_a_midnight_that_comes_twice_the_first_counts() -> None:
    assert edges("day", "America/Havana", start="2025-11-02T04:30:00Z", end="2025-11-02T04:30:00Z") == [
        "2025-11-02T04:00:00Z",
        "2025-11-03T05:00:00Z",
    ]


def test_a_day_that_a_country_skips_has_no_edge() -> None:
    assert edges("day", "Pacific/Apia", start="2011-12-30T09:59:59Z", end="2011-12-30T10:00:00Z") == [
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
        "2011-12-31T10:00:00Z",
    ]


def test_a_midnight_in_kathmandu_is_at_a_quarter_past_an_hour_utc() -> None:
    assert edges("day", "Asia/Kathmandu", start="2026-11-22T18:14:59Z", end="2026-11-22T18:15:00Z") == [
        "2026-11-21T18:15:00Z",
        "2026-11-22T18:15:00Z",
        "2026-11-23T18:15:00Z",
    ]


def test_months_begin_at_the_local_midnight_of_their_first_day() -> None:
    assert edges("month", "Asia/Kolkata", start="2026-11-30T20:00:00Z", end="2027-01-31T18:29:59Z") == [
        "2026-11-30T18:30:00Z",
        "2026-12-31T18:30:00Z",
        "2027-01-31T18:30:00Z",
    ]
    assert edges("month", "UTC", start="2024-02-29T23:59:59Z", end="2024-02-29T23:59:59Z") == [
        "2024-02-01T00:00:00Z",
        "2024-03-01T00:00:00Z",
    ]


@given(
    st.sampled_from(["day", "month"]),
    ZONES,
    st.integers(5 * 366 * DAY_US, 90 * 365 * DAY_US),
    st.integers(0, 90 * DAY_US),
)
def test_edges_enclose_the_span_and_are_local_midnights(unit: str, zone: str, start_us: int, length_us: int) -> None:
    edge_times = calendar_edges_us(unit, timezone=zone, start_us=start_us, end_us=start_us + length_us)
    assert edge_times[0] <= start_us < edge_times[1]
    assert edge_times[-2] <= start_us + length_us < edge_times[-1]
    assert edge_times == sorted(set(edge_times))
    for edge_us in edge_times:
        after = datetime.fromisoformat(text_from_us(edge_us)).astimezone(ZoneInfo(zone))
        before = datetime.fromisoformat(text_from_us(edge_us - 1)).astimezone(ZoneInfo(zone))
        assert after.date() > before.date()
