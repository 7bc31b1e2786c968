"""Dates at the ends of the calendar are answered or refused with a sentence, in every time zone."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, us_from_text
from botmeter.domain.period import Period, calendar_edges_us, day_of_us, day_start_us, month_last_on, offsets_us
from botmeter.ledger.ledger import Ledger
from botmeter.reports.compared_period import Compare, Comparison, compared_query
from botmeter.reports.overview import overview
from botmeter.reports.presets import Preset, days_of
from botmeter.reports.query import RequestedDays, usage_query
from support.facts import event, filled_ledger

NOW_US = us_from_text("2026-05-20T12:00:00Z")
ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kolkata", "Europe/Dublin")


def days() -> st.SearchStrategy[date]:
    ends = (date.min, date(1, 1, 31), date(2, 1, 1), date(1970, 1, 1), date(9998, 12, 31), date(9999, 12, 1), date.max)
    return st.one_of(st.sampled_from(ends), st.dates())


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    filled = filled_ledger([event("first", INSTANT_FIRST_US), event("last", INSTANT_END_US - 1), event("now", NOW_US)])
    yield filled
    filled.connection.close()


@given(on=days(), zone=st.sampled_from(ZONES), shift_us=st.integers(-1, 1))
def test_each_midnight_has_a_day(on: date, zone: str, shift_us: int) -> None:
    local_on = day_of_us(day_start_us(on) + shift_us, timezone=zone)
    assert abs((local_on - on).days) <= 1
    assert month_last_on(on.replace(day=1)) >= on
    period = Period(first_on=on, last_on=on, timezone=zone)
    assert period.start_us <= period.end_us
    assert offsets_us(period)


@given(
    at_us=st.one_of(
        st.sampled_from([INSTANT_FIRST_US, INSTANT_END_US - 1]), st.integers(INSTANT_FIRST_US, INSTANT_END_US - 1)
    )
)
def test_each_instant_of_an_event_has_its_calendar(at_us: int) -> None:
    for zone in ZONES:
        on = day_of_us(at_us, timezone=zone)
        period = Period(first_on=on, last_on=on, timezone=zone)
        assert period.start_us <= at_us < period.end_us
        edges = calendar_edges_us("month", timezone=zone, start_us=at_us, end_us=at_us)
        assert edges[0] <= at_us < edges[-1]


@given(first_on=st.none() | days(), last_on=st.none() | days(), available_from=days(), zone=st.sampled_from(ZONES))
@example(first_on=None, last_on=date.max, available_from=date.min, zone="Pacific/Pago_Pago")
@example(first_on=date.max, last_on=date.max, available_from=date.max, zone="Pacific/Kiritimati")
def test_each_report_is_answered_or_refused(
    ledger: Ledger, first_on: date | None, last_on: date | None, available_from: date, zone: str
) -> None:
    account = Account(name="acme", available_from=available_from)
    requested = RequestedDays(first_on=first_on, last_on=last_on, timezone=zone)
    try:
        query = usage_query(account, now_us=NOW_US, days=requested)
    except Refused as error:
        assert error.code in {"period_reversed", "period_too_long"}  # noqa: PT017
        return
    if query.period.day_count > 400:
        return
    compared = {
        choice: compared_query(query, account=account, comparison=Comparison(choice=choice), now_us=NOW_US)
        for choice in Compare
        if choice is not Compare.CUSTOM
    }
    assert all(before is None or before.start_us < before.end_us for before in compared.values())
    report = overview(ledger, query, compared=compared[Compare.YEAR]).report
    assert len(report.trend) == query.period.day_count
    assert sum(day.session_count or 0 for day in report.trend) == report.sessions_consumed


@given(today_on=st.dates(date(2, 1, 1), date(9998, 12, 31)), available_from=days())
def test_each_named_period_has_its_days(today_on: date, available_from: date) -> None:
    for preset in Preset:
        first_on, last_on = days_of(preset, today_on=today_on, available_from=available_from)
        assert first_on <= last_on <= today_on + timedelta(days=1)
