"""Group commit: deliveries that wait together are committed together, and each gets its own receipt."""

import asyncio
import threading

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live import committer
from botmeter.live.ingest import Ingestion
from botmeter.live.metrics import REGISTRY
from botmeter.live.queue import QueueCapacity
from unit.live.conftest import WITHIN_SECONDS, FakeStore, enqueued, pending


def commits() -> tuple[float, float]:
    """The commits counted so far, and the deliveries in them."""
    names = ("botmeter_commit_dispatches_count", "botmeter_commit_dispatches_sum")
    count, deliveries = (REGISTRY.get_sample_value(name) or 0.0 for name in names)
    return count, deliveries


def test_all_waiting_deliveries_share_the_next_commit(store: FakeStore, ingestion: Ingestion) -> None:
    count, deliveries = commits()
    store.hold()
    first = enqueued(ingestion, "a")
    store.wait_started()
    others = [enqueued(ingestion, name) for name in "bcd"] + [enqueued(ingestion, "e", "f", source="other")]
    assert not any(delivery.receipt.done() for delivery in (first, *others))
    store.open.set()
    receipts = [delivery.receipt.result(WITHIN_SECONDS) for delivery in (first, *others)]
    ingestion.close()
    assert store.groups == [[["a"]], [["b", "c", "d"], ["e", "f"]]]
    assert [receipt.accepted for receipt in receipts] == [1, 1, 1, 1, 2]
    assert commits() == (count + 2, deliveries + 5)


def test_each_account_has_a_queue_and_commits_of_its_own(store: FakeStore, ingestion: Ingestion) -> None:
    store.hold()
    deliveries = [enqueued(ingestion, "a"), enqueued(ingestion, "b", account="globex")]
    # Both are committed at once: neither waits for the other.
    store.wait_started()
    store.wait_started()
    store.open.set()
    for delivery in deliveries:
        assert delivery.receipt.result(WITHIN_SECONDS).accepted == 1
    assert sorted(store.groups) == [[["a"]], [["b"]]]
    assert sorted(store.accounts) == ["acme", "globex"]


def test_an_error_of_the_ledger_answers_its_whole_group_and_no_other(store: FakeStore, ingestion: Ingestion) -> None:
    full = Unavailable("disk_full", "The disk is full; nothing was changed. Make room and try again.")
    store.fails = lambda ids: full if "b" in ids else None
    store.hold()
    first = enqueued(ingestion, "a")
    store.wait_started()
    second, third = enqueued(ingestion, "b"), enqueued(ingestion, "c")
    store.open.set()
    assert second.receipt.exception(WITHIN_SECONDS) is third.receipt.exception(WITHIN_SECONDS) is full
    assert first.receipt.result(WITHIN_SECONDS).accepted == 1
    assert enqueued(ingestion, "d").receipt.result(WITHIN_SECONDS).accepted == 1
    assert store.bugs == []
    assert store.groups == [[["a"]], [["b", "c"]], [["d"]]]


def test_a_bug_met_by_one_delivery_does_not_fail_the_others_of_its_group(
    store: FakeStore, ingestion: Ingestion
) -> None:
    bug = LookupError("met by c")
    store.fails = lambda ids: bug if "c" in ids else None
    store.hold()
    first = enqueued(ingestion, "a")
    store.wait_started()
    deliveries = {name: enqueued(ingestion, name) for name in "bcd"}
    store.open.set()
    assert deliveries["c"].receipt.exception(WITHIN_SECONDS) is bug
    for delivery in (first, deliveries["b"], deliveries["d"]):
        assert delivery.receipt.result(WITHIN_SECONDS).accepted == 1
    assert store.bugs == [bug]
    assert enqueued(ingestion, "e").receipt.result(WITHIN_SECONDS).accepted == 1


def test_a_disconnected_sender_delays_nobody(store: FakeStore, ingestion: Ingestion) -> None:
    store.hold()

    async def gone() -> None:
        waiting = asyncio.ensure_future(asyncio.wrap_future(enqueued(ingestion, "a").receipt))
        await asyncio.to_thread(store.wait_started)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    # The sender's event loop is closed before there is a receipt.
    asyncio.run(gone())
    delivery = enqueued(ingestion, "b")
    store.open.set()
    assert delivery.receipt.result(WITHIN_SECONDS).accepted == 1
    ingestion.close()
    assert ingestion.capacity.delivery_count == 0
    assert store.bugs == []


def test_closing_answers_all_waiting_deliveries_and_refuses_further_ones(
    store: FakeStore, ingestion: Ingestion
) -> None:
    store.hold()
    deliveries = [enqueued(ingestion, "a")]
    store.wait_started()
    deliveries += [enqueued(ingestion, "b"), enqueued(ingestion, "c")]
    closing = threading.Thread(target=ingestion.close)
    closing.start()
    queue = ingestion._committers["acme"].queue
    with queue._changed:
        assert queue._changed.wait_for(lambda: queue._is_closed, WITHIN_SECONDS)
    for account in ("acme", "globex"):
        with pytest.raises(Unavailable) as caught:
            enqueued(ingestion, "d", account=account)
        assert caught.value.code == "server_stopping"
    store.open.set()
    closing.join(WITHIN_SECONDS)
    assert not closing.is_alive()
    assert all(delivery.receipt.done() for delivery in deliveries)
    assert (ingestion.capacity.delivery_count, ingestion.capacity.size_bytes) == (0, 0)


def test_an_idle_thread_ends_and_the_next_delivery_starts_another(
    store: FakeStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "_IDLE_SECONDS", 0)
    for number in range(3):
        assert enqueued(ingestion, f"{number}").receipt.result(WITHIN_SECONDS).accepted == 1
        thread = ingestion._committers["acme"]._thread
        if thread is not None:
            thread.join(WITHIN_SECONDS)
        assert ingestion._committers["acme"]._thread is None


def test_a_full_queue_refuses_whole_deliveries_until_others_are_answered(store: FakeStore) -> None:
    ingestion = Ingestion(store, capacity=QueueCapacity(deliveries_max=2))
    store.hold()
    first = enqueued(ingestion, "a")
    store.wait_started()
    second = enqueued(ingestion, "b")
    with pytest.raises(Unavailable) as caught:
        enqueued(ingestion, "c")
    assert caught.value.code == "queue_full"
    store.open.set()
    for delivery in (first, second):
        delivery.receipt.result(WITHIN_SECONDS)
    enqueued(ingestion, "d").receipt.result(WITHIN_SECONDS)
    ingestion.close()
    assert [["c"]] not in store.groups


def test_a_coroutine_gets_the_receipt_or_the_error(store: FakeStore, ingestion: Ingestion) -> None:
    store.fails = lambda ids: Unavailable("disk_full", "Full.") if "b" in ids else None

    async def receipts() -> None:
        assert await asyncio.wrap_future(enqueued(ingestion, "a").receipt) == Receipt(accepted=1)
        with pytest.raises(Unavailable, match="Full."):
            await asyncio.wrap_future(enqueued(ingestion, "b").receipt)

    asyncio.run(receipts())


def test_a_delivery_is_queued_whatever_its_size_compared_with_a_group(store: FakeStore, ingestion: Ingestion) -> None:
    delivery = pending(*(f"e{number}" for number in range(30)))
    ingestion.enqueue(delivery)
    assert delivery.receipt.result(WITHIN_SECONDS).accepted == 30
