"""The queue of offers is bounded as a whole, and first come is first served."""

import threading

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.live.pending import Offer, Waiting
from botmeter.live.queue import GROUP_BYTES_MAX, GROUP_TEXTS_MAX, OfferQueue, Room


def waiting(*, text_count: int = 1, text: bytes = b"{}", name: str = "") -> Waiting:
    offer = Offer(
        account="acme",
        source="default",
        platform="botmeter",
        texts=(text,) * text_count,
        received_us=0,
        subject=name,
    )
    return Waiting(offer=offer, tell=lambda _: None)


def names(group: list[Waiting]) -> list[str]:
    return [each.offer.subject for each in group]


def test_room_is_refused_by_count_and_by_size_and_nothing_is_half_taken() -> None:
    room = Room(offers_max=2, bytes_max=10)
    room.take(6)
    with pytest.raises(Unavailable) as caught:
        room.take(5)
    assert caught.value.code == "queue_full"
    assert caught.value.message == (
        "1 requests of 6 bytes wait to be written; the most are 2 of 10. Nothing of this one was taken; send it again."
    )
    assert (room.offer_count, room.size_bytes, room.is_full) == (1, 6, False)
    room.take(4)
    assert room.is_full
    with pytest.raises(Unavailable):
        room.take(0)
    room.give_back(6)
    room.take(0)
    assert (room.offer_count, room.size_bytes) == (2, 4)


def test_all_who_wait_are_one_group_in_their_order() -> None:
    queue = OfferQueue()
    for name in "abc":
        queue.put(waiting(name=name))
    assert names(queue.next_group(idle_seconds=0)) == ["a", "b", "c"]
    assert queue.next_group(idle_seconds=0) == []


@pytest.mark.parametrize(
    ("text_count", "text"),
    [(GROUP_TEXTS_MAX // 2, b""), (1, b"x" * (GROUP_BYTES_MAX // 2))],
    ids=["by events", "by bytes"],
)
def test_a_group_has_no_more_than_one_commit_takes(text_count: int, text: bytes) -> None:
    queue = OfferQueue()
    for name in "abc":
        queue.put(waiting(name=name, text_count=text_count, text=text))
    assert names(queue.next_group(idle_seconds=0)) == ["a", "b"]
    assert names(queue.next_group(idle_seconds=0)) == ["c"]


def test_an_offer_that_is_larger_than_a_group_is_a_group() -> None:
    queue = OfferQueue()
    for name in "ab":
        queue.put(waiting(name=name, text_count=GROUP_TEXTS_MAX + 1))
    assert names(queue.next_group(idle_seconds=0)) == ["a"]
    assert names(queue.next_group(idle_seconds=0)) == ["b"]


def test_who_waits_for_an_offer_is_woken_by_it() -> None:
    queue = OfferQueue()
    found: list[list[str]] = []
    taker = threading.Thread(target=lambda: found.append(names(queue.next_group(idle_seconds=30))))
    taker.start()
    queue.put(waiting(name="a"))
    taker.join(30)
    assert found == [["a"]]


def test_a_closed_queue_takes_no_more_and_still_gives_what_waits() -> None:
    queue = OfferQueue()
    queue.put(waiting(name="a"))
    queue.close()
    with pytest.raises(Unavailable) as caught:
        queue.put(waiting(name="b"))
    assert caught.value.code == "server_stopping"
    assert not queue.is_over
    assert names(queue.next_group(idle_seconds=30)) == ["a"]
    assert queue.is_over
    assert queue.next_group(idle_seconds=30) == []
