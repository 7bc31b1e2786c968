"""Drawings stand inline under a strict policy, whatever their labels hold, and have a name."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import chain
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.charts.samples import NASTY, NASTY_SHOWN, corners, mark, parsed, points, shapes, timeline, trend

from botmeter.charts.columns import MonthColumn, Stack, monthly_chart, stacked_chart
from botmeter.charts.cycle import CycleLine, CycleMark, CyclePoint, cycle_chart
from botmeter.charts.plane import Chart
from botmeter.charts.svg import area, circle, column, diamond, element, number, polyline
from botmeter.charts.timeline import Lane, timeline_chart
from botmeter.charts.trend import Trend, spark_chart, trend_chart, trend_svg


def nasty_months() -> Chart:
    columns = tuple(
        MonthColumn(on=date(2026, 11, 1), count=n, title=NASTY, href=f"/m?x={NASTY}", note=NASTY) for n in (3, 5)
    )
    return monthly_chart(columns, name=NASTY)


def nasty_stacks() -> Chart:
    return stacked_chart([Stack(on=date(2026, 11, 1), counts=(1, 2), title=NASTY, href=NASTY)], name=NASTY)


def nasty_window() -> Chart:
    lane = Lane(title=NASTY, subtitle=NASTY, marks=(mark(0, "opening", title=NASTY), mark(1, "ticket", title=NASTY)))
    return timeline_chart(replace(timeline(lane, next_hours=25), name=NASTY, start_label=NASTY, next_label=NASTY))


def nasty_trend() -> Chart:
    made = tuple(
        replace(point, title=NASTY, href=NASTY, is_partial=point.count == 7) for point in points(4, 9, 2, 3, 7)
    )
    return trend_chart(Trend(name=NASTY, points=made, last_label=NASTY, partial_label=NASTY, peak_word=NASTY))


def nasty_cycle() -> Chart:
    made = tuple(
        CyclePoint(on=date(2026, 11, n), title=NASTY, href=NASTY, count=n, is_partial=n == 3, expected_count=n)
        for n in (1, 2, 3)
    )
    marks = (CycleMark(count=2, label=NASTY), CycleMark(count=99, label=NASTY, kind="limit"))
    labels = {"today_label": NASTY, "partial_label": NASTY, "end_label": NASTY}
    return cycle_chart(CycleLine(name=NASTY, points=made, marks=marks, **labels))


EVERY_CHART: tuple[Callable[[], Chart], ...] = (
    nasty_months,
    nasty_stacks,
    nasty_window,
    nasty_trend,
    nasty_cycle,
    lambda: spark_chart(points(1, 2, 3), name=NASTY),
)


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_a_drawing_is_well_formed_and_holds_names_as_text(chart: Callable[[], Chart]) -> None:
    for drawing in chart().drawings:
        root = parsed(drawing)
        assert root.attrib["aria-label"] == NASTY_SHOWN
        assert not list(root.iter("script"))


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_a_drawing_needs_no_style_no_script_no_id_and_nothing_from_elsewhere(chart: Callable[[], Chart]) -> None:
    for drawing in chart().drawings:
        names = set(chain.from_iterable(each.attrib for each in parsed(drawing).iter()))
        assert not names & {"style", "id", "xmlns"}
        assert not {name for name in names if name.startswith("on")}
        assert "http" not in drawing


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_colours_are_named_by_token_so_that_one_drawing_serves_both_themes(chart: Callable[[], Chart]) -> None:
    painted = set(re.findall(r'(?:fill|stroke)="([^"]+)"', "".join(chart().drawings)))
    assert {colour for colour in painted if colour != "none" and not colour.startswith("var(--")} == set()


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_each_width_is_drawn_once_and_narrower_ones_come_first(chart: Callable[[], Chart]) -> None:
    widths = [int(parsed(drawing).attrib["width"]) for drawing in chart().drawings]
    assert widths == sorted(set(widths))
    assert [f"w{width}" for width in widths] == [parsed(drawing).attrib["class"] for drawing in chart().drawings]


def test_a_drawing_with_links_is_a_group_and_one_without_is_an_image() -> None:
    linked = monthly_chart([MonthColumn(on=date(2026, 11, 1), count=1, title="t", href="/m")], name="m")
    assert parsed(linked.drawings[0]).attrib["role"] == "group"
    assert {link.attrib["tabindex"] for link in shapes(linked.drawings[0], "a")} == {"-1"}
    assert parsed(trend_svg(trend(5, 8), width=254)).attrib["role"] == "img"


def test_every_point_of_a_trend_has_a_mark_with_its_text_and_its_address() -> None:
    assert [(mark.title, mark.href) for mark in trend_chart(trend(5, 8, 3)).marks] == [
        (f"day {i}: {n} sessions", f"/rows?day={i}&bot=a") for i, n in enumerate((5, 8, 3))
    ]


@given(st.floats(-1e6, 1e6))
def test_numbers_are_short_and_within_half_a_hundredth_of_a_pixel(value: float) -> None:
    text = number(value)
    assert abs(float(text) - value) <= 0.005001
    assert len(text.partition(".")[2]) <= 2
    assert text != "-0"


@given(st.text())
def test_any_text_makes_a_well_formed_element(text: str) -> None:
    root = ET.fromstring(element("g", element("text", "a"), class_=text))  # noqa: S314 - our own drawing
    assert len(root) == 1


def test_shapes_stand_where_their_points_are() -> None:
    assert polyline([(0, 1), (2.04, 3)]) == '<path d="M0,1L2,3"/>'
    assert area([(0, 1), (2, 3)], 9) == '<path d="M0,1L2,3V9H0Z"/>'
    assert circle((1, 2), radius=3, fill="none") == '<circle cx="1" cy="2" r="3" fill="none"/>'
    assert corners(ET.fromstring(diamond((5, 5), radius=2))) == [(5, 3), (7, 5), (5, 7), (3, 5)]  # noqa: S314


def test_a_column_lower_than_its_corners_is_no_higher_than_its_value() -> None:
    assert (
        column((0, 9.5), (10, 10), radius=2) == '<path d="M0,10V10A0.5,0.5,0,0,1,0.5,9.5H9.5A0.5,0.5,0,0,1,10,10V10Z"/>'
    )
