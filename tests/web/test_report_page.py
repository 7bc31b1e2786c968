"""The report page: numbers, notices and invalid addresses."""

import re

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import AccountPreference, User
from support.html import widget_values

from .conftest import MakeBrowser

pytestmark = pytest.mark.django_db

REPORT = "/a/acme/reports/bot-session-consumption"
BILLING = "/a/acme/admin/billing/session-usage-reports"
# The three sessions of the account: two on 30 and 31 March, one on 1 April.
SPRING = "from=2026-03-01&to=2026-04-30"


@pytest.fixture
def owners(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    """The browser of an owner of the account."""
    return browser(owner)


def text_of(client: Client, path: str, *, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def per_day(page: str) -> str:
    match = re.search(r'Sessions per day</h2><p class="kpi-v"[^>]*>([^<]+)', page)
    assert match is not None
    return match[1]


def values(page: str, widget: str) -> list[int]:
    return [int(value["data-value"]) for value in widget_values(page)[widget]]


@pytest.mark.parametrize("path", [REPORT, BILLING])
def test_both_entry_points_show_the_same_report(owners: Client, path: str) -> None:
    page = text_of(owners, f"{path}?{SPRING}")
    assert values(page, "sessions-consumed") == [3]
    assert sum(values(page, "session-consumption-trend")) == 3
    assert values(page, "bot-consumption") == [3, 1]
    assert values(page, "channel-consumption") == [3, 1]
    assert values(page, "monthly-consumption") == [2, 1]
    assert values(page, "tickets-by-type") == [1]
    assert values(page, "bot-channel-matrix") == [3, 1]


def test_the_split_by_opener_adds_up(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}&split=opened")
    assert sum(values(page, "bot-consumption")) == 3
    assert sum(values(page, "channel-consumption")) == 3
    assert "add up to the total" in page


def test_a_note_says_how_much_a_split_exceeds_the_total(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}")
    assert "so the bots add up to 1 (33.3\N{NARROW NO-BREAK SPACE}%) more than the total." in page
    assert re.search(r'<a href="[^"]*split=opened[^"]*">Count each session once</a>', page)


def test_a_set_filter_is_a_removable_chip(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}&channel=whatsapp")
    assert values(page, "sessions-consumed") == [1]
    assert "Remove filter: Channel is whatsapp" in page


def test_the_trend_as_a_table_has_a_line_for_each_day(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}&table=session-consumption-trend")
    assert len(values(page, "session-consumption-trend")) == 61
    assert "<svg" not in page.partition('aria-label="Session consumption trend by day"')[2].partition("</table>")[0]


def test_a_bot_can_be_expanded_into_its_versions(owners: Client) -> None:
    closed = text_of(owners, f"{REPORT}?{SPRING}")
    opened = text_of(owners, f"{REPORT}?{SPRING}&open=b1")
    assert len(values(opened, "bot-consumption")) == len(values(closed, "bot-consumption")) + 1


@pytest.mark.parametrize(
    "name", ["hours", "versions", "customers", "ticket-trend", "bot-consumption", "session-consumption-trend"]
)
def test_each_widget_has_a_page(owners: Client, name: str) -> None:
    page = text_of(owners, f"{REPORT}/widgets/{name}?{SPRING}")
    assert f'data-widget="{name}"' in page


def test_an_unknown_widget_is_not_found(owners: Client) -> None:
    text_of(owners, f"{REPORT}/widgets/none", status=404)


def test_choices_of_a_filter_are_counted_under_the_other_filters(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}/filters/bot?{SPRING}&channel=whatsapp")
    assert re.findall(r'name="bot" value="(\w+)"', page) == ["b2"]


def test_choices_can_be_searched(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}/filters/bot?{SPRING}&search=ret")
    assert re.findall(r'type="checkbox" name="bot" value="(\w+)"', page) == ["b2"]


def test_a_notice_offers_to_clear_filters_without_matches(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}&bot=nobody")
    assert "No sessions match these filters." in page
    assert "Clear filters" in page


def test_a_notice_links_from_an_empty_period_to_the_latest_data(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?from=2026-01-01&to=2026-01-31")
    assert "No sessions in this period." in page
    assert "Show latest data" in page


@pytest.mark.slow
def test_a_notice_says_that_a_period_was_moved_to_the_first_data(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?from=2020-01-01&to=2026-04-30")
    assert "has data from 4 Feb 2022" in page
    assert "requested period starts on 1 Jan 2020" in page


@pytest.mark.parametrize(
    "days", ["from=2026-04-02&to=2026-03-31", "from=2+April+2026&to=31+mar+2026", "from=+2026-04-02&to=31+Mar+2026"]
)
def test_typed_days_are_read_as_they_are_shown_and_put_in_order(owners: Client, days: str) -> None:
    page = text_of(owners, f"{REPORT}?{days}")
    assert values(page, "sessions-consumed") == [2]
    assert "The dates were in reverse order." in page
    assert "The report shows 31 Mar – 2 Apr 2026." in page
    assert "from=2026-03-31&amp;to=2026-04-02" in page


def test_a_notice_names_another_time_zone_and_links_to_utc(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?{SPRING}&timezone=Asia/Kolkata")
    assert "Days are in Asia/Kolkata." in page
    assert "timezone=UTC" in page


def test_the_accounts_time_zone_is_the_default(owners: Client) -> None:
    AccountPreference.objects.create(account="acme", timezone="Asia/Kolkata")
    assert "Days are in Asia/Kolkata." in text_of(owners, f"{REPORT}?{SPRING}")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=yesterday", "is not a date"),
        ("from=2026-13-01&to=2026-12-01", "is not a date"),
        ("from=1626-01-01&to=2026-01-01", "period_too_long"),
        ("period=fortnight", "Use one of today"),
        ("period=today&from=2026-04-01", "Use either `period`"),
        ("split=sideways", "Use one of took-part"),
        ("compare=never", "Use one of auto"),
        ("preview=maybe", "Use one of included"),
        ("timezone=Mars/Olympus", "Mars/Olympus"),
        ("&".join(f"bot=b{number}" for number in range(1_001)), "has 1,001 values"),
    ],
)
def test_an_invalid_address_is_refused_with_a_sentence(owners: Client, query: str, sentence: str) -> None:
    answer = owners.get(f"{REPORT}?{query}")
    assert answer.status_code in {400, 413}
    assert sentence in answer.content.decode().replace("&#39;", "'")


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd()", "\u202eevil", "{{ 7 * 7 }}"]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["bot", "bot_version", "channel", "customer", "conversation", "open", "table"])
def test_values_of_an_address_are_never_markup(owners: Client, name: str, value: str) -> None:
    answer = owners.get(REPORT, {"from": "2026-03-01", "to": "2026-04-30", name: value})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49" not in page.partition("Remove filter")[2][:60]


def test_an_unknown_page_is_not_found(owners: Client) -> None:
    page = text_of(owners, "/a/acme/nowhere", status=404)
    assert "page_unknown" in page


def test_an_unknown_host_is_refused_without_a_page(owners: Client) -> None:
    answer = owners.get(REPORT, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_a_widget_of_the_report_has_fewer_lines_than_its_own_page(owners: Client, ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        append_events(
            ledger, *(event(f"n{number}", "2026-04-02T10:00", customer_id=f"n{number}") for number in range(9))
        )
    path = f"{REPORT}/widgets/customers?{SPRING}"
    part = owners.get(path, headers={"HX-Request": "true"}).content.decode()
    # Each line has two numbers.
    assert len(values(part, "customers")) == 2 * 7
    # The report has the rest of the page already.
    assert "<html" not in part
    assert 'id="filters"' not in part
    assert len(values(text_of(owners, path), "customers")) == 2 * 11


def test_a_refused_address_keeps_the_navigation_and_links_back(owners: Client) -> None:
    page = text_of(owners, f"{REPORT}?from=yesterday", status=400)
    assert 'aria-label="Main"' in page
    assert f'href="{REPORT}"' in page


def test_a_stranger_with_an_invalid_address_sees_nothing_of_the_account(browser: MakeBrowser, stranger: User) -> None:
    page = browser(stranger).get(f"{REPORT}?from=yesterday")
    assert page.status_code == 404
    assert 'aria-label="Main"' not in page.content.decode()


@pytest.mark.parametrize(("path", "target"), [("/a/acme", REPORT), ("/a/acme/admin", "/a/acme/admin/billing")])
def test_a_shortened_address_redirects(owners: Client, path: str, target: str) -> None:
    answer = owners.get(path)
    assert (answer.status_code, answer["Location"]) == (302, target)


@pytest.mark.slow
def test_future_days_do_not_count_in_sessions_per_day(owners: Client) -> None:
    far = text_of(owners, f"{REPORT}?from=2026-03-30&to=2125-03-31")
    near = text_of(owners, f"{REPORT}?from=2026-03-30")
    assert per_day(far) == per_day(near)
