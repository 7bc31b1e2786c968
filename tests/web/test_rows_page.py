"""The page of underlying data: every number of the report leads to as many rows as it says, in words that are shown."""

import json
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
# Numbers of widgets that are no sessions, and where a file of the rows has them.
CONVERSATIONS, TICKETS = "conversation_id", "ticket_ids"


def linked(event_id: str, at: str, *, ticket: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A ticket that a helpdesk linked to a conversation."""
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
    """The account acme with some more bots, channels, tickets and hours."""
    with ledgers.writing("acme") as ledger:
        append_events(ledger, *BUSY)


@pytest.fixture
def member(owner: User, browser: MakeBrowser, busy: None) -> Client:
    return browser(owner)


def page_of(member: Client, path: str) -> str:
    response = member.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def told_on_rows(member: Client, link: RowsLink) -> int:
    """Number on the rows page for what the link counts, or in the export of the same rows."""
    page = page_of(member, link.href)
    if link.widget == "tickets-by-type":
        [told] = re.findall(r'data-tickets="(\d+)"', page)
        return int(told)
    words = dict(parse_qsl(link.href.partition("?")[2]))
    if words.get("group") == "conversation":
        return len(exported(member, link, column=CONVERSATIONS))
    if words.get("sort") == "-tickets":
        return len(exported(member, link, column=TICKETS))
    told, *_ = re.findall(r'<h1>[^<]*<span class="num" data-value="(\d+)"', page)
    return int(told)


def exported(member: Client, link: RowsLink, *, column: str) -> set[str]:
    query = re.sub(r"&?(sort|group)=[^&]*", "", link.href.partition("?")[2])
    response = member.get(f"{ROWS}/export.ndjson?{query}")
    lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    found = [line[column] if isinstance(line[column], list) else [line[column]] for line in lines]
    return {value for values in found for value in values}


QUERIES = (
    DAYS,
    f"{DAYS}&timezone=Asia/Kathmandu&split=opened&channel=web",
    f"{DAYS}&timezone=America/Los_Angeles&bot=b1&table=monthly-consumption&open=b1",
    f"{DAYS}&preview=without&ticket_type=refund&ticket_type=delivery",
    f"{DAYS}&hour=sun-00&hour=wed-03&split=opened&opened_on=web&opened_on=whatsapp",
)


@pytest.mark.django_db
@pytest.mark.parametrize("query", QUERIES)
def test_every_number_of_the_report_leads_to_as_many_rows_as_it_says(member: Client, query: str) -> None:
    links = rows_links(page_of(member, f"{REPORT}?{query}"), rows_path=ROWS)
    for widget in WIDGETS:
        links += rows_links(page_of(member, f"{REPORT}/widgets/{widget.name}?{query}"), rows_path=ROWS)
    links = list(dict.fromkeys(links))

    assert {"sessions-consumed", "session-consumption-trend", "hours", "bot-consumption"} <= {
        link.widget for link in links
    }
    wrong = {link: told for link in links if (told := told_on_rows(member, link)) != link.number}
    assert not wrong


@pytest.mark.django_db
def test_what_a_link_sets_is_shown_as_a_chip_that_can_be_removed(member: Client) -> None:
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
def test_filters_of_links_are_kept_by_the_forms_of_the_page_and_cleared_with_the_others(member: Client) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&hour=mon-09")
    assert '<input type="hidden" name="hour" value="mon-09">' in page
    [clear] = re.findall(r'<a class="clear" href="([^"]+)">Clear</a>', page)
    assert "hour" not in clear


@pytest.mark.django_db
@pytest.mark.parametrize("hour", ["xyz", "mon-24", "mon-9", "MON-09", "mon-09x", "-1"])
def test_an_hour_that_is_none_is_refused_with_a_sentence(member: Client, hour: str) -> None:
    for path in (REPORT, ROWS, f"{ROWS}/export.csv"):
        response = member.get(f"{path}?hour={hour}")
        assert response.status_code == 400
        assert "such as mon-09" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["opened_by", "opened_on", "ticket_type"])
def test_names_that_nothing_has_lead_to_no_rows(member: Client, word: str) -> None:
    page = page_of(member, f"{ROWS}?{DAYS}&{word}=<b>nobody</b>")
    assert 'data-value="0"' in page
    assert "<b>nobody" not in page


@pytest.mark.django_db
def test_all_time_west_of_greenwich_begins_on_the_day_on_which_data_starts_there(member: Client) -> None:
    page = page_of(member, f"{REPORT}?period=all&timezone=America/Los_Angeles")
    assert 'name="from" value="2022-02-03"' in re.sub(r'type="date" ', "", page)
    assert "All time" in page
    assert "was to start" not in page


@pytest.mark.parametrize("method", ["get", "head"])
def test_an_export_that_nobody_reads_holds_the_ledger_no_longer_than_its_answer(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, method: str
) -> None:
    answer = getattr(browser(owner), method)(f"{ROWS}/export.csv?{DAYS}")
    assert answer.status_code == 200
    answer.close()
    assert ledgers.account("acme")._user_count == 0
