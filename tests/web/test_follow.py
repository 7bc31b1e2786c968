"""Following a report: what its light address answers, to whom, and in which words."""

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
from support.html import widget_values
from support.live_batches import append_live, live_batch

from .conftest import MakeBrowser, MakePerson

REPORT = "/a/acme/reports/bot-session-consumption"
BILLING = "/a/acme/admin/billing/session-usage-reports"
MakeLink = Callable[[str], str]
both_doors = pytest.mark.parametrize("door", [REPORT, BILLING])


@pytest.fixture
def owners(browser: MakeBrowser, owner: User, ledgers: OpenLedgers) -> Client:
    """The browser of an owner of the account."""
    return browser(owner)


def asked_by(page: str) -> str:
    """Address that a page polls for news."""
    found = re.search(r'id="fresh"[^>]*hx-get="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


def followed(client: Client, path: str = REPORT, *, query: str = "") -> str:
    """Address that the report polls for news."""
    answer = client.get(f"{path}?{query}follow=on")
    assert answer.status_code == 200
    return asked_by(answer.content.decode())


@pytest.mark.django_db
@both_doors
def test_where_nothing_came_there_is_nothing_to_put_in_place(owners: Client, door: str) -> None:
    asked = followed(owners, door, query="channel=web&")
    assert asked.startswith(f"{door}/fresh?channel=web&follow=on&version=")
    answer = owners.get(asked)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.django_db
@both_doors
def test_where_something_was_counted_the_answer_leads_to_the_whole_page(
    owners: Client, ledgers: OpenLedgers, door: str
) -> None:
    asked = followed(owners, door, query="channel=web&")
    with ledgers.writing("acme") as ledger:
        append_events(ledger, event("new", "2026-04-02T10:00"))
    answer = owners.get(asked)
    assert (answer.status_code, answer["Location"]) == (302, f"{door}?channel=web&follow=on")
    assert owners.get(followed(owners, door, query="channel=web&")).status_code == 204


@pytest.mark.django_db
def test_where_the_words_alone_are_others_the_line_comes_without_the_page(owners: Client) -> None:
    asked = followed(owners)
    answer = owners.get(re.sub(r"line=\w+", "line=0", asked))
    text = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Reselect"]) == (200, "#fresh", "#fresh")
    assert "Not live · latest event" in text
    assert "<main" not in text
    assert asked_by(text) == asked


@pytest.mark.django_db
def test_another_day_is_another_page(owners: Client) -> None:
    asked = followed(owners)
    yesterday = re.sub(r"(version=\d+-)\d+", r"\g<1>20200101", asked)
    assert yesterday != asked
    assert owners.get(yesterday).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_whoever_sees_a_report_may_follow_it_and_nobody_else(
    browser: MakeBrowser, person: MakePerson, ledgers: OpenLedgers, role: Role
) -> None:
    client = browser(person("mia@example.org", role=role, may_export=False))
    for door in (REPORT, BILLING):
        assert (client.get(door).status_code == 200) == (client.get(f"{door}/fresh").status_code == 302)


@pytest.mark.django_db
def test_an_address_follows_with_on_and_no_other_word(owners: Client) -> None:
    assert owners.get(f"{REPORT}?follow=on").status_code == 200
    answer = owners.get(f"{REPORT}?follow=always")
    assert answer.status_code == 400
    assert "Use one of on" in answer.content.decode()


@pytest.mark.django_db
def test_a_report_that_is_not_followed_asks_nothing(owners: Client) -> None:
    page = owners.get(REPORT).content.decode()
    assert "/fresh" not in page
    assert f'href="{REPORT}?follow=on"' in page


@pytest.mark.django_db
def test_what_is_kept_of_a_report_is_not_whether_it_was_followed(owners: Client) -> None:
    page = owners.get(f"{REPORT}?channel=web&follow=on").content.decode()
    for kept in ("shares", "views"):
        [href] = re.findall(rf'href="(/a/acme/{kept}\?[^"]*)"', page)
        assert href.endswith("?channel=web")
    form = owners.get("/a/acme/views?channel=web&follow=on").content.decode()
    assert 'value="channel=web"' in form


@pytest.fixture
def shared(ledgers: OpenLedgers, owner: User) -> MakeLink:
    """`shared("channel=web")`: the address of a link to that view."""

    def made(query: str) -> str:
        draft = ShareDraft(name="Board", query=query, lasting_days=7, may_see_rows=False)
        return f"/s/{new_share('acme', draft, created_by=owner).secret}"

    return made


@pytest.mark.django_db
def test_a_shared_view_that_goes_on_is_followed_within_what_was_shared(
    client: Client, ledgers: OpenLedgers, shared: MakeLink
) -> None:
    path = shared("period=all&channel=whatsapp&timezone=UTC")
    page = client.get(f"{path}?follow=on").content.decode()
    assert [said["data-value"] for said in widget_values(page)["sessions-consumed"]] == ["1"]
    asked = asked_by(page)
    assert client.get(asked).status_code == 204
    with ledgers.writing("acme") as ledger:
        append_events(ledger, event("new", "2026-04-02T10:00"))
    answer = client.get(asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{path}?")
    assert client.get(asked_by(client.get(answer["Location"]).content.decode())).status_code == 204


@pytest.mark.django_db
def test_a_shared_view_of_days_that_are_over_is_not_followed(client: Client, shared: MakeLink) -> None:
    path = shared("from=2026-03-30&to=2026-03-31&timezone=UTC")
    page = client.get(f"{path}?follow=on").content.decode()
    assert "Past period" in page
    assert "/fresh" not in page
    assert "Follow" not in page
    assert client.get(f"{path}/fresh").status_code == 404


@pytest.mark.django_db
def test_how_much_waits_is_told_to_members_and_not_behind_a_link(
    owners: Client, client: Client, ledgers: OpenLedgers, shared: MakeLink
) -> None:
    asked_by_link, asked = followed(client, shared("period=all&timezone=UTC")), followed(owners)
    with ledgers.appending_live("acme") as ledger:
        append_live(ledger, live_batch([event("late", "2026-04-02T10:00")]), now_us=now_us() - 6_000_000)
    answer = owners.get(asked)
    assert answer.status_code == 200
    assert "1 event waits to be metered" in answer.content.decode()
    assert client.get(asked_by_link).status_code == 204
    with ledgers.settling("acme") as ledger:
        settle(ledger, now_us=now_us())
    assert (owners.get(asked).status_code, client.get(asked_by_link).status_code) == (302, 302)
    assert "Live · newest event" in owners.get(REPORT).content.decode()


NOW = us_from_text("2026-11-22T17:42:30Z")
SECOND = 1_000_000
MINUTE = 60 * SECOND


def line(waiting: Backlog | None = None, *, zone: str = "UTC", **ages: int) -> Freshness:
    """The line for an event that happened, came in, and came in live so long ago."""
    latest_us, received_us, live_received_us = (
        NOW - ages[name] if name in ages else None for name in ("latest", "taken_in", "live")
    )
    recency = Recency(
        first_event_us=latest_us, latest_event_us=latest_us, received_us=received_us, live_received_us=live_received_us
    )
    return freshness(recency, now_us=NOW, zone=zone, waiting=waiting)


@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ({}, Freshness(text="No events yet", kind="wait")),
        (
            {"latest": 25 * SECOND, "taken_in": 24 * SECOND, "live": 24 * SECOND},
            Freshness(text="Live · newest event 17:42:05 UTC, received 17:42:06", kind="live"),
        ),
        # What comes late comes live all the same.
        (
            {"latest": 48 * 60 * MINUTE, "taken_in": SECOND, "live": SECOND},
            Freshness(text="Live · newest event 20 Nov 17:42 UTC, received 17:42:29", kind="live"),
        ),
        # A file that was just imported.
        (
            {"latest": MINUTE, "taken_in": SECOND},
            Freshness(text="Not live · latest event 22 Nov 17:41 UTC, received 17:42:29", kind=""),
        ),
        (
            {"latest": 16 * MINUTE, "taken_in": 15 * MINUTE, "live": 15 * MINUTE},
            Freshness(text="Not live · latest event 22 Nov 17:26 UTC", kind=""),
        ),
        (
            {"latest": 30 * 24 * 60 * MINUTE, "taken_in": 60 * MINUTE},
            Freshness(text="Not live · latest event 23 Oct 17:42 UTC", kind="late"),
        ),
    ],
)
def test_the_line_says_whether_events_come_live_and_how_new_they_are(ages: dict[str, int], said: Freshness) -> None:
    assert line(**ages) == said


@pytest.mark.parametrize(
    ("count", "age_us", "said"),
    [
        (12, 6 * SECOND, "12 events wait to be metered · newest counted 17:42:05 UTC"),
        (1, 6 * SECOND, "1 event waits to be metered · newest counted 17:42:05 UTC"),
        # Everything waits for a moment.
        (12, 4 * SECOND, "Live · newest event 17:42:05 UTC, received 17:42:06"),
    ],
)
def test_what_waits_for_too_long_is_told(count: int, age_us: int, said: str) -> None:
    waiting = Backlog(event_count=count, oldest_received_us=NOW - age_us)
    assert line(waiting, latest=25 * SECOND, taken_in=24 * SECOND, live=24 * SECOND).text == said


def test_the_line_tells_the_time_of_the_reports_zone() -> None:
    told = line(zone="Asia/Kolkata", latest=25 * SECOND, taken_in=24 * SECOND, live=24 * SECOND)
    assert told.text == "Live · newest event 23:12:05 (Asia/Kolkata), received 23:12:06"
