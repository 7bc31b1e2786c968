"""The comparison of a report: which days, what the page says of them, and the menu that changes them."""

import re

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from support.html import plain_text

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db

REPORT = "/a/acme/reports/bot-session-consumption"
# The account has data from 30 March 2026: two sessions in March, one on 1 April.
LAST_OF_MARCH = "compare_from=2026-03-30&compare_to=2026-03-31"


@pytest.fixture
def report_page(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    return browser(owner)


def page_of(client: Client, query: str) -> str:
    answer = client.get(f"{REPORT}?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def change_of(page: str, label: str = "Sessions consumed") -> str:
    """Text below a figure."""
    match = re.search(rf'{label}</h2>\s*<p class="kpi-v".*?</p>\s*(?:<p class="kpi-d">(.*?)</p>)?', page, re.DOTALL)
    assert match is not None
    return plain_text(match[1] or "").replace("\u2212", "-")


@pytest.mark.parametrize(
    ("query", "change"),
    [
        (f"from=2026-04-01&to=2026-04-02&{LAST_OF_MARCH}", "-50.0 % from 2"),
        # Another number of days: also by day.
        (f"from=2026-04-01&to=2026-04-03&{LAST_OF_MARCH}", "-50.0 % from 2, -66.7 % per day (3 and 2 days)"),
        ("from=2026-04-03&to=2026-04-03&compare_from=2026-04-02&compare_to=2026-04-02", "No change from 0"),
        ("from=2026-03-30&to=2026-03-31&compare_from=2026-04-02&compare_to=2026-04-03", "+2 from 0"),
        # March has two days with data.
        ("from=2026-04-01&to=2026-04-30", "2 before, from 2 of 31 days"),
        ("from=2026-04-01&to=2026-04-30&compare=previous", "2 before, from 2 of 30 days"),
        ("from=2026-03-01&to=2026-03-31&compare_from=2026-04-01&compare_to=2026-04-30", "from 1"),
        ("from=2026-03-01&to=2026-03-31", "No earlier data to compare with"),
        ("from=2022-02-04&to=2022-02-28", "No earlier data to compare with"),
        ("from=2026-04-01&to=2026-04-30&compare=none", ""),
        ("period=all", ""),
    ],
)
def test_a_figure_is_compared_over_days_with_data(report_page: Client, query: str, change: str) -> None:
    assert change_of(page_of(report_page, query)) == change


def test_no_percentage_and_no_tick_has_a_base_of_days_without_data(report_page: Client) -> None:
    page = page_of(report_page, "from=2026-04-01&to=2026-04-30")
    assert {change_of(page, label).split(" before")[0] for label in ("Conversations", "Tickets")} == {"3", "1"}
    assert "Previous month" not in page.partition('data-widget="bot-consumption"')[2]


@pytest.mark.parametrize(
    ("query", "label", "choices"),
    [
        (
            "from=2026-05-01&to=2026-05-31",
            "vs previous month",
            {"Previous month": "1 – 30 Apr 2026", "Previous 31 days": "31 Mar – 30 Apr 2026"},
        ),
        (
            "from=2026-07-01&to=2026-09-30&compare=year",
            "vs same weekdays, year before",
            {
                "Previous quarter": "1 Apr – 30 Jun 2026",
                "Previous 92 days": "31 Mar – 30 Jun 2026",
                "Same dates, year before": "1 Jul – 30 Sep 2025",
                "Same weekdays, year before": "2 Jul – 1 Oct 2025",
            },
        ),
        ("from=2026-05-05&to=2026-05-11", "vs previous 7 days", {"Previous 7 days": "28 Apr – 4 May 2026"}),
        (
            f"from=2026-05-05&to=2026-05-11&{LAST_OF_MARCH}",
            "vs 30 – 31 Mar 2026",
            {"Other days": "30 – 31 Mar 2026"},
        ),
        ("from=2026-05-05&to=2026-05-11&compare=none", "Compare", {}),
        # Nothing is before all.
        ("period=all", "Compare", {}),
    ],
)
def test_the_menu_names_each_choice_with_its_days(
    report_page: Client, query: str, label: str, choices: dict[str, str]
) -> None:
    menu = re.search(r'<details class="menu comparison".*?</ul>', page_of(report_page, query), re.DOTALL)
    assert menu is not None
    texts = [plain_text(item) for item in re.findall(r"<li>(.*?)</li>", menu[0], re.DOTALL)]
    assert plain_text(menu[0].partition("</summary>")[0]) == label
    for name, days in choices.items():
        assert f"{name} {days}" in texts


def test_the_choice_that_suits_the_period_is_left_out_of_the_address(report_page: Client) -> None:
    menu = page_of(report_page, "from=2026-05-01&to=2026-05-31").partition('class="menu comparison"')[2]
    assert re.search(r'href="[^"]*\?from=2026-05-01&amp;to=2026-05-31" aria-current="true"', menu)
    assert "compare=previous" in menu


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("compare=custom", "needs their first and last day"),
        ("compare_from=2026-03-01", "needs their first and last day"),
        ("compare=year&compare_from=2026-03-01&compare_to=2026-03-31", "only the choice `custom` takes them"),
        ("compare_from=soon&compare_to=2026-03-31", "is not a date"),
        ("compare=decade", "Use one of auto"),
    ],
)
def test_an_invalid_comparison_is_refused(report_page: Client, query: str, sentence: str) -> None:
    answer = report_page.get(f"{REPORT}?{query}")
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_the_months_name_those_without_data(report_page: Client) -> None:
    page = page_of(report_page, "from=2026-02-01&to=2026-04-30&table=monthly-consumption")
    months = page.partition('aria-label="Sessions by month"')[2].partition("</table>")[0]
    lines = [plain_text(line) for line in re.findall(r'<tr class="row">(.*?)</tr>', months, re.DOTALL)]
    assert lines == ["Feb 2026 no data –", "Mar 2026 from 30 Mar 2", "Apr 2026 1"]
