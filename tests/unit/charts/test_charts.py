"""What each chart draws, looked at as layers before they are drawn."""

import itertools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.unit.charts.samples import HOUR_US, mark, points, timeline, trend

from botmeter.charts.drawing import Drawing
from botmeter.charts.monthly import VALUES_MAX, MonthColumn, Months, monthly_drawing
from botmeter.charts.plane import Width
from botmeter.charts.spark import spark_drawing
from botmeter.charts.stacked import NARROW_WIDTH, Stack, Stacks, stacked_drawing
from botmeter.charts.timeline import LANES_MAX, Lane, timeline_drawing
from botmeter.charts.trend import Step, Trend, trend_drawing


def rows_of(drawing: Drawing, kind: str, **look: Any) -> list[dict[str, Any]]:
    """The rows of all layers of a kind of mark that look so."""
    return [
        row
        for layer in drawing.spec["layer"]
        if layer["mark"]["type"] == kind and all(layer["mark"].get(name) == value for name, value in look.items())
        for row in layer["data"]["values"]
    ]


def words(drawing: Drawing) -> list[str]:
    return [row["text"] for row in rows_of(drawing, "text")]


def drawn(made: Trend, width: Width = Width.WIDE) -> Drawing:
    return trend_drawing(made, width=width)


def test_days_before_the_data_are_a_gap_and_not_zero() -> None:
    some = tuple(replace(point, has_data=i >= 2) for i, point in enumerate(points(0, 0, 7, 9, 8)))
    lines = rows_of(drawn(Trend(name="t", points=some)), "line")
    assert [row["x"] for row in lines] == [2, 3, 4]


def test_a_gap_in_the_middle_parts_the_line_and_a_lone_day_is_a_dot() -> None:
    some = tuple(replace(point, has_data=i != 1) for i, point in enumerate(points(5, 0, 7, 9)))
    made = drawn(Trend(name="t", points=some, peak_word=""))
    assert {(row["x"], row["run"]) for row in rows_of(made, "line")} == {(0, 0), (2, 1), (3, 1)}
    assert [row["x"] for row in rows_of(made, "point")] == [0]


def test_the_line_ends_at_the_last_full_day_and_dots_lead_to_today() -> None:
    some = points(5, 6, 2)
    made = drawn(Trend(name="t", points=(*some[:2], replace(some[2], is_partial=True)), partial_label="2 until 14:02"))
    assert [row["x"] for row in rows_of(made, "line", strokeWidth=2, strokeDash=None)] == [0, 1]
    assert [row["x"] for row in rows_of(made, "line", strokeDash=[1, 4])] == [1, 2]
    assert [row["x"] for row in rows_of(made, "point", size=56)] == [2]
    assert "2 until 14:02" in words(made)


def test_the_compared_period_is_dashed_on_the_same_scale() -> None:
    some = tuple(replace(point, compared_count=90) for point in points(5, 6, 2))
    made = drawn(Trend(name="t", points=some))
    assert [row["y"] for row in rows_of(made, "line", strokeDash=[4, 3])] == [90, 90, 90]
    assert "100" in words(made)


def test_thirty_days_are_labelled_on_mondays_and_today() -> None:
    some = points(*range(30))
    made = drawn(Trend(name="t", points=some, last_label="Today"))
    assert [text for text in words(made) if "Oct" in text or ("Nov" in text and ":" not in text)] == [
        "26 Oct",
        "2 Nov",
        "9 Nov",
        "16 Nov",
    ]
    assert words(made).count("Today") == 1


@pytest.mark.parametrize("day_count", [1, 2, 7, 31, 90, 200, 400])
@pytest.mark.parametrize("width", list(Width))
def test_labels_under_the_line_never_touch(day_count: int, width: Width) -> None:
    made = drawn(Trend(name="t", points=points(*range(day_count)), last_label="Today"), width)
    below = [row for row in rows_of(made, "text") if row.get("py", 0) > 0]
    left, right = made.spec["layer"][-1]["encoding"]["x"]["scale"]["domain"]
    places = sorted((row["x"] - left) / (right - left) * made.spec["width"] for row in below)
    assert places
    assert all(after - before >= 40 for before, after in itertools.pairwise(places))


@pytest.mark.parametrize("step", list(Step))
def test_long_periods_are_labelled_by_month_and_year(step: Step) -> None:
    made = drawn(Trend(name="t", points=points(*range(395), first_on=date(2025, 6, 2)), step=step))
    assert [text for text in words(made) if text.endswith("2026")]


def labels_moved(made: Drawing) -> list[int]:
    return [layer["mark"]["dy"] for layer in made.spec["layer"] if layer["mark"].get("fontWeight") == 600]


@pytest.mark.parametrize(("last_count", "is_moved"), [(10, False), (95, True)])
def test_the_last_label_gives_way_to_a_line_that_comes_in_level(last_count: int, is_moved: bool) -> None:
    some = points(90, 100, 96, 97, last_count)
    partial = (*some[:4], replace(some[4], is_partial=True))
    made = drawn(Trend(name="t", points=partial, partial_label="until 14:02"))
    assert [bool(moved) for moved in labels_moved(made)] == [is_moved]


def test_an_empty_trend_and_one_of_zeros_are_drawn() -> None:
    assert drawn(Trend(name="t", points=())).spots == ()
    assert words(drawn(trend(0, 0, 0)))[:2] == ["0", "1"]


def test_the_sparkline_has_no_words_and_ends_hollow_today() -> None:
    some = points(3, 4, 1)
    made = spark_drawing((*some[:2], replace(some[2], is_partial=True)), name="t")
    assert not words(made)
    assert [row["x"] for row in rows_of(made, "point")] == [2]


def months(count: int) -> Months:
    columns = tuple(MonthColumn(label=f"M{i}", count=1000 + i, title=f"{i}", href=f"/m/{i}") for i in range(count))
    return Months(name="m", columns=columns)


def test_few_months_carry_their_value_and_many_have_an_axis() -> None:
    assert "1,003" in words(monthly_drawing(months(VALUES_MAX)))
    many = words(monthly_drawing(months(VALUES_MAX + 1)))
    assert "1,003" not in many
    assert "500" in many


def test_a_partial_month_is_dashed_and_says_what_it_holds() -> None:
    whole = months(3)
    last = replace(whole.columns[2], is_partial=True, note="until 22 Nov")
    made = monthly_drawing(replace(whole, columns=(*whole.columns[:2], last)))
    assert [row["spot"] for row in rows_of(made, "rect", strokeDash=[3, 3])] == ["~2"]
    assert "until 22 Nov" in words(made)


def test_a_month_without_data_has_no_column_and_no_value() -> None:
    whole = months(2)
    made = monthly_drawing(
        replace(whole, columns=(replace(whole.columns[0], count=0, has_data=False), whole.columns[1]))
    )
    assert [row["spot"] for row in rows_of(made, "rect")] == ["~1"]
    assert "0" not in words(made)


def test_stacked_parts_stand_on_each_other_in_the_fixed_order_of_colours() -> None:
    made = stacked_drawing(
        Stacks(name="s", columns=(Stack(label="a", counts=(2, 0, 3), title="t"),)), width=NARROW_WIDTH
    )
    parts = [(row["y2"], row["y"], row["fill"]) for row in rows_of(made, "rect") if "fill" in row]
    assert parts == [(0, 2, "var(--c1)"), (2, 5, "var(--c3)")]
    assert made.width == NARROW_WIDTH


def test_a_ninth_series_is_a_mistake_of_the_page() -> None:
    with pytest.raises(ValueError, match="8 series at most; 9 were given"):
        Stacks(name="s", columns=(Stack(label="a", counts=(1,) * 9, title="t"),))


def test_the_window_has_a_spot_for_each_mark_and_the_next_session_after_it() -> None:
    lane = Lane(
        title="Order bot", subtitle="web", marks=(mark(0, "opening"), mark(1), mark(1, "bot"), mark(2, "ticket"))
    )
    made = timeline_drawing(timeline(lane, next_hours=24.2), width=Width.WIDE)
    assert len(made.spots) == 4
    assert [row["spot"] for row in rows_of(made, "point", shape="diamond") if "spot" in row] == ["~0"]
    assert "next session" in words(made)


def test_a_next_session_weeks_later_is_not_drawn() -> None:
    made = timeline_drawing(timeline(Lane(title="a", subtitle="b", marks=(mark(0),)), next_hours=900), width=Width.WIDE)
    assert "next session" not in words(made)


def test_marks_that_would_cover_each_other_stand_as_one_but_tickets_all_stand() -> None:
    crowd = tuple(mark(i / 3600) for i in range(5_000))
    tickets = tuple(mark(2 + i / 3600, "ticket") for i in range(3))
    made = timeline_drawing(timeline(Lane(title="a", subtitle="b", marks=(*crowd, *tickets))), width=Width.WIDE)
    assert len(made.spots) < 200
    assert len(rows_of(made, "point", shape="square")) == 3


def test_past_twelve_conversations_the_last_line_counts_the_others() -> None:
    lanes = tuple(Lane(title=f"bot {i}", subtitle="web", marks=(mark(i),)) for i in range(LANES_MAX + 3))
    for width in Width:
        texts = words(timeline_drawing(timeline(*lanes), width=width))
        assert "and 3 more" in texts
        assert not any(text.startswith(f"bot {LANES_MAX}") for text in texts)


@pytest.mark.parametrize("hours", [0.05, 0.5, 24, 24 * 400])
def test_windows_of_any_length_have_a_few_round_times(hours: float) -> None:
    made = timeline_drawing(timeline(Lane(title="a", subtitle="b", marks=(mark(0),)), hours=hours), width=Width.WIDE)
    times = [text for text in words(made) if len(text) == 5 and text[2] == ":"]
    assert 1 <= len(times) <= 16


def test_times_are_those_of_the_clocks_of_the_zone() -> None:
    lane = Lane(title="a", subtitle="b", marks=(mark(0),))
    made = timeline_drawing(timeline(lane, timezone="Asia/Kolkata"), width=Width.WIDE)
    times = [text for text in words(made) if len(text) == 5 and text[2] == ":"]
    assert all(text.endswith(":00") for text in times)
    assert HOUR_US == 60 * 60 * 1_000_000
