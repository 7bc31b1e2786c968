"""Spark lines: trends without words."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from botmeter.charts.plane import Chart, Margin, Plane
from botmeter.charts.svg import Style, area, circle, polyline
from botmeter.charts.trend import TrendPoint, full_runs, partial_runs

SPARK_WIDTHS: Final = (112, 160, 200)


def spark_chart(points: Sequence[TrendPoint], *, name: str) -> Chart:
    """Draw the spark line at each width."""
    return Chart(kind="spark", drawings=tuple(spark_svg(points, name=name, width=width) for width in SPARK_WIDTHS))


def spark_svg(points: Sequence[TrendPoint], *, name: str, width: int) -> Markup:
    """Draw the spark line at one width."""
    plane = Plane(
        width=width,
        height=56,
        margin=Margin(top=4, right=5, bottom=2, left=2),
        x=(0, max(1, len(points) - 1)),
        y=(0, max((1, *(point.count for point in points)))),
    )
    solid = [[plane.at(x, points[x].count) for x in run] for run in full_runs(points) if len(run) > 1]
    dotted = [[plane.at(x, points[x].count) for x in run] for run in partial_runs(points)]
    line: Style = {"stroke": "var(--accent)", "stroke_width": 1.5, "stroke_linejoin": "round"}
    dots = {"stroke_dasharray": "1 3", "stroke_linecap": "round"}
    hollow: Style = {"fill": "var(--surface)", "stroke": "var(--accent)", "stroke_width": 1.5}
    elements = [
        *(area(run, plane.inner_height, fill="var(--area)") for run in solid),
        *(polyline(run, **line) for run in solid),
        *(polyline(run, **line, **dots) for run in dotted),
        *(
            circle(plane.at(x, point.count), radius=2.65, **hollow)
            for x, point in enumerate(points)
            if point.is_partial and point.has_data
        ),
    ]
    return plane.svg(elements, name=name)
