from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.instant import (
    INSTANT_END_US,
    INSTANT_FIRST_US,
    datetime_from_us,
    now_us,
    text_from_us,
    us_from_datetime,
    us_from_text,
)

INSTANTS = st.integers(INSTANT_FIRST_US, INSTANT_END_US - 1)


@given(INSTANTS)
def test_text_and_instant_are_each_others_inverse(instant_us: int) -> None:
    assert us_from_text(text_from_us(instant_us)) == instant_us


@given(INSTANTS)
def test_datetime_and_instant_are_each_others_inverse(instant_us: int) -> None:
    assert us_from_datetime(datetime_from_us(instant_us)) == instant_us


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2025-12-21T04:00:00+05:30", "2025-12-20T22:30:00Z"),
        ("2025-12-21T17:00:00-08:00", "2025-12-22T01:00:00Z"),
        ("2026-11-22t14:05:00z", "2026-11-22T14:05:00Z"),
        ("2026-11-22 14:05:00+0545", "2026-11-22T08:20:00Z"),
        ("2026-11-22T14:05:00.5Z", "2026-11-22T14:05:00.500Z"),
        ("2026-11-22T14:05:00.123456999Z", "2026-11-22T14:05:00.123456Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
        ("1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00Z"),
        ("2026-03-01 22:59:58+00", "2026-03-01T22:59:58Z"),
        ("2026-03-01 22:59:58.5+05:30", "2026-03-01T17:29:58.500Z"),
        ("2026-03-01 10:00:00+0530", "2026-03-01T04:30:00Z"),
        ("1890-03-01 10:00:00+00:19:32", "1890-03-01T09:40:28Z"),
        ("2026-03-01T10:00:00\u221203:00", "2026-03-01T13:00:00Z"),
        ("2026-03-01 10:00:00.5000000 +00:00", "2026-03-01T10:00:00.500Z"),
        ("2026-03-01 10:00:00.123456789 -0300", "2026-03-01T13:00:00.123456Z"),
        ("2026-03-01 10:00:00.999999999 UTC", "2026-03-01T10:00:00.999999Z"),
        ("2026-03-01T10:00:00gmt", "2026-03-01T10:00:00Z"),
        ("2026-03-01 10:00:00.5 +0000 UTC", "2026-03-01T10:00:00.500Z"),
        ("2026-03-01T10:00:00,25Z", "2026-03-01T10:00:00.250Z"),
        ("2026-03-01T10:00Z", "2026-03-01T10:00:00Z"),
        ("2026-03-01 10:00 -03", "2026-03-01T13:00:00Z"),
        ("20260301T101500Z", "2026-03-01T10:15:00Z"),
        ("20260301T1015+0530", "2026-03-01T04:45:00Z"),
        ("20260301T101500.123456789Z", "2026-03-01T10:15:00.123456Z"),
        ("2026-03-01T10:00:00.5Z[Etc/UTC]", "2026-03-01T10:00:00.500Z"),
        ("2026-03-01T10:00+00:00[GMT]", "2026-03-01T10:00:00Z"),
        ("2026-07-01T10:00:00+02:00[Europe/Paris]", "2026-07-01T08:00:00Z"),
        ("2026-10-25T02:30:00+02:00[Europe/Paris]", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+01:00[Europe/Paris]", "2026-10-25T01:30:00Z"),
        ("2026-03-01T10:00:00+05:30[+05:30]", "2026-03-01T04:30:00Z"),
        (" 2026-03-01T10:00:00Z\t", "2026-03-01T10:00:00Z"),
        ("\u00a02026-03-01\u202f10:00:00\u202f+00:00", "2026-03-01T10:00:00Z"),
    ],
)
def test_a_time_with_an_offset_is_one_instant_utc(text: str, same: str) -> None:
    assert text_from_us(us_from_text(text)) == same


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-11-22T14:05:00", "time_without_offset"),
        ("2026-11-22", "time_invalid"),
        ("2026-11-22T14Z", "time_invalid"),
        ("2026-11-22T1405Z", "time_invalid"),
        ("20261122T14:05Z", "time_invalid"),
        ("20261122", "time_invalid"),
        ("2026-11-22 02:05 PM", "time_invalid"),
        ("2026-11-22T14:05", "time_without_offset"),
        ("20261122T140500", "time_without_offset"),
        ("2026-11-22T14:05:00 PST", "time_zone_unknown"),
        ("2026-11-22T14:05:00 EST", "time_zone_unknown"),
        ("2026-11-22T14:05:00 +0530 IST", "time_zone_unknown"),
        ("2026-11-22T14:05:00+05:30 UTC", "time_invalid"),
        ("2026-11-22T14:05:00Z[Europe/Paris]", "time_invalid"),
        ("2026-07-01T10:00:00+01:00[Europe/Paris]", "time_invalid"),
        ("2026-11-22T14:05:00Z[Mars/Base]", "time_zone_unknown"),
        ("2026-11-22T14:05:00Z[localtime]", "time_zone_unknown"),
        ("2026-11-22T14:05:00[Europe/Paris]", "time_invalid"),
        ("2026-03-29T02:30:00+01:00[Europe/Paris]", "time_invalid"),
        ("0001-01-01T00:00:00+00:00[Europe/Paris]", "time_invalid"),
        ("2026-02-29T00:00:00Z", "time_invalid"),
        ("2026-13-01T00:00:00Z", "time_invalid"),
        ("2026-11-22T24:00:00Z", "time_invalid"),
        ("2026-11-22T14:05:61Z", "time_invalid"),
        ("2026-11-22T14:05:00+24:00", "time_invalid"),
        ("2026-11-22T14:05:00+05:60", "time_invalid"),
        ("0001-01-01T00:00:00+01:00", "time_out_of_range"),
        ("9999-12-31T23:59:59-01:00", "time_out_of_range"),
        ("٢٠٢٦-11-22T14:05:00Z", "time_invalid"),
        ("2026-11-22T14:05:00Z\n", "time_invalid"),
        ("", "time_invalid"),
        ("\ud800" * 1000, "time_invalid"),
    ],
)
def test_anything_else_is_refused_with_a_short_sentence(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        us_from_text(text)
    assert refused.value.code == code
    assert len(refused.value.message) < 400
    refused.value.message.encode()


@given(INSTANTS, INSTANTS)
def test_digits_that_are_cut_never_change_an_order(one_us: int, other_us: int) -> None:
    finer = [f"{text_from_us(us)[:19]}.{us % 1_000_000:06d}9Z" for us in sorted([one_us, other_us])]
    assert us_from_text(finer[0]) <= us_from_text(finer[1])


def test_the_clock_is_read_in_utc_whatever_the_zone_of_the_machine() -> None:
    before = datetime.now(UTC)
    assert us_from_datetime(before) <= now_us() <= us_from_datetime(datetime.now(UTC))
