"""Charts as PNG for emails: light, twice as fine as a page draws them, and without fonts."""

import re
from typing import Final

import resvg_py

from botmeter.charts.lettering import drawn_labels

ZOOM: Final = 2
"""Pixels of the picture for each of the drawing: most screens that show mails have as many."""

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
"""Colours of `css/tokens.css` in its light theme; mail programs that are dark leave pictures as they are."""

_COLOUR: Final = re.compile(r"var\(--([a-z0-9-]+)\)")


def chart_png(svg: str) -> bytes:
    """Draw a chart's SVG as PNG."""
    coloured = _COLOUR.sub(lambda found: LIGHT[found[1]], drawn_labels(svg))
    drawing = coloured.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return bytes(
        resvg_py.svg_to_bytes(svg_string=drawing, background=LIGHT["surface"], zoom=ZOOM, skip_system_fonts=True)
    )
