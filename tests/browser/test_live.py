"""The report that follows: events come in by the API, and the page moves in place."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Cookie, Page, expect

from support.browsing import NARROW, Server, commanded, free_port, running, watched
from support.widgets import by_key, by_name, headline

from .conftest import MakeVisitor, SignIn
from .places import shared_link

pytestmark = pytest.mark.browser

OWNER = "olga@example.org"
REPORT = "/a/acme/reports/bot-session-consumption"
FOLLOWED = f"{REPORT}?follow=on"
HERO = "[data-widget=sessions-consumed] [data-value]"
# From now on a page says whether its headline was ever another number than the sum of its days.
WATCH_AGREEMENT = """() => {
  const number = (one) => Number(one.dataset.value);
  window.stays = true;
  new MutationObserver(() => {
    const shown = number(document.querySelector("[data-widget=sessions-consumed] [data-value]"));
    const days = [...document.querySelectorAll("[data-widget=session-consumption-trend] [data-day]")].map(number);
    window.disagreed ||= shown !== days.reduce((sum, day) => sum + day, 0);
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

# What fades from now on, and for how many milliseconds.
NOTE_FADES = """() => {
  window.fades = [];
  Element.prototype.animate = function (frames, duration) {
    window.fades.push([`${this.parentElement.tagName} ${this.tagName}`, duration]);
  };
}"""


class Account:
    """The account acme of a server, its key, and what was sent to it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        commanded("account", "create", "acme", folder=server.folder)
        commanded("user", "create", OWNER, "--account", "acme", "--role", "owner", folder=server.folder)
        self._key = commanded(
            "key", "create", "--account", "acme", "--scope", "events:write", folder=server.folder
        ).strip()
        self._cookies: list[Cookie] = []
        self.count = 0
        self.customers_come(2)

    def customers_come(self, count: int, *, channel: str = "web") -> None:
        """So many customers whom nobody knew write, each once; the server has answered."""
        at = datetime.now(UTC) - timedelta(seconds=1)
        events = [
            {
                "event_id": f"e{number}",
                "occurred_at": at.isoformat(),
                "conversation_id": f"v{number}",
                "customer_id": f"c{number}",
                "actor": "customer",
                "bot_id": "orders",
                "channel": channel,
            }
            for number in range(self.count, self.count + count)
        ]
        request = urllib.request.Request(  # noqa: S310 - our own server
            self.server.at("/api/v1/events"),
            data=json.dumps(events).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
            assert json.load(answer)["accepted"] == count
        self.count += count

    def signed_in(self, page: Page) -> Page:
        """The page, of the owner, who signs in once."""
        if self._cookies:
            page.context.add_cookies(self._cookies)  # type: ignore[arg-type]
            return page
        page.goto(commanded("user", "link", OWNER, "--url", self.server.url, folder=self.server.folder).strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/a/acme/**")
        self._cookies = page.context.cookies()
        return page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live") / "data"


@pytest.fixture(scope="module")
def account(folder: Path) -> Iterator[Account]:
    """A served account into which events come."""
    with running("serve", folder=folder) as server:
        yield Account(server)


@pytest.fixture
def tab(visitor: MakeVisitor, account: Account) -> Page:
    """A tab of the owner of the account."""
    return account.signed_in(visitor().page())


def followed(page: Page, account: Account) -> None:
    """The report, followed, with all its widgets, showing what was sent."""
    page.goto(account.server.at(FOLLOWED))
    shows(page, account.count)
    page.wait_for_selector("[data-widget=hours] td[data-value]")


def shows(page: Page, count: int) -> None:
    expect(page.locator(HERO)).to_have_attribute("data-value", str(count))


def test_the_number_moves_without_a_reload_and_all_others_with_it(tab: Page, account: Account) -> None:
    followed(tab, account)
    expect(tab.locator("#fresh")).to_contain_text("Live · newest event")
    tab.evaluate(WATCH_AGREEMENT)
    for channel in ("web", "sms", "web"):
        account.customers_come(3, channel=channel)
        shows(tab, account.count)

    count = account.count
    assert tab.evaluate("window.stays"), "the page was loaded anew"
    assert not tab.evaluate("window.disagreed"), "for a moment the days did not add up to the headline"
    assert sum(by_key(tab, "session-consumption-trend", key="day").values()) == count
    assert sum(by_key(tab, "monthly-consumption", key="month").values()) == count
    assert by_name(tab, "bot-consumption") == {"orders": count}
    assert sum(by_name(tab, "channel-consumption").values()) == count
    tab.wait_for_function(
        "count => [...document.querySelectorAll('[data-widget=hours] td[data-value]')]"
        ".reduce((sum, one) => sum + Number(one.dataset.value), 0) === count",
        arg=count,
    )
    expect(tab.locator(".still")).to_have_count(0)


def test_changed_digits_fade_for_a_moment_and_not_for_whoever_wants_no_motion(tab: Page, account: Account) -> None:
    followed(tab, account)
    tab.evaluate(NOTE_FADES)
    account.customers_come(1)
    shows(tab, account.count)
    assert tab.evaluate("window.fades") == []
    tab.emulate_media(reduced_motion="no-preference")
    account.customers_come(1)
    shows(tab, account.count)
    assert tab.evaluate("window.fades") == [["P A", 200]]


def test_an_open_menu_what_is_typed_the_focus_and_the_scrolling_stay(tab: Page, account: Account) -> None:
    followed(tab, account)
    tab.evaluate("scrollTo(0, 240)")
    tab.locator(".chips summary", has_text="Channel").first.click()
    search = tab.locator(".menu[open] input[type=search]")
    search.fill("we")
    account.customers_come(1)
    shows(tab, account.count)
    expect(search).to_be_focused()
    expect(search).to_have_value("we")
    assert tab.evaluate("scrollY") == 240

    tab.keyboard.press("Escape")
    tab.locator(f"{HERO} a").focus()
    tab.evaluate("getSelection().selectAllChildren(document.querySelector('[data-widget=sessions-consumed] h2'))")
    account.customers_come(1)
    shows(tab, account.count)
    expect(tab.locator(f"{HERO} a")).to_be_focused()
    assert tab.evaluate("getSelection().toString()") == "Sessions consumed"


def test_a_menu_of_a_widget_stays_open(visitor: MakeVisitor, account: Account) -> None:
    page = account.signed_in(visitor(size=NARROW).page())
    followed(page, account)
    menu = page.locator("[data-widget=bot-consumption] .tools-more")
    menu.locator("summary").click()
    account.customers_come(1)
    shows(page, account.count)
    expect(menu).to_have_attribute("open", "")


def test_a_hidden_tab_asks_nothing_until_it_is_seen_again(tab: Page, account: Account) -> None:
    tab.clock.install()
    followed(tab, account)
    tab.evaluate(HIDE, True)
    # A request may still leave before the tab is hidden; none may from here on.
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.clock.run_for(60_000)
    # What was on its way has been seen when the page answers again.
    assert [url for url in asked if "/fresh?" in url] == []
    account.customers_come(1)
    tab.evaluate(HIDE, False)
    tab.clock.run_for(3_000)
    tab.clock.resume()
    shows(tab, account.count)


def test_whoever_was_signed_out_is_told_and_the_page_asks_no_more(tab: Page, account: Account) -> None:
    followed(tab, account)
    tab.context.clear_cookies()
    expect(tab.get_by_role("status").filter(has_text="Not followed any more")).to_be_visible()
    assert headline(tab) == account.count
    tab.clock.install()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.clock.run_for(60_000)
    assert asked == []


def test_a_server_that_was_away_is_followed_on(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    mine = watched(chromium)
    with running("serve", folder=tmp_path / "data", port=port) as server:
        account = Account(server)
        page = account.signed_in(mine.page())
        followed(page, account)
        page.evaluate(WATCH_AGREEMENT)
    said = page.get_by_role("status").filter(has_text="Not reached since")
    expect(said).to_be_visible()
    assert headline(page) == account.count
    with running("serve", folder=tmp_path / "data", port=port):
        account.customers_come(2)
        shows(page, account.count)
        expect(said).to_have_count(0)
        expect(page.locator("#fresh")).to_be_visible()
        assert page.evaluate("window.stays && !window.disagreed")
    mine.context.close()
    assert not [told for told in mine.complaints if "Content Security" in told]


def test_the_switch_turns_following_on_and_off_in_the_address(tab: Page, account: Account) -> None:
    tab.goto(account.server.at(f"{REPORT}?channel=web"))
    switch = tab.get_by_role("switch", name="Follow")
    expect(switch).not_to_be_checked()
    switch.click()
    tab.wait_for_url("**channel=web&follow=on")
    expect(switch).to_be_checked()
    expect(tab.locator("#fresh[hx-get]")).to_have_count(1)
    switch.click()
    tab.wait_for_url("**channel=web")
    expect(tab.locator("#fresh[hx-get]")).to_have_count(0)


def test_without_script_the_switch_is_a_link_and_so_is_refreshing(visitor: MakeVisitor, account: Account) -> None:
    page = account.signed_in(visitor(script=False).page())
    page.goto(account.server.at(REPORT))
    page.get_by_role("switch", name="Follow").click()
    page.wait_for_url("**follow=on")
    account.customers_come(1)
    refresh = page.get_by_role("link", name="Refresh")
    while headline(page) != account.count:
        refresh.click()


def test_the_demo_says_that_it_is_not_live(
    signed_in: SignIn, visitor: MakeVisitor, demo: Server, report_path: str
) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?follow=on"))
    expect(page.locator("#fresh")).to_contain_text("Not live · latest event")
    shared = visitor().page()
    shared.goto(shared_link(page, demo))
    shared.get_by_role("switch", name="Follow").click()
    shared.wait_for_url("**follow=on")
    with shared.expect_response(lambda answer: "/fresh?" in answer.url) as answered:
        pass
    assert answered.value.status == 204
