"""The sparkline beside the headline: the trend's shape without words."""

from markupsafe import Markup

from botmeter.charts.drawing import Drawing, svg
from botmeter.charts.plane import Margin, Plane
from botmeter.charts.trend import TrendPoint, runs, towards_partial


def spark_drawn(points: tuple[TrendPoint, ...], *, name: str, prefix: str = "spark") -> Markup:
    """The line as markup."""
    return svg(spark_drawing(points, name=name), prefix=prefix)


def spark_drawing(points: tuple[TrendPoint, ...], *, name: str) -> Drawing:
    """The line: full points solid, dots to a partial one, gaps where there is no data."""
    greatest = max((point.count for point in points), default=0)
    plane = Plane(
        width=200,
        height=56,
        margin=Margin(top=4, right=5, bottom=2, left=2),
        x=(0, max(1, len(points) - 1)),
        y=(0, max(1, greatest)),
    )
    solid = runs(points, is_in=lambda point: point.has_data and not point.is_partial)
    dotted = towards_partial(points)
    ends = [{"x": i, "y": point.count} for i, point in enumerate(points) if point.is_partial and point.has_data]
    line = {"type": "line", "stroke": "var(--accent)", "strokeWidth": 1.5, "strokeJoin": "round"}
    ring = {"type": "point", "filled": True, "opacity": 1, "fill": "var(--surface)", "stroke": "var(--accent)"}
    layers = [
        plane.layer({"type": "area", "fill": "var(--area)"}, solid, y2={"datum": 0}),
        plane.layer(line, solid),
        plane.layer({**line, "strokeDash": [1, 3], "strokeCap": "round"}, dotted),
        plane.layer({**ring, "strokeWidth": 1.5, "size": 28}, ends),
    ]
    return plane.drawing(layers, name=name)
