"""Entry points, periods and filters of the report, all of them in the address."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from botmeter.domain.text import day_as_typed, day_text
from botmeter.reports.presets import Preset
from support.browsing import Server
from support.widgets import active_filters, by_key, by_name, headline, values

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
    """The report at its address without a query."""
    page = signed_in()
    page.goto(demo.at(report_path))
    return page


def all_values(page: Page) -> dict[str, list[int]]:
    return {widget: values(page, widget) for widget in WIDGETS}


def press(page: Page, key: str) -> None:
    """Press a key once the scripts of the page are loaded."""
    page.wait_for_load_state("load")
    with page.expect_navigation():
        page.keyboard.press(key)


def test_reports_and_billing_open_the_same_numbers(signed_in: SignIn, demo: Server) -> None:
    page = signed_in()
    page.goto(demo.at("/"))
    page.wait_for_url("**/reports/bot-session-consumption")
    by_reports = all_values(page)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Billing").click()
    page.locator("main").get_by_role("link", name="Session usage report").click()
    page.wait_for_url("**/admin/billing/session-usage-reports")
    assert by_reports["sessions-consumed"][0] > 0
    assert all_values(page) == by_reports


def test_each_preset_has_a_link_and_a_key_for_the_same_days(report: Page) -> None:
    links = report.locator(".presets a[data-key]")
    keys = {link.get_attribute("href"): link.get_attribute("data-key") for link in links.all()}
    assert len(keys) == len(Preset)

    for href, key in keys.items():
        report.locator(".period > summary").click()
        report.locator(f'.presets a[href="{href}"]').click()
        expect(report.locator(f'.presets a[href="{href}"]')).to_have_attribute("aria-current", "true")
        url_by_link, dates = report.url, report.locator(".period > summary").inner_text()
        count = headline(report)
        assert sum(by_key(report, "session-consumption-trend", key="day").values()) == count
        assert sum(by_key(report, "monthly-consumption", key="month").values()) == count

        report.go_back()
        press(report, key or "")
        assert (report.url, report.locator(".period > summary").inner_text()) == (url_by_link, dates)


def test_keys_do_nothing_while_typing(report: Page) -> None:
    before = report.url
    report.locator(".chips summary", has_text="Bot").first.click()
    field = report.locator(".menu[open] input[type=search]")
    field.press_sequentially("today")

    assert field.input_value() == "today"
    assert report.url == before


def test_typed_days_become_the_days_of_the_report(report: Page) -> None:
    last_on = day_as_typed(report.locator("input[name=to]").input_value()) - timedelta(days=3)
    first_on = last_on - timedelta(days=8)
    report.locator(".period > summary").click()
    report.get_by_label("From", exact=True).fill(first_on.isoformat())
    report.get_by_label("To", exact=True).fill(last_on.isoformat())
    report.get_by_role("button", name="Apply").first.click()
    report.wait_for_url(f"**from={first_on}*")

    days = by_key(report, "session-consumption-trend", key="day")
    assert sorted(days) == [(first_on + timedelta(days=number)).isoformat() for number in range(9)]
    assert sum(days.values()) == headline(report)


def test_two_clicks_in_the_calendar_select_the_days_between_them(report: Page) -> None:
    report.locator(".period > summary").click()
    days = report.locator(".period .cal a[data-day]")
    first, last = days.nth(2), days.nth(6)
    first_on, last_on = first.get_attribute("data-day"), last.get_attribute("data-day")
    first.click()
    last.click()
    expect(report.locator(".period [data-note]")).to_have_text("5 days")
    report.get_by_role("button", name="Apply").first.click()
    report.wait_for_url(f"**from={first_on}*to={last_on}*")


def test_typed_days_move_the_calendar_to_any_month(report: Page) -> None:
    report.locator(".period > summary").click()
    report.get_by_label("To", exact=True).fill("5 march 2023")
    names = report.locator(".period .cal caption")
    expect(names).to_have_text(["February 2023", "March 2023"])
    report.get_by_label("From", exact=True).fill("2023-02-27")
    expect(names).to_have_text(["February 2023", "March 2023"])
    expect(report.locator(".period .cal a.in")).to_have_count(7)
    report.locator("[data-step='-12']").click()
    report.locator("[data-step='1']").click()
    expect(names).to_have_text(["March 2022", "April 2022"])
    report.locator(".period .cal a[data-day='2022-03-31']").click()
    expect(report.get_by_label("From", exact=True)).to_have_value("31 Mar 2022")


def test_days_in_reverse_are_put_right_with_a_notice(report: Page) -> None:
    first_on, last_on = (day_as_typed(report.locator(f"input[name={name}]").input_value()) for name in ("from", "to"))
    report.locator(".period > summary").click()
    report.get_by_label("From", exact=True).fill(day_text(last_on))
    report.get_by_label("To", exact=True).fill(day_text(first_on))
    report.get_by_role("button", name="Apply").first.click()
    report.wait_for_url(f"**from={last_on}*to={first_on}*")
    expect(report.locator("#notices")).to_contain_text("The dates were in reverse order.")
    assert len(by_key(report, "session-consumption-trend", key="day")) == (last_on - first_on).days + 1


def test_the_arrows_step_back_and_forth_between_the_same_addresses(report: Page) -> None:
    report.goto(f"{report.url}?period=last-7-days")
    report.get_by_role("link", name="Previous period").click()
    report.wait_for_url("**from=*")
    report.get_by_role("link", name="Next period").click()
    report.wait_for_url("**period=last-7-days")
    assert report.get_by_role("link", name="Next period").get_attribute("aria-disabled") == "true"


def test_other_days_are_compared_by_typing_them(report: Page) -> None:
    last_on = day_as_typed(report.locator("input[name=to]").input_value()) - timedelta(days=90)
    report.locator(".comparison > summary").click()
    report.get_by_label("Compare from").fill(day_text(last_on - timedelta(days=9)))
    report.locator(".comparison").get_by_label("to", exact=True).fill(day_text(last_on))
    report.get_by_role("button", name="Compare").click()
    report.wait_for_url(f"**compare=custom*compare_from={last_on - timedelta(days=9)}*compare_to={last_on}*")
    expect(report.locator(".comparison > summary")).to_contain_text(day_text(last_on))
    expect(report.locator('[data-widget="sessions-consumed"] .kpi-d')).to_contain_text("per day (30 and 10 days)")


def search(menu: Locator, text: str) -> None:
    """Type slowly: a script misses text that is filled in as its field appears."""
    menu.get_by_role("searchbox").press_sequentially(text, delay=60)


def filter_by(page: Page, label: str, *, choice: str) -> None:
    """Search a choice in the menu of a filter by its first letters, tick and apply it."""
    page.locator(".chips summary", has_text=label).first.click()
    menu = page.locator(".menu[open]")
    search(menu, choice[:4])
    menu.get_by_role("checkbox", name=choice).check()
    menu.get_by_role("button", name="Apply").click()


def test_deferred_parts_keep_the_title_of_the_page(report: Page) -> None:
    report.wait_for_load_state("networkidle")
    report.locator(".chips summary", has_text="Bot").first.click()
    menu = report.locator(".menu[open]")
    search(menu, "Order")
    expect(menu.get_by_role("checkbox")).to_have_count(1)

    expect(report).to_have_title("Bot session consumption · Botmeter")


def test_is_not_can_be_set_by_keyboard_and_counts_all_other_sessions(report: Page) -> None:
    total, channels = headline(report), by_name(report, "channel-consumption")

    report.locator(".chips summary", has_text="Channel").first.click()
    menu = report.locator(".menu[open]")
    expect(menu.get_by_role("searchbox")).to_be_focused()
    for key in ("Tab", "ArrowRight", "Tab", "Space", "Enter"):
        report.keyboard.press(key)
    report.wait_for_url("**channel=**")

    [chip] = active_filters(report)
    channel = chip.removeprefix("Channel is not ")
    assert headline(report) == total - channels[channel]
    assert channel not in by_name(report, "channel-consumption")


def test_filters_narrow_the_report_and_their_chips_remove_them(report: Page) -> None:
    total = headline(report)
    bots = by_name(report, "bot-consumption")
    bot = next(iter(bots))

    filter_by(report, "Bot", choice=bot)
    report.wait_for_url("**bot=**")
    of_bot = headline(report)
    assert of_bot == bots[bot] < total
    assert active_filters(report) == [f"Bot is {bot}"]

    channels = by_name(report, "channel-consumption")
    filter_by(report, "Channel", choice="web")
    report.wait_for_url("**channel=web**")
    assert headline(report) == channels["web"] < of_bot
    assert active_filters(report) == [f"Bot is {bot}", "Channel is web"]

    report.get_by_role("link", name="Remove filter: Channel is web").click()
    report.wait_for_url(lambda url: "channel" not in url)
    assert headline(report) == of_bot
    report.get_by_role("link", name="Clear", exact=True).click()
    report.wait_for_url(lambda url: "bot=" not in url)
    assert (headline(report), active_filters(report)) == (total, [])


def test_back_forward_reload_and_another_tab_show_the_state_of_the_address(report: Page, report_path: str) -> None:
    total = all_values(report)
    report.goto(f"{report.url}?period=last-90-days&channel=web&split=opened&compare=year")
    filtered = all_values(report)
    assert filtered["sessions-consumed"] != total["sessions-consumed"]

    report.go_back()
    assert (report.url.endswith(report_path), all_values(report)) == (True, total)
    report.go_forward()
    assert all_values(report) == filtered
    report.reload()
    assert all_values(report) == filtered

    other = report.context.new_page()
    other.goto(report.url)
    assert (all_values(other), active_filters(other)) == (filtered, active_filters(report))


def test_the_split_by_opener_adds_up(report: Page) -> None:
    widget = report.locator("[data-widget=bot-consumption]")
    assert sum(values(report, "bot-consumption")) >= headline(report)
    widget.get_by_role("link", name="Opening bot").click()
    report.wait_for_url("**split=opened**")

    assert sum(values(report, "bot-consumption")) == headline(report)
    assert sum(values(report, "channel-consumption")) == headline(report)


def test_a_bot_expands_into_its_versions_and_collapses(report: Page) -> None:
    widget = report.locator("[data-widget=bot-consumption]")
    widget.locator("a.opener").first.click()
    report.wait_for_url("**open=**")
    assert widget.locator("tr.nested").count() >= 1
    widget.locator("a.opener[aria-expanded=true]").click()
    expect(widget.locator("tr.nested")).to_have_count(0)
