"""Confirmations in a dialog, and without scripts on a page; Undo for ten seconds."""

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, WIDE, Server

from .conftest import MakeVisitor, SignIn
from .page_rules import serious_violations, sideways_overflow

pytestmark = pytest.mark.browser

KEYS = f"/a/{DEMO_ACCOUNT}/admin/keys"
VIEWS = f"/a/{DEMO_ACCOUNT}/views"


def new_key(page: Page, server: Server, *, name: str) -> None:
    page.goto(server.at(KEYS))
    page.locator("[data-widget=new-key]").get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create key").click()
    expect(page.locator(".notices")).to_contain_text(f"Key {name} created.")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_dialog_asks_before_a_key_is_revoked(signed_in: SignIn, demo: Server, size: tuple[int, int]) -> None:
    page, name = signed_in(size=size), f"of {size[0]} pixels"
    new_key(page, demo, name=name)
    revoke, dialog = page.get_by_role("link", name=f"Revoke {name}"), page.get_by_role("dialog")
    revoke.click()
    expect(dialog.get_by_role("heading")).to_have_text(f"Revoke {name}?")
    expect(dialog).to_contain_text("are refused from now on")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    assert not sideways_overflow(page, size[0])
    assert not serious_violations(page, size=size)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(revoke).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert page.url == demo.at(KEYS)
    revoke.click()
    dialog.get_by_role("button", name="Revoke key").click()
    expect(page.locator(".notices")).to_contain_text(f"Key {name} revoked.")


def test_a_dialog_opens_again_at_once_after_it_was_closed(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    new_key(page, demo, name="asked twice")
    revoke, dialog = page.get_by_role("link", name="Revoke asked twice"), page.get_by_role("dialog")
    revoke.click()
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    revoke.evaluate("link => { document.querySelector('dialog').close(); link.click(); }")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_without_scripts_a_page_asks(signed_in: SignIn, demo: Server) -> None:
    page = signed_in(script=False)
    new_key(page, demo, name="without scripts")
    page.get_by_role("link", name="Revoke without scripts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke without scripts?")
    page.go_back()
    page.go_forward()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.locator(".notices")).to_contain_text("Key without scripts revoked.")


def test_a_confirmation_that_cannot_be_loaded_opens_as_a_page(visitor: MakeVisitor, demo: Server) -> None:
    context = visitor()
    context.expected_errors = ("htmx:", "Failed to load resource")
    page = context.page()
    page.goto(demo.link)
    new_key(page, demo, name="out of reach")
    page.route("**/revoke", lambda route: route.abort() if "hx-request" in route.request.headers else route.continue_())
    page.get_by_role("link", name="Revoke out of reach").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke out of reach?")


def test_undo_is_offered_for_ten_seconds_and_longer_under_the_pointer(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    page.clock.install()
    page.goto(demo.at(f"{VIEWS}?period=last-7-days"))
    page.get_by_label("Name", exact=True).fill("To undo")
    page.get_by_role("button", name="Save view").click()
    page.goto(demo.at(VIEWS))
    undo = page.get_by_role("button", name="Undo")
    page.get_by_role("button", name="Delete To undo").click()
    undo.hover()
    page.clock.run_for(30_000)
    undo.click()
    expect(page.locator(".notices")).to_contain_text("View To undo restored.")
    page.get_by_role("button", name="Delete To undo").click()
    expect(undo).to_be_visible()
    page.get_by_role("heading", level=1).hover()
    page.clock.run_for(9_000)
    expect(undo).to_be_visible()
    page.clock.run_for(2_000)
    expect(undo).to_have_count(0)
    expect(page.locator(".notices")).to_contain_text("View To undo deleted.")
