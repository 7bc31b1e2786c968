"""Long tables keep their heads in view, wide ones show that they go on, and wide screens are used."""

import pytest
from playwright.sync_api import Page, expect

from support.browsing import Server

from .conftest import SignIn

pytestmark = pytest.mark.browser

# The part of the table's head that is in view, or what covers it.
HEAD_SEEN = """() => {
  const head = document.querySelector("table.rows > thead th:nth-child(3)"), box = head.getBoundingClientRect();
  const at = document.elementFromPoint(box.left + 4, box.top + box.height / 2);
  return head === at?.closest("th") && box.top >= 0 && box.bottom <= innerHeight;
}"""


@pytest.mark.parametrize("width", [1920, 1400, 1024, 390])
def test_the_head_of_a_long_table_stays_in_view(signed_in: SignIn, demo: Server, report_path: str, width: int) -> None:
    page = signed_in(size=(width, 800))
    page.goto(demo.at(f"{report_path}/rows"))
    row = page.locator("table.rows > tbody > tr").nth(30)
    row.hover()
    assert page.evaluate(HEAD_SEEN)
    assert row.evaluate("one => one.getBoundingClientRect().top > 0")


def test_a_table_wider_than_its_card_fades_where_it_goes_on(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in(size=(700, 800))
    page.goto(demo.at(f"{report_path}/rows"))
    region = page.get_by_role("region", name="Underlying data table")
    expect(region).to_have_class("scroll held cut-end")
    region.evaluate("one => one.scrollTo(40, 0)")
    expect(region).to_have_class("scroll held cut-end cut-start")
    region.evaluate("one => one.scrollTo(10_000, 0)")
    expect(region).to_have_class("scroll held cut-start")
    page.set_viewport_size({"width": 3000, "height": 800})
    expect(region).to_have_class("scroll fits")


def test_tables_of_a_report_fit_their_cards_at_1400_px(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in(size=(1400, 900))
    page.goto(demo.at(f"{report_path}?table=session-consumption-trend"))
    customers = page.get_by_role("region", name="Customers with the most sessions table")
    customers.scroll_into_view_if_needed()
    expect(customers).to_have_class("scroll fits")
    trend = page.locator('[data-widget="session-consumption-trend"]')
    table, notes = trend.locator(".card-rows").bounding_box(), trend.get_by_role("list").last.bounding_box()
    assert table is not None
    assert notes is not None
    assert table["y"] + table["height"] <= notes["y"]


def test_a_screen_of_1920_px_is_used(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in(size=(1920, 1000))
    page.goto(demo.at(report_path))
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    assert right_edge(page, "#widgets") > 1850
    # The chart fills its card but for the padding.
    trend = "[data-widget=session-consumption-trend]"
    drawn = page.locator(f"{trend} .chart > svg:visible").evaluate("one => one.getBoundingClientRect().right")
    assert right_edge(page, trend) - drawn < 60


def right_edge(page: Page, selector: str) -> float:
    edge: float = page.locator(selector).evaluate("one => one.getBoundingClientRect().right")
    return edge
