"""Search fields of filters, and menus and widgets that do not load."""

import pytest
from playwright.sync_api import Page, Route, expect

from support.browsing import Server
from support.widgets import active_filters, by_name

from .conftest import MakeVisitor

pytestmark = pytest.mark.browser


@pytest.fixture
def report(visitor: MakeVisitor, demo: Server, report_path: str) -> Page:
    """The report, whose requests may fail."""
    context = visitor()
    context.expected_errors = ("Failed to load resource", "htmx:", "Response Status Error")
    page = context.page()
    page.goto(demo.link)
    page.goto(demo.at(report_path))
    return page


def type_in_filter(page: Page, label: str, *, text: str) -> None:
    page.locator(".chips summary", has_text=label).first.click()
    field = page.locator(".menu[open]").get_by_role("searchbox")
    expect(field).to_be_focused()
    field.press_sequentially(text)


def test_enter_applies_the_only_match_without_waiting_for_the_list(report: Page) -> None:
    bot = next(iter(by_name(report, "bot-consumption")))
    type_in_filter(report, "Bot", text=bot.lower()[:9])
    report.keyboard.press("Enter")
    report.wait_for_url("**bot=**")
    assert active_filters(report) == [f"Bot is {bot}"]


def test_enter_applies_the_choice_of_that_name_among_several(report: Page) -> None:
    # "web" is a channel, and the beginning of no other; "a" is in several.
    type_in_filter(report, "Channel", text="web")
    report.keyboard.press("Enter")
    report.wait_for_url("**channel=web**")
    assert active_filters(report) == ["Channel is web"]


def test_enter_moves_to_the_list_if_several_match_and_does_nothing_if_none_does(report: Page) -> None:
    before = report.url
    type_in_filter(report, "Channel", text="nowhere")
    report.keyboard.press("Enter")
    menu = report.locator(".menu[open]")
    expect(menu.locator(".opts-none").first).to_have_text("No matches")

    menu.get_by_role("searchbox").fill("a")
    expect(menu.get_by_role("checkbox").nth(1)).to_be_visible()
    menu.get_by_role("searchbox").press("Enter")
    expect(menu.get_by_role("checkbox").first).to_be_focused()
    assert report.url == before


def test_a_menu_that_does_not_load_says_so_and_loads_again(report: Page) -> None:
    def fail(route: Route) -> None:
        route.abort()

    report.route("**/filters/channel**", fail)
    report.locator(".chips summary", has_text="Channel").first.click()
    menu = report.locator(".menu[open]")
    expect(menu.get_by_role("alert")).to_contain_text("The choices did not load.")

    report.unroute("**/filters/channel**")
    menu.get_by_role("button", name="Retry").click()
    expect(menu.get_by_role("checkbox").first).to_be_visible()
    expect(menu.get_by_role("alert")).to_have_count(0)


def test_a_late_widget_that_does_not_load_says_so_and_loads_again(report: Page) -> None:
    def fail(route: Route) -> None:
        route.fulfill(status=503, body="busy")

    report.route("**/widgets/versions**", fail)
    report.reload()
    widget = report.locator("[data-widget=versions]")
    expect(widget.get_by_role("alert")).to_contain_text("This widget did not load.")
    expect(widget.get_by_role("heading")).to_have_text("Bot versions")

    report.unroute("**/widgets/versions**")
    widget.get_by_role("button", name="Retry").click()
    expect(widget.locator("tr.group").first).to_be_visible()
    expect(widget.get_by_role("alert")).to_have_count(0)
