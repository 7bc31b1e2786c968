"""Spikes of a trend, and the axis that they don't set."""

from dataclasses import replace

import pytest
from tests.unit.charts.samples import corners, points, shapes, texts

from botmeter.charts.plane import WIDTHS
from botmeter.charts.spikes import count_below_spikes
from botmeter.charts.trend import Trend, trend_svg

WEEKS = [100, 120, 90, 110, 105, 20, 25]


@pytest.mark.parametrize(
    ("counts", "greatest"),
    [
        ([*WEEKS, 1_200], 120),
        ([*WEEKS, 361], 120),
        ([*WEEKS, 359], None),
        (WEEKS, None),
        ([*WEEKS, *WEEKS, 900, 950], None),
        ([*WEEKS * 6, 900, 950], 120),
        ([0, 0, 0, 0, 0, 0, 5], None),
        ([1, 900, 1, 1], None),
        ([], None),
    ],
)
def test_a_spike_is_three_times_the_next_count_and_one_of_twenty(counts: list[int], greatest: int | None) -> None:
    assert count_below_spikes(counts) == greatest


@pytest.mark.parametrize("width", WIDTHS)
def test_a_cut_axis_is_that_of_the_other_counts_and_marks_what_it_cuts(width: int) -> None:
    some = points(*WEEKS, 1_200)
    cut = trend_svg(Trend(name="t", points=some, cut_at=120), width=width)
    (line,) = (path for path in shapes(cut, "path", stroke="var(--accent)") if path.get("stroke-width") == "2")
    heights = [y for _, y in corners(line)]
    # The line stays in the drawing, and the others use most of its height.
    assert min(heights) == 0
    assert heights[1] < 0.5 * heights[5]
    assert len(shapes(cut, "line", stroke_dasharray="2 3")) == 1
    (mark,) = (path for path in shapes(cut, "path", fill="var(--accent)"))
    assert corners(mark)[0][1] < 0
    assert any(text.startswith("Highest: 1,200") for text in texts(cut))
    assert "1,500" not in texts(cut)


def test_the_full_axis_reaches_the_spike_and_has_no_marks() -> None:
    full = trend_svg(Trend(name="t", points=points(*WEEKS, 1_200)), width=WIDTHS[-1])
    assert "1,250" in texts(full) or "1,500" in texts(full)
    assert not shapes(full, "line", stroke_dasharray="2 3")


def test_a_spike_of_the_compared_period_is_marked_in_its_colour() -> None:
    some = points(*WEEKS)
    compared = (replace(some[0], compared_count=1_000), *(replace(point, compared_count=80) for point in some[1:]))
    drawing = trend_svg(Trend(name="t", points=compared, cut_at=120), width=WIDTHS[-1])
    assert len(shapes(drawing, "path", fill="var(--compare)")) == 1


def test_a_noted_day_has_a_flag_inside_the_drawing_at_both_edges() -> None:
    some = tuple(replace(point, is_noted=place in {0, 3, 6}) for place, point in enumerate(points(*WEEKS)))
    for width in WIDTHS:
        drawing = trend_svg(Trend(name="t", points=some), width=width)
        flags = [corners(path) for path in shapes(drawing, "path", fill="var(--ink-2)")]
        assert len(flags) == 3
        assert all(0 <= x <= width for flag in flags for x, _ in flag)
