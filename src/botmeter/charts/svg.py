"""SVG elements as text; attributes and labels are escaped."""

import re
from collections.abc import Sequence
from html import escape
from typing import Final

# Characters that no XML document may hold, escaped or not.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Point = tuple[float, float]
Style = dict[str, str | float]


def number(value: float) -> str:
    """Format pixels with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def escaped(text: str) -> str:
    """Escape text for an element or an attribute."""
    return escape(_FORBIDDEN.sub("\ufffd", text))


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """Write an element; `content` is markup, `_` in names becomes `-`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def rule(start: Point, end: Point, **style: str | float) -> str:
    """Draw a straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **style)


def polyline(points: Sequence[Point], **style: str | float) -> str:
    """Draw a line through the points."""
    return element("path", d=_through(points), **style)


def area(points: Sequence[Point], base: float, **style: str | float) -> str:
    """Fill the area between the points and a base line."""
    return element("path", d=f"{_through(points)}V{_short(base)}H{_short(points[0][0])}Z", **style)


def polygon(points: Sequence[Point], **style: str | float) -> str:
    """Draw a closed shape."""
    return element("path", d=f"{_through(points)}Z", **style)


def boxes(corners: Sequence[tuple[Point, Point]], **style: str | float) -> str:
    """Draw rectangles (upper left, lower right) as one shape."""
    path = "".join(
        f"M{_short(left)},{_short(top)}H{_short(right)}V{_short(bottom)}H{_short(left)}Z"
        for (left, top), (right, bottom) in corners
    )
    return element("path", d=path, **style)


def box(corner: Point, opposite: Point, **style: str | float) -> str:
    """Draw a rectangle from upper left to lower right."""
    return element(
        "rect", x=corner[0], y=corner[1], width=opposite[0] - corner[0], height=opposite[1] - corner[1], **style
    )


def column(corner: Point, opposite: Point, *, radius: float, **style: str | float) -> str:
    """Draw a rectangle with round upper corners."""
    (left, top), (right, bottom) = corner, opposite
    radius = max(0.0, min(radius, (right - left) / 2, bottom - top))
    arc = f"A{number(radius)},{number(radius)},0,0,1,"
    path = (
        f"M{number(left)},{number(bottom)}V{number(top + radius)}{arc}{number(left + radius)},{number(top)}"
        f"H{number(right - radius)}{arc}{number(right)},{number(top + radius)}V{number(bottom)}Z"
    )
    return element("path", d=path, **style)


def circle(center: Point, *, radius: float, **style: str | float) -> str:
    """Draw a circle."""
    return element("circle", cx=center[0], cy=center[1], r=radius, **style)


def square(center: Point, *, radius: float, **style: str | float) -> str:
    """Draw a square; `radius` is half its side."""
    x, y = center
    return box((x - radius, y - radius), (x + radius, y + radius), **style)


def diamond(center: Point, *, radius: float, **style: str | float) -> str:
    """Draw a diamond; `radius` is half its diagonal."""
    x, y = center
    corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
    return polygon(corners, **style)


def triangle(tip: Point, *, radius: float, **style: str | float) -> str:
    """Draw a triangle that points up."""
    x, y = tip
    return polygon(((x, y), (x + radius, y + 1.6 * radius), (x - radius, y + 1.6 * radius)), **style)


def pennant(top: Point, end_px: float, **style: str | float) -> str:
    """Draw a pointed flag from the top of its pole to `end_px`."""
    x, y = top
    return polygon(((x, y), (end_px, y + 3.5), (x, y + 7)), **style)


def label(middle: Point, text: str, **style: str | float) -> str:
    """Write text, vertically centred on the point."""
    return element("text", escaped(text), x=middle[0], y=middle[1] + 4, **style)


def _through(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_short(x)},{_short(y)}" for x, y in points)


def _short(value: float) -> str:
    # One decimal: a year has hundreds of points, and is drawn at many widths.
    return f"{value:.1f}".removesuffix(".0")
