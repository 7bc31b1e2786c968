"""Quarantine in the browser: events discarded and brought back with the keyboard, retried, found and downloaded."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, Server, run_command, tab_to

from .conftest import SignIn

pytestmark = pytest.mark.browser

EVENT = {"conversation_id": "v-1", "customer_id": "c-1", "actor": "customer", "bot_id": "orders"}


@pytest.fixture
def source(demo: Server, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A source of the test alone with two events in quarantine."""
    name = f"quarantine-{abs(hash(request.node.name))}"
    file = tmp_path / "refused.ndjson"
    events = [{**EVENT, "event_id": f"{name}-{number}", "occurred_at": "2026-11-01T10:00"} for number in (1, 2)]
    file.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    run_command("import", str(file), "--account", DEMO_ACCOUNT, "--source", name, folder=demo.folder)
    return name


def opened(page: Page, server: Server, *, source: str, more: str = "") -> None:
    page.goto(server.at(f"/a/{DEMO_ACCOUNT}/admin/quarantine?source={source}{more}"))


def rows(page: Page) -> list[str]:
    """Ids of the listed events."""
    return page.locator("table.quarantined tbody td:nth-child(3)").all_inner_texts()


def select_first(page: Page) -> None:
    label = page.locator("table.quarantined input").first.get_attribute("aria-label")
    tab_to(page, label or "")
    page.keyboard.press("Space")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_event_is_discarded_and_brought_back_with_the_keyboard_alone(
    signed_in: SignIn, demo: Server, source: str, size: tuple[int, int]
) -> None:
    page = signed_in(size=size)
    opened(page, demo, source=source)
    first, second = rows(page)
    select_first(page)
    tab_to(page, "Discard reason")
    page.keyboard.type("A test of the keyboard")
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text("1 event discarded.")
    assert rows(page) == [second]

    opened(page, demo, source=source, more="&show=discarded")
    expect(page.locator("table.quarantined tbody")).to_contain_text("A test of the keyboard")
    assert rows(page) == [first]
    select_first(page)
    tab_to(page, "Restore")
    page.keyboard.press("Enter")
    expect(page.locator(".notices")).to_contain_text("1 event restored.")
    opened(page, demo, source=source)
    assert rows(page) == [first, second]


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
def test_all_events_of_a_search_are_retried_and_discarded(
    signed_in: SignIn, demo: Server, source: str, script: bool
) -> None:
    page = signed_in(script=script)
    opened(page, demo, source=source)
    page.get_by_role("searchbox", name="Search events").fill(f"{source}-2")
    page.get_by_role("button", name="Show").click()
    assert rows(page) == [f"{source}-2"]
    page.get_by_label("Events to change").select_option("all")
    page.locator("#chosen").get_by_role("button", name="Retry").click()
    for _ in range(100):
        if page.get_by_text("0 events left quarantine.").count():
            break
        page.reload()
    expect(page.get_by_text("1 event of those retried remains.")).to_be_visible()

    opened(page, demo, source=source, more="&code=time_without_offset")
    page.get_by_label("Events to change").select_option("all")
    page.locator("#chosen").get_by_label("Discard reason").fill("No offset")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".notices")).to_contain_text("2 events discarded.")
    expect(page.get_by_text("No matching events")).to_be_visible()


def test_an_event_is_shown_as_sent_and_downloaded(signed_in: SignIn, demo: Server, source: str) -> None:
    page = signed_in()
    opened(page, demo, source=source)
    page.locator("table.quarantined summary").first.press("Enter")
    expect(page.locator("table.quarantined pre").first).to_contain_text('"occurred_at": "2026-11-01T10:00"')
    with page.expect_download() as download:
        page.get_by_role("link", name="As sent").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event_id"] for line in lines] == [f"{source}-1", f"{source}-2"]
