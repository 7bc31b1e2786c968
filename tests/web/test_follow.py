"""Live reports: polls, access to them, and the freshness line."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event

from botmeter.domain.instant import now_us, us_from_text
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settle import Backlog, settle
from botmeter.people.models import User
from botmeter.people.rights import Role
from botmeter.people.shares import ShareDraft, new_share
from botmeter.reports.recency import Recency
from botmeter.web.pages.report.freshness import Freshness, freshness
from botmeter.web.pages.report.widgets import WIDGETS
from support.html import widget_values
from support.live_batches import append_live, live_batch

from .conftest import MakeBrowser, MakePerson

REPORT = "/a/acme/reports/bot-session-consumption"
BILLING = "/a/acme/admin/billing/session-usage-reports"
MakeLink = Callable[[str], str]
SCRIPTED = {"HX-Request": "true"}
both_reports = pytest.mark.parametrize("path", [REPORT, BILLING])


@pytest.fixture
def owners(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    """The browser of an owner of the account."""
    return browser(owner)


def polled_url(page: str) -> str:
    """URL that a page polls for newer numbers."""
    match = re.search(r'id="fresh"[^>]*hx-get="([^"]+)"', page)
    assert match is not None
    return unescape(match[1])


def followed(client: Client, path: str = REPORT, *, query: str = "") -> str:
    """URL that the report polls for newer numbers."""
    answer = client.get(f"{path}?{query}follow=on")
    assert answer.status_code == 200
    return polled_url(answer.content.decode())


@pytest.mark.django_db
@both_reports
def test_a_poll_without_changes_has_no_content(owners: Client, path: str) -> None:
    url = followed(owners, path, query="channel=web&")
    assert url.startswith(f"{path}/fresh?channel=web&follow=on&version=")
    answer = owners.get(url)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.django_db
@both_reports
def test_a_poll_after_a_change_redirects_to_the_page(owners: Client, ledgers: OpenLedgers, path: str) -> None:
    url = followed(owners, path, query="channel=web&")
    with ledgers.writing("acme") as ledger:
        append_events(ledger, event("new", "2026-04-02T10:00"))
    answer = owners.get(url)
    assert (answer.status_code, answer["Location"]) == (302, f"{path}?channel=web&follow=on")
    assert owners.get(followed(owners, path, query="channel=web&")).status_code == 204


@pytest.mark.slow
@pytest.mark.django_db
@both_reports
def test_an_update_has_all_widgets_and_an_opened_page_loads_some_later(owners: Client, path: str) -> None:
    query = "?follow=on&period=all"
    opened, update, other = (
        owners.get(f"{path}{asked}", headers=headers).content.decode()
        for asked, headers in ((query, {}), (query, SCRIPTED), ("?period=all", SCRIPTED))
    )
    later = re.findall(r'data-widget="([^"]+)"[^>]*hx-trigger="load[",]', opened)
    shown = [widget for widget in WIDGETS if not widget.needs_cost_centres]
    assert set(later) == {widget.name for widget in shown if widget.loads_later}
    assert re.findall(r'data-widget="([^"]+)"', update) == [widget.name for widget in shown]
    assert 'hx-trigger="load' not in update
    assert sum(int(value["data-value"]) for value in widget_values(update)["hours"]) == 3
    assert 'hx-trigger="load' in other


@pytest.mark.django_db
def test_a_poll_with_only_another_freshness_line_returns_that_line(owners: Client) -> None:
    url = followed(owners)
    answer = owners.get(re.sub(r"line=\w+", "line=0", url))
    text = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reselect"]) == (200, "#fresh", "#fresh")
    assert "Latest event" in text
    assert "<main" not in text
    assert polled_url(text) == url


@pytest.mark.django_db
def test_a_poll_on_another_day_redirects_to_the_page(owners: Client) -> None:
    url = followed(owners)
    yesterday = re.sub(r"(version=\d+-)\d+", r"\g<1>20200101", url)
    assert yesterday != url
    assert owners.get(yesterday).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_a_report_can_be_followed_by_the_roles_that_see_it(
    browser: MakeBrowser, person: MakePerson, ledgers: OpenLedgers, role: Role
) -> None:
    client = browser(person("mia@example.org", role=role, may_export=False))
    for path in (REPORT, BILLING):
        assert (client.get(path).status_code == 200) == (client.get(f"{path}/fresh").status_code == 302)


@pytest.mark.django_db
def test_follow_accepts_only_on(owners: Client) -> None:
    assert owners.get(f"{REPORT}?follow=on").status_code == 200
    answer = owners.get(f"{REPORT}?follow=always")
    assert answer.status_code == 400
    assert "Use one of on" in answer.content.decode()


@pytest.mark.django_db
def test_a_report_that_is_not_followed_does_not_poll(owners: Client) -> None:
    page = owners.get(REPORT).content.decode()
    assert "/fresh" not in page
    assert f'href="{REPORT}?follow=on"' in page


@pytest.mark.django_db
def test_saved_views_and_share_links_do_not_follow(owners: Client) -> None:
    page = owners.get(f"{REPORT}?channel=web&follow=on").content.decode()
    for name in ("shares", "views"):
        [href] = re.findall(rf'href="(/a/acme/{name}\?[^"]*)"', page)
        assert href.endswith("?channel=web")
    form = owners.get("/a/acme/views?channel=web&follow=on").content.decode()
    assert 'value="channel=web"' in form


@pytest.fixture
def shared(ledgers: OpenLedgers, owner: User) -> MakeLink:
    """`shared("channel=web")`: path of a share link with these parameters."""

    def make(query: str) -> str:
        draft = ShareDraft(name="Board", query=query, lasting_days=7, may_see_rows=False)
        return f"/s/{new_share('acme', draft, created_by=owner).secret}"

    return make


@pytest.mark.slow
@pytest.mark.django_db
def test_a_shared_view_of_today_is_followed_within_its_scope(
    client: Client, ledgers: OpenLedgers, shared: MakeLink
) -> None:
    path = shared("period=all&channel=whatsapp&timezone=UTC")
    page = client.get(f"{path}?follow=on").content.decode()
    assert [value["data-value"] for value in widget_values(page)["sessions-consumed"]] == ["1"]
    url = polled_url(page)
    assert client.get(url).status_code == 204
    with ledgers.writing("acme") as ledger:
        append_events(ledger, event("new", "2026-04-02T10:00"))
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{path}?")
    assert client.get(polled_url(client.get(answer["Location"]).content.decode())).status_code == 204


@pytest.mark.django_db
def test_a_shared_view_of_past_days_is_not_followed(client: Client, shared: MakeLink) -> None:
    path = shared("from=2026-03-30&to=2026-03-31&timezone=UTC")
    page = client.get(f"{path}?follow=on").content.decode()
    assert "Past period" in page
    assert "/fresh" not in page
    assert "Live updates" not in page
    assert client.get(f"{path}/fresh").status_code == 404


@pytest.mark.slow
@pytest.mark.django_db
def test_only_members_see_the_number_of_waiting_events(
    owners: Client, client: Client, ledgers: OpenLedgers, shared: MakeLink
) -> None:
    shared_url, url = followed(client, shared("period=all&timezone=UTC")), followed(owners)
    with ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch([event("late", "2026-04-02T10:00")]), now_us=now_us() - 6_000_000)
    answer = owners.get(url)
    assert answer.status_code == 200
    assert "1 event not counted yet" in answer.content.decode()
    assert client.get(shared_url).status_code == 204
    with ledgers.settling("acme") as ledger:
        settle(ledger, now_us=now_us())
    assert (owners.get(url).status_code, client.get(shared_url).status_code) == (302, 302)
    assert "Live · latest event" in owners.get(REPORT).content.decode()


NOW = us_from_text("2026-11-22T17:42:30Z")
SECOND = 1_000_000
MINUTE = 60 * SECOND


def line(waiting: Backlog | None = None, *, zone: str = "UTC", **ages: int) -> Freshness:
    """Freshness line for events of these ages: occurred, received, received live."""
    latest_us, received_us, live_received_us = (
        NOW - ages[name] if name in ages else None for name in ("latest", "received", "live")
    )
    recency = Recency(
        first_event_us=latest_us, latest_event_us=latest_us, received_us=received_us, live_received_us=live_received_us
    )
    return freshness(recency, now_us=NOW, zone=zone, waiting=waiting)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ({}, Freshness(text="No events yet", kind="wait")),
        (
            {"latest": 25 * SECOND, "received": 24 * SECOND, "live": 24 * SECOND},
            Freshness(text="Live · latest event 17:42:05 UTC, received 17:42:06", kind="live"),
        ),
        # A late event counts as live too.
        (
            {"latest": 48 * 60 * MINUTE, "received": SECOND, "live": SECOND},
            Freshness(text="Live · latest event 20 Nov 17:42 UTC, received 17:42:29", kind="live"),
        ),
        # A file that was just imported.
        (
            {"latest": MINUTE, "received": SECOND},
            Freshness(text="Latest event 22 Nov 17:41 UTC, received 17:42:29", kind=""),
        ),
        (
            {"latest": 16 * MINUTE, "received": 15 * MINUTE, "live": 15 * MINUTE},
            Freshness(text="Latest event 22 Nov 17:26 UTC", kind=""),
        ),
        (
            {"latest": 30 * 24 * 60 * MINUTE, "received": 60 * MINUTE},
            Freshness(text="Latest event 23 Oct 17:42 UTC", kind="late"),
        ),
    ],
)
def test_the_line_shows_if_events_come_live_and_the_newest_one(ages: dict[str, int], expected: Freshness) -> None:
    assert line(**ages) == expected


@pytest.mark.parametrize(
    ("count", "age_us", "expected"),
    [
        (12, 6 * SECOND, "12 events not counted yet · latest counted 17:42:05 UTC"),
        (1, 6 * SECOND, "1 event not counted yet · latest counted 17:42:05 UTC"),
        # Each event waits for a moment.
        (12, 4 * SECOND, "Live · latest event 17:42:05 UTC, received 17:42:06"),
    ],
)
def test_events_that_wait_too_long_are_counted_in_the_line(count: int, age_us: int, expected: str) -> None:
    waiting = Backlog(event_count=count, oldest_received_us=NOW - age_us)
    assert line(waiting, latest=25 * SECOND, received=24 * SECOND, live=24 * SECOND).text == expected


def test_the_line_has_times_in_the_reports_zone() -> None:
    shown_line = line(zone="Asia/Kolkata", latest=25 * SECOND, received=24 * SECOND, live=24 * SECOND)
    assert shown_line.text == "Live · latest event 23:12:05 (Asia/Kolkata), received 23:12:06"
