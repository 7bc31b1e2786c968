"""What stands in a page, for tests: looked for as a reader would, not by the letters between."""

import html
import re
from html.parser import HTMLParser


def code_blocks(page: str) -> list[str]:
    """The texts of the page's blocks of code."""
    return [html.unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]


class _Values(HTMLParser):
    """Collects `data-value` under the nearest `data-widget` around it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str]]] = {}
        self._open: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        widget = said.get("data-widget") or (self._open[-1] if self._open else None)
        if tag not in _VOID:
            self._open.append(widget)
        if widget is not None:
            self.found.setdefault(widget, [])
            if "data-value" in said:
                self.found[widget].append(said)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()


_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def widget_values(page: str) -> dict[str, list[dict[str, str]]]:
    """For each widget of the page, the attributes of all that bears a number, in order."""
    parser = _Values()
    parser.feed(page)
    return parser.found
