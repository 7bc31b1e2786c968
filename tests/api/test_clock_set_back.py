"""A clock that is set back while events come: nothing that was taken is lost, what cannot be yet is refused."""

import pytest

from api.conftest import Clock
from botmeter.domain.instant import DAY_US, text_from_us
from botmeter.ledger.verify import verify
from support.ledgers import append_events, event
from support.live import Live, counts, message


@pytest.mark.slow
def test_a_clock_set_back_loses_and_duplicates_nothing(live: Live, key: str, clock: Clock) -> None:
    before_us = clock.now_us
    now, later = text_from_us(before_us), text_from_us(before_us + 60_000_000)
    assert counts(live.send(key, [message("a", now)])) == (1, 0, 0, 0)
    live.settle("acme")
    clock.now_us -= 30 * DAY_US
    # More than a day ahead of the clock as it now is, as a file's would be.
    response = live.send(key, [message("a", now), message("b", later), message("c", "2026-03-10T10:00:00Z")])
    assert counts(response) == (1, 0, 0, 2)
    assert [(each["event_id"], each["code"]) for each in response.json()["rejections"]] == [
        ("a", "in_the_future"),
        ("b", "in_the_future"),
    ]
    live.settle("acme")
    with live.opened.writing("acme") as ledger:
        assert (
            append_events(ledger, event("d", "2026-03-10T10:00", source="default"), now_us=clock.now_us).accepted == 1
        )
    clock.now_us = before_us
    assert counts(live.send(key, [message(name, at) for name, at in (("a", now), ("b", later))])) == (1, 1, 0, 0)
    live.settle("acme")
    assert live.event_ids("acme") == ["a", "b", "c", "d"]
    with live.opened.writing("acme") as ledger:
        assert verify(ledger).is_clean


def test_a_delivery_without_a_time_is_a_duplicate_after_the_clock_was_set_back(
    live: Live, key: str, clock: Clock
) -> None:
    data = b'{"customer_id":"c1","actor":"customer"}'
    head = b'"specversion":"1.0","id":"a","source":"/b","type":"botmeter.message","subject":"v1"'
    envelope = b"{" + head + b',"data":' + data + b"}"
    response = live.post(key, envelope, content_type="application/cloudevents+json")
    assert counts(response) == (1, 0, 0, 0)
    clock.now_us -= DAY_US
    again = live.post(key, envelope, content_type="application/cloudevents+json")
    # The sender gave no time, so what it sends again can differ in nothing.
    assert counts(again)[0] == 0
    assert live.event_ids("acme") == ["/b a"]
