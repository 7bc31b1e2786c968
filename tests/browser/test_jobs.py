"""Frequent questions, answered from the report as it opens, in a few clicks."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from botmeter.domain.text import day_as_typed
from support.browsing import Server
from support.html import widget_values
from support.widgets import active_filters, by_key, by_name

from .conftest import SignIn

pytestmark = pytest.mark.browser


@dataclass(slots=True)
class Clicks:
    """A mouse that counts its clicks."""

    count: int = 0

    def on(self, target: Locator) -> None:
        target.click()
        self.count += 1


@pytest.fixture
def report(signed_in: SignIn, demo: Server, report_path: str) -> Page:
    page = signed_in()
    page.goto(demo.at(report_path))
    return page


def test_a_month_against_the_month_before_takes_two_clicks_and_any_earlier_one_three(report: Page) -> None:
    clicks, address = Clicks(), report.url.partition("?")[0]
    last_on = day_as_typed(report.locator("input[name=to]").input_value()).replace(day=1) - timedelta(days=1)
    clicks.on(report.locator(".period > summary"))
    clicks.on(report.get_by_role("link", name="Last month"))
    report.wait_for_url("**period=last-month**")
    for count in (2, 3):
        if count == 3:
            clicks.on(report.get_by_role("link", name="Previous period"))
            report.wait_for_url(f"**to={last_on}*")
        before_on = last_on.replace(day=1) - timedelta(days=1)
        days = by_key(report, "session-consumption-trend", key="day")
        assert (min(days), max(days)) == (str(last_on.replace(day=1)), str(last_on))
        answer = report.request.get(f"{address}?from={before_on.replace(day=1)}&to={before_on}&compare=none")
        session_count = int(widget_values(answer.text())["sessions-consumed"][0]["data-value"])
        change = report.locator('[data-widget="sessions-consumed"] .kpi-d')
        expect(change).to_contain_text(f"from {session_count:,}")
        assert ("per day" in change.inner_text()) == (last_on.day != before_on.day)
        expect(report.locator(".comparison > summary")).to_have_text("vs previous month")
        assert clicks.count == count
        last_on = before_on


def test_the_better_version_of_a_bot_takes_three_clicks(report: Page) -> None:
    clicks, bot = Clicks(), next(iter(by_name(report, "bot-consumption")))

    clicks.on(report.locator(".chips summary", has_text="Bot").first)
    menu = report.locator(".menu[open]")
    clicks.on(menu.get_by_role("checkbox", name=bot))
    clicks.on(menu.get_by_role("button", name="Apply"))
    report.wait_for_url("**bot=**")

    versions = report.locator("[data-widget=versions]")
    expect(versions.locator("tr.group")).to_have_text([bot])
    newest, older = versions.locator("tr.row").nth(0), versions.locator("tr.row").nth(1)
    for line in (newest, older):
        assert all(text.strip() for text in line.locator("td").all_inner_texts())
    # The newest one says its change in sessions and in each of the three rates.
    expect(newest.locator("td .dim")).to_have_count(4)
    assert clicks.count == 3


def test_the_refund_conversations_of_a_bot_take_at_most_four_clicks(report: Page) -> None:
    clicks, bot = Clicks(), "Returns & Refunds"

    clicks.on(report.locator("[data-widget=bot-channel-matrix]").get_by_role("link", name=bot, exact=True))
    report.wait_for_url("**bot=**")
    tickets = by_name(report, "tickets-by-type")["refund"]
    clicks.on(report.locator("[data-widget=tickets-by-type]").get_by_role("link", name="refund", exact=True))
    report.wait_for_url("**grain=ticket**")
    expect(report.locator("h1 [data-value]")).to_have_attribute("data-value", str(tickets))

    clicks.on(report.get_by_role("group", name="List").get_by_role("link", name="Conversations"))
    report.wait_for_url("**grain=conversation**")
    assert active_filters(report) == [f"Bot is {bot}", "Ticket type is refund"]
    expect(report.locator("table.rows tbody tr.row").first).to_be_visible()
    conversations = int(report.locator("h1 [data-value]").get_attribute("data-value") or 0)
    assert conversations > 0
    assert clicks.count <= 4
