"""Deliveries parsed before they wait give the same batch as those parsed together."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from botmeter.domain.source import Source
from botmeter.ledger.live_batch import LiveBatch
from botmeter.live.parse import parsed_ahead, parsed_groups
from botmeter.live.queue import PendingDelivery
from unit.live.conftest import pending, text_of

SOURCE = Source(name="default", platform="botmeter", bot_id="orders", channel="web")


def parsed(group: list[PendingDelivery]) -> LiveBatch:
    (only,) = parsed_groups(group, source_of=lambda *_: SOURCE)
    assert list(only.pending) == group
    return only.live_batch


def ahead(delivery: PendingDelivery) -> PendingDelivery:
    made = parsed_ahead(delivery, recent_source=lambda *_: SOURCE)
    assert made.batch is not None
    assert made.receipt is delivery.receipt
    return made


GROUP = [
    pending("a"),
    replace(pending("b", "c"), records=(text_of("b"), b'{"event_id": 1', text_of("c"), b"[]")),
    replace(pending("d"), records=(text_of("d").replace(b'"customer"', b'"bot","bot_id":"faq","channel":"sms"'),)),
    replace(pending("e"), records=(b"{}",)),
    pending("f", "g"),
]


@pytest.mark.parametrize("which", [lambda _: True, lambda n: n % 2 == 0, lambda n: n % 2 == 1, lambda n: n == 3])
def test_a_group_is_parsed_the_same_whichever_deliveries_were_parsed_ahead(which: Callable[[int], bool]) -> None:
    together = parsed(GROUP)
    mixed = parsed([ahead(each) if which(number) else each for number, each in enumerate(GROUP)])
    assert mixed.deliveries == together.deliveries
    assert mixed.parsed.events.to_pylist() == together.parsed.events.to_pylist()
    assert mixed.parsed.events.schema == together.parsed.events.schema
    assert mixed.parsed.positions.to_pylist() == together.parsed.positions.to_pylist() == [0, 1, 3, 5, 7, 8]
    assert mixed.parsed.rejections == together.parsed.rejections
    assert [rejection.index for rejection in mixed.parsed.rejections] == [2, 4, 6]


def test_a_delivery_is_not_parsed_ahead_while_its_source_is_unknown_or_of_another_platform() -> None:
    assert parsed_ahead(GROUP[0], recent_source=lambda *_: None) is GROUP[0]
    other = replace(GROUP[0], platform="chatwoot")
    assert parsed_ahead(other, recent_source=lambda *_: SOURCE) is other
