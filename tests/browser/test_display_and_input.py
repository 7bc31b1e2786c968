"""Themes, narrow screens, keyboard alone, and no scripts."""

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, Server
from support.widgets import active_filters, headline, row_page_counts, values

from .conftest import SignIn

pytestmark = pytest.mark.browser

# Red, green and blue of the background, from 0 to 255.
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)"
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    name: (one.getAttribute("aria-label") ?? one.innerText ?? one.name ?? "").trim().split("\\n")[0],
    isMarked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    isSeen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""
STOPS_MAX = 500


def test_the_theme_follows_the_system_or_the_users_choice(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in(dark=True)
    page.goto(demo.at(report_path))
    assert max(page.evaluate(BACKGROUND)) < 60

    try:
        choose_theme(page, demo, theme="light")
        page.goto(demo.at(report_path))
        assert min(page.evaluate(BACKGROUND)) > 200
    finally:
        choose_theme(page, demo, theme="system")
    page.goto(demo.at(report_path))
    assert max(page.evaluate(BACKGROUND)) < 60


def choose_theme(page: Page, server: Server, *, theme: str) -> None:
    page.goto(server.at("/me"))
    field = page.locator("[name=theme]").first
    value = "" if theme == "system" else theme
    if field.evaluate("one => one.tagName") == "SELECT":
        options = field.locator("option").evaluate_all("all => all.map(one => one.value)")
        field.select_option(value if value in options else theme)
    else:
        page.locator(f"[name=theme][value='{theme}']").check()
    with page.expect_navigation():
        page.locator("form:has([name=theme])").get_by_role("button").first.click()


def test_on_a_phone_navigation_and_filters_open_by_buttons(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in(size=NARROW)
    page.goto(demo.at(report_path))
    count = headline(page)
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()

    page.locator("summary", has_text="Filters").click()
    page.locator(".chips summary", has_text="Channel").first.click()
    page.locator(".menu[open]").get_by_role("checkbox", name="whatsapp").check()
    page.locator(".menu[open]").get_by_role("button", name="Apply").click()
    page.wait_for_url("**channel=whatsapp**")
    assert active_filters(page) == ["Channel is whatsapp"]
    assert 0 < headline(page) < count

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My Bots").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My Bots")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the named element has the focus; each stop shows its focus."""
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused, f"the page ended before {name!r}"
        assert focused["isMarked"], f"{focused['name']!r} has no visible focus"
        assert focused["isSeen"], f"{focused['name']!r} has the focus but is not visible"
        if focused["name"].startswith(name):
            return
    pytest.fail(f"{name!r} is not reached")


def test_a_filter_and_a_row_can_be_opened_by_keyboard_alone(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    total = headline(page)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Skip to content"
    page.keyboard.press("Enter")

    tab_to(page, "Channel")
    page.keyboard.press("Enter")
    expect(page.locator(".menu[open] input[type=search]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    assert page.evaluate(FOCUSED)["name"] == "Channel"

    page.keyboard.press("Enter")
    expect(page.locator(".menu[open] input[type=search]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**channel=**")
    assert 0 < headline(page) < total

    page.locator("[data-widget=sessions-consumed] a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/rows?**")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**session=**")
    expect(page.locator("tr.is-open")).to_have_count(1)


def test_single_keys_do_nothing_once_they_are_turned_off(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    try:
        choose_shortcuts(page, demo, is_on=False)
        page.goto(demo.at(report_path))
        before = page.url
        for key in page.locator("[data-key]").evaluate_all("all => all.map((one) => one.dataset.key)"):
            page.keyboard.press(key)
        page.goto(demo.at(f"{report_path}/rows"))
        page.keyboard.press("j")
        assert page.evaluate(FOCUSED) is None
        page.go_back()
        assert page.url == before
        assert page.locator("[aria-keyshortcuts]").count() == 0
    finally:
        choose_shortcuts(page, demo, is_on=True)
    page.goto(demo.at(f"{report_path}/rows"))
    page.keyboard.press("j")
    assert page.evaluate(FOCUSED)


def choose_shortcuts(page: Page, server: Server, *, is_on: bool) -> None:
    page.goto(server.at("/me"))
    page.get_by_label("Single-key shortcuts").set_checked(is_on)
    page.locator("[data-widget=me]").get_by_role("button", name="Save").click()
    page.wait_for_selector(".notices")


def test_tab_goes_through_the_report_with_visible_focus(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    page.wait_for_selector("[data-widget=versions] [data-value]")
    last = page.locator("[data-widget=versions] a").last.inner_text()
    page.locator("[data-widget=channel-consumption] a").first.focus()
    tab_to(page, "Bot versions")
    page.locator("[data-widget=versions] a").last.focus()
    assert page.evaluate(FOCUSED)["name"] == last
    page.keyboard.press("Tab")
    # Past the last link the page lets go of the focus.
    assert page.evaluate(FOCUSED) is None or page.evaluate(FOCUSED)["name"] != last


def test_without_scripts_report_filters_rows_and_sessions_work(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    with_script = signed_in()
    with_script.goto(demo.at(f"{report_path}?channel=web"))
    expected = {name: values(with_script, name) for name in ("sessions-consumed", "bot-consumption")}

    page = signed_in(script=False)
    page.goto(demo.at(report_path))
    page.locator(".chips summary", has_text="Channel").first.click()
    page.locator("details[open]").get_by_role("link", name="Choose").first.click()
    page.wait_for_url("**/filters/channel**")
    page.get_by_role("checkbox", name="web").check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**channel=web**")
    assert {name: values(page, name) for name in expected} == expected

    expect(page.locator("[data-widget=hours]").get_by_text("Loading")).to_be_hidden()
    page.get_by_role("link", name="Show Hour × weekday").click()
    page.wait_for_url("**/widgets/hours**")
    assert sum(values(page, "hours")) == expected["sessions-consumed"][0]

    page.goto(demo.at(f"{report_path}?channel=web"))
    page.locator("[data-widget=sessions-consumed] a").first.click()
    page.wait_for_url("**/rows?**")
    assert row_page_counts(page)[0] == expected["sessions-consumed"][0]
    page.locator("td.x a").first.click()
    page.get_by_role("link", name="Why was this session charged?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why was this session charged?")


def test_without_scripts_settings_can_be_saved_and_users_sign_out(signed_in: SignIn, demo: Server) -> None:
    page = signed_in(script=False)
    page.goto(demo.at(f"/a/{DEMO_ACCOUNT}/admin/settings"))
    title = page.locator("[data-widget=account] input[type=text]").first
    before = title.input_value()
    for name in ("Maple & Oak", before):
        title.fill(name)
        page.locator("[data-widget=account]").get_by_role("button", name="Save").click()
        expect(page.get_by_role("navigation", name="Main")).to_contain_text(name)

    page.locator(".me-menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(demo.at("/me"))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
