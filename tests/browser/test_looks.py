"""Dark, narrow, by keyboard alone, and without script."""

import pytest
from playwright.sync_api import Page, expect

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import NARROW, Server
from support.widgets import chips, headline, rows_counted, values

from .conftest import SignIn

pytestmark = pytest.mark.browser

# Red, green and blue of what is behind the page, from 0 to 255.
GROUND = "() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)"
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


def test_the_page_is_as_dark_as_the_system_and_then_as_the_person_says(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in(dark=True)
    page.goto(demo.at(report_path))
    assert max(page.evaluate(GROUND)) < 60

    try:
        theme_chosen(page, demo, theme="light")
        page.goto(demo.at(report_path))
        assert min(page.evaluate(GROUND)) > 200
    finally:
        theme_chosen(page, demo, theme="system")
    page.goto(demo.at(report_path))
    assert max(page.evaluate(GROUND)) < 60


def theme_chosen(page: Page, server: Server, *, theme: str) -> None:
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


def test_on_a_phone_the_menu_and_the_filters_stand_behind_buttons(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in(size=NARROW)
    page.goto(demo.at(report_path))
    count = headline(page)
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()

    page.locator("summary", has_text="Filters").click()
    page.locator(".chips summary", has_text="Channel").first.click()
    page.locator(".menu[open]").get_by_role("checkbox", name="whatsapp").check()
    page.locator(".menu[open]").get_by_role("button", name="Apply").click()
    page.wait_for_url("**channel=whatsapp**")
    assert chips(page) == ["Channel is whatsapp"]
    assert 0 < headline(page) < count

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My Bots").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My Bots")


def tabbed_to(page: Page, name: str) -> None:
    """Presses Tab until what has the name is focused; each stop on the way shows its focus."""
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert focused, f"the page ended before {name!r}"
        assert focused["isMarked"], f"{focused['name']!r} does not show that it is focused"
        assert focused["isSeen"], f"{focused['name']!r} is focused out of sight"
        if focused["name"].startswith(name):
            return
    pytest.fail(f"{name!r} is not reached")


def test_by_keyboard_alone_a_filter_is_set_and_a_row_is_opened(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    whole = headline(page)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Skip to content"
    page.keyboard.press("Enter")

    tabbed_to(page, "Channel")
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
    assert 0 < headline(page) < whole

    page.locator("[data-widget=sessions-consumed] a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/rows?**")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**session=**")
    expect(page.locator("tr.is-open")).to_have_count(1)


def test_tab_goes_through_the_whole_report_and_shows_where_it_is(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    page.wait_for_selector("[data-widget=versions] [data-value]")
    last = page.locator("[data-widget=versions] a").last.inner_text()
    page.locator("[data-widget=channel-consumption] a").first.focus()
    tabbed_to(page, "Bot versions")
    page.locator("[data-widget=versions] a").last.focus()
    assert page.evaluate(FOCUSED)["name"] == last
    page.keyboard.press("Tab")
    # Past the last link the page lets go of the focus.
    assert page.evaluate(FOCUSED) is None or page.evaluate(FOCUSED)["name"] != last


def test_without_script_the_report_its_filters_rows_and_stories_work(
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
    assert rows_counted(page)[0] == expected["sessions-consumed"][0]
    page.locator("td.x a").first.click()
    page.get_by_role("link", name="Why was this session charged?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why was this session charged?")


def test_without_script_settings_are_saved_and_one_signs_out(signed_in: SignIn, demo: Server) -> None:
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
