"""An account in a lake: its report, underlying data and explanations, and what its pages say of the lake."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from botmeter.domain.instant import now_us
from support.browsing import NARROW, WIDE, Server, run_command, running_server
from support.lake_equality import demo_events
from support.lakes import written_files
from support.widgets import headline, row_page_counts, values

from .conftest import MakeVisitor
from .page_rules import WIDTHS, menu_overflow, serious_violations, sideways_overflow

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.browser

REPORT = "/a/acme/reports/bot-session-consumption"
PAGES = (
    REPORT, f"{REPORT}/rows", "/a/acme/admin/settings", "/a/acme/admin/settings/policy?policy=kommunicate.mau",
    "/a/acme/admin/imports", "/a/acme/admin/sources", "/a/acme/admin/quarantine", "/a/acme/admin/settings/delete",
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose account acme is in a lake with most events of the demo; the rest waits in a file."""
    path = tmp_path_factory.mktemp("lake")
    events = demo_events(30_000, now_us=now_us())
    first, _ = written_files(path, "events", events[:-500], events[-500:])
    folder, address = path / "data", str(path / "lake")
    run_command("account", "create", "acme", "--lake", address, folder=folder)
    metered(first.path, address)
    run_command("user", "create", "ada@example.org", "--account", "acme", "--role", "owner", folder=folder)
    with running_server("serve", folder=folder) as server:
        yield server


def metered(file: str, lake: str) -> None:
    command = [sys.executable, "-m", "botmeter", "lake", "run", file, "--lake", lake, "--account", "acme"]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def owner(lake: Server, visitor: MakeVisitor) -> Page:
    page = visitor().page()
    page.goto(run_command("user", "link", "ada@example.org", "--url", lake.url, folder=lake.folder).strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/a/acme/**")
    return page


def test_the_report_leads_to_the_rows_and_to_an_explanation(owner: Page, lake: Server) -> None:
    owner.goto(lake.at(f"{REPORT}?period=last-90-days&channel=whatsapp"))
    options = ("--account", "acme", "--period", "last-90-days", "--channel", "whatsapp")
    report = json.loads(run_command("report", *options, "--format", "json", folder=lake.folder))
    assert headline(owner) == report["sessions_consumed"] > 0
    assert values(owner, "bot-consumption") == [bot["sessions"] for bot in report["by_bot"] if bot["sessions"]][:10]

    owner.goto(lake.at(f"{REPORT}/rows?period=last-90-days&channel=whatsapp"))
    lines = csv.DictReader(run_command("sessions", *options, "--format", "csv", folder=lake.folder).splitlines())
    rows = list(lines)
    assert row_page_counts(owner) == (len({row["session_id"] for row in rows}), len(rows))

    owner.locator("td.x a").first.click()
    owner.wait_for_url("**session=**")
    owner.get_by_role("link", name="Why was this session charged?").click()
    owner.wait_for_url("**/sessions/*")
    session_id = owner.url.rpartition("/")[2].partition("?")[0]
    explanation = run_command("explain", session_id, "--account", "acme", folder=lake.folder)
    owner.locator("section[aria-labelledby=in-words] summary").click()
    text = owner.locator("section[aria-labelledby=in-words] pre").inner_text()
    assert text.split() == explanation.split()


def test_the_pages_say_that_only_runs_change_the_lake(owner: Page, lake: Server) -> None:
    owner.goto(lake.at("/a/acme/admin/settings"))
    card = owner.locator("[data-widget=lake]")
    expect(card).to_contain_text(str(lake.folder.parent / "lake"))
    expect(card).to_contain_text("Only botmeter lake run adds events")
    expect(owner.get_by_label("Data start date")).to_be_disabled()
    owner.get_by_label("Account name").fill("Acme & Sons")
    owner.get_by_role("button", name="Save").click()
    expect(owner.locator(".notice")).to_contain_text("Account name: Acme & Sons.")

    owner.get_by_role("link", name="Preview another policy").click()
    owner.get_by_label("Published policy").select_option("kommunicate.mau")
    owner.get_by_role("button", name="Preview effect").click()
    expect(owner.locator("[data-widget=effect]")).to_contain_text("instead of")
    expect(owner.get_by_role("button", name="Apply policy")).to_have_count(0)

    owner.goto(lake.at("/a/acme/admin/imports"))
    expect(owner.locator("input[type=file]")).to_have_count(0)
    expect(owner.locator("[data-widget=lake-run] pre")).to_contain_text("botmeter lake run")
    owner.goto(lake.at("/a/acme/admin/sources"))
    expect(owner.get_by_role("button", name="Create source")).to_have_count(0)
    expect(owner.locator(".lede")).to_have_text(
        "The events of this account are files, metered by the runs of its lake."
    )


@pytest.mark.parametrize("path", PAGES)
def test_each_page_fits_its_window_and_is_accessible(owner: Page, lake: Server, path: str) -> None:
    answer = owner.goto(lake.at(path))
    assert answer
    assert answer.status == 200
    expect(owner.locator("[hx-trigger=load]")).to_have_count(0)
    faults = [fault for width in WIDTHS for fault in (*sideways_overflow(owner, width), *menu_overflow(owner, width))]
    assert faults == []
    for size in (NARROW, WIDE):
        assert serious_violations(owner, size=size) == []


def test_a_report_follows_the_next_run(owner: Page, lake: Server) -> None:
    owner.goto(lake.at(f"{REPORT}?period=all"))
    before = headline(owner)
    metered(str(lake.folder.parent / "events-1.ndjson"), str(lake.folder.parent / "lake"))
    # The server looks for a record every two seconds.
    for _ in range(100):
        owner.reload()
        if headline(owner) > before:
            return
    raise AssertionError(f"The report still has {before} sessions.")
