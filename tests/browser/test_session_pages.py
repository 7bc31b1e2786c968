"""From a row to its session and customer; display names of bots."""

import re

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, Server, run_command
from support.widgets import by_name, row_page_counts

from .conftest import SignIn

pytestmark = pytest.mark.browser


@pytest.fixture
def rows(signed_in: SignIn, demo: Server, report_path: str) -> Page:
    """The underlying data of the last 30 days."""
    page = signed_in()
    page.goto(demo.at(f"{report_path}/rows"))
    return page


def test_a_row_expands_and_links_to_its_session(rows: Page, demo: Server) -> None:
    rows.locator("td.x a").nth(2).click()
    rows.wait_for_url("**session=**")
    rows.get_by_role("link", name="Why was this session charged?").click()
    rows.wait_for_url("**/sessions/*")
    expect(rows.get_by_role("heading", level=1)).to_have_text("Why was this session charged?")

    session_id = rows.url.rpartition("/")[2].partition("?")[0]
    explanation = run_command("explain", session_id, "--account", DEMO_ACCOUNT, folder=demo.folder)
    rows.locator("section[aria-labelledby=in-words] summary").click()
    page_text = rows.locator("section[aria-labelledby=in-words] pre").inner_text()
    assert page_text.split() == explanation.split()
    assert rows.locator("#events li.ev .eff", has_text="Opened this session").count() == 1


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_menus_of_a_session_fit_the_screen(
    signed_in: SignIn, demo: Server, report_path: str, size: tuple[int, int]
) -> None:
    page = signed_in(size=size)
    page.goto(demo.at(f"{report_path}/rows"))
    page.goto(demo.at(page.locator("main a[href*='/sessions/']").first.get_attribute("href") or ""))
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    for name, entry in (("Share", "Create share link"), ("Export", "Events as CSV")):
        page.locator("summary", has_text=name).click()
        box = page.get_by_role("link", name=entry).bounding_box()
        assert box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= size[0]
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    with page.expect_download() as download:
        page.get_by_role("link", name="Explanation as text").click()
    assert download.value.suggested_filename.endswith(".txt")


def test_a_session_links_to_its_customer_and_the_customer_to_their_rows(rows: Page) -> None:
    rows.locator("tr[data-href] td:not(.x) a").first.click()
    rows.wait_for_url("**/sessions/*")
    link = rows.locator(".idline a")
    customer = link.inner_text().strip()
    link.click()
    rows.wait_for_url("**/customer?**")
    expect(rows.get_by_role("heading", level=1)).to_contain_text(customer)
    match = re.search(r"(\d+)", rows.locator("section:has(#calendar) .sub").inner_text())
    assert match
    assert rows.locator(".year-strip a").count() >= 1

    rows.get_by_role("link", name="Underlying data").first.click()
    rows.wait_for_url("**/rows?**")
    assert row_page_counts(rows)[0] >= int(match[1])


def test_a_display_name_of_a_bot_appears_in_the_report(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    before = by_name(page, "bot-consumption")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="My Bots").click()
    set_display_name(page, "Order Status", name="Where is my parcel?")
    expect(page.locator("main")).to_contain_text("Where is my parcel?")
    page.goto(demo.at(report_path))
    assert by_name(page, "bot-consumption")["Where is my parcel?"] == before["Order Status"]

    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/bots"))
    set_display_name(page, "Where is my parcel?", name="")
    page.goto(demo.at(report_path))
    assert by_name(page, "bot-consumption") == before


def set_display_name(page: Page, bot: str, *, name: str) -> None:
    """Expand the bot and save a name."""
    line = page.locator("tbody", has_text=bot).first
    line.locator("summary").first.click()
    line.get_by_label("Display name").fill(name)
    with page.expect_navigation():
        line.get_by_role("button", name="Save name").click()
