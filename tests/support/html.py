"""Texts and numbers of a page."""

import html
import re


def code_blocks(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]


def plain_text(markup: str) -> str:
    """Text of some markup, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*?)(/?)>")
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')


def widget_values(page: str) -> dict[str, list[dict[str, str]]]:
    """Attributes of each widget's numbers, in order."""
    values: dict[str, list[dict[str, str]]] = {}
    widgets: list[str] = [""]
    for is_end, tag, attributes, is_empty in _TAG.findall(page):
        if is_end:
            widgets.pop()
            continue
        fields = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
        widget = fields.get("data-widget", widgets[-1])
        if widget and "data-value" in fields:
            values.setdefault(widget, []).append(fields)
        if not is_empty and tag.lower() not in _VOID:
            widgets.append(widget)
    return values
