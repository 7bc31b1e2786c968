"""Share links show one view to anybody until they are revoked."""

import pytest
from playwright.sync_api import expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, Server
from support.widgets import active_filters, headline

from .conftest import MakeVisitor, SignIn
from .page_paths import new_share_link
from .page_rules import serious_violations

pytestmark = pytest.mark.browser

SHARES = f"/a/{DEMO_ACCOUNT}/shares"
QUERY = "?period=last-90-days&channel=web"


def test_a_share_link_shows_its_view_in_another_browser_until_it_is_revoked(
    signed_in: SignIn, visitor: MakeVisitor, demo: Server, report_path: str
) -> None:
    owner = signed_in()
    owner.goto(demo.at(report_path + QUERY))
    count = headline(owner)
    link = new_share_link(owner, demo, query=QUERY)
    # A displayed link is longer than a narrow window.
    owner.set_viewport_size({"width": 390, "height": 800})
    assert owner.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    stranger = visitor()
    page = stranger.page()
    page.goto(link)
    assert headline(page) == count
    assert not page.get_by_role("navigation", name="Main").count()
    page.locator("[data-widget=sessions-consumed] a").first.click()
    expect(page.locator("h1 [data-value]")).to_have_attribute("data-value", str(count))

    # A request beyond the view changes nothing: its filter stays.
    page.goto(f"{link}?period=all&channel=whatsapp")
    assert (headline(page), active_filters(page)) == (count, ["Channel is web"])

    assert owner.url.endswith(report_path + QUERY)
    owner.goto(demo.at(SHARES))
    owner.locator("[data-widget=shares] tbody tr").first.get_by_role("button", name="Revoke").click()
    expect(owner.locator(".notices")).to_contain_text("revoked")
    stranger.expected_errors = ("Failed to load resource",)
    answer = page.goto(link)
    assert answer is not None
    assert answer.status in {403, 404, 410}
    assert not page.locator("[data-widget]").count()


def test_a_password_is_asked_before_a_report_and_remembered_for_its_pages(
    signed_in: SignIn, visitor: MakeVisitor, demo: Server
) -> None:
    owner = signed_in()
    owner.goto(demo.at(f"{SHARES}{QUERY}"))
    owner.get_by_label("Name", exact=True).fill("For partners")
    owner.get_by_label("Password").fill("maple syrup season")
    owner.get_by_label("Stay as they are").check()
    owner.get_by_role("button", name="Create link").click()
    link = owner.locator(".notices code").inner_text().strip()

    page = visitor().page()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Password required")
    assert not page.get_by_text("For partners").count()
    assert not serious_violations(page, size=NARROW)
    page.keyboard.type("maple syrup")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Wrong password.")
    page.get_by_role("textbox", name="Password").fill("maple syrup season")
    page.keyboard.press("Enter")
    expect(page.locator(".sharedbar")).to_contain_text("The dates are fixed: ")
    assert headline(page) > 0
    page.reload()
    assert headline(page) > 0
    owner.goto(demo.at(SHARES))
    expect(owner.locator("[data-widget=shares] tbody tr").first).to_contain_text("1 time, last")


def test_a_link_without_rows_shows_no_single_session(
    signed_in: SignIn, visitor: MakeVisitor, demo: Server, report_path: str
) -> None:
    link = new_share_link(signed_in(), demo, query="?period=last-7-days", with_rows=False)
    stranger = visitor()
    stranger.expected_errors = ("Failed to load resource",)
    page = stranger.page()
    page.goto(link)
    assert headline(page) > 0
    assert not page.locator("main a[href*='/rows']").count()

    answer = page.goto(f"{link}/rows")
    assert answer is not None
    assert answer.status == 404
