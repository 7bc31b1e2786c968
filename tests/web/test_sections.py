"""First page of an account, the start pages of Reports and Billing, and the breadcrumbs of every page."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from tests.support.ledgers import NOW_US, append_events, event, made_account

from botmeter.domain import text
from botmeter.domain.account import Account
from botmeter.domain.instant import now_us, present
from botmeter.ledger.append import append
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import Membership, SavedView, User
from botmeter.people.rights import Role
from support.html import widget_values
from support.ledgers import submissions
from web.conftest import PASSWORD
from web.test_routes import routes

pytestmark = pytest.mark.django_db
REPORTS, BILLING = "/a/acme/reports", "/a/acme/admin/billing"
REPORT, BILLING_REPORT = f"{REPORTS}/bot-session-consumption", f"{BILLING}/session-usage-reports"
# Pages with an address of their own kind, beside those that an account alone names.
PAGES = {
    "widget": f"{REPORT}/widgets/hours",
    "choices": f"{REPORT}/filters/bot",
    "billing-widget": f"{BILLING_REPORT}/widgets/hours",
    "billing-choices": f"{BILLING_REPORT}/filters/bot",
    "customer": "/a/acme/customer?id=c1",
    "conversation": "/a/acme/conversation?id=v3",
}

Browser = Callable[..., Client]


@pytest.fixture
def olga(browser: Browser, owner: User, ledgers: OpenLedgers) -> Client:
    return browser(owner)


def page_at(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.content.decode())


def add_this_and_last_month(ledgers: OpenLedgers) -> tuple[date, date]:
    """Add two sessions today and three on the first day of last month; return both months' first days."""
    today = present().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    this_on = today.date().replace(day=1)
    last_on = (this_on - timedelta(days=1)).replace(day=1)
    last = datetime(last_on.year, last_on.month, 1, tzinfo=UTC)
    events = [event(f"now{n}", f"{today:%Y-%m-%dT%H:%M}", customer_id=f"n{n}", bot_name="Orders") for n in range(2)]
    events += [event(f"last{n}", f"{last:%Y-%m-%dT%H:%M}", customer_id=f"l{n}", bot_name="Orders") for n in range(3)]
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *events, now_us=now_us())
    return this_on, last_on


def test_signing_in_opens_the_report_itself(owner: User, browser: Browser, ledgers: OpenLedgers) -> None:
    client = browser()
    sent = {"username": owner.email, "password": PASSWORD}
    first = client.post("/sign-in", sent)["Location"]
    assert (first, client.get(first)["Location"]) == ("/", REPORT)


def test_the_name_of_an_account_leads_to_its_report(olga: Client, owner: User, ledgers: OpenLedgers) -> None:
    made_account(ledgers.folder, Account(name="globex"))
    Membership.objects.create(user=owner, account="globex", role=Role.VIEWER, may_export=False)
    page = page_at(olga, REPORTS)
    assert f'<a class="wordmark" href="{REPORT}">' in page
    for path in (page, page_at(olga, "/accounts")):
        assert 'href="/a/globex/reports/bot-session-consumption"' in path


@pytest.mark.parametrize(("path", "report"), [(REPORTS, REPORT), (BILLING, BILLING_REPORT)])
def test_a_section_shows_the_month_so_far_as_its_report_does(
    olga: Client, ledgers: OpenLedgers, path: str, report: str
) -> None:
    _, last_on = add_this_and_last_month(ledgers)
    page, of_report = page_at(olga, path), page_at(olga, f"{report}?period=this-month")
    assert [value["data-value"] for value in widget_values(page)["month-to-date"]] == ["2"]
    assert change_in(page, "month-to-date") == change_in(of_report, "sessions-consumed")
    assert f"Sessions in {last_on:%B}" in page
    assert [value["data-value"] for value in widget_values(page)["top-bots"]] == ["2"]
    assert f'href="{report}?period=this-month' in page


def change_in(page: str, widget: str) -> str:
    found = re.search(rf'data-widget="{widget}".*?<p class="kpi-d">(.*?)</p>', page, re.DOTALL)
    return found[1] if found else ""


def test_billing_lists_the_months_with_the_change_of_whole_ones(olga: Client, ledgers: OpenLedgers) -> None:
    this_on, last_on = add_this_and_last_month(ledgers)
    page = page_at(olga, BILLING)
    card = page.partition('data-widget="sessions-by-month"')[2].partition("</table>")[0]
    lines = [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in card.split('<tr class="row">')[1:]]
    today_on = present().astimezone(UTC).date()
    assert lines[0] == f"{this_on:%b %Y} until {text.day_text(today_on, year=False)} 2"
    days = (this_on - last_on).days
    assert lines[1].startswith(f"{last_on:%b %Y} 3 ")
    assert lines[1].endswith(f"{3 / days:.1f}")
    assert f"{BILLING_REPORT}/rows?from={last_on}" in card
    if last_on > date(2026, 4, 1):
        assert "Mar 2026 from 30 Mar 2" in lines
        # The month of the first event is cut, so that nothing is compared with it.
        assert f"Apr 2026 1 {1 / 30:.1f}" in lines


def test_a_section_lists_saved_views_and_last_imports(olga: Client, owner: User, ledgers: OpenLedgers) -> None:
    SavedView.objects.create(account="acme", owner=owner, name="Monthly close", query="period=last-month")
    with ledgers.writing("acme") as ledger:
        [sent] = submissions([event("f1", "2026-05-01T10:00")])
        append(ledger, [replace(sent, file=ImportedFile(name="march.csv", by="olga@example.org"))], now_us=NOW_US)
    for path, report in ((REPORTS, REPORT), (BILLING, BILLING_REPORT)):
        page = page_at(olga, path)
        assert f'href="{report}?period=last-month"' in page
        assert "Last month, compared with" in page
        assert '/a/acme/admin/imports/1"' in page
        assert "march.csv" in page


def test_a_viewer_sees_the_figures_without_imports_and_share_links(
    viewer: User, browser: Browser, ledgers: OpenLedgers
) -> None:
    page = page_at(browser(viewer), REPORTS)
    assert 'data-widget="month-to-date"' in page
    assert 'data-widget="last-imports"' not in page
    assert "/a/acme/shares" not in page
    assert browser(viewer).get(BILLING).status_code == 403


@pytest.mark.parametrize("path", ["reports", "admin/billing"])
def test_a_section_without_events_says_how_to_send_the_first(
    browser: Browser, owner: User, ledgers: OpenLedgers, path: str
) -> None:
    made_account(ledgers.folder, Account(name="fresh"))
    Membership.objects.create(user=owner, account="fresh", role=Role.OWNER)
    page = page_at(browser(owner), f"/a/fresh/{path}")
    assert "Send the first events" in page
    assert 'data-widget="month-to-date"' not in page


@pytest.mark.slow
def test_pages_below_the_report_of_billing_stay_in_billing(olga: Client) -> None:
    page = page_at(olga, f"{BILLING_REPORT}?period=all")
    below = set(re.findall(rf'href="({BILLING_REPORT}/(?:rows|widgets|filters)[^"]*)"', page))
    assert len(below) > 20
    assert f"{REPORT}/rows" not in page.partition("<main")[2].replace("/rows/export", "")
    for path in (f"{BILLING_REPORT}/rows", f"{BILLING_REPORT}/widgets/hours", f"{BILLING_REPORT}/filters/bot"):
        assert crumbs_of(page_at(olga, path)) == [(BILLING, "Billing"), (BILLING_REPORT, "Session usage report")]


def crumbs_of(page: str) -> list[tuple[str, str]]:
    line = page.partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
    return re.findall(r'<a href="([^"]*)">(.*?)</a>', line)


def heading_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", page.partition("<h1>")[2].partition("</h1>")[0]).split())


def section_of(page: str) -> str:
    """Address of the section that the navigation marks as current."""
    found = re.search(r'<ul class="navlist".*?</nav>', page, re.DOTALL)
    assert found
    [current] = re.findall(r'<a href="([^"]*)" aria-current="page"', found[0])
    return str(current)


def account_pages(ledgers: OpenLedgers) -> dict[str, str]:
    paths = dict(PAGES)
    for name, _, words in routes("member"):
        try:
            paths.setdefault(name, reverse(name, args=("acme",)))
        except NoReverseMatch:
            assert words
    with ledgers.reading("acme") as ledger:
        row = ledger.connection.execute("SELECT session_id::VARCHAR FROM session LIMIT 1").fetchone()
    assert row
    return paths | {"session": f"/a/acme/sessions/{row[0]}"}


@pytest.mark.slow
def test_breadcrumbs_begin_at_the_section_and_name_the_pages_that_they_open(olga: Client, ledgers: OpenLedgers) -> None:
    untrue = []
    for name, path in account_pages(ledgers).items():
        answer = olga.get(path)
        page = unescape(answer.content.decode()) if "text/html" in answer.headers.get("Content-Type", "") else ""
        if answer.status_code != 200 or 'class="navlist"' not in page:
            continue
        crumbs = crumbs_of(page)
        if (crumbs[0][0] if crumbs else path) != section_of(page):
            untrue.append(f"{name} does not begin at {section_of(page)}")
        # The rows of a day are titled by their number.
        opened = [(label, heading_of(page_at(olga, href))) for href, label in crumbs if "/rows?" not in href]
        untrue += [f"{name}: {label} opens {heading}" for label, heading in opened if label != heading]
    assert untrue == []
