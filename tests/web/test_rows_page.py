"""The underlying data: each number of the report links to that many rows, with its filters shown as chips."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from tests.support.ledgers import append_events, event
from tests.support.report_links import RowsLink, rows_links

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from botmeter.web.pages.report.widgets import WIDGETS

from .conftest import MakeBrowser

REPORT = "/a/acme/reports/bot-session-consumption"
ROWS = f"{REPORT}/rows"
DAYS = "from=2026-03-28&to=2026-04-03"


def linked(event_id: str, at: str, *, ticket: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A ticket linked to a conversation by a helpdesk."""
    named = {"ticket_id": ticket[0], "ticket_type": ticket[1]}
    return event(event_id, at, kind="ticket_linked", actor="system", **named, **fields)


BUSY = (
    event("n1", "2026-03-29T00:30", customer_id="c3", conversation_id="v5", bot_version="1"),
    event("n2", "2026-03-29T01:30", customer_id="c3", conversation_id="v6", bot_id="b2", channel="sms", preview=True),
    linked("n3", "2026-03-29T02:00", ticket=("t2", "refund"), customer_id="c3", conversation_id="v5"),
    linked("n4", "2026-03-29T02:10", ticket=("t3", "delivery"), customer_id="c3", conversation_id="v5"),
    event("n5", "2026-03-30T12:00", customer_id="c4", conversation_id="v7", bot_id="b2", channel="web", preview=True),
    event("n6", "2026-03-30T12:10", customer_id="c4", conversation_id="v7", bot_id="b1", bot_version="2"),
    event("n7", "2026-04-01T03:59", customer_id="c5", conversation_id="v8", channel="whatsapp"),
    linked("n8", "2026-04-01T04:00", ticket=("t4", "a & b"), customer_id="c5", conversation_id="v8"),
)


@pytest.fixture
def busy(ledgers: OpenLedgers) -> None:
    """The account acme with more bots, channels, tickets and hours."""
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *BUSY)


@pytest.fixture
def member(owner: User, browser: MakeBrowser, busy: None) -> Client:
    return browser(owner)


def page_of(member: Client, path: str) -> str:
    response = member.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def number_on_rows_page(member: Client, link: RowsLink) -> int:
    """The number in the title of the page."""
    [number] = re.findall(r'<h1>[^<]*<span class="num" data-value="(\d+)"', page_of(member, link.href))
    return int(number)


QUERIES = (
    f"{DAYS}&preview=without&ticket_type=refund&ticket_type=delivery",
    # A hundred pages each.
    *(
        pytest.param(query, marks=pytest.mark.slow)
        for query in (
            DAYS,
            f"{DAYS}&timezone=Asia/Kathmandu&split=opened&channel=web",
            f"{DAYS}&timezone=America/Los_Angeles&bot=b1&table=monthly-consumption&open=b1",
            f"{DAYS}&hour=sun-00&hour=wed-03&split=opened&opened_on=web&opened_on=whatsapp",
        )
    ),
)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("query", QUERIES)
def test_each_number_of_the_report_links_to_that_many_rows(member: Client, query: str) -> None:
    links = rows_links(page_of(member, f"{REPORT}?{query}"), rows_path=ROWS)
    for widget in WIDGETS:
        links += rows_links(page_of(member, f"{REPORT}/widgets/{widget.name}?{query}"), rows_path=ROWS)
    links = list(dict.fromkeys(links))

    assert {"sessions-consumed", "session-consumption-trend", "hours", "bot-consumption"} <= {
        link.widget for link in links
    }
    mismatches = {link: number for link in links if (number := number_on_rows_page(member, link)) != link.number}
    assert not mismatches


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "title", "id_in_first_line"),
    [
        ("", "Sessions consumed: 6 sessions in 9 rows", "c1"),
        ("grain=conversation", "Conversations: 8 in 6 sessions", "v4"),
        ("grain=ticket&sort=-conversations", "Tickets: 4 in 3 sessions", "t4"),
        ("grain=row", "Rows: 9 in 6 sessions", "v4"),
        # The spelling of older addresses.
        ("group=conversation", "Rows: 9 in 6 sessions", "v4"),
        ("group=session", "Sessions consumed: 6 sessions in 9 rows", "c1"),
    ],
)
def test_the_title_says_the_number_of_lines(member: Client, view: str, title: str, id_in_first_line: str) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&{view}")
    [heading] = re.findall(r"<h1>(.*?)</h1>", page, flags=re.DOTALL)
    assert re.sub(r"<[^>]+>", "", heading) == title
    first_line = page[page.index('<tr class="row"') :].partition("</tr>")[0]
    assert f"<bdi>{id_in_first_line}</bdi>" in first_line


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        ("grain=ticket&sort=-events", "A list of tickets can&#39;t be sorted by events."),
        ("grain=bot", "Unknown value &#39;bot&#39; for grain. Use one of session, conversation, ticket, row."),
        ("grain=row&group=session", "Use either `grain` or `group`, not both."),
        ("grain=ticket&columns=session_id", "Unknown column &#39;session_id&#39;."),
    ],
)
def test_a_view_that_does_not_exist_is_refused(member: Client, view: str, sentence: str) -> None:
    answer = member.get(f"{ROWS}?{DAYS}&{view}")
    assert answer.status_code == 400
    assert sentence in answer.content.decode()


@pytest.mark.django_db
def test_another_grain_keeps_period_filters_and_search(member: Client) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&channel=web&search=c&sort=-events&columns=customer")
    hrefs = re.findall(rf'<a href="({re.escape(ROWS)}[^"]*grain=ticket[^"]*)"', page)
    assert dict(parse_qsl(html.unescape(hrefs[0]).partition("?")[2])) == {
        **dict(parse_qsl(DAYS)),
        "channel": "web",
        "search": "c",
        "grain": "ticket",
    }


@pytest.mark.django_db
def test_filters_of_a_link_appear_as_removable_chips(member: Client) -> None:
    query = f"{DAYS}&opened_by=b1&opened_on=web&ticket_type=refund&hour=mon-09"
    for path in (REPORT, ROWS):
        page = page_of(member, f"{path}?{query}")
        chips = re.findall(r'aria-label="Remove filter: ([^"]+)"', page)
        assert chips == [
            "Opening bot is Order bot",
            "Opening channel is web",
            "Ticket type is refund",
            "Start hour is Mon 09:00–10:00",
        ]
        removed = re.findall(r'<a class="chip-x" href="([^"]+)" aria-label="Remove filter: Start hour', page)
        assert [href.partition("?")[0] for href in removed] == [path]
        assert "hour=" not in removed[0]
        assert "opened_by=b1" in removed[0]


@pytest.mark.django_db
def test_forms_keep_the_filters_of_a_link_and_clear_removes_them(member: Client) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&hour=mon-09")
    assert '<input type="hidden" name="hour" value="mon-09">' in page
    [clear] = re.findall(r'<a class="clear" href="([^"]+)">Clear</a>', page)
    assert "hour" not in clear


@pytest.mark.django_db
@pytest.mark.parametrize("hour", ["xyz", "mon-24", "mon-9", "MON-09", "mon-09x", "-1"])
def test_an_invalid_hour_is_refused(member: Client, hour: str) -> None:
    for path in (REPORT, ROWS, f"{ROWS}/export.csv"):
        response = member.get(f"{path}?hour={hour}")
        assert response.status_code == 400
        assert "such as mon-09" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["opened_by", "opened_on", "ticket_type"])
def test_an_unknown_filter_value_matches_no_rows(member: Client, name: str) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&{name}=<b>nobody</b>")
    assert 'data-value="0"' in page
    assert "<b>nobody" not in page


@pytest.mark.slow
@pytest.mark.django_db
def test_all_time_starts_on_the_local_day_of_the_first_data(member: Client) -> None:
    page = page_of(member, f"{REPORT}?period=all&timezone=America/Los_Angeles")
    assert re.search(r'name="from"[^>]* value="3 Feb 2022"', page)
    assert "All time" in page
    assert "was to start" not in page


@pytest.mark.parametrize("method", ["get", "head"])
def test_an_unread_export_releases_the_ledger_with_its_response(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, method: str
) -> None:
    answer = getattr(browser(owner), method)(f"{ROWS}/export.csv?{DAYS}")
    assert answer.status_code == 200
    answer.close()
    assert ledgers.account("acme")._user_count == 0
