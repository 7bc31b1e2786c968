"""Billing by clicks: a plan, packs, the forecast, statements, and a correction with its adjustment."""

import re
from datetime import UTC, date, timedelta

import pytest
from playwright.sync_api import Page, expect

from botmeter.domain.instant import present
from support.browsing import Server

from .conftest import SignIn
from .page_rules import WIDTHS, serious_violations, sideways_overflow

pytestmark = pytest.mark.browser

ACCOUNT = "fresh-billing"
BILLING = f"/a/{ACCOUNT}/admin/billing"


@pytest.fixture
def owner(signed_in: SignIn, demo: Server) -> Page:
    """The owner of an account with sample data and no plan."""
    page = signed_in()
    page.goto(demo.at("/accounts"))
    form = page.locator("main form").filter(has=page.get_by_role("button", name="Create account"))
    form.get_by_label("Account ID").fill(ACCOUNT)
    form.get_by_label("Account name").fill("Fresh Billing")
    form.get_by_role("button", name="Create account").click()
    page.goto(demo.at(f"/a/{ACCOUNT}/admin/imports/sample"))
    page.get_by_role("button", name="Load sample data").click()
    page.wait_for_load_state()
    return page


def month_before(on: date, *, count: int) -> date:
    for _ in range(count):
        on = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return on


def close_cycle(page: Page, server: Server, *, on: date) -> None:
    page.goto(server.at(f"{BILLING}/cycles/{on}"))
    page.get_by_role("link", name="Close cycle").click()
    page.get_by_role("button", name="Close cycle").click()
    expect(page.locator(".notices").first).to_contain_text("is closed.")


def test_a_plan_is_set_and_a_statement_read_down_to_one_message(owner: Page, demo: Server) -> None:
    page, today_on = owner, present().astimezone(UTC).date()
    first_on, next_on = month_before(today_on, count=2), month_before(today_on, count=1)
    page.goto(demo.at(BILLING))
    page.get_by_role("link", name=re.compile("^freshworks.new")).click()
    card = page.locator("[data-widget=set-plan]")
    card.get_by_label("In force from").fill(first_on.isoformat())
    card.get_by_label("As of").fill(first_on.isoformat())
    card.get_by_label("Allowance used until then").fill("480")
    card.get_by_role("button", name="Set plan").click()
    expect(page.locator(".notices").first).to_contain_text("freshworks.new@1 is in force from")
    expect(page.locator("[data-widget=cycle-cost]")).to_contain_text("expected")
    expect(page.locator("[data-widget=thresholds]")).to_be_visible()

    page.get_by_role("navigation", name="Billing").get_by_role("link", name="Purchases").click()
    card = page.locator("[data-widget=buy-packs]")
    card.get_by_label("Packs").fill("2")
    card.get_by_role("button", name="Record purchase").click()
    page.get_by_role("button", name="Record purchase").click()
    expect(page.locator(".notices").first).to_contain_text("2 packs of 100 sessions for $98.00")

    close_cycle(page, demo, on=first_on)
    expect(page.get_by_role("heading", level=1)).to_have_text("Statement FRESH-BILLING-000001")
    page.locator("[data-widget=statement-usage] tbody tr").last.locator("a").click()
    page.locator("[data-widget=billed-sessions] tbody a").first.click()
    session = page.url
    expect(page.locator("#events")).to_contain_text("message")

    page.locator("[data-widget=charge] summary").click()
    page.get_by_label("Mark as").select_option("void")
    page.get_by_label("Reason").fill("Our own test")
    page.get_by_role("button", name="Correct charge").click()
    expect(page.locator("[data-widget=charge]")).to_contain_text("Not charged: void")

    close_cycle(page, demo, on=next_on)
    adjustments = page.locator("[data-widget=adjustments]")
    expect(adjustments).to_contain_text("1 session removed: voided.")
    adjustments.locator("summary").first.click()
    adjustments.locator('a[href*="/billing/session"]').first.click()
    assert page.url == session


def test_pages_of_billing_fit_at_every_width_and_are_accessible(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    page.goto(demo.at("/"))
    tabs = "nav.tabs a"
    page.get_by_role("link", name="Billing", exact=True).first.click()
    hrefs = [each.get_attribute("href") or "" for each in page.locator(tabs).all()]
    page.goto(demo.at(next(href for href in hrefs if href.endswith("/statements"))))
    hrefs.append(page.locator('main tbody a[href*="/statements/"]').first.get_attribute("href") or "")
    for href in hrefs:
        page.goto(demo.at(href))
        faults = [fault for width in WIDTHS for fault in sideways_overflow(page, width)]
        assert not faults, href
        assert not serious_violations(page, size=(1400, 900)), href
