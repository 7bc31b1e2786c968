"""The queues are bounded together, and each gives its deliveries in their order."""

import threading

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.live.queue import (
    FULL_RECORDS,
    GROUP_BYTES_MAX,
    GROUP_RECORDS_MAX,
    DeliveryQueue,
    PendingDelivery,
    QueueCapacity,
)


def delivery(name: str = "", *, record_count: int = 1, record: bytes = b"{}") -> PendingDelivery:
    return PendingDelivery(
        account="acme",
        source="default",
        platform="botmeter",
        records=(record,) * record_count,
        received_us=0,
        subject=name,
    )


def names(group: list[PendingDelivery]) -> list[str]:
    return [each.subject for each in group]


@pytest.fixture
def queue() -> DeliveryQueue:
    return DeliveryQueue(QueueCapacity(bytes_max=1 << 40))


def test_a_delivery_beyond_the_count_or_size_of_all_queues_is_refused_whole() -> None:
    capacity = QueueCapacity(deliveries_max=2, bytes_max=10)
    one, other = DeliveryQueue(capacity), DeliveryQueue(capacity)
    large, small = delivery(record=b"x" * 6), delivery(record=b"x" * 4)
    one.put(large)
    with pytest.raises(Unavailable) as caught:
        other.put(delivery(record=b"x" * 5))
    assert caught.value.code == "queue_full"
    assert caught.value.message == (
        "The queue is full: 1 requests of 6 bytes are waiting, the limit is 2 requests of 10 bytes. Nothing of this "
        "request was stored; send it again."
    )
    assert (capacity.delivery_count, capacity.size_bytes, capacity.is_full) == (1, 6, False)
    other.put(small)
    assert capacity.is_full
    with pytest.raises(Unavailable):
        one.put(delivery(record_count=0))
    one.release(large)
    one.put(delivery(record_count=0))
    assert (capacity.delivery_count, capacity.size_bytes) == (2, 4)


def test_all_waiting_deliveries_are_one_group_in_their_order(queue: DeliveryQueue) -> None:
    for name in "abc":
        queue.put(delivery(name))
    assert names(queue.next_group(idle_seconds=0)) == ["a", "b", "c"]
    assert queue.next_group(idle_seconds=0) == []


@pytest.mark.parametrize(
    ("record_count", "record"),
    [(GROUP_RECORDS_MAX // 2, b""), (1, b"x" * (GROUP_BYTES_MAX // 2))],
    ids=["by records", "by bytes"],
)
def test_a_group_is_within_the_limits_of_a_commit(queue: DeliveryQueue, record_count: int, record: bytes) -> None:
    for name in "abc":
        queue.put(delivery(name, record_count=record_count, record=record))
    assert names(queue.next_group(idle_seconds=0)) == ["a", "b"]
    assert names(queue.next_group(idle_seconds=0)) == ["c"]


def test_a_delivery_larger_than_a_group_is_a_group(queue: DeliveryQueue) -> None:
    for name in "ab":
        queue.put(delivery(name, record_count=GROUP_RECORDS_MAX + 1))
    assert names(queue.next_group(idle_seconds=0)) == ["a"]
    assert names(queue.next_group(idle_seconds=0)) == ["b"]


def test_a_delivery_wakes_the_thread_that_waits_for_one(queue: DeliveryQueue) -> None:
    groups: list[list[str]] = []
    taker = threading.Thread(target=lambda: groups.append(names(queue.next_group(idle_seconds=30))))
    taker.start()
    queue.put(delivery("a"))
    taker.join(30)
    assert groups == [["a"]]


def test_a_rest_collects_deliveries_until_the_group_is_full(queue: DeliveryQueue) -> None:
    groups: list[list[str]] = []
    taker = threading.Thread(target=lambda: groups.append(names(queue.next_group(idle_seconds=30, rest_seconds=30))))
    queue.put(delivery("a"))
    taker.start()
    queue.put(delivery("b", record_count=FULL_RECORDS - 2))
    assert groups == []
    queue.put(delivery("c"))
    taker.join(30)
    assert groups == [["a", "b", "c"]]
    queue.put(delivery("d"))
    assert names(queue.next_group(idle_seconds=0, rest_seconds=-1)) == ["d"]


def test_a_closed_queue_gives_its_deliveries_without_a_rest(queue: DeliveryQueue) -> None:
    queue.put(delivery("a"))
    queue.close()
    assert names(queue.next_group(idle_seconds=0, rest_seconds=30)) == ["a"]


def test_a_closed_queue_refuses_deliveries_and_still_gives_those_in_it(queue: DeliveryQueue) -> None:
    queue.put(delivery("a"))
    queue.close()
    with pytest.raises(Unavailable) as caught:
        queue.put(delivery("b"))
    assert caught.value.code == "server_stopping"
    assert not queue.is_empty
    assert names(queue.next_group(idle_seconds=30)) == ["a"]
    assert queue.is_empty
    assert queue.next_group(idle_seconds=30) == []
