"""Rules for each page: no serious violation in axe-core, no sideways scrolling, nothing inline or from other hosts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response, expect
from playwright.sync_api import Error as BrowserError

from support.browsing import NARROW, WIDE, RecordingContext, Server, recording_context

from .conftest import MakeVisitor, SignIn
from .page_paths import ROUTES_WITHOUT_PAGE, named_routes, owner_paths, report_states, visitor_paths
from .page_rules import WIDTHS, serious_violations, sideways_overflow

pytestmark = pytest.mark.browser

# Checked by axe-core on a narrow screen too, where their layout differs.
ALSO_NARROW = {"report", "rows", "session"}
# Chromium reports their status on the console.
FAILURES = {"missing", "refused"}
WEIGHT_BYTES_MAX = 130 * 1024
REQUESTS_MAX = 8

ROUTES = sorted(set(named_routes()) - set(ROUTES_WITHOUT_PAGE))
STATES = report_states()

# What a strict policy forbids. The text of a page can't match: its angle brackets are escaped.
INLINE = (
    re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    re.compile(r"<style[\s>]|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE),
)


class Examples:
    """A path of each page, and a tab to open it in."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.server = server
        self.owner, self.visitor = recording_context(browser), recording_context(browser)
        self._tabs = {self.owner: self.owner.page(), self.visitor: self.visitor.page()}
        tab = self._tabs[self.owner]
        tab.goto(server.link)
        of_owner, of_visitor = owner_paths(tab, server) | STATES, visitor_paths(tab, server)
        self._paths = {name: (self.owner, path) for name, path in of_owner.items()}
        self._paths |= {name: (self.visitor, path) for name, path in of_visitor.items()}

    def open(self, name: str) -> tuple[RecordingContext, Page]:
        """Open the page with its deferred widgets; return its browser context too."""
        assert name in self._paths, f"The route {name} has no example in tests/browser/page_paths.py."
        context, path = self._paths[name]
        context.errors.clear()
        context.expected_errors = ("Failed to load resource",) if name in FAILURES else ()
        context.responses.clear()
        page = self._tabs[context]
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.emulate_media(color_scheme="light")
        page.goto(self.server.at(path))
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
        return context, page


def text_of(answer: Response, page: Page) -> str:
    """The text of a response, requested again if Chromium has dropped it with its page."""
    try:
        return answer.text()
    except BrowserError:
        return page.request.get(answer.url).text()


@pytest.fixture(scope="module")
def examples(chromium: Browser, demo: Server) -> Iterator[Examples]:
    examples = Examples(chromium, demo)
    yield examples
    examples.owner.context.close()
    examples.visitor.context.close()


@pytest.mark.parametrize("name", [*ROUTES, *STATES])
def test_a_page_is_accessible_fits_its_width_and_has_nothing_inline(examples: Examples, name: str) -> None:
    context, page = examples.open(name)

    pages = [answer for answer in context.responses if is_page(answer)]
    inline = [one.url for one in pages if any(forbidden.search(text_of(one, page)) for forbidden in INLINE)]
    assert inline == []
    violations = serious_violations(page, size=WIDE)
    if name in ALSO_NARROW:
        violations += serious_violations(page, size=NARROW)
    assert violations == []
    assert [fault for width in (*WIDTHS, 320) for fault in sideways_overflow(page, width)] == []
    assert context.errors == []


def is_page(answer: Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html") and not 300 <= answer.status < 400


def test_the_report_with_its_assets_is_small(
    visitor: MakeVisitor, signed_in: SignIn, demo: Server, report_path: str
) -> None:
    new = visitor()
    # Signed in, and with nothing in its cache yet.
    new.context.add_cookies(signed_in().context.cookies())  # type: ignore[arg-type]
    page = new.page()
    page.goto(demo.at(report_path))
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)

    weights = {answer.url: answer.request.sizes()["responseBodySize"] for answer in new.responses}
    assert {answer.status for answer in new.responses} == {200}
    assert len(new.responses) <= REQUESTS_MAX, sorted(weights)
    assert sum(weights.values()) < WEIGHT_BYTES_MAX, sorted(weights.items(), key=lambda one: -one[1])[:8]


def test_pages_request_no_other_server(visitor: MakeVisitor, demo: Server, report_path: str) -> None:
    one = visitor()
    page = one.page()
    page.goto(demo.link)
    for path in (report_path, f"{report_path}/rows", "/api/v1/docs"):
        page.goto(demo.at(path))
        expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    assert {answer.url.split("/")[2] for answer in one.responses} == {demo.url.removeprefix("http://")}
