"""Live events of merged customers: on disk as they were sent, settled as the customer's."""

from collections.abc import Iterator

import pytest
from tests.support.ledgers import NOW_US, event
from tests.support.live_batches import append_live, counts, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.ledger.customers import SameCustomer, merge_customers, merge_preview, unmerge_customers
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify

WEB = event("1", "2026-05-20T10:00", customer_id="web-7", conversation_id="v1")
PHONE = event("2", "2026-05-20T12:00", customer_id="phone-7", conversation_id="v2")
LATER = event("3", "2026-05-20T13:00", customer_id="phone-7", conversation_id="v2")
SAME = [SameCustomer(customer_id="web-7", alias="phone-7")]


@pytest.fixture
def ledgers(folder: Folder, acme: str) -> Iterator[OpenLedgers]:
    opened = OpenLedgers(folder, wait_seconds=60)
    yield opened
    opened.close()


def accepted(ledgers: OpenLedgers, *events: dict[str, object]) -> tuple[int, int, int, int]:
    """Counts of accepted, duplicate, conflicting and rejected events."""
    with ledgers.appending_live("acme") as ledger:
        return counts(append_live(ledger, live_batch(list(events)))[0])


def settled(ledgers: OpenLedgers) -> None:
    with ledgers.settling("acme") as ledger:
        settle(ledger, now_us=NOW_US)


def customers(ledgers: OpenLedgers) -> dict[str, tuple[str, str | None]]:
    with ledgers.reading("acme") as ledger:
        rows = ledger.connection.execute("SELECT event_id, customer_id, sent_customer_id FROM event").fetchall()
        return {event_id: (counting, sent) for event_id, counting, sent in rows}


@pytest.mark.slow
def test_a_merge_covers_unsettled_events_and_later_ones(ledgers: OpenLedgers) -> None:
    assert accepted(ledgers, WEB, PHONE) == (2, 0, 0, 0)
    with ledgers.writing("acme") as ledger:
        change = merge_customers(ledger, SAME, now_us=NOW_US)
        assert (change.event_count, change.before_count, change.after_count) == (1, 2, 1)
    assert accepted(ledgers, LATER, PHONE) == (1, 1, 0, 0)
    settled(ledgers)
    assert customers(ledgers) == {"1": ("web-7", None), "2": ("web-7", "phone-7"), "3": ("web-7", "phone-7")}
    with ledgers.writing("acme") as ledger:
        assert verify(ledger).is_clean
        assert len(table_meaning(ledger)["session"]) == 1


def test_a_duplicate_is_recognized_before_and_after_settling(ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        merge_customers(ledger, SAME, now_us=NOW_US)
    assert accepted(ledgers, PHONE) == (1, 0, 0, 0)
    assert accepted(ledgers, PHONE) == (0, 1, 0, 0)
    settled(ledgers)
    assert accepted(ledgers, PHONE) == (0, 1, 0, 0)
    assert accepted(ledgers, {**PHONE, "customer_id": "web-7"}) == (0, 0, 1, 0)


@pytest.mark.slow
def test_an_undone_or_previewed_merge_does_not_affect_later_events(ledgers: OpenLedgers) -> None:
    with ledgers.writing("acme") as ledger:
        merge_customers(ledger, SAME, now_us=NOW_US)
    accepted(ledgers, WEB, PHONE)
    with ledgers.writing("acme") as ledger:
        unmerge_customers(ledger, ["phone-7"], now_us=NOW_US)
        merge_preview(ledger, SAME, now_us=NOW_US)
    accepted(ledgers, LATER)
    settled(ledgers)
    assert customers(ledgers) == {"1": ("web-7", None), "2": ("phone-7", None), "3": ("phone-7", None)}
    with ledgers.writing("acme") as ledger:
        assert verify(ledger).is_clean
