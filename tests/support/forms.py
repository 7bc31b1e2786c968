"""Forms of a page, as a browser would send them."""

from html.parser import HTMLParser


class _Fields(HTMLParser):
    def __init__(self, form_class: str) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self._class = form_class
        self._is_inside = False
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self._is_inside = self._class in (given.get("class") or "").split()
        elif not self._is_inside:
            return
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((value, "selected" in given))
        elif tag == "textarea":
            self._area = name
            self.values.append((name, ""))
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.values.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [self._options[0][0]]
            self.values.append((self._select, chosen[-1]))
            self._select = ""
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[-1] = (self._area, self.values[-1][1] + data)


def form_values(page: str, form_class: str) -> dict[str, list[str]]:
    """Values of a form's fields by name, without its buttons."""
    parser = _Fields(form_class)
    parser.feed(page)
    values: dict[str, list[str]] = {}
    for name, value in parser.values:
        values.setdefault(name, []).append(value.removeprefix("\n"))
    return values
