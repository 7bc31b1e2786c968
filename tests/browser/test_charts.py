"""Charts as people see them: text of one size, tips beside the pointer, intervals and notes without surprises."""

import pytest
from playwright.sync_api import Page, expect

from support.browsing import Server

from .conftest import SignIn

pytestmark = pytest.mark.browser

TREND = "[data-widget=session-consumption-trend]"
# Sizes of the text that can be seen, as drawn: a scaled drawing would change them.
TEXT_SIZES = """() => [...document.querySelectorAll(".chart > svg text")]
  .filter((one) => one.getClientRects().length)
  .map((one) => Math.round(10 * parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a) / 10)"""
# How much of the card's width its drawing leaves empty.
EMPTY_PX = """() => {
  const card = document.querySelector(".charts.chart-line").getBoundingClientRect();
  const drawings = [...document.querySelectorAll(".charts.chart-line svg[class]")];
  const shown = drawings.find((one) => one.getClientRects().length);
  return card.width - shown.getBoundingClientRect().width;
}"""


@pytest.mark.parametrize("width", [1024, 1400, 1920])
def test_text_of_charts_is_twelve_pixels_and_the_trend_fills_its_card(
    signed_in: SignIn, demo: Server, report_path: str, width: int
) -> None:
    page = signed_in(size=(width, 900))
    page.goto(demo.at(f"{report_path}?period=last-90-days"))
    expect(page.locator("[data-widget=ticket-trend] .chart")).to_be_visible()
    assert set(page.evaluate(TEXT_SIZES)) == {12}
    assert 0 <= page.evaluate(EMPTY_PX) < 80


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("[data-widget=hours] td:not(.h0) a", ("sessions", "%", "Shade")),
        ("[data-widget=hours] .ramp i:nth-of-type(4)", ("to", "sessions")),
        ("[data-widget=bot-channel-matrix] tbody td a", (" on ", "%", "Shade")),
        ("[data-widget=ticket-trend] .chart-marks a[href]", ("tickets", "refund")),
        (f"{TREND} .chart-marks a[href]", ("Week of", "session")),
    ],
)
def test_marks_have_the_styled_tip_with_their_parts(
    signed_in: SignIn, demo: Server, report_path: str, mark: str, words: tuple[str, ...]
) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?period=last-90-days"))
    one = page.locator(mark).nth(1 if "chart-marks" in mark else 0)
    one.scroll_into_view_if_needed()
    one.hover()
    tip = page.locator(".tip").inner_text()
    assert all(word in tip for word in words), tip
    assert "\n" in tip or "ramp" in mark


def test_an_interval_is_chosen_shared_and_left_again(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?period=last-90-days&channel=web"))
    page.locator(TREND).get_by_role("link", name="Month", exact=True).click()
    expect(page).to_have_url(demo.at(f"{report_path}?period=last-90-days&channel=web&interval=month#w-{TREND[13:-1]}"))
    assert page.locator(f"{TREND} .seg a[aria-current]").first.inner_text() == "Month"
    page.reload()
    assert page.locator(f"{TREND} .seg a[aria-current]").first.inner_text() == "Month"
    page.go_back()
    assert page.locator(f"{TREND} .seg a[aria-current]").first.inner_text() == "Week"


def test_a_note_marks_its_day_for_everyone_until_it_is_removed(
    signed_in: SignIn, demo: Server, report_path: str
) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    # The demo has a note already.
    page.locator(TREND).get_by_role("link", name="Edit notes").click()
    page.locator("input[name=on]").fill(_day_of_report(page, demo, path=report_path))
    page.locator("input[name=text]").fill("Campaign starts")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(f"{TREND} .day-notes")).to_contain_text("Campaign starts")
    page.locator(TREND).get_by_role("link", name="Edit notes").click()
    page.get_by_role("button", name="Remove note Campaign starts").click()
    page.goto(demo.at(report_path))
    expect(page.locator(TREND)).not_to_contain_text("Campaign starts")


def _day_of_report(page: Page, demo: Server, *, path: str) -> str:
    other = page.context.new_page()
    other.goto(demo.at(path))
    day = other.locator(f"{TREND} [data-day]").nth(3).get_attribute("data-day")
    other.close()
    assert day is not None
    return day
