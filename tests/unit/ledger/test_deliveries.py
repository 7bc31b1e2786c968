"""The last deliveries of a source: their outcomes, in order, up to a limit."""

import pytest
from tests.support.ledgers import NOW_US, batch, event, ledger_in_memory
from tests.support.live_batches import append_live, live_batch

from botmeter.ledger import deliveries as owner
from botmeter.ledger.deliveries import deliveries, latest_delivery_by_source
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.ledger.settle import settle

FIRST = event("1", "2026-03-01T10:00")
EARLY = event("early", "2001-03-01T10:00")


def sent(number: int, *, source: str = "s") -> LiveBatch:
    return LiveBatch(
        source=source,
        parsed=batch([event(f"{number}", "2026-03-01T10:00", source=source)]),
        deliveries=(BatchDelivery(first_position=0, delivery_id=f"d{number}", subject="message_created"),),
    )


def test_each_delivery_has_its_counts_and_a_reason() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, live_batch([FIRST]), now_us=NOW_US - 1)
    ignored = ("A typing mark never counts.",)
    both = (
        BatchDelivery(first_position=0, delivery_id="again", ignored=ignored, ignored_count=1),
        BatchDelivery(first_position=2, subject="typing", ignored=ignored, ignored_count=32),
    )
    append_live(ledger, LiveBatch(source="s", parsed=batch([FIRST, EARLY]), deliveries=both))
    typing, again, first = deliveries(ledger, "s")
    assert (first.accepted, first.delivery_id, first.detail, first.received_at) == (1, None, None, NOW_US - 1)
    assert (again.delivery_id, again.duplicates, again.rejected, again.ignored) == ("again", 1, 1, 1)
    assert again.detail is not None
    assert again.detail.startswith("before_available_from: It occurred at 2001-03-01")
    assert (typing.subject, typing.ignored, typing.detail) == ("typing", 32, "A typing mark never counts.")
    assert (typing.accepted, typing.duplicates, typing.conflicts, typing.rejected) == (0, 0, 0, 0)
    assert deliveries(ledger, "s", limit=1) == [typing]


def test_a_delivery_id_that_arrives_twice_is_listed_twice() -> None:
    ledger = ledger_in_memory()
    append_live(ledger, sent(1))
    append_live(ledger, sent(1))
    assert [(each.delivery_id, each.accepted, each.duplicates) for each in deliveries(ledger, "s")] == [
        ("d1", 0, 1),
        ("d1", 1, 0),
    ]


def test_the_newest_deliveries_of_each_source_stay_even_if_the_clock_went_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "DELIVERIES_MAX", 2)
    ledger = ledger_in_memory()
    append_live(ledger, sent(0, source="quiet"))
    for number in range(4):
        append_live(ledger, sent(number), now_us=NOW_US - number)
    settle(ledger, now_us=NOW_US)
    assert [each.delivery_id for each in deliveries(ledger, "s")] == ["d3", "d2"]
    latest = latest_delivery_by_source(ledger)
    assert {source: each.delivery_id for source, each in latest.items()} == {"quiet": "d0", "s": "d3"}


@pytest.mark.slow
def test_erasing_a_customer_removes_delivery_ids_and_reasons(folder: Folder, acme: str) -> None:
    """Both can hold ids of the customer, and a delivery id can hold a telephone number."""
    with folder.ledger(acme) as ledger:
        append_live(ledger, sent(1), live_batch([EARLY]))
    erase(folder, acme, customer_id="c1")
    with folder.ledger(acme) as ledger:
        assert stored(ledger) == {(None, None)}


def stored(ledger: Ledger) -> set[tuple[str | None, str | None]]:
    return {(each.delivery_id, each.detail) for each in deliveries(ledger, "s")}
