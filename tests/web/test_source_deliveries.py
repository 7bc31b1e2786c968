"""The page of a source: last deliveries and why nothing in one counts."""

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from tests.support.ledgers import NOW_US, append_events, event

from botmeter.ledger.deliveries import StoredDelivery, insert_deliveries
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live.server_state import ServerState
from botmeter.live.webhook_deliveries import deliver
from botmeter.people.models import User
from botmeter.people.source_actions import Author, create_source
from botmeter.people.sources import OpenedSource
from botmeter.sources.payloads.payload import Delivery
from botmeter.web.pages.sources.outcomes import outcome_text
from web.test_sources import DESK, MADE, SOURCES

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga(ledgers: OpenLedgers, owner: User, browser: Callable[..., Client]) -> Client:
    return browser(owner)


@pytest.fixture(autouse=True)
def _desk(ledgers: OpenLedgers, owner: User) -> None:
    """The source desk."""
    with ledgers.writing("acme") as ledger:
        create_source(ledger, MADE, author=Author(user=owner))


@pytest.fixture
def delivered(ledgers: OpenLedgers) -> None:
    """A rejected and an accepted delivery of desk, and one of a source that is not set up."""
    plain = {"append_no": 1, "accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": 0, "ignored": 0}
    rows = [
        {"source": "desk", "subject": "message_created", "delivery_id": "d-1", "rejected": 1, "detail": "Too <old>."},
        {"source": "desk", "subject": "status", "delivery_id": None, "accepted": 1234, "detail": None},
        {"source": "by-key", "subject": "events", "delivery_id": "d-3", "duplicates": 2, "detail": None},
    ]
    with ledgers.writing("acme") as ledger, ledger.transaction():
        insert_deliveries(
            ledger,
            [StoredDelivery(**{**plain, "received_at": NOW_US + number, **each}) for number, each in enumerate(rows)],
        )


def delivery_rows(page: str) -> list[str]:
    table = page.partition('<table class="rows deliveries">')[2].partition("</table>")[0]
    return table.split('<tr class="row">')[1:]


def heads(row: str) -> list[str]:
    """Texts of the cells of a row, after the time."""
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells[1:]]


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "no events"),
        ({"accepted": 1, "duplicates": 1, "conflicts": 1}, "1 accepted, 1 duplicate, 1 conflict"),
        ({"duplicates": 2, "conflicts": 1_000, "ignored": 3}, "2 duplicates, 1,000 conflicts, 3 ignored"),
    ],
)
def test_an_outcome_lists_only_non_zero_counts(counts: dict[str, int], text: str) -> None:
    none = dict.fromkeys(("accepted", "duplicates", "conflicts", "rejected", "ignored"), 0)
    plain = {"append_no": 1, "received_at": 0, "source": "s", "delivery_id": None, "subject": "", "detail": None}
    assert outcome_text(StoredDelivery(**{**plain, **none, **counts})) == text


@pytest.mark.usefixtures("delivered")
def test_the_last_deliveries_are_listed_with_outcome_and_reason(olga: Client) -> None:
    page = olga.get(DESK).content.decode()
    assert [heads(row) for row in delivery_rows(page)] == [
        ["1,234 accepted", "status", ""],
        ["1 rejected", "message_created d-1", "Too &lt;old&gt;."],
    ]
    assert '<td class="num outcome bad">1 rejected' in page
    assert "d-3" not in page
    listed = olga.get(SOURCES).content.decode()
    assert "1,234 accepted" in listed
    assert "2 duplicates" in listed
    assert "Not set up" in listed


_AT, _NEW = "2026-05-01T10:00", {"customer_id": "new", "conversation_id": "new"}
# In order; the customer of the first one then has a session.
REASONS = [
    ({"accepted": 1}, event("u1", _AT), ""),
    ({"accepted": 1}, event("u2", "2026-05-01T10:01", actor="bot"), ""),
    (
        {"accepted": 1},
        event("u3", "2026-05-01T10:02", actor="system", kind="ticket_linked", ticket_id="t9"),
        "",
    ),
    (
        {"accepted": 1},
        event("u4", _AT, bot_id=None, **_NEW),
        "Not part of a session: no message names a bot. Set a default bot .",
    ),
    (
        {"accepted": 1},
        event("u5", _AT, actor="agent"),
        "Not part of a session: it has no message from a customer or a bot.",
    ),
    (
        {"accepted": 1},
        event("u6", _AT, actor="bot", **_NEW),
        "Not part of a session: the customer had no open session, and a bot does not open one.",
    ),
    ({"duplicates": 1}, None, "Already received and counted."),
    ({}, None, "It contained no event."),
]


@pytest.mark.slow
def test_a_delivery_that_counts_in_nothing_says_why(olga: Client, ledgers: OpenLedgers) -> None:
    none = dict.fromkeys(("accepted", "duplicates", "conflicts", "rejected", "ignored"), 0)
    plain = {"received_at": NOW_US, "source": "desk", "subject": "message", "detail": None, "delivery_id": None}
    with ledgers.writing("acme") as ledger:
        for counts, sent, _ in REASONS:
            append_no = ledger.next_append_no()
            if sent is not None:
                append_events(ledger, sent)
            with ledger.transaction():
                insert_deliveries(ledger, [StoredDelivery(append_no=append_no, **plain, **{**none, **counts})])
    page = olga.get(DESK).content.decode()
    assert [heads(row)[2] for row in reversed(delivery_rows(page))] == [reason for _, _, reason in REASONS]
    assert 'href="#w-default-bot"' in page


def test_a_delivery_whose_events_wait_to_be_metered_says_so(olga: Client, state: ServerState) -> None:
    """Nothing settles in this server, so that the events stay as they came."""
    fields = {"event_id": "w1", "occurred_at": "2026-05-01T10:00Z", "conversation_id": "w", "customer_id": "w"}
    body = json.dumps({**fields, "actor": "customer", "bot_id": "b1"}).encode()
    delivery = Delivery(body=body, headers={"content-type": "application/json"}, received_us=NOW_US)
    source = OpenedSource(account="acme", name="desk", platform="botmeter", secret="", verify_token="")
    deliver(state.ingestion, source, delivery=delivery, number="n")
    [row, *_] = delivery_rows(olga.get(DESK).content.decode())
    assert heads(row)[2] == "Not counted yet."


def test_a_note_on_a_second_id_links_the_page_that_merges_and_stands_once(olga: Client, ledgers: OpenLedgers) -> None:
    note = "Merge the two under Customers → Merge customers (botmeter customer merge sms:…11 sms:….22, whole IDs)."
    plain = {"append_no": 1, "received_at": NOW_US, "source": "desk", "delivery_id": None, "subject": "messages"}
    counts = {"accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": 0, "ignored": 0}
    with ledgers.writing("acme") as ledger, ledger.transaction():
        insert_deliveries(ledger, [StoredDelivery(**plain, **counts, detail=each) for each in (note, "Typing.", note)])
    with ledgers.writing("acme") as ledger:
        append_events(
            ledger, *(event(each, "2026-03-01T10:00", customer_id=f"sms:{each}") for each in ("1011", "2022", "11"))
        )
    newest, other, oldest = delivery_rows(olga.get(DESK).content.decode())
    assert '<a class="link" href="/a/acme/customers/same">Customers → Merge customers</a>' in newest
    links = dict(re.findall(r'<a class="link id" href="([^"]+)"><bdi>([^<]+)</bdi></a>', newest))
    assert list(links.values()) == ["sms:…11", "sms:….22"]
    matches = (
        olga.get(unescape(next(iter(links)))).content.decode().partition('<ul class="found">')[2].partition("</ul>")[0]
    )
    assert ("sms:1011" in matches, "sms:2022" in matches) == (True, False)
    assert (heads(other)[2], heads(oldest)[2]) == ("Typing.", "Same as above.")
