"""An alert on the forecast: set by clicks, crossed by live events, and read in an email whose link shows the cause."""

import json
import os
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import Server, run_command
from support.smtp_server import SmtpServer

from .conftest import MakeVisitor

pytestmark = pytest.mark.browser

ALERTS = f"/a/{DEMO_ACCOUNT}/admin/alerts"
PICTURES = os.environ.get("BOTMETER_TEST_PICTURES", "")


def send_sessions(server: Server, key: str, *, count: int) -> None:
    at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    events = [
        {
            "event_id": f"launch-{number}",
            "occurred_at": at,
            "conversation_id": f"launch-{number}",
            "customer_id": f"launch-{number}",
            "actor": "customer",
            "bot_id": "launch",
            "bot_name": "Launch bot",
            "channel": "web",
        }
        for number in range(count)
    ]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - of the test's own server
        server.at("/api/v1/events"), json.dumps(events).encode(), headers
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - of the test's own server
        assert answer.status == 200


def test_a_forecast_that_live_events_push_over_a_level_arrives_by_email_with_its_link(
    visitor: MakeVisitor, mailing_demo: Server, mailbox: SmtpServer
) -> None:
    page = visitor().page()
    page.goto(mailing_demo.link)
    page.goto(mailing_demo.at(ALERTS))
    expect(page.locator("[data-widget=history]")).to_contain_text("of allowance and packs used")
    page.get_by_text("Add alert").click()
    page.get_by_role("link", name="Forecast", exact=True).click()
    page.get_by_label("Compared with").select_option("sessions")
    page.get_by_label("Name", exact=True).fill("Launch")
    page.get_by_label("Levels in percent").fill("30")
    page.get_by_label("For", exact=True).select_option("bot")
    page.get_by_label("Bot ID, channel or cost centre").fill("launch")
    page.get_by_role("button", name="Add alert").click()
    expect(page.locator("[data-widget=alerts]")).to_contain_text("Forecast of the sessions, bot launch: 30 sessions")

    key = run_command(
        "key", "create", "--account", DEMO_ACCOUNT, "--scope", "events:write", folder=mailing_demo.folder
    ).strip()
    send_sessions(mailing_demo, key, count=40)

    mail = mailbox.mail_about("30 sessions for Launch bot")
    parts = {part.get_content_type(): str(part.get_content()) for part in mail.walk() if not part.is_multipart()}
    text, html = parts["text/plain"], parts["text/html"]
    assert "40 of 30 sessions" in text
    assert "Bot Launch bot" in text or "Channel web" in text
    assert all(each.startswith(mailing_demo.url) for each in html.split('"') if each.startswith("http"))
    [href] = [line for line in text.splitlines() if line.startswith("http")][:1]
    page.goto(href)
    expect(page.get_by_role("heading", level=1)).to_have_text("Billing")
    page.goto(mailing_demo.at(ALERTS))
    expect(page.locator("[data-widget=history] tbody tr").first).to_contain_text("Launch")

    for dark in (False, True):
        for width in (320, 640):
            reader = visitor(size=(width, 800), dark=dark).page()
            reader.set_content(html)
            assert reader.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            if PICTURES:
                reader.screenshot(path=f"{PICTURES}/mail-{width}-{'dark' if dark else 'light'}.png", full_page=True)
