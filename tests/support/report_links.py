"""Links of a report page to rows, with the number that each shows."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "input", "link", "meta", "rect", "path", "use", "circle", "line"}
_COUNTED = re.compile(r"([\d,]+) (?:session|ticket)s?\b")
_NUMBER = re.compile(r"[\d,]+")
# Tools, menus and buttons link to all rows of their widget, and show no number.
_WITHOUT_NUMBER = {"tool", "pop", "btn", "chip", "chip-x", "clear"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsLink:
    """Link to rows: its widget, target and number."""

    widget: str
    href: str
    number: int


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str]
    parent: "_Node | None"
    parts: "list[_Node | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def self_and_ancestors(self) -> "Iterator[_Node]":
        """The element and its ancestors, innermost first."""
        node: _Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def self_and_descendants(self) -> "Iterator[_Node]":
        """The element and its descendants."""
        yield self
        for part in self.parts:
            if isinstance(part, _Node):
                yield from part.self_and_descendants()


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self._at = _Node("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.parts.append(node)
        if tag not in _VOID:
            self._at = node

    def handle_endtag(self, tag: str) -> None:
        for node in self._at.self_and_ancestors():
            if node.tag == tag and node.parent is not None:
                self._at = node.parent
                return

    def handle_data(self, data: str) -> None:
        self._at.parts.append(data)


def rows_links(page: str, *, rows_path: str) -> list[RowsLink]:
    """Links to rows, once per widget and number.

    Raises:
        AssertionError: A link that is no tool has no number.
    """
    tree = _Tree()
    tree.feed(page)
    links: dict[RowsLink, None] = {}
    for node in tree.root.self_and_descendants():
        href = html.unescape(node.attributes.get("href", ""))
        classes = {name for each in node.self_and_ancestors() for name in each.attributes.get("class", "").split()}
        if node.tag == "a" and href.partition("?")[0] == rows_path and not classes & _WITHOUT_NUMBER:
            widgets = (each.attributes.get("data-widget") for each in node.self_and_ancestors())
            widget = next(filter(None, widgets), "")
            links[RowsLink(widget=widget, href=href, number=_number(node))] = None
    return list(links)


def _number(link: _Node) -> int:
    """Number of the link or an ancestor, its text in a cell, a mark's title, a table row or the words."""
    for node in link.self_and_ancestors():
        if "data-value" in node.attributes:
            return int(node.attributes["data-value"])
        if node.tag == "td" and _NUMBER.fullmatch(link.text.strip()):
            return int(link.text.strip().replace(",", ""))
        if node.tag == "tr":
            return _number_of_row(node)
        if node.tag == "svg":
            break
    hover = link.attributes.get("title") or "".join(
        part.text for part in link.self_and_descendants() if part.tag == "title"
    )
    match = _COUNTED.search(hover) if hover else re.search(r"([\d,]+)$", link.text.strip())
    assert match is not None, f"No number on {link.attributes['href']}"
    return int(match[1].replace(",", ""))


def _number_of_row(line: _Node) -> int:
    values = [node.attributes["data-value"] for node in line.self_and_descendants() if "data-value" in node.attributes]
    if values:
        return int(values[0])
    cells = [node for node in line.self_and_descendants() if "num" in node.attributes.get("class", "").split()]
    match = re.match(r"[\d,]+", cells[0].text)
    assert match is not None
    return int(match[0].replace(",", ""))
