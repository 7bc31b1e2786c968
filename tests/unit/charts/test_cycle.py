"""The cycle's chart: its lines, its band, its marks and their labels."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from tests.unit.charts.samples import corners, shapes, texts

from botmeter.charts.cycle import CycleLine, CycleMark, CyclePoint, cycle_chart, cycle_svg
from botmeter.charts.plane import WIDTHS, label_px

WIDE = 1060
FIRST_ON = date(2026, 11, 1)
DASHES = {"counted": None, "expected": "7 4", "compared": "4 3", "partial": "1 4"}


def cycle(*, counted: int = 10, days: int = 30, has_band: bool = True, today: int | None = None) -> CycleLine:
    """Ten sessions a day; `today` is the partial count, of the day after the counted ones."""
    points = []
    for day in range(days):
        end, is_ahead = 10 * (day + 1), day >= counted
        spread = 2 * (day + 1 - counted)
        points.append(
            CyclePoint(
                on=FIRST_ON + timedelta(days=day),
                title=f"day {day}",
                href="" if is_ahead else f"/rows?day={day}",
                count=today if is_ahead and day == counted else None if is_ahead else end,
                is_partial=today is not None and day == counted,
                expected_count=end if is_ahead else None,
                low_count=end - spread if is_ahead and has_band else None,
                high_count=end + spread if is_ahead and has_band else None,
                compared_count=8 * (day + 1),
            )
        )
    return CycleLine(
        name="Sessions of the cycle",
        points=tuple(points),
        today_label="Today",
        partial_label=f"{today} until 14:02" if today else "",
        end_label="300 expected",
    )


def line(drawing: str, which: str) -> list[tuple[float, float]]:
    stroke = "var(--compare)" if which == "compared" else "var(--accent)"
    paths = shapes(drawing, "path", stroke=stroke)
    (found,) = (path for path in paths if path.get("stroke-dasharray") == DASHES[which])
    return corners(found)


def test_the_counted_line_goes_on_as_a_dashed_path_to_the_end_of_the_cycle() -> None:
    drawing = cycle_svg(cycle(), width=WIDE)
    counted, expected = line(drawing, "counted"), line(drawing, "expected")
    assert (len(counted), len(expected), len(line(drawing, "compared"))) == (10, 21, 30)
    assert expected[0] == counted[-1]
    assert "300 expected" in texts(drawing)


def test_the_band_opens_at_the_last_counted_point_and_holds_the_path() -> None:
    drawing = cycle_svg(cycle(), width=WIDE)
    band = max((corners(each) for each in shapes(drawing, "path", fill="var(--area)")), key=len)
    assert band[0] == line(drawing, "counted")[-1]
    low, high = band[1:21], band[:20:-1]
    for (_, below), (_, middle), (_, above) in zip(low, line(drawing, "expected")[1:], high, strict=True):
        assert above < middle < below


def test_a_straight_line_has_no_band() -> None:
    drawing = cycle_svg(cycle(has_band=False), width=WIDE)
    # The area below the counted line is the only one.
    assert len(shapes(drawing, "path", fill="var(--area)")) == 1


def test_dots_lead_to_todays_partial_count_and_the_forecast_leaves_it_out() -> None:
    drawing = cycle_svg(cycle(today=104), width=WIDE)
    assert len(line(drawing, "partial")) == 2
    assert len(shapes(drawing, "circle", fill="var(--surface)")) == 1
    assert line(drawing, "expected")[0] == line(drawing, "counted")[-1]
    assert {"Today", "104 until 14:02"} <= set(texts(drawing))


def test_a_cycle_that_begins_today_has_a_path_and_no_counted_line() -> None:
    drawing = cycle_svg(cycle(counted=0, today=3), width=WIDE)
    assert len(line(drawing, "expected")) == 30
    assert len(shapes(drawing, "path", fill="var(--area)")) == 1


def test_a_cycle_without_a_forecast_or_any_point_is_drawn() -> None:
    bare = [replace(point, expected_count=None, low_count=None, high_count=None) for point in cycle().points]
    assert "Today" not in texts(cycle_svg(CycleLine(name="c", points=tuple(bare), today_label="Today"), width=WIDE))
    assert texts(cycle_svg(CycleLine(name="c", points=()), width=WIDE)) == ["0", "1"]


def test_every_day_has_a_tip_and_the_counted_ones_an_address() -> None:
    marks = cycle_chart(cycle()).marks
    assert [(mark.title, mark.href) for mark in marks[9:11]] == [("day 9", "/rows?day=9"), ("day 10", "")]
    assert len(marks) == 30


@pytest.mark.parametrize("width", [WIDTHS[0], 524, WIDTHS[-1]])
def test_marks_cross_the_whole_drawing_and_a_limit_is_dashed(width: int) -> None:
    marks = (CycleMark(count=150, label="Allowance 150"), CycleMark(count=250, label="Cap 250", kind="limit"))
    drawing = cycle_svg(replace(cycle(), marks=marks), width=width)
    (grant,) = shapes(drawing, "line", stroke="var(--control)")
    (limit,) = shapes(drawing, "line", stroke="var(--ink-2)", stroke_dasharray="6 3")
    assert float(limit.attrib["y1"]) < float(grant.attrib["y1"])
    assert grant.attrib["x1"] == limit.attrib["x1"] == "0"
    assert {"Allowance 150", "Cap 250"} <= set(texts(drawing))


def test_a_mark_far_above_the_lines_is_named_at_the_top_and_flattens_nothing() -> None:
    marks = (CycleMark(count=150, label="Allowance 150"), CycleMark(count=90_000, label="Cap 90,000", kind="limit"))
    drawing = cycle_svg(replace(cycle(), marks=marks), width=WIDE)
    assert "↑ Cap 90,000" in texts(drawing)
    assert "400" in texts(drawing)
    assert not shapes(drawing, "line", stroke="var(--ink-2)")


def test_before_the_first_session_the_scale_is_that_of_the_least_mark() -> None:
    points = tuple(CyclePoint(on=FIRST_ON + timedelta(days=day), title="") for day in range(30))
    marks = (CycleMark(count=500, label="Allowance 500"), CycleMark(count=90_000, label="Cap", kind="limit"))
    assert {"500", "Allowance 500", "↑ Cap"} <= set(
        texts(cycle_svg(CycleLine(name="c", points=points, marks=marks), width=WIDE))
    )


@pytest.mark.parametrize("width", [WIDTHS[0], 412, 860, WIDTHS[-1]])
@pytest.mark.parametrize("counted", [0, 5, 20, 29])
@pytest.mark.parametrize("mark_counts", [(40, 45, 300), (100, 101, 102), (290, 295, 310), (300, 5_000, 9_000)])
def test_labels_never_touch_each_other_or_leave_the_drawing(
    width: int, counted: int, mark_counts: tuple[int, ...]
) -> None:
    marks = tuple(CycleMark(count=count, label=f"Allowance {count:,}") for count in mark_counts)
    made = replace(cycle(counted=counted, today=10 * counted + 4), marks=marks)
    drawing = cycle_svg(made, width=width)
    left = float(shapes(drawing, "g")[0].attrib["transform"].removeprefix("translate(").split(",")[0])
    boxes = []
    for each in shapes(drawing, "text", stroke="var(--surface)"):
        at, text_px = float(each.attrib["x"]), label_px([each.text or ""])
        start = at - text_px if each.attrib["text-anchor"] == "end" else at
        assert start >= 0
        assert start + text_px <= width - left
        boxes.append((start, start + text_px, float(each.attrib["y"])))
    assert len(boxes) >= 3
    for one, other in itertools.combinations(boxes, 2):
        assert one[1] < other[0] or other[1] < one[0] or abs(one[2] - other[2]) >= 13.9


@pytest.mark.parametrize("day_count", [28, 92, 366])
def test_months_quarters_and_years_are_labelled_inside_the_drawing(day_count: int) -> None:
    drawing = cycle_svg(cycle(counted=day_count // 2, days=day_count, today=10), width=WIDTHS[0])
    labels = shapes(drawing, "text")
    below = max(float(each.attrib["y"]) for each in labels)
    positions = sorted(float(each.attrib["x"]) for each in labels if float(each.attrib["y"]) == below)
    assert len(positions) > 1
    assert all(after - before >= 30 for before, after in itertools.pairwise(positions))


@pytest.mark.parametrize("width", [WIDTHS[0], WIDTHS[2], 524, WIDTHS[-1]])
def test_no_line_goes_through_the_count_of_today(width: int) -> None:
    for today in range(1, 29):
        made = cycle(counted=today, today=10 * today + 4)
        drawing = cycle_svg(made, width=width)
        (text,) = (each for each in shapes(drawing, "text") if each.text == made.partial_label)
        room = label_px([made.partial_label])
        start = float(text.attrib["x"]) - (room if text.get("text-anchor") == "end" else 0)
        middle = float(text.attrib["y"]) - 4
        for name in ("counted", "expected", "compared"):
            points = line(drawing, name) if name != "counted" or today > 1 else []
            xs, ys = [x for x, _ in points], [y for _, y in points]
            crossed = [
                y
                for x in np.linspace(start, start + room, 50)
                if xs and xs[0] <= x <= xs[-1]
                for y in [np.interp(x, xs, ys)]
            ]
            assert all(abs(y - middle) > 4 for y in crossed), (name, today)
