"""From a row to why it was charged, on to its customer; and what a bot is called."""

import re

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server, commanded
from support.widgets import by_name, rows_counted

from .conftest import SignIn

pytestmark = pytest.mark.browser


@pytest.fixture
def rows(signed_in: SignIn, demo: Server, report_path: str) -> Page:
    """The underlying data of the last 30 days."""
    page = signed_in()
    page.goto(demo.at(f"{report_path}/rows"))
    return page


def test_a_row_opens_and_leads_to_why_it_was_charged(rows: Page, demo: Server) -> None:
    rows.locator("td.x a").nth(2).click()
    rows.wait_for_url("**session=**")
    rows.get_by_role("link", name="Why was this session charged?").click()
    rows.wait_for_url("**/sessions/*")
    expect(rows.get_by_role("heading", level=1)).to_have_text("Why was this session charged?")

    session_id = rows.url.rpartition("/")[2].partition("?")[0]
    told = commanded("explain", session_id, "--account", DEMO_ACCOUNT, folder=demo.folder)
    shown = rows.locator("section[aria-labelledby=in-words] pre").inner_text()
    assert shown.split() == told.split()
    assert rows.locator("#events li.ev .eff", has_text="Opened this session").count() == 1


def test_a_story_leads_to_its_customer_and_the_customer_to_their_rows(rows: Page) -> None:
    rows.locator("tr[data-href] td:not(.x) a").first.click()
    rows.wait_for_url("**/sessions/*")
    link = rows.locator(".idline a")
    customer = link.inner_text().strip()
    link.click()
    rows.wait_for_url("**/customer?**")
    expect(rows.get_by_role("heading", level=1)).to_contain_text(customer)
    told = re.search(r"(\d+)", rows.locator("section:has(#calendar) .sub").inner_text())
    assert told
    assert rows.locator("table.days td a").count() >= 1

    rows.get_by_role("link", name="Underlying data").first.click()
    rows.wait_for_url("**/rows?**")
    assert rows_counted(rows)[0] >= int(told[1])


def test_a_bot_that_is_named_here_has_that_name_in_the_report(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    before = by_name(page, "bot-consumption")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="My Bots").click()
    named(page, "Order Status", name="Where is my parcel?")
    expect(page.locator("main")).to_contain_text("Where is my parcel?")
    page.goto(demo.at(report_path))
    assert by_name(page, "bot-consumption")["Where is my parcel?"] == before["Order Status"]

    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/bots"))
    named(page, "Where is my parcel?", name="")
    page.goto(demo.at(report_path))
    assert by_name(page, "bot-consumption") == before


def named(page: Page, bot: str, *, name: str) -> None:
    """Opens the bot's line and saves a name."""
    line = page.locator("tbody", has_text=bot).first
    line.locator("summary").first.click()
    line.get_by_label("Display name").fill(name)
    with page.expect_navigation():
        line.get_by_role("button", name="Save name").click()
