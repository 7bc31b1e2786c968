"""Both ways into the report, its periods and its filters; and that all of it stands in the address."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from botmeter.reports.presets import Preset
from support.browsing import Server
from support.widgets import by_key, by_name, chips, headline, values

from .conftest import SignIn

pytestmark = pytest.mark.browser

WIDGETS = (
    "sessions-consumed",
    "session-consumption-trend",
    "bot-consumption",
    "channel-consumption",
    "monthly-consumption",
    "tickets-by-type",
    "bot-channel-matrix",
)


@pytest.fixture
def report(signed_in: SignIn, demo: Server, report_path: str) -> Page:
    """The report as its address without a query shows it."""
    page = signed_in()
    page.goto(demo.at(report_path))
    return page


def all_values(page: Page) -> dict[str, list[int]]:
    return {widget: values(page, widget) for widget in WIDGETS}


def pressed(page: Page, key: str) -> None:
    """The key, on a page whose behaviours are there."""
    page.wait_for_load_state("load")
    with page.expect_navigation():
        page.keyboard.press(key)


def test_reports_and_billing_open_the_same_numbers(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    page.goto(demo.at("/"))
    page.locator("main").get_by_role("link", name="Bot session consumption").click()
    page.wait_for_url("**/reports/bot-session-consumption")
    by_reports = all_values(page)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Billing").click()
    page.locator("main").get_by_role("link", name="Session usage reports").click()
    page.wait_for_url("**/admin/billing/session-usage-reports")
    assert by_reports["sessions-consumed"][0] > 0
    assert all_values(page) == by_reports


def test_every_preset_has_a_link_and_a_key_that_lead_to_the_same_days(report: Page) -> None:
    links = report.locator(".presets a[data-key]")
    keys = {link.get_attribute("href"): link.get_attribute("data-key") for link in links.all()}
    assert len(keys) == len(Preset)

    for href, key in keys.items():
        report.locator(".period > summary").click()
        report.locator(f'.presets a[href="{href}"]').click()
        expect(report.locator(f'.presets a[href="{href}"]')).to_have_attribute("aria-current", "true")
        clicked, dates = report.url, report.locator(".period > summary").inner_text()
        shown = headline(report)
        assert sum(by_key(report, "session-consumption-trend", key="day").values()) == shown
        assert sum(by_key(report, "monthly-consumption", key="month").values()) == shown

        report.go_back()
        pressed(report, key or "")
        assert (report.url, report.locator(".period > summary").inner_text()) == (clicked, dates)


def test_a_key_does_nothing_while_somebody_types(report: Page) -> None:
    before = report.url
    report.locator(".chips summary", has_text="Bot").first.click()
    field = report.locator(".menu[open] input[type=search]")
    field.press_sequentially("today")

    assert field.input_value() == "today"
    assert report.url == before


def test_typed_days_are_the_days_of_the_report(report: Page) -> None:
    last_on = date.fromisoformat(report.locator("input[name=to]").input_value()) - timedelta(days=3)
    first_on = last_on - timedelta(days=8)
    report.locator(".period > summary").click()
    report.get_by_label("From", exact=True).fill(first_on.isoformat())
    report.get_by_label("To", exact=True).fill(last_on.isoformat())
    report.get_by_role("button", name="Apply").first.click()
    report.wait_for_url(f"**from={first_on}*")

    days = by_key(report, "session-consumption-trend", key="day")
    assert sorted(days) == [(first_on + timedelta(days=number)).isoformat() for number in range(9)]
    assert sum(days.values()) == headline(report)


def test_two_clicks_in_the_calendar_choose_the_days_between_them(report: Page) -> None:
    report.locator(".period > summary").click()
    days = report.locator(".period .cal a[data-day]")
    first, last = days.nth(2), days.nth(6)
    first_on, last_on = first.get_attribute("data-day"), last.get_attribute("data-day")
    first.click()
    last.click()
    expect(report.locator(".period [data-note]")).to_have_text("5 days")
    report.get_by_role("button", name="Apply").first.click()
    report.wait_for_url(f"**from={first_on}*to={last_on}*")


def searched(menu: Locator, text: str) -> None:
    """Types as a person does: what is put into a field in the instant it appears, its script has not seen."""
    menu.get_by_role("searchbox").press_sequentially(text, delay=60)


def filter_by(page: Page, label: str, *, choice: str) -> None:
    """Ticks a choice in the menu of a filter, found by typing its beginning, and applies it."""
    page.locator(".chips summary", has_text=label).first.click()
    menu = page.locator(".menu[open]")
    searched(menu, choice[:4])
    menu.get_by_role("checkbox", name=choice).check()
    menu.get_by_role("button", name="Apply").click()


def test_what_comes_later_leaves_the_title_of_the_page_as_it_is(report: Page) -> None:
    report.wait_for_load_state("networkidle")
    report.locator(".chips summary", has_text="Bot").first.click()
    menu = report.locator(".menu[open]")
    searched(menu, "Order")
    expect(menu.get_by_role("checkbox")).to_have_count(1)

    expect(report).to_have_title("Bot session consumption · Botmeter")


def test_is_not_is_chosen_by_keyboard_and_counts_all_other_sessions(report: Page) -> None:
    whole, channels = headline(report), by_name(report, "channel-consumption")

    report.locator(".chips summary", has_text="Channel").first.click()
    menu = report.locator(".menu[open]")
    expect(menu.get_by_role("searchbox")).to_be_focused()
    for key in ("Tab", "ArrowRight", "Tab", "Space", "Enter"):
        report.keyboard.press(key)
    report.wait_for_url("**channel=**")

    [chip] = chips(report)
    channel = chip.removeprefix("Channel is not ")
    assert headline(report) == whole - channels[channel]
    assert channel not in by_name(report, "channel-consumption")


def test_filters_narrow_the_report_and_their_chips_remove_them(report: Page) -> None:
    whole = headline(report)
    bots = by_name(report, "bot-consumption")
    bot = next(iter(bots))

    filter_by(report, "Bot", choice=bot)
    report.wait_for_url("**bot=**")
    of_bot = headline(report)
    assert of_bot == bots[bot] < whole
    assert chips(report) == [f"Bot is {bot}"]

    channels = by_name(report, "channel-consumption")
    filter_by(report, "Channel", choice="web")
    report.wait_for_url("**channel=web**")
    assert headline(report) == channels["web"] < of_bot
    assert chips(report) == [f"Bot is {bot}", "Channel is web"]

    report.get_by_role("link", name="Remove filter: Channel is web").click()
    report.wait_for_url(lambda url: "channel" not in url)
    assert headline(report) == of_bot
    report.get_by_role("link", name="Clear", exact=True).click()
    report.wait_for_url(lambda url: "bot=" not in url)
    assert (headline(report), chips(report)) == (whole, [])


def test_back_forward_reload_and_another_tab_show_what_the_address_says(report: Page, report_path: str) -> None:
    whole = all_values(report)
    report.goto(f"{report.url}?period=last-90-days&channel=web&split=opened&compare=year")
    filtered = all_values(report)
    assert filtered["sessions-consumed"] != whole["sessions-consumed"]

    report.go_back()
    assert (report.url.endswith(report_path), all_values(report)) == (True, whole)
    report.go_forward()
    assert all_values(report) == filtered
    report.reload()
    assert all_values(report) == filtered

    other = report.context.new_page()
    other.goto(report.url)
    assert (all_values(other), chips(other)) == (filtered, chips(report))


def test_the_split_by_what_opened_the_sessions_adds_up(report: Page) -> None:
    widget = report.locator("[data-widget=bot-consumption]")
    assert sum(values(report, "bot-consumption")) >= headline(report)
    widget.get_by_role("link", name="Opened").click()
    report.wait_for_url("**split=opened**")

    assert sum(values(report, "bot-consumption")) == headline(report)
    assert sum(values(report, "channel-consumption")) == headline(report)


def test_a_bot_opens_into_its_versions_and_closes_again(report: Page) -> None:
    widget = report.locator("[data-widget=bot-consumption]")
    widget.locator("a.opener").first.click()
    report.wait_for_url("**open=**")
    assert widget.locator("tr.nested").count() >= 1
    widget.locator("a.opener[aria-expanded=true]").click()
    expect(widget.locator("tr.nested")).to_have_count(0)
