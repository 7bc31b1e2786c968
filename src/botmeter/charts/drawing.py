"""Drawing: a spec becomes an SVG that a page can hold inline under a policy without inline style or script.

What is drawn is kept by what it shows. Addresses and hover texts are no part of that: a spec marks its
spots by number (`link_mark`), and they are put in afterwards, so that another filter in the address or another
sentence draws nothing anew.
"""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import Any, Final

import msgspec
import vl_convert
from markupsafe import Markup

Spec = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
# A drawing is 3 to 60 KB; a report page shows about eight.
KEPT_COUNT: Final = 512

_CONFIG: Final[Spec] = {
    "background": None,
    # Measured with a face that every machine maps to its own; the page draws with its own stack, by CSS.
    "font": "Arial",
    "view": {"stroke": None},
    "text": {"fontSize": 12, "fill": "var(--ink-2)"},
}
_PREFIX: Final = "@prefix@"
_SPOT: Final = re.compile(r'<(path|line|rect) aria-label="~(\d+)"([^>]*)/>')
_MENDED: Final = (
    (re.compile(r'<rect width="[\d.]+" height="[\d.]+" fill="(?:white|none|transparent)"/>'), ""),
    # One pass each over a text of some 50 KB: what Vega says of its marks is said once, by the name of the drawing.
    (re.compile(r'<path class="(?:background|foreground)"[^>]*/>'), ""),
    (re.compile(r' (?:role|aria-roledescription|aria-hidden|font-family|style|pointer-events)="[^"]*"'), ""),
    (re.compile(r' aria-label="(?!~\d+")[^"]*"'), ""),
    (re.compile(r' class="[^"]*"'), ""),
    (re.compile(r' xmlns(?::xlink)?="[^"]*"'), ""),
    (re.compile(r' version="1.1"'), ""),
    (re.compile(r'\b(id="|url\(#)'), rf"\1{_PREFIX}"),
    (re.compile(r"(\d+\.\d{2})\d+"), r"\1"),
    (re.compile(r"<g></g>"), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMark:
    """What one mark of a drawing says, and where it leads; no address, no link."""

    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A spec with its size, the one sentence that names it, and its spots in the order of their numbers."""

    spec: Spec
    name: str
    width: int
    height: int
    spots: tuple[LinkMark, ...] = field(default=())


def link_mark(number: int) -> str:
    """What a mark's `description` must be to become the spot of that number."""
    return f"~{number}"


def svg(drawing: Drawing, *, prefix: str) -> Markup:
    """The drawing as markup to stand inline.

    Args:
        drawing: what to draw.
        prefix: begins every id in it; must differ among the drawings of one page.
    """
    text = _kept(msgspec.json.encode(drawing.spec, order="sorted"), drawing)
    spots = drawing.spots
    text = _SPOT.sub(lambda found: _linked(spots[int(found[2])], f"<{found[1]}{found[3]}/>"), text)
    # An image may hold nothing that acts, so a drawing with links is a group of them.
    role = "group" if any(each.href for each in spots) else "img"
    text = text.replace("<svg ", f'<svg role="{role}" aria-label="{escape(drawing.name)}" ', 1)
    # All that came from outside was escaped: names, titles and addresses here, words in the drawing by Vega.
    return Markup(text.replace(_PREFIX, f"{escape(prefix)}-"))  # noqa: S704


def warm_up() -> None:
    """Starts the engine, so that the first page waits half a second less."""
    _drawn({"data": {"values": [{"x": 0}]}, "mark": "point", "width": 1, "height": 1})


def _linked(link_mark: LinkMark, shape: str) -> str:
    """A shape with its hover text, as a link for the mouse alone: the table view is the keyboard's way."""
    # What has no paint would catch no pointer: the style sheet gives a hit its transparent fill.
    shape = shape if " fill=" in shape else shape.replace(" ", ' class="hit" ', 1)
    inner = f"<title>{escape(link_mark.title)}</title>{shape}"
    if not link_mark.href:
        return f'<g class="spot">{inner}</g>'
    return f'<a href="{escape(link_mark.href)}" tabindex="-1">{inner}</a>'


_shelf: OrderedDict[str, str] = OrderedDict()
_shelf_lock = Lock()
# The engine draws one thing at a time anyhow; whoever waits here may find his drawing made when his turn comes.
_drawing_lock = Lock()


def _kept(spec_text: bytes, drawing: Drawing) -> str:
    """The mended drawing, from the shelf when the same was drawn before."""
    digest = hashlib.blake2b(b"%dx%d %s" % (drawing.width, drawing.height, spec_text), digest_size=16).hexdigest()
    made = _taken(digest)
    if made is not None:
        return made
    with _drawing_lock:
        made = _taken(digest)
        if made is not None:
            return made
        made = _mended(_drawn(drawing.spec))
        with _shelf_lock:
            _shelf[digest] = made
            while len(_shelf) > KEPT_COUNT:
                _shelf.popitem(last=False)
        return made


def _taken(digest: str) -> str | None:
    with _shelf_lock:
        made = _shelf.get(digest)
        if made is not None:
            _shelf.move_to_end(digest)
        return made


def _drawn(spec: Spec) -> str:
    """What Vega makes of it. No spec names an address to load from, and none is allowed."""
    whole = {"$schema": SCHEMA, "config": _CONFIG, "autosize": {"type": "none"}, **spec}
    return str(vl_convert.vegalite_to_svg(whole, allowed_base_urls=[]))


def _mended(text: str) -> str:
    for pattern, replacement in _MENDED:
        text = pattern.sub(replacement, text)
    return text
