"""Charts outside of pages: PNG for emails, twice as fine as they are shown, and SVG for files. Without fonts."""

import re
from collections.abc import Mapping
from typing import Final

import resvg_py

from botmeter.charts.lettering import drawn_labels

ZOOM: Final = 2.5
"""Pixels of the picture for each of the drawing, which emails show a quarter larger: two on the screen."""

LIGHT: Final = {
    "accent": "#1d5ecf",
    "area": "rgba(29,94,207,.10)",
    "area-partial": "rgba(29,94,207,.05)",
    "axis": "#cfd4dc",
    "bar": "#5a88e0",
    "compare": "#7d8594",
    "control": "#838b99",
    "grid": "#e3e6eb",
    "ink": "#171a20",
    "ink-2": "#454c58",
    "ink-3": "#626a78",
    "surface": "#ffffff",
}
"""Colours of `css/tokens.css` in its light theme."""
DARK: Final = {
    "accent": "#83a8ff",
    "area": "rgba(131,168,255,.14)",
    "area-partial": "rgba(131,168,255,.07)",
    "axis": "#3b414c",
    "bar": "#5577cc",
    "compare": "#7f8797",
    "control": "#767e8d",
    "grid": "#282c34",
    "ink": "#eceef2",
    "ink-2": "#b7bdc9",
    "ink-3": "#949ba9",
    "surface": "#16181d",
}
"""The same in its dark theme."""

_COLOUR: Final = re.compile(r"var\(--([a-z0-9-]+)\)")


def chart_png(svg: str, *, colours: Mapping[str, str] = LIGHT) -> bytes:
    """Draw a chart's SVG as PNG."""
    drawing = chart_file(svg, colours=colours)
    return bytes(
        resvg_py.svg_to_bytes(svg_string=drawing, background=colours["surface"], zoom=ZOOM, skip_system_fonts=True)
    )


def chart_file(svg: str, *, colours: Mapping[str, str] = LIGHT) -> str:
    """Write a chart's SVG with its colours and drawn labels."""
    coloured = _COLOUR.sub(lambda found: colours[found[1]], drawn_labels(svg))
    return coloured.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
