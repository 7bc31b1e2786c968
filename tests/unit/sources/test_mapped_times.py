"""Times of foreign files: each format, pattern and zone word of a mapping, from one row and from whole columns."""

import csv
import io
import json
import os
import re
import time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Read, event, ndjson

from botmeter.domain.errors import Refused
from botmeter.domain.instant import text_from_us
from botmeter.sources.mapping.mapping_file import mapping_from_document

# Enough equal texts are read as a column.
COPIES = 40
LA = {"timezone": "America/Los_Angeles"}
UTC = {"timezone": "UTC"}
PACIFIC = {"PST": "-08:00", "PDT": "-07:00"}
SLASHES = {"format": "%d/%m/%Y %I:%M:%S %p", **UTC}

RIGHT: list[tuple[str, dict[str, Any], str]] = [
    # Decimals in some rows only, up to nine, cut to the microsecond.
    ("2026-03-01 10:00:00", {"format": "%Y-%m-%d %H:%M:%S.%f", **UTC}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00.5", {"format": "%Y-%m-%d %H:%M:%S.%f", **UTC}, "2026-03-01T10:00:00.500Z"),
    ("2026-03-01 10:00:00.123456999", {"format": "%Y-%m-%d %H:%M:%S.%f", **UTC}, "2026-03-01T10:00:00.123456Z"),
    ("01.03.2026 10:00:00,75", {"format": "%d.%m.%Y %H:%M:%S,%f", **UTC}, "2026-03-01T10:00:00.750Z"),
    # Offsets in all spellings.
    ("2026-03-01 10:00:00+00", {"format": "%Y-%m-%d %H:%M:%S%z"}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00 -03", {"format": "%Y-%m-%d %H:%M:%S%z"}, "2026-03-01T13:00:00Z"),
    ("2026-03-01 10:00:00 +05:30", {"format": "%Y-%m-%d %H:%M:%S %z"}, "2026-03-01T04:30:00Z"),
    ("2026-03-01 10:00:00.1234567 +0530", {"format": "%Y-%m-%d %H:%M:%S.%f %z"}, "2026-03-01T04:30:00.123456Z"),
    ("2026-03-01 10:00:00 UTC", {"format": "%Y-%m-%d %H:%M:%S %z", **LA}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00Z", {"format": "%Y-%m-%d %H:%M:%S%z", **LA}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00.5 +0000 UTC", {"format": "%Y-%m-%d %H:%M:%S.%f %z %Z"}, "2026-03-01T10:00:00.500Z"),
    ("2026-03-01 10:00:00Z", {"format": "%Y-%m-%d %H:%M:%S %z"}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00UTC", {"format": "%Y-%m-%d %H:%M:%S %Z"}, "2026-03-01T10:00:00Z"),
    # Zone words: three that mean one thing, others as the mapping says.
    ("2026-11-10 20:00:00 UTC", {"format": "%Y-%m-%d %H:%M:%S %Z", **LA}, "2026-11-10T20:00:00Z"),
    ("2026-11-10 20:00:00 GMT", {"format": "%Y-%m-%d %H:%M:%S %Z"}, "2026-11-10T20:00:00Z"),
    ("2026-11-01 01:30:00 PDT", {"format": "%Y-%m-%d %H:%M:%S %Z", "zones": PACIFIC}, "2026-11-01T08:30:00Z"),
    ("2026-11-01 01:30:00 PST", {"format": "%Y-%m-%d %H:%M:%S %Z", "zones": PACIFIC}, "2026-11-01T09:30:00Z"),
    ("2026-11-01 01:30:00 PST", {"zones": PACIFIC, **UTC}, "2026-11-01T09:30:00Z"),
    ("2026-11-01 10:00:00 +0530 IST", {"zones": {"IST": "+0530"}}, "2026-11-01T04:30:00Z"),
    # Marks of half days, as locales write them.
    ("24/03/2026 11:58:01 pm", SLASHES, "2026-03-24T23:58:01Z"),
    ("24/03/2026 12:03:01 am", SLASHES, "2026-03-24T00:03:01Z"),
    ("1/3/2026 9:05:00PM", SLASHES, "2026-03-01T21:05:00Z"),
    ("1/3/2026 9:05:00\u202fPM", SLASHES, "2026-03-01T21:05:00Z"),
    ("1/03/2026 10:00:00 p.\u00a0m.", SLASHES, "2026-03-01T22:00:00Z"),
    ("1/03/2026 10:00:00 a. m.", SLASHES, "2026-03-01T10:00:00Z"),
    ("1/03/2026 12:00:00 μ.μ.", SLASHES, "2026-03-01T12:00:00Z"),
    ("2026/3/1 下午3:04:05", {"format": "%Y/%m/%d %p%I:%M:%S", **UTC}, "2026-03-01T15:04:05Z"),
    ("2026. 3. 1. 오전 12:04:05", {"format": "%Y. %m. %d. %p %I:%M:%S", **UTC}, "2026-03-01T00:04:05Z"),
    ("2026-03-01 15:04 PM", {"format": "%Y-%m-%d %H:%M %p", **UTC}, "2026-03-01T15:04:00Z"),
    # Names, short years, padding, blanks, leap seconds, days by week and of the year.
    (
        "Sun Mar 01 2026 10:00:00 GMT-0330 (Newfoundland)",
        {"format": "%a %b %d %Y %H:%M:%S GMT%z (Newfoundland)"},
        "2026-03-01T13:30:00Z",
    ),
    ("Mar  1 2026  3:04PM", {"format": "%b %d %Y %I:%M%p", **UTC}, "2026-03-01T15:04:00Z"),
    ("1 december 68, 23:59", {"format": "%d %B %y, %H:%M", **UTC}, "2068-12-01T23:59:00Z"),
    ("Sun Mar  1 10:00:00 2026", {"format": "%c", **UTC}, "2026-03-01T10:00:00Z"),
    ("  01/03/2026 10:00 ", {"format": "%d/%m/%Y %H:%M", **UTC}, "2026-03-01T10:00:00Z"),
    ("20260301101500", {"format": "%Y%m%d%H%M%S", **UTC}, "2026-03-01T10:15:00Z"),
    ("4112026 93015", {"format": "%d%m%Y %H%M%S", **UTC}, "2026-11-04T09:30:15Z"),
    ("2016-12-31 23:59:60", {"format": "%Y-%m-%d %H:%M:%S", **UTC}, "2016-12-31T23:59:59.999999Z"),
    ("2026-060 10:00", {"format": "%Y-%j %H:%M", **UTC}, "2026-03-01T10:00:00Z"),
    ("2026-W09-7 10:00", {"format": "%G-W%V-%u %H:%M", **UTC}, "2026-03-01T10:00:00Z"),
    ("2026-03-01 10:00:00+00", {"format": "%Y-%m-%d %H:%M:%S+00", **UTC}, "2026-03-01T10:00:00Z"),
    # Numbers since 1970.
    ("1772355900,25", {"format": "epoch_s"}, "2026-03-01T09:05:00.250Z"),
    ("1772355900.9999999999999999999999999", {"format": "epoch_s"}, "2026-03-01T09:05:00.999999Z"),
    ("1772355900123.4567", {"format": "epoch_ms"}, "2026-03-01T09:05:00.123456Z"),
    ("1.772355900123E+12", {"format": "epoch_ms"}, "2026-03-01T09:05:00.123Z"),
    ("1,7723559001235E+12", {"format": "epoch_ms"}, "2026-03-01T09:05:00.123500Z"),
    ("1772355900123456789", {"format": "epoch_ns"}, "2026-03-01T09:05:00.123456Z"),
    ("-1", {"format": "epoch_ns"}, "1969-12-31T23:59:59.999999Z"),
    (" 1772355900 ", {"format": "epoch_s"}, "2026-03-01T09:05:00Z"),
    # Serial days.
    ("46082.4375", {"format": "excel", **UTC}, "2026-03-01T10:30:00Z"),
    ("46082,4375", {"format": "excel", "timezone": "Asia/Kolkata"}, "2026-03-01T05:00:00Z"),
    ("46082.75", {"format": "excel", **UTC}, "2026-03-01T18:00:00Z"),
    ("46082.4400", {"format": "excel", **UTC}, "2026-03-01T10:33:36Z"),
    ("46082", {"format": "excel", **UTC}, "2026-03-01T00:00:00Z"),
    ("46082.43827", {"format": "excel", **UTC}, "2026-03-01T10:31:06.528Z"),
    ("46082.43828", {"format": "excel", **UTC}, "2026-03-01T10:31:07Z"),
    ("46082.4375115741", {"format": "excel", **UTC}, "2026-03-01T10:30:01Z"),
    ("46082.437511574077", {"format": "excel", **UTC}, "2026-03-01T10:30:01Z"),
    ("46082.4375144676", {"format": "excel", **UTC}, "2026-03-01T10:30:01.250Z"),
    ("46082.4375144700", {"format": "excel", **UTC}, "2026-03-01T10:30:01.250208Z"),
    ("4.60824375E+04", {"format": "excel", **UTC}, "2026-03-01T10:30:00Z"),
    ("59", {"format": "excel", **UTC}, "1900-02-28T00:00:00Z"),
    ("61", {"format": "excel", **UTC}, "1900-03-01T00:00:00Z"),
    ("44620.4375", {"format": "excel_1904", **UTC}, "2026-03-01T10:30:00Z"),
    ("0", {"format": "excel_1904", **UTC}, "1904-01-01T00:00:00Z"),
]

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("2026-11-10 20:00:00 PST", {"format": "%Y-%m-%d %H:%M:%S %Z", **UTC}, "time_zone_unknown", "zones = { PST"),
    ("2026-11-10 20:00:00 PST", UTC, "time_zone_unknown", "the zone PST"),
    ("2026-11-10 20:00:00 pst", {"zones": PACIFIC}, "time_zone_unknown", "the zone pst"),
    ("2026-11-10 20:00:00 -0700 PST", {"zones": PACIFIC}, "time_invalid", "contradict"),
    ("2026-11-10 20:00:00.1234567890", {"format": "%Y-%m-%d %H:%M:%S.%f", **UTC}, "time_invalid", "not written as"),
    ("2026-03-01 03:04 PM", {"format": "%Y-%m-%d %H:%M %p", **UTC}, "time_invalid", "does not exist"),
    ("1/3/2026 13:05:00 PM", SLASHES, "time_invalid", "does not exist"),
    ("1112026 10:00", {"format": "%d%m%Y %H:%M", **UTC}, "time_invalid", "can be two times"),
    ("20260301T10658", {"format": "%Y%m%dT%H%M%S", **UTC}, "time_invalid", "can be two times"),
    ("2026311T10:00", {"format": "%Y%m%dT%H:%M", **UTC}, "time_invalid", "not written as"),
    ("2026-366 10:00", {"format": "%Y-%j %H:%M", **UTC}, "time_invalid", "does not exist"),
    ("2026-02-29 10:00", {"format": "%Y-%m-%d %H:%M", **UTC}, "time_invalid", "does not exist"),
    ("2026-03-01 10:00:00+01", {"format": "%Y-%m-%d %H:%M:%S+00", **UTC}, "time_invalid", "not written as"),
    ("1,77236E+12", {"format": "epoch_ms"}, "time_invalid", "6 of 13 are left in scientific notation"),
    ("1,772", {"format": "epoch_s"}, "time_invalid", "thousands"),
    ("1.772.355.900", {"format": "epoch_s"}, "time_invalid", "not a number"),
    ("9223372036854775807", {"format": "epoch_s"}, "time_out_of_range", "outside the years"),
    ("60.5", {"format": "excel", **UTC}, "time_invalid", "29 February 1900"),
    ("0.4375", {"format": "excel", **UTC}, "time_invalid", "without a day"),
    ("-1", {"format": "excel_1904", **UTC}, "time_invalid", "before the first day"),
    ("46082.4383", {"format": "excel", **UTC}, "time_invalid", "rounded to 8.64 s"),
    ("46082.44", {"format": "excel", **UTC}, "time_invalid", "rounded to 864 s"),
    ("46082.438", {"format": "excel", **UTC}, "time_invalid", "rounded to 86.4 s"),
    ("2958466", {"format": "excel", **UTC}, "time_out_of_range", "outside the years"),
    ("1000000000000000", {"format": "excel", **UTC}, "time_out_of_range", "outside the years"),
]


def times(
    read: Read, cells: list[str], *, clock: dict[str, object], formats: int = 4
) -> tuple[list[str], list[str], list[str]]:
    """Instants, codes and details of a column, the same from CSV, NDJSON, JSON and Parquet."""
    mapping = mapping_from_document({"occurred_at": {"column": "at", **clock}})
    records = [event(f"e{number}", at=cell) for number, cell in enumerate(cells)]
    for record in records:
        del record["occurred_at"]
    text, packed = io.StringIO(), io.BytesIO()
    writer = csv.DictWriter(text, fieldnames=records[0])
    writer.writeheader()
    writer.writerows(records)
    pq.write_table(pa.Table.from_pylist(records), packed)
    contents = [text.getvalue().encode(), ndjson(*records), json.dumps(records).encode(), packed.getvalue()]
    outcomes = [read(content, mapping=mapping) for content in contents[:formats]]
    results = [
        (
            [text_from_us(each["occurred_at"]) for each in outcome.events],
            [each.code for each in outcome.rejections],
            [each.detail for each in outcome.rejections],
        )
        for outcome in outcomes
    ]
    assert all(result == results[0] for result in results)
    return results[0]


@pytest.mark.parametrize(("cell", "clock", "instant"), RIGHT, ids=lambda value: str(value)[:50])
def test_a_foreign_time_is_one_instant_by_every_reader(
    read: Read, cell: str, clock: dict[str, object], instant: str
) -> None:
    assert times(read, [cell], clock=clock) == ([instant], [], [])
    assert times(read, [cell] * COPIES, clock=clock, formats=1) == ([instant] * COPIES, [], [])


@pytest.mark.parametrize(("cell", "clock", "code", "reason"), WRONG, ids=lambda value: str(value)[:50])
def test_a_foreign_time_that_can_mean_two_things_is_refused_with_the_reason(
    read: Read, cell: str, clock: dict[str, object], code: str, reason: str
) -> None:
    for count in (1, COPIES):
        instants, codes, details = times(read, [cell] * count, clock=clock, formats=4 if count == 1 else 1)
        assert (instants, codes) == ([], [code] * count)
        assert reason in details[0]


@pytest.mark.parametrize(
    ("column", "clock", "instants"),
    [
        (pa.array([1772355900123.0, None]), {"format": "epoch_ms"}, ["2026-03-01T09:05:00.123Z"]),
        (pa.array([1772355900.25, 1e15, float("nan")]), {"format": "epoch_s"}, ["2026-03-01T09:05:00.250Z"]),
        (pa.array([1772355900123.5]), {"format": "epoch_ms"}, ["2026-03-01T09:05:00.123500Z"]),
        (pa.array([46082.437511574077, 60.0]), {"format": "excel", **UTC}, ["2026-03-01T10:30:01Z"]),
        (pa.array([Decimal("1772355900.123456789")]), {"format": "epoch_s"}, ["2026-03-01T09:05:00.123456Z"]),
        (pa.array([20260301101500]), {"format": "%Y%m%d%H%M%S", **UTC}, ["2026-03-01T10:15:00Z"]),
        (pa.array([1772355900123456789]), {"format": "epoch_ns"}, ["2026-03-01T09:05:00.123456Z"]),
        (pa.array([1772355900123456], pa.timestamp("us")), {"zones": PACIFIC, **LA}, ["2026-03-01T17:05:00.123456Z"]),
        (pa.array(["2026-03-01 10:00 PST"]).dictionary_encode(), {"zones": PACIFIC}, ["2026-03-01T18:00:00Z"]),
    ],
    ids=str,
)
def test_a_typed_column_of_parquet_is_read_exactly(
    read: Read, column: pa.Array, clock: dict[str, object], instants: list[str]
) -> None:
    rows = [event(f"e{number}") for number in range(len(column))]
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows).set_column(1, "at", column), content)
    outcome = read(content.getvalue(), mapping=mapping_from_document({"occurred_at": {"column": "at", **clock}}))
    assert [text_from_us(each["occurred_at"]) for each in outcome.events] == instants
    assert len(outcome.rejections) == len(column) - len(instants)


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        ({"format": "excel"}, "needs a timezone"),
        ({"format": "excel", "zones": PACIFIC, **UTC}, "no zones"),
        ({"format": "epoch_s", "zones": PACIFIC}, "has zones, but epoch_s counts in UTC"),
        ({"format": "%Y-%m-%d %H:%M", "zones": PACIFIC, **UTC}, "has no %Z or %z"),
        ({"format": "%Y-%m-%d %I:%M", **UTC}, "a pattern of a whole time"),
        ({"format": "%Y-%m-%d %d %H:%M", **UTC}, "a pattern of a whole time"),
        ({"format": "%Y-%m-%d %H:%M %Q", **UTC}, "a pattern of a whole time"),
        ({"format": "%m-%d %H:%M", **UTC}, "a pattern of a whole time"),
        ({"format": "%Y-%m-%d %H:%M %", **UTC}, "a pattern of a whole time"),
        ({"format": "%", **UTC}, "a pattern of a whole time"),
        ({"timezone": "localtime"}, "'localtime' is not in the IANA time zone database"),
        ({"zones": ["PST"]}, "must be a table of offsets"),
        ({"zones": {"PST": -8}}, 'it must be an offset, such as "-08:00"'),
        ({"zones": {"PST": "-8 hours"}}, "it must be an offset"),
        ({"zones": {"PST": "-25:00"}}, "it must be an offset"),
        ({"zones": {"GMT": "+01:00"}}, "'GMT', which is always UTC"),
        ({"zones": {"+03": "+03:00"}}, "a zone's word has letters only"),
    ],
)
def test_a_clock_that_can_not_be_is_refused_with_its_reason(clock: dict[str, object], reason: str) -> None:
    with pytest.raises(Refused, match=re.escape(reason)) as refused:
        mapping_from_document({"occurred_at": clock})
    assert refused.value.code == "mapping_invalid"


def test_the_machines_zone_and_locale_change_no_event(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = ["2026-11-10 20:00:00 UTC", "2026-11-10 20:00:00 PST", "2026-11-10 20:00:00 IST", "2026-11-10 20:00:00"]
    cells = [*cells, "2026-03-29 01:30:00 GMT", "2026-11-10 20:00:00 CST"]
    clocks: list[dict[str, object]] = [
        {"format": "%Y-%m-%d %H:%M:%S %Z", "zones": {"CST": "-06:00"}},
        {"timezone": "Europe/London", "zones": {"CST": "-06:00"}},
        {"format": "%Y-%m-%d %H:%M:%S", "timezone": "Asia/Kolkata"},
    ]
    seen = []
    try:
        for zone in ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Europe/London", "Australia/Lord_Howe"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            seen.append([times(read, [*cells, *cells[-1:] * COPIES], clock=clock, formats=1) for clock in clocks])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert all(each == seen[0] for each in seen)
    assert [each[0][1] for each in seen] == [["time_zone_unknown"] * 2 + ["time_invalid"]] * 5
    assert os.environ.get("TZ") != "Australia/Lord_Howe"
