"""Times that are written are read back, and a column of them is read as each of them alone."""

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, us_from_datetime
from botmeter.sources.times.clock import Clock
from botmeter.sources.times.instant_columns import checked_instants
from botmeter.sources.times.text_shapes import GROUP_ROWS_MIN

ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "America/St_Johns")
CLOCKS = [
    Clock(),
    Clock(zone=ZoneInfo("America/New_York"), ambiguous="first"),
    Clock(zones={"PST": -28_800_000_000, "CEST": 7_200_000_000}),
    Clock(format="epoch_s"),
    Clock(format="epoch_ms"),
    Clock(format="epoch_us"),
    Clock(format="epoch_ns"),
    Clock(format="excel", zone=ZoneInfo("Europe/Paris")),
    Clock(format="excel_1904", zone=ZoneInfo("UTC")),
    Clock(format="%d/%m/%Y %H:%M:%S.%f %z", zones={"PST": -28_800_000_000}),
    Clock(format="%b %d %y, %I:%M %p", zone=ZoneInfo("Australia/Lord_Howe")),
    Clock(format="%Y%m%dT%H%M%S", zone=ZoneInfo("America/New_York")),
    Clock(format="%Y-%j 10:%M %H+00", zone=ZoneInfo("UTC")),
]
WRITTEN = st.datetimes(min_value=datetime.fromisoformat("1000-01-01"), max_value=datetime.fromisoformat("9998-12-30"))


def one_by_one(text: str, clock: Clock) -> int | None:
    try:
        return clock.us(text)
    except Refused:
        return None


def as_column(texts: list[str], clock: Clock) -> list[int | None]:
    column, doubtful = checked_instants(pa.array(texts, pa.string()), clock=clock)
    return [None if doubt else us for us, doubt in zip(column.to_pylist(), doubtful.tolist(), strict=True)]


@st.composite
def texts_of_one_shape(draw: st.DrawFn) -> list[str]:
    """Copies of nearly a time, in which any digit may be another."""
    two = st.one_of(st.integers(0, 99), st.sampled_from([0, 1, 2, 12, 23, 24, 28, 29, 30, 31, 59, 60])).map(
        "{:02}".format
    )
    day = st.builds("{}-{}-{}".format, st.sampled_from(["1900", "2000", "2024", "2026"]), two, two)
    slashes = st.builds("{}/{}/{}".format, two, two, st.sampled_from(["2024", "2026"]))
    basic = st.builds("{}{}{}".format, st.sampled_from(["2024", "2026"]), two, two)
    named = st.builds("{} {} {}".format, st.sampled_from(["Feb", "nov", "DEC"]), st.integers(0, 33), two)
    at = st.one_of(st.builds("{}:{}:{}".format, two, two, two), st.builds("{}:{}".format, two, two))
    at_basic = st.builds("{}{}{}".format, two, two, two)
    decimals = st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(".,"), st.text("0159", max_size=11)))
    offset = st.one_of(
        st.sampled_from(
            ["Z", "", " UTC", " PST", " CEST", "+05", " -0330", "+05:30:15", "Z[Etc/UTC]", " AM", " p. m."]
        ),
        st.sampled_from(
            [" +0000 UTC", "+01:00[Europe/Paris]", " gmt ", "+24:00", "+05:60", "\u221203", "[UTC]", "+00"]
        ),
    )
    time = st.builds(
        "{}{}{}{}{}".format, st.one_of(day, slashes, named), st.sampled_from(["T", " ", ", "]), at, decimals, offset
    )
    time_basic = st.builds("{}T{}{}{}".format, basic, at_basic, decimals, offset)
    number = st.builds("{}{}{}".format, st.sampled_from(["", " ", "-", "1,"]), st.integers(0, 10**20), decimals)
    text = draw(st.one_of(time, time_basic, number, st.text(max_size=20).filter(lambda text: text != "")))
    changes = draw(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("0123456789")), max_size=GROUP_ROWS_MIN))
    copies = [text] * (GROUP_ROWS_MIN + 3)
    for row, (place, digit) in enumerate(changes):
        if place < len(text) and text[place].isascii() and text[place].isdigit():
            copies[row] = text[:place] + digit + text[place + 1 :]
    return copies


@given(texts_of_one_shape(), st.sampled_from(CLOCKS))
def test_a_column_of_times_is_read_as_each_of_them(texts: list[str], clock: Clock) -> None:
    assume(all(text.isprintable() for text in texts))
    assert as_column(texts, clock) == [one_by_one(text, clock) for text in texts]


@given(st.lists(WRITTEN, min_size=GROUP_ROWS_MIN + 1, max_size=GROUP_ROWS_MIN + 8), st.sampled_from(ZONES), st.data())
def test_local_times_of_a_column_are_those_of_the_zone(moments: list[datetime], zone: str, data: st.DataObject) -> None:
    ambiguous = data.draw(st.sampled_from(["refuse", "first"]))
    near = datetime.fromisoformat("2026-11-01") + timedelta(minutes=data.draw(st.integers(0, 240)))
    texts = [f"{moment:%Y-%m-%d %H:%M:%S.%f}" for moment in (*moments, near)]
    clock = Clock(zone=ZoneInfo(zone), ambiguous=ambiguous)
    assert as_column(texts, clock) == [one_by_one(text, clock) for text in texts]


PATTERNS = st.builds(
    "{} {}".format,
    st.sampled_from(
        ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%A, %B %d, %Y", "%a %d-%b-%Y", "%Y-%j"]
    ),
    st.sampled_from(["%H:%M:%S.%f", "%I:%M:%S.%f %p", "%H%M%S.%f", "%p %I.%M.%S,%f", "%H:%M:%S%f"]),
)


@given(WRITTEN, PATTERNS, st.integers(-1439, 1439))
def test_what_strftime_writes_is_read_back_to_the_microsecond(moment: datetime, pattern: str, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = aware.strftime(f"{pattern} %z")
    clock = Clock(format=f"{pattern} %z")
    expected = us_from_datetime(aware)
    assert [*as_column([text], clock), *as_column([text] * (GROUP_ROWS_MIN + 1), clock)] == [expected] * (
        GROUP_ROWS_MIN + 2
    )
    local = Clock(format=pattern, zone=ZoneInfo("UTC"))
    assert local.us(moment.strftime(pattern)) == us_from_datetime(moment.replace(tzinfo=UTC))


@given(WRITTEN, st.integers(-1439, 1439))
def test_what_isoformat_writes_is_read_back_to_the_microsecond(moment: datetime, minutes: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    texts = [aware.isoformat(), aware.isoformat(sep=" "), aware.strftime("%Y%m%dT%H%M%S.%f%z")]
    for text in texts:
        assert as_column([text] * (GROUP_ROWS_MIN + 1), Clock()) == [us_from_datetime(aware)] * (GROUP_ROWS_MIN + 1)


@given(st.integers(0, 73_000 * 86_400 - 1), st.integers(0, 999), st.sampled_from(["second", "millisecond"]))
def test_a_serial_day_is_read_back_from_as_many_digits_as_a_spreadsheet_keeps(
    second: int, milliseconds: int, unit: str
) -> None:
    moment = datetime(1927, 5, 19, tzinfo=UTC) + timedelta(seconds=second)
    if unit == "millisecond":
        moment += timedelta(milliseconds=milliseconds)
    us = us_from_datetime(moment)
    days = Fraction(us - us_from_datetime(datetime(1899, 12, 30, tzinfo=UTC)), DAY_US)
    clock = Clock(format="excel", zone=ZoneInfo("UTC"))
    for text in (f"{float(days):.15g}", repr(float(days))):
        decimals = len(text.partition(".")[2])
        # As few decimals as these stand for whole minutes or seconds only.
        assume(decimals > 2 if unit == "second" else decimals > 7)
        assert {*as_column([text], clock), *as_column([text] * (GROUP_ROWS_MIN + 1), clock)} == {us}
    if unit == "second":
        # As a narrow cell shows it.
        shown = f"{float(days):.5f}"
        assert as_column([shown] * (GROUP_ROWS_MIN + 1), clock) == [us] * (GROUP_ROWS_MIN + 1)


@given(st.lists(st.integers(46_000 * 10**12, 46_001 * 10**12), min_size=2, max_size=2), st.integers(8, 12))
def test_reading_serial_days_never_changes_their_order(serials: list[int], decimals: int) -> None:
    clock = Clock(format="excel", zone=ZoneInfo("UTC"))
    first, second = (one_by_one(f"{serial / 10**12:.{decimals}f}", clock) for serial in sorted(serials))
    assert first is not None
    assert second is not None
    assert first <= second
