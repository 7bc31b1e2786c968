"""What comes out of the drawing: markup that stands inline under a strict policy, says what it shows, and is kept."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup
from tests.unit.charts.samples import NASTY, mark, points, timeline, trend

from botmeter.charts import drawing as shelf
from botmeter.charts.drawing import svg
from botmeter.charts.monthly import MonthColumn, Months, monthly_drawn
from botmeter.charts.plane import Width
from botmeter.charts.spark import spark_drawn
from botmeter.charts.stacked import Stack, Stacks, stacked_drawn
from botmeter.charts.timeline import Lane, timeline_drawn
from botmeter.charts.trend import Trend, trend_drawing, trend_drawn


def nasty_months() -> Markup:
    columns = tuple(MonthColumn(label=NASTY, count=n, title=NASTY, href=f"/m?x={NASTY}", note=NASTY) for n in (3, 5))
    return monthly_drawn(Months(name=NASTY, columns=columns))


def nasty_stacks() -> Markup:
    return stacked_drawn(Stacks(name=NASTY, columns=(Stack(label=NASTY, counts=(1, 2), title=NASTY, href=NASTY),)))


def nasty_window() -> Markup:
    lane = Lane(title=NASTY, subtitle=NASTY, marks=(mark(0, "opening", title=NASTY), mark(1, "ticket", title=NASTY)))
    return timeline_drawn(replace(timeline(lane, next_hours=25), name=NASTY, start_label=NASTY, next_label=NASTY)).wide


def nasty_trend() -> Markup:
    made = tuple(
        replace(point, title=NASTY, href=NASTY, is_partial=point.count == 7) for point in points(4, 9, 2, 3, 7)
    )
    return trend_drawn(Trend(name=NASTY, points=made, last_label=NASTY, partial_label=NASTY, peak_word=NASTY)).narrow


EVERY_CHART: tuple[Callable[[], Markup], ...] = (
    nasty_months,
    nasty_stacks,
    nasty_window,
    nasty_trend,
    lambda: spark_drawn(points(1, 2, 3), name=NASTY),
)


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own drawing


def all_of(root: ET.Element, tag: str) -> list[ET.Element]:
    return [each for each in root.iter() if each.tag.split("}")[-1] == tag]


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_a_drawing_is_well_formed_and_holds_names_as_text(chart: Callable[[], Markup]) -> None:
    root = parsed(chart())
    assert root.attrib["aria-label"] == NASTY
    assert not all_of(root, "script")


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_a_drawing_needs_no_style_no_script_and_nothing_from_elsewhere(chart: Callable[[], Markup]) -> None:
    root = parsed(chart())
    for element in root.iter():
        names = {name.split("}")[-1] for name in element.attrib}
        assert "style" not in names
        assert not {name for name in names if name.startswith("on")}
    assert "http" not in chart()
    assert "xlink" not in chart()


def test_colours_are_named_by_token_so_that_one_drawing_serves_both_themes() -> None:
    for chart in EVERY_CHART:
        painted = re.findall(r'(?:fill|stroke)="([^"]+)"', chart())
        assert {colour for colour in painted if colour != "none" and not colour.startswith("var(--")} == set()


def test_every_point_has_a_link_and_says_what_it_is() -> None:
    root = parsed(svg(trend_drawing(trend(5, 8, 3), width=Width.WIDE), prefix="t"))
    links = all_of(root, "a")
    assert [link.attrib["href"] for link in links] == [f"/rows?day={i}&bot=a" for i in range(3)]
    assert [all_of(link, "title")[0].text for link in links] == [
        f"day {i}: {n} sessions" for i, n in enumerate((5, 8, 3))
    ]
    assert {link.attrib["tabindex"] for link in links} == {"-1"}


def test_the_invisible_fields_over_a_line_catch_the_pointer() -> None:
    root = parsed(svg(trend_drawing(trend(5, 8, 3), width=Width.WIDE), prefix="t"))
    assert [all_of(link, "path")[0].attrib["class"] for link in all_of(root, "a")] == ["hit"] * 3


def test_a_drawing_with_links_is_a_group_and_one_without_is_an_image() -> None:
    linked = parsed(svg(trend_drawing(trend(5, 8), width=Width.WIDE), prefix="t"))
    assert linked.attrib["role"] == "group"
    bare = parsed(svg(trend_drawing(trend(5, 8, href=""), width=Width.WIDE), prefix="t"))
    assert bare.attrib["role"] == "img"
    assert not all_of(bare, "a")
    assert len(all_of(bare, "title")) == 2


def test_ids_differ_between_drawings_of_one_page() -> None:
    drawing = trend_drawing(trend(5, 8), width=Width.WIDE)
    ids = [re.findall(r'\bid="([^"]+)"', svg(drawing, prefix=prefix)) for prefix in ("a", "b")]
    assert not set(ids[0]) & set(ids[1])
    for prefix, found in zip(("a", "b"), ids, strict=True):
        assert all(each.startswith(f"{prefix}-") for each in found)


def test_other_addresses_and_hover_texts_draw_nothing_anew() -> None:
    first = svg(trend_drawing(trend(15, 18, 13), width=Width.WIDE), prefix="t")
    kept_count = len(shelf._shelf)
    second = svg(
        trend_drawing(trend(15, 18, 13, href="/elsewhere?{}", name="Other words"), width=Width.WIDE), prefix="u"
    )
    assert len(shelf._shelf) == kept_count
    assert "/elsewhere?0" in second
    assert "/elsewhere?0" not in first


def test_other_counts_are_drawn_anew() -> None:
    first = svg(trend_drawing(trend(15, 18, 13), width=Width.WIDE), prefix="t")
    assert svg(trend_drawing(trend(15, 18, 14), width=Width.WIDE), prefix="t") != first


def test_the_shelf_never_holds_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "KEPT_COUNT", 2)
    for count in (101, 102, 103):
        svg(trend_drawing(trend(count, 1), width=Width.NARROW), prefix="t")
    assert len(shelf._shelf) <= 2


def test_many_at_once_get_the_same_drawing() -> None:
    drawing = trend_drawing(trend(21, 22, 23), width=Width.MIDDLE)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: svg(drawing, prefix="t"), range(16)))
    assert len(set(made)) == 1
