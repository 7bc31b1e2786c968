"""From an empty folder to a report, and signing in afterwards."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browsing import NARROW, WIDE, Server, run_command, running_server, tab_to
from support.widgets import headline

from .conftest import MakeVisitor

pytestmark = pytest.mark.browser

ADDRESS, PASSWORD = "ada@example.org", "correct horse battery"


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """A server on an empty folder."""
    with running_server("serve", folder=tmp_path / "data") as server:
        yield server


def complete_setup(page: Page, server: Server) -> None:
    """Follow the link, choose a password and create the first account."""
    page.goto(server.link)
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Your name").fill("Ada")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_label("Account name").fill("Acme & Sons")
    page.locator("input[name=account_name]").fill("acme")
    page.get_by_role("button", name="Create user").click()
    page.wait_for_url("**/a/acme/reports/bot-session-consumption")


def three_sessions(file: Path) -> Path:
    """A file with events of three customers, an hour ago."""
    at = datetime.now(UTC) - timedelta(hours=1)
    events = [
        {
            "event_id": f"e{number}",
            "occurred_at": at.isoformat(),
            "conversation_id": f"v{number}",
            "customer_id": f"c{number}",
            "actor": "customer",
            "bot_id": "orders",
            "bot_name": "Orders",
            "channel": "web",
        }
        for number in range(3)
    ]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in events), encoding="utf-8")
    return file


def test_the_first_start_ends_with_a_report(new_server: Server, visitor: MakeVisitor, tmp_path: Path) -> None:
    page = visitor().page()
    complete_setup(page, new_server)

    expect(page.get_by_role("heading", level=1)).to_have_text("Send the first events")
    expect(page.locator("main")).to_contain_text("botmeter import events.csv --account acme")

    example = tmp_path / "events.csv"
    example.write_text(page.locator("ol.steps pre").first.inner_text(), encoding="utf-8")
    run_command("import", str(example), "--account", "acme", folder=new_server.folder)
    # The page checks for events every ten seconds.
    page.wait_for_selector("[data-widget=sessions-consumed] [data-value]")
    assert headline(page) == 1

    run_command(
        "import", str(three_sessions(tmp_path / "events.ndjson")), "--account", "acme", folder=new_server.folder
    )
    page.reload()
    assert headline(page) == 4


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_sample_data_fills_an_empty_report_and_is_removed_again(
    new_server: Server, visitor: MakeVisitor, size: tuple[int, int]
) -> None:
    page = visitor(size=size).page()
    complete_setup(page, new_server)
    for way in ("Send over HTTP", "Connect a platform", "Import a file"):
        page.get_by_role("link", name=way).click()
        expect(page.get_by_role("link", name=way)).to_have_attribute("aria-current", "page")

    tab_to(page, "Load sample data")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-widget=sessions-consumed] [data-value]")
    assert headline(page) > 300
    notice = page.locator(".notice", has_text="This report has sample data.")
    notice.get_by_role("link", name="Remove sample data").click()
    page.wait_for_url("**/imports/sample")
    page.get_by_role("link", name="Remove sample data").click()
    page.get_by_role("button", name="Remove sample data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send the first events")
    page.goto(new_server.at("/a/acme/admin/imports"))
    expect(page.locator("[data-widget=imports] tbody tr")).to_contain_text("Undone")


def test_the_link_of_the_first_start_works_once(new_server: Server, visitor: MakeVisitor) -> None:
    complete_setup(visitor().page(), new_server)
    other = visitor()
    other.expected_errors = ("404", "410", "403", "400")
    page = other.page()

    answer = page.goto(new_server.link)
    assert answer is not None
    assert answer.status in {400, 403, 404, 410}
    assert not page.locator("input[type=password]").count()


def test_after_signing_out_only_the_right_password_signs_in(new_server: Server, visitor: MakeVisitor) -> None:
    page = visitor().page()
    complete_setup(page, new_server)
    account_url = page.url

    page.locator(".me-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(account_url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()

    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("Password").fill("something else")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_be_visible()

    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(account_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Send the first events")
