"""Live reports: events are sent by the API, and the page updates in place."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Cookie, Page, expect

from support.browsing import NARROW, Server, recording_context, run_command, running_server
from support.ports import free_port
from support.widgets import by_key, by_name, headline, values

from .conftest import MakeVisitor, SignIn
from .page_paths import new_share_link

pytestmark = pytest.mark.browser

OWNER = "olga@example.org"
REPORT = "/a/acme/reports/bot-session-consumption"
FOLLOWED = f"{REPORT}?follow=on"
HERO = "[data-widget=sessions-consumed] [data-value]"
# Records if the headline ever differs from the sum of the days, or from that of the hours, which load later.
WATCH_AGREEMENT = """() => {
  const number = (one) => Number(one.dataset.value);
  window.isSamePage = true;
  new MutationObserver(() => {
    const shown = number(document.querySelector("[data-widget=sessions-consumed] [data-value]"));
    const days = [...document.querySelectorAll("[data-widget=session-consumption-trend] [data-day]")].map(number);
    const hours = [...document.querySelectorAll("[data-widget=hours] td[data-value]")].map(number);
    for (const parts of [days, hours]) window.disagreed ||= shown !== parts.reduce((sum, part) => sum + part, 0);
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

# Records elements that fade, and for how many milliseconds.
RECORD_FADES = """() => {
  window.fades = [];
  Element.prototype.animate = function (frames, duration) {
    window.fades.push([`${this.parentElement.tagName} ${this.tagName}`, duration]);
  };
}"""


class Account:
    """The account acme of a server, its key, and the number of events sent."""

    def __init__(self, server: Server) -> None:
        self.server = server
        run_command("account", "create", "acme", folder=server.folder)
        run_command("user", "create", OWNER, "--account", "acme", "--role", "owner", folder=server.folder)
        self._key = run_command(
            "key", "create", "--account", "acme", "--scope", "events:write", folder=server.folder
        ).strip()
        self._cookies: list[Cookie] = []
        self.count = 0
        self.send_new_customers(2)

    def send_new_customers(self, count: int, *, channel: str = "web") -> None:
        """Send one event each of new customers."""
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
        with urllib.request.urlopen(request, context=self.server.tls) as answer:  # noqa: S310 - our own server
            assert json.load(answer)["accepted"] == count
        self.count += count

    def signed_in(self, page: Page) -> Page:
        """Sign the owner in, once for all pages."""
        if self._cookies:
            page.context.add_cookies(self._cookies)  # type: ignore[arg-type]
            return page
        page.goto(run_command("user", "link", OWNER, "--url", self.server.url, folder=self.server.folder).strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/a/acme/**")
        self._cookies = page.context.cookies()
        return page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live") / "data"


@pytest.fixture(scope="module")
def account(folder: Path) -> Iterator[Account]:
    """A served account that receives events."""
    with running_server("serve", folder=folder) as server:
        yield Account(server)


@pytest.fixture
def tab(visitor: MakeVisitor, account: Account) -> Page:
    """A tab of the owner of the account."""
    return account.signed_in(visitor().page())


def follow_report(page: Page, account: Account) -> None:
    """Open the live report with all widgets and the sent events."""
    page.goto(account.server.at(FOLLOWED))
    expect_count(page, account.count)
    page.wait_for_selector("[data-widget=hours] td[data-value]")


def expect_count(page: Page, count: int) -> None:
    expect(page.locator(HERO)).to_have_attribute("data-value", str(count))


def test_all_numbers_update_without_a_reload(tab: Page, account: Account) -> None:
    follow_report(tab, account)
    expect(tab.locator("#fresh")).to_contain_text("Live · latest event")
    tab.evaluate(WATCH_AGREEMENT)
    for channel in ("web", "sms", "web"):
        account.send_new_customers(3, channel=channel)
        expect_count(tab, account.count)

    count = account.count
    assert tab.evaluate("window.isSamePage"), "the page was loaded anew"
    assert not tab.evaluate("window.disagreed"), "for a moment the days did not add up to the headline"
    assert sum(by_key(tab, "session-consumption-trend", key="day").values()) == count
    assert sum(by_key(tab, "monthly-consumption", key="month").values()) == count
    assert by_name(tab, "bot-consumption") == {"orders": count}
    assert sum(by_name(tab, "channel-consumption").values()) == count
    assert sum(values(tab, "hours")) == count
    expect(tab.locator(".still")).to_have_count(0)


def test_changed_digits_fade_unless_motion_is_reduced(tab: Page, account: Account) -> None:
    follow_report(tab, account)
    tab.evaluate(RECORD_FADES)
    account.send_new_customers(1)
    expect_count(tab, account.count)
    assert tab.evaluate("window.fades") == []
    tab.emulate_media(reduced_motion="no-preference")
    account.send_new_customers(1)
    expect_count(tab, account.count)
    assert tab.evaluate("window.fades") == [["P A", 200]]


def test_an_update_keeps_menus_typed_text_focus_and_scrolling(tab: Page, account: Account) -> None:
    follow_report(tab, account)
    tab.evaluate("scrollTo(0, 240)")
    tab.locator(".chips summary", has_text="Channel").first.click()
    search = tab.locator(".menu[open] input[type=search]")
    search.fill("we")
    account.send_new_customers(1)
    expect_count(tab, account.count)
    expect(search).to_be_focused()
    expect(search).to_have_value("we")
    assert tab.evaluate("scrollY") == 240

    tab.keyboard.press("Escape")
    tab.locator(f"{HERO} a").focus()
    tab.evaluate("getSelection().selectAllChildren(document.querySelector('[data-widget=sessions-consumed] h2'))")
    account.send_new_customers(1)
    expect_count(tab, account.count)
    expect(tab.locator(f"{HERO} a")).to_be_focused()
    assert tab.evaluate("getSelection().toString()") == "Sessions consumed"


def test_an_update_keeps_the_menu_of_a_widget_open(visitor: MakeVisitor, account: Account) -> None:
    page = account.signed_in(visitor(size=NARROW).page())
    follow_report(page, account)
    menu = page.locator("[data-widget=bot-consumption] .tools-more")
    menu.locator("summary").click()
    account.send_new_customers(1)
    expect_count(page, account.count)
    expect(menu).to_have_attribute("open", "")


def test_a_hidden_tab_does_not_poll(tab: Page, account: Account) -> None:
    tab.clock.install()
    follow_report(tab, account)
    tab.evaluate(HIDE, True)
    # A request may still leave before the tab is hidden; none may from here on.
    urls: list[str] = []
    tab.on("request", lambda request: urls.append(request.url))
    tab.clock.run_for(60_000)
    # Earlier requests were recorded by the time that the page answers again.
    assert [url for url in urls if "/fresh?" in url] == []
    account.send_new_customers(1)
    tab.evaluate(HIDE, False)
    tab.clock.run_for(3_000)
    tab.clock.resume()
    expect_count(tab, account.count)


def test_polling_stops_with_a_message_once_signed_out(tab: Page, account: Account) -> None:
    follow_report(tab, account)
    tab.context.clear_cookies()
    expect(tab.get_by_role("status").filter(has_text="Live updates stopped")).to_be_visible()
    assert headline(tab) == account.count
    tab.clock.install()
    urls: list[str] = []
    tab.on("request", lambda request: urls.append(request.url))
    tab.clock.run_for(60_000)
    assert urls == []


def test_polling_resumes_once_the_server_is_back(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    context = recording_context(chromium)
    with running_server("serve", folder=tmp_path / "data", port=port) as server:
        account = Account(server)
        page = account.signed_in(context.page())
        follow_report(page, account)
        page.evaluate(WATCH_AGREEMENT)
    status = page.get_by_role("status").filter(has_text="Server unreachable since")
    expect(status).to_be_visible()
    assert headline(page) == account.count
    with running_server("serve", folder=tmp_path / "data", port=port):
        account.send_new_customers(2)
        expect_count(page, account.count)
        expect(status).to_have_count(0)
        expect(page.locator("#fresh")).to_be_visible()
        assert page.evaluate("window.isSamePage && !window.disagreed")
    context.context.close()
    assert not [error for error in context.errors if "Content Security" in error]


def test_the_switch_sets_follow_in_the_address(tab: Page, account: Account) -> None:
    tab.goto(account.server.at(f"{REPORT}?channel=web"))
    switch = tab.get_by_role("switch", name="Live updates")
    expect(switch).not_to_be_checked()
    switch.click()
    tab.wait_for_url("**channel=web&follow=on")
    expect(switch).to_be_checked()
    expect(tab.locator("#fresh[hx-get]")).to_have_count(1)
    switch.click()
    tab.wait_for_url("**channel=web")
    expect(tab.locator("#fresh[hx-get]")).to_have_count(0)


def test_without_scripts_the_switch_and_refresh_are_links(visitor: MakeVisitor, account: Account) -> None:
    page = account.signed_in(visitor(script=False).page())
    page.goto(account.server.at(REPORT))
    page.get_by_role("switch", name="Live updates").click()
    page.wait_for_url("**follow=on")
    account.send_new_customers(1)
    refresh = page.get_by_role("link", name="Refresh")
    while headline(page) != account.count:
        refresh.click()


def test_the_demo_is_not_live(signed_in: SignIn, visitor: MakeVisitor, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?follow=on"))
    expect(page.locator("#fresh")).to_contain_text("Latest event")
    shared = visitor().page()
    shared.goto(new_share_link(page, demo))
    shared.get_by_role("switch", name="Live updates").click()
    shared.wait_for_url("**follow=on")
    with shared.expect_response(lambda answer: "/fresh?" in answer.url) as poll:
        pass
    assert poll.value.status == 204
