"""A vendor's bill in the browser: from the file to the session behind a difference."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, Server

from .conftest import SignIn

pytestmark = pytest.mark.browser

LAST_ON = datetime.now(UTC).date() - timedelta(days=9)
FIRST_ON = LAST_ON - timedelta(days=6)


def vendor_list(page: Page, server: Server) -> bytes:
    """The sessions of a week in the local times of Kolkata, without the first, and with one that is made up."""
    query = f"from={FIRST_ON}&to={LAST_ON}&grain=session"
    path = f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption/rows/export.csv?{query}"
    rows = list(csv.DictReader(io.StringIO(page.request.get(server.at(path)).text())))
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["Start time", "Contact ID", "Cost"])
    for row in rows[1:]:
        local = datetime.fromisoformat(row["session_start"]) + timedelta(hours=5, minutes=30)
        writer.writerow([f"{local:%d/%m/%Y %H:%M:%S}", row["customer_id"], "0.10"])
    writer.writerow([f"{LAST_ON:%d/%m/%Y} 12:00:00", "nobody", "0.10"])
    return written.getvalue().encode()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_bill_is_compared_down_to_the_session(signed_in: SignIn, demo: Server, size: tuple[int, int]) -> None:
    page = signed_in(size=size)
    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/admin/billing"))
    page.get_by_role("link", name="Check a bill").first.click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "week.csv", "mimeType": "text/csv", "buffer": vendor_list(page, demo)}
    )
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url("**/reconcile/*")

    page.get_by_label("First day of the bill").fill(f"{FIRST_ON}")
    page.get_by_label("Last day of the bill").fill(f"{LAST_ON}")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("main")).to_contain_text("Their times are 5 h 30 min ahead of ours: Asia/Kolkata?")

    page.get_by_text("Change settings").click()
    page.get_by_label("Time zone of times").fill("Asia/Kolkata")
    page.get_by_role("button", name="Compare again").click()
    expect(page.get_by_role("heading", name="2 differences in")).to_be_visible()
    address = page.url
    page.reload()
    assert page.url == address
    expect(page.get_by_role("row", name="Only theirs 1 0.10")).to_be_visible()
    page.locator("[data-widget=bill-summary]").get_by_role("row", name="Only ours").get_by_role("link").click()
    expect(page.locator("[data-widget=differences] tbody tr")).to_have_count(1)
    page.locator("[data-widget=differences] tbody a").first.click()
    expect(page).to_have_url(re.compile(f"/a/{DEMO_ACCOUNT}/sessions/"))
    page.go_back()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download differences").click()
    assert len(download.value.path().read_text().splitlines()) == 3
    page.get_by_role("link", name="Check a bill").click()
    page.get_by_role("link", name="Remove week.csv").click()
    page.get_by_role("button", name="Remove bill").click()
    expect(page.locator("main")).to_contain_text("week.csv was removed.")
