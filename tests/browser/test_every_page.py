"""Rules for every page: no serious finding of axe-core, no sideways scrolling, nothing inline or from other hosts."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect
from playwright.sync_api import Error as BrowserError

from support.browsing import NARROW, WIDE, Server, Watched, watched

from .conftest import MakeVisitor, SignIn
from .places import WITHOUT_PAGE, named_routes, places_of_nobody, places_of_owner, states_of_report

pytestmark = pytest.mark.browser

WIDTHS = (1400, 1180, 768, 390, 320)
# Looked at by axe-core where it is narrow too: there they are another page.
NARROW_TOO = {"report", "rows", "session"}
# Their status is an error's, which Chromium puts on the console.
FAILURES = {"missing", "refused"}
WEIGHT_BYTES_MAX = 200 * 1024

ROUTES = sorted(set(named_routes()) - set(WITHOUT_PAGE))
STATES = states_of_report()

# What a strict policy forbids. The text of a page can't match: its angle brackets are escaped.
INLINE = (
    re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    re.compile(r"<style[\s>]|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE),
)


class Examples:
    """An address of each page, and a tab in which it is seen."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.server = server
        self.owner, self.nobody = watched(browser), watched(browser)
        self._tabs = {self.owner: self.owner.page(), self.nobody: self.nobody.page()}
        tab = self._tabs[self.owner]
        tab.goto(server.link)
        of_owner, of_nobody = places_of_owner(tab, server) | STATES, places_of_nobody(tab, server)
        self._places = {name: (self.owner, path) for name, path in of_owner.items()}
        self._places |= {name: (self.nobody, path) for name, path in of_nobody.items()}

    def opened(self, name: str) -> tuple[Watched, Page]:
        """The page, whole, and the browser that saw it."""
        assert name in self._places, f"The route {name} has no example in tests/browser/places.py."
        seen_by, path = self._places[name]
        seen_by.complaints.clear()
        seen_by.bears = ("Failed to load resource",) if name in FAILURES else ()
        seen_by.answers.clear()
        page = self._tabs[seen_by]
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.emulate_media(color_scheme="light")
        page.goto(self.server.at(path))
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
        return seen_by, page


def text_of(answer: Response, page: Page) -> str:
    """The text of an answer; Chromium drops it if the tab has left that page, so it is then requested again."""
    try:
        return answer.text()
    except BrowserError:
        return page.request.get(answer.url).text()


@pytest.fixture(scope="module")
def examples(chromium: Browser, demo: Server) -> Iterator[Examples]:
    made = Examples(chromium, demo)
    yield made
    made.owner.context.close()
    made.nobody.context.close()


@pytest.mark.parametrize("name", [*ROUTES, *STATES])
def test_a_page_has_nothing_serious_sideways_or_inline(examples: Examples, name: str) -> None:
    seen_by, page = examples.opened(name)

    pages = [answer for answer in seen_by.answers if is_page(answer)]
    inline = [one.url for one in pages if any(forbidden.search(text_of(one, page)) for forbidden in INLINE)]
    assert inline == []
    found = serious(page, size=WIDE)
    if name in NARROW_TOO:
        found += serious(page, size=NARROW)
    assert found == []
    assert [width for width in WIDTHS if is_sideways(page, width)] == []
    assert seen_by.complaints == []


def is_page(answer: Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html") and not 300 <= answer.status < 400


def serious(page: Page, *, size: tuple[int, int]) -> list[str]:
    """Findings that axe-core rates serious or critical, in light and in dark."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in {"serious", "critical"}:
                targets = [node["target"] for node in violation["nodes"]][:3]
                found.append(f"{size[0]} {scheme}: {violation['id']} {targets}")
    return found


def is_sideways(page: Page, width: int) -> bool:
    """True if the page itself scrolls sideways; tables scroll inside their regions."""
    page.set_viewport_size({"width": width, "height": WIDE[1]})
    wider: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wider


def test_the_report_with_all_that_it_loads_weighs_little(
    visitor: MakeVisitor, signed_in: SignIn, demo: Server, report_path: str
) -> None:
    new = visitor()
    # Signed in, and with nothing in its cache yet.
    new.context.add_cookies(signed_in().context.cookies())  # type: ignore[arg-type]
    page = new.page()
    page.goto(demo.at(report_path))
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)

    weights = {answer.url: answer.request.sizes()["responseBodySize"] for answer in new.answers}
    assert {answer.status for answer in new.answers} == {200}
    assert len(weights) > 20
    assert sum(weights.values()) < WEIGHT_BYTES_MAX, sorted(weights.items(), key=lambda one: -one[1])[:8]


def test_pages_ask_no_other_server(visitor: MakeVisitor, demo: Server, report_path: str) -> None:
    one = visitor()
    page = one.page()
    page.goto(demo.link)
    for path in (report_path, f"{report_path}/rows", "/api/v1/docs"):
        page.goto(demo.at(path))
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    assert {answer.url.split("/")[2] for answer in one.answers} == {demo.url.removeprefix("http://")}
