"""No page scrolls sideways at any width after any action, however long the names of an account are."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, RecordingContext, Server, recording_context, run_command, running_server

from .page_paths import (
    ROUTES_WITHOUT_PAGE,
    named_routes,
    new_import,
    new_invitation_link,
    new_share_link,
    owner_paths,
    report_states,
    visitor_paths,
)
from .page_rules import WIDTHS, menu_overflow, serious_violations, sideways_overflow

pytestmark = pytest.mark.browser

ROUTES: Final = sorted({*named_routes(), *report_states()} - set(ROUTES_WITHOUT_PAGE))
# Longer than any card, and without a place to break.
LONG: Final = "Wilhelmina-von-Hohenzollern-Sigmaringen-" * 3
ACCOUNT: Final = (DEMO_ACCOUNT,)


def long_events() -> Iterator[dict[str, str]]:
    """Events of today and the weeks before, each name of which is long."""
    now = datetime.now(tz=UTC).replace(microsecond=0)
    for number in range(60):
        at = (now - timedelta(hours=1 + 11 * number)).isoformat()
        own = {"customer_id": f"{LONG}{number % 12}", "conversation_id": f"conversation-{LONG}{number}"}
        own |= {
            "bot_id": f"{LONG}{number % 3}",
            "bot_name": f"{LONG[:95]}{number % 3}",
            "bot_version": f"2026.11-{LONG}",
        }
        own |= {"channel": f"{LONG[:60]}{number % 2}", "occurred_at": at}
        yield own | {"event_id": f"m-{LONG}{number}", "actor": "customer"}
        ticket = {"kind": "ticket_linked", "ticket_id": f"t-{LONG}{number}", "ticket_type": LONG[:80]}
        yield own | ticket | {"event_id": f"t-{LONG}{number}", "actor": "system"}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo with long names beside its own."""
    folder = tmp_path_factory.mktemp("crowded")
    file = folder / "long.ndjson"
    file.write_text("".join(f"{json.dumps(event)}\n" for event in long_events()), encoding="utf-8")
    variables = {"BOTMETER_GALLERY": "1"}
    with running_server("demo", "--events", "6000", folder=folder / "data", variables=variables) as server:
        run_command("import", str(file), "--account", DEMO_ACCOUNT, folder=server.folder)
        yield server


@pytest.fixture(scope="module")
def owner(chromium: Browser, crowded: Server) -> Iterator[RecordingContext]:
    context = recording_context(chromium)
    page = context.page()
    page.goto(crowded.link)
    page.goto(crowded.at("/me"))
    page.get_by_label("Your name").fill(LONG[:100])
    page.get_by_role("button", name="Save").click()
    page.goto(crowded.at(reverse("settings", args=ACCOUNT)))
    page.locator("[data-widget=account] input[type=text]").first.fill(LONG[:100])
    page.locator("[data-widget=account]").get_by_role("button", name="Save").click()
    yield context
    context.context.close()


@pytest.fixture(scope="module")
def visitor(chromium: Browser) -> Iterator[RecordingContext]:
    context = recording_context(chromium)
    yield context
    context.context.close()


@pytest.fixture(scope="module")
def examples(owner: RecordingContext, visitor: RecordingContext, crowded: Server) -> dict[str, tuple[Page, str]]:
    """A tab and a path for each page."""
    page, signed_out = owner.page(), visitor.page()
    of_owner = owner_paths(page, crowded) | report_states()
    return {name: (page, path) for name, path in of_owner.items()} | {
        name: (signed_out, path) for name, path in visitor_paths(page, crowded).items()
    }


@pytest.fixture
def page(owner: RecordingContext) -> Iterator[Page]:
    page = owner.page()
    yield page
    page.close()


def faults(page: Page) -> str:
    """Faults at all widths, with menus closed and opened."""
    checks = (sideways_overflow, menu_overflow)
    return "\n".join(fault for width in WIDTHS for check in checks for fault in check(page, width))


@pytest.mark.parametrize("name", ROUTES)
def test_a_page_with_long_names_fits_each_width(
    examples: dict[str, tuple[Page, str]], crowded: Server, name: str
) -> None:
    page, path = examples[name]
    page.goto(crowded.at(path))
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    found = faults(page)
    assert not found, found
    assert scrolls_without_need(page) is False


def scrolls_without_need(page: Page) -> bool:
    """True if a page whose content is shorter than a phone's screen scrolls all the same."""
    page.set_viewport_size({"width": 390, "height": 844})
    needless: bool = page.evaluate(
        """() => {
          const parts = [...document.querySelector("main").children];
          const bottom = Math.max(...parts.map((one) => one.getBoundingClientRect().bottom + scrollY));
          return bottom + 40 < innerHeight && document.documentElement.scrollHeight > innerHeight;
        }"""
    )
    return needless


def opened(page: Page, server: Server, *, route: str, query: str = "") -> Page:
    page.goto(server.at(reverse(route, args=ACCOUNT) + query))
    return page


def new_key(page: Page, server: Server) -> None:
    card = opened(page, server, route="keys").locator("[data-widget=new-key]")
    card.get_by_label("Name", exact=True).fill(LONG[:100])
    card.locator("input[type=checkbox]").first.check()
    card.get_by_role("button", name="Create key").click()
    expect(page.locator(".notices pre")).to_be_visible()


def key_to_revoke(page: Page, server: Server) -> None:
    new_key(page, server)
    page.get_by_role("link", name="Revoke").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def revoked_key(page: Page, server: Server) -> None:
    key_to_revoke(page, server)
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(page.locator(".notices")).to_contain_text("revoked")


def deleted_view(page: Page, server: Server) -> None:
    new_view(page, server)
    opened(page, server, route="views").get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def day_note(page: Page, server: Server) -> None:
    card = opened(page, server, route="day-notes").locator("[data-widget=new-note]")
    card.locator("[name=on]").fill(f"{datetime.now(tz=UTC) - timedelta(days=3):%Y-%m-%d}")
    card.locator("[name=text]").fill(LONG[:100])
    card.get_by_role("button", name="Add note").click()
    page.wait_for_selector("#widgets")


def new_view(page: Page, server: Server) -> None:
    opened(page, server, route="report", query=f"?channel={LONG[:60]}0&bot={LONG}1")
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name", exact=True).fill(LONG[:100])
    page.get_by_role("button", name="Save view").click()


def new_address(page: Page, server: Server) -> None:
    opened(page, server, route="sources")
    card = page.locator("[data-widget=new-source]")
    card.get_by_label("Name", exact=True).fill("desk")
    card.get_by_role("button", name="Create source").click()
    page.wait_for_url("**/sources/desk")
    page.locator("#more > summary").click()
    card = page.locator("[data-widget=identities]")
    card.get_by_label("Sender").fill(LONG)
    card.get_by_label("Bot ID").fill(f"{LONG}1")
    card.get_by_role("button", name="Add").click()
    expect(card.locator("tbody tr")).to_have_count(1)


def merge_preview(page: Page, server: Server) -> None:
    card = opened(page, server, route="merge-customers").locator("[data-widget=merge]")
    card.locator("input[type=text]").first.fill(f"{LONG}1")
    card.locator("textarea").first.fill(f"{LONG}2\n{LONG}3")
    card.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-widget=merge-preview]")).to_be_visible()


def open_row(page: Page, server: Server) -> None:
    opened(page, server, route="rows", query=f"?customer={LONG}1").locator("td.x a").first.click()
    expect(page.locator("tr.is-open")).to_have_count(1)


def vain_search(page: Page, server: Server) -> None:
    opened(page, server, route="rows", query=f"?search={LONG}")


def refused_form(page: Page, server: Server) -> None:
    opened(page, server, route="users").locator("[data-widget=invite]").get_by_label("Email address").fill(LONG)
    page.locator("[data-widget=invite] form").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.locator(".error, .notice.bad").first).to_be_visible()


def set_filters(page: Page, server: Server) -> None:
    query = f"?channel={LONG[:60]}0&channel.not={LONG[:60]}1&bot={LONG}0&customer={LONG}1&ticket_type={LONG[:80]}"
    opened(page, server, route="report", query=query)


def refused_period(page: Page, server: Server) -> None:
    opened(page, server, route="report", query="?from=2026-11-20&to=2026-11-02")


def filter_menu(page: Page, server: Server) -> None:
    opened(page, server, route="report").locator(".chips summary", has_text="Customer").first.click()
    expect(page.locator(".menu[open] .opts label").first).to_be_visible()


def period_picker(page: Page, server: Server) -> None:
    opened(page, server, route="report").locator(".period > summary").click()
    page.locator("[data-step='-12']").click()
    expect(page.locator(".period .cal caption").first).to_be_attached()


def comparison_menu(page: Page, server: Server) -> None:
    opened(page, server, route="report", query="?period=quarter-to-date").locator(".comparison > summary").click()
    expect(page.get_by_label("Compare from")).to_be_visible()


# Named by what was done; each leaves the page that follows.
ACTIONS: Final[dict[str, Callable[[Page, Server], object]]] = {
    "a key is created": new_key,
    "a view is saved": new_view,
    "a key is to be revoked": key_to_revoke,
    "a key is revoked": revoked_key,
    "a view is deleted": deleted_view,
    "a day has a note": day_note,
    "a view is shared": new_share_link,
    "a user is invited": new_invitation_link,
    "a source is created": new_address,
    "a file is imported": new_import,
    "a merge is tried": merge_preview,
    "a row is opened": open_row,
    "a search finds nothing": vain_search,
    "a form is refused": refused_form,
    "filters are set": set_filters,
    "a period is reversed": refused_period,
    "a filter is opened": filter_menu,
    "a period is chosen": period_picker,
    "a comparison is chosen": comparison_menu,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_page_fits_each_width_after_an_action_and_stays_accessible(page: Page, crowded: Server, action: str) -> None:
    ACTIONS[action](page, crowded)
    assert serious_violations(page, size=WIDE) + serious_violations(page, size=NARROW) == []
    found = faults(page)
    assert not found, found
