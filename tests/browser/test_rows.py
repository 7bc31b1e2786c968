"""Underlying data: links from numbers, sorting, searching, paging, exports."""

import csv
import json
import re
from io import BytesIO, StringIO
from random import Random
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect

from support.browsing import Server
from support.widgets import by_name, row_page_counts

from .conftest import SignIn

pytestmark = pytest.mark.browser

# Links with their number, on the link itself or in its line.
NUMBER_LINKS = """() => [...document.querySelectorAll("main [data-value]")]
  .map((one) => [one.querySelector("a") ?? one.closest("tr")?.querySelector("th a:not(.opener)"), one])
  .filter(([link]) => link)
  .map(([link, one]) => [link.href, Number(one.dataset.value)])"""
LINKS_CHECKED = 40


@pytest.fixture
def rows(signed_in: SignIn, demo: Server, report_path: str) -> Page:
    """The underlying data of the last 30 days."""
    page = signed_in()
    page.goto(demo.at(f"{report_path}/rows"))
    return page


def test_each_number_links_to_that_many_rows(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?table=session-consumption-trend&table=monthly-consumption&period=last-90-days"))
    page.wait_for_selector("[data-widget=versions] [data-value]")
    page.wait_for_selector("[data-widget=hours] [data-value]")
    links = {tuple(link) for link in page.evaluate(NUMBER_LINKS) if "/rows" in link[0]}
    assert len(links) > 100

    mismatches = []
    for href, count in Random(3).sample(sorted(links), LINKS_CHECKED):
        page_text = page.request.get(href).text()
        match = re.search(r'<h1>[^<]*<span[^>]*data-value="(\d+)"', page_text)
        assert match, href
        if int(match[1]) != count:
            mismatches.append((href, count, int(match[1])))
    assert not mismatches


def test_a_bar_links_to_its_rows(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(report_path))
    name, count = next(iter(by_name(page, "channel-consumption").items()))
    page.locator("[data-widget=channel-consumption]").get_by_role("link", name=name, exact=True).click()
    page.wait_for_url("**/rows?**")

    assert row_page_counts(page)[0] == count
    assert {text.strip() for text in cells(page, "Channels").all_inner_texts() if name not in text} == set()


def cells(page: Page, column: str) -> Locator:
    """The cells of a column of the table."""
    headings = [text.split("\n")[0].strip() for text in page.locator("table.rows > thead th").all_inner_texts()]
    at = next(number for number, heading in enumerate(headings, 1) if heading.startswith(column))
    return page.locator(f"table.rows > tbody > tr.row > :nth-child({at})")


def test_a_click_on_a_heading_sorts_and_a_second_one_reverses(rows: Page) -> None:
    heading = rows.get_by_role("columnheader", name="Conversations")
    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    counts = [int(text) for text in cells(rows, "Conversations").all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 1

    heading.get_by_role("link").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    counts = [int(text) for text in cells(rows, "Conversations").all_inner_texts()]
    assert counts == sorted(counts)


def test_columns_can_be_selected_and_reset(rows: Page) -> None:
    headings = rows.locator("table.rows > thead th")
    before = headings.all_inner_texts()
    rows.locator("summary", has_text="Columns").click()
    rows.get_by_role("checkbox", name="Tickets").uncheck()
    rows.get_by_role("checkbox", name="Events").check()
    rows.locator(".menu[open]").get_by_role("button", name="Apply").click()
    rows.wait_for_url("**column**")
    now = [text.strip() for text in headings.all_inner_texts()]
    assert "Tickets" not in now
    assert "Events" in now

    rows.locator("summary", has_text="Columns").click()
    rows.get_by_role("link", name="Reset").click()
    expect(headings).to_have_text(before)


def test_a_search_matches_the_beginning_of_ids(rows: Page) -> None:
    customer = cells(rows, "Customer").nth(3).inner_text().strip()
    field = rows.get_by_role("searchbox", name="Session, customer")
    field.fill(customer[:10])
    field.press("Enter")
    rows.wait_for_url("**search=**")
    names = [text.strip() for text in cells(rows, "Customer").all_inner_texts()]
    assert names
    assert all(name.startswith(customer[:10]) for name in names)

    rows.get_by_role("link", name="Clear search").click()
    rows.wait_for_url(lambda url: "search" not in url)


def test_the_pager_goes_to_older_sessions_and_back(rows: Page) -> None:
    sessions = [row.get_attribute("data-href") for row in rows.locator("tr[data-href]").all()]
    rows.get_by_role("link", name="Older sessions").click()
    rows.wait_for_url("**cursor=**")
    later = [row.get_attribute("data-href") for row in rows.locator("tr[data-href]").all()]
    assert later
    assert not set(sessions) & set(later)

    rows.get_by_role("link", name="Newer sessions").click()
    expect(rows.locator("tr[data-href]").first).to_have_attribute("data-href", sessions[0] or "")
    assert [row.get_attribute("data-href") for row in rows.locator("tr[data-href]").all()] == sessions


def test_exports_have_the_rows_that_were_counted(rows: Page) -> None:
    path = f"{rows.url}?period=last-90-days&channel=web"
    rows.goto(path)
    session_count, row_count = row_page_counts(rows)
    assert row_count > session_count > 50

    formats = (("CSV", of_csv), ("XLSX", of_xlsx), ("Parquet", of_parquet), ("NDJSON", of_ndjson))
    for group, count in (("session", session_count), ("conversation", row_count)):
        rows.goto(f"{path}&group={group}")
        for label, read in formats:
            with rows.expect_download() as started:
                rows.locator(".exports").get_by_role("link", name=label).click()
            ids = read(started.value.path().read_bytes())
            assert (len(set(ids)), len(ids)) == (session_count, count), label
            assert started.value.suggested_filename.endswith(f".{label.lower()}")


def test_a_page_says_how_far_an_export_is_and_links_to_it_again(rows: Page) -> None:
    rows.goto(f"{rows.url}?period=last-90-days")
    session_count, _ = row_page_counts(rows)
    link = rows.locator(".exports").get_by_role("link", name="XLSX")
    href = link.get_attribute("href")
    with rows.expect_download():
        link.click()
    status = rows.locator(".exports [role=status]")
    expect(status).to_have_text(f"XLSX: {session_count:,} rows written")
    expect(status).to_have_text(f"Export {session_count:,} sessions:")
    assert link.get_attribute("href") == href


def test_a_widget_is_exported_from_its_menu(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?period=last-90-days&channel=web"))
    card = page.locator("[data-widget=bot-consumption]")
    card.locator("summary[title=Export]").click()
    with page.expect_download() as started:
        card.get_by_role("link", name="Export as CSV").click()
    lines = list(csv.DictReader(StringIO(started.value.path().read_text())))
    counts = [int(each.get_attribute("data-value") or 0) for each in card.locator("[data-value]").all()]
    assert [int(line["sessions"]) for line in lines] == counts
    assert started.value.suggested_filename.startswith("bot-consumption_")


def of_csv(content: bytes) -> list[str]:
    return [row["session_id"] for row in csv.DictReader(StringIO(content.decode("utf-8-sig")))]


def of_xlsx(content: bytes) -> list[str]:
    sheet = load_workbook(BytesIO(content), read_only=True).worksheets[0]
    heading, *lines = sheet.iter_rows(values_only=True)
    at = heading.index("session_id")
    return [str(line[at]) for line in lines]


def of_parquet(content: bytes) -> list[str]:
    ids: list[str] = pq.read_table(BytesIO(content)).column("session_id").to_pylist()
    return ids


def of_ndjson(content: bytes) -> list[str]:
    return [json.loads(line)["session_id"] for line in content.decode("utf-8").splitlines()]


def test_filters_of_the_report_are_kept_on_its_rows_and_back(signed_in: SignIn, demo: Server, report_path: str) -> None:
    page = signed_in()
    page.goto(demo.at(f"{report_path}?period=last-90-days&channel=web"))
    page.locator("[data-widget=sessions-consumed] a").first.click()
    page.wait_for_url("**/rows?**")
    page.get_by_role("link", name="Back to report").click()
    page.wait_for_url("**/bot-session-consumption?**")
    assert parse_qs(urlsplit(page.url).query) == {"period": ["last-90-days"], "channel": ["web"]}
