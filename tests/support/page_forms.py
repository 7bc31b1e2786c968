"""Forms and links of a page that change something, as a person could press them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form sent by POST.

    Attributes:
        buttons: Name and value of each submit button; empty without a name.
    """

    action: str
    behaviour: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def submissions(self) -> Iterator[dict[str, str]]:
        """Fields sent by each of its buttons."""
        for name, value in self.buttons:
            yield {**self.fields, **({name: value} if name else {})}


class _Page(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.confirm_hrefs: list[str] = []
        self._path = path
        self._form: PageForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            action = given.get("action", "")
            action = self._path + action if action.startswith("?") else action or self._path
            self._form = PageForm(action=action, behaviour=given.get("data-behaviour", ""))
            self.forms.append(self._form)
        elif tag == "a" and given.get("data-behaviour") == "confirm":
            href = given["href"]
            self.confirm_hrefs.append(self._path + href if href.startswith("?") else href)
        elif self._form is not None and tag == "input" and given.get("type") == "hidden":
            self._form.fields[given["name"]] = given.get("value", "")
        elif self._form is not None and tag == "button" and given.get("type") == "submit":
            self._form.buttons.append((given.get("name", ""), given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def changing_forms(page: str, *, path: str) -> list[PageForm]:
    parser = _Page(path)
    parser.feed(page)
    return parser.forms


def confirm_hrefs(page: str, *, path: str) -> list[str]:
    """Addresses of the confirmations that the page links to."""
    parser = _Page(path)
    parser.feed(page)
    return parser.confirm_hrefs
