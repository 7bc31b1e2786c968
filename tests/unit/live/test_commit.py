"""Group commit: who waits together is written together, and is told the truth whatever happens to others."""

import asyncio
import threading

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live.ingest import Intake
from botmeter.live.pending import Answered
from botmeter.live.queue import Room
from unit.live.conftest import WITHIN_SECONDS, Ear, FakeDesk, offer_of


def intake_over(fake: FakeDesk, *, room: Room | None = None) -> Intake:
    return Intake(fake.desk, settle=lambda _: None, room=room)


def offered(intake: Intake, ear: Ear, *names: str) -> None:
    for name in names:
        intake.offer(offer_of(name), tell=ear.named(name))


def test_all_who_wait_share_the_next_commit(fake: FakeDesk, ear: Ear) -> None:
    intake = intake_over(fake)
    fake.hold()
    offered(intake, ear, "a")
    fake.wait_begun()
    offered(intake, ear, "b", "c", "d")
    intake.offer(offer_of("e", "f", source="other"), tell=ear.named("e"))
    assert ear.is_silent
    fake.open.set()
    told = ear.heard(5)
    intake.close()
    assert fake.groups == [[["a"]], [["b", "c", "d"], ["e", "f"]]]
    assert fake.commits == [("acme", 1), ("acme", 4)]
    assert {name: answer.receipt.accepted for name, answer in told.items() if isinstance(answer, Answered)} == {
        "a": 1,
        "b": 1,
        "c": 1,
        "d": 1,
        "e": 2,
    }


def test_each_account_has_a_queue_and_a_commit_of_its_own(fake: FakeDesk, ear: Ear) -> None:
    intake = intake_over(fake)
    fake.hold()
    offered(intake, ear, "a")
    intake.offer(offer_of("b", account="globex"), tell=ear.named("b"))
    # Both write at once: neither waits for the other.
    fake.wait_begun()
    fake.wait_begun()
    fake.open.set()
    ear.heard(2)
    intake.close()
    assert sorted(fake.groups) == [[["a"]], [["b"]]]
    assert sorted(fake.commits) == [("acme", 1), ("globex", 1)]


def test_an_error_of_the_ledger_is_told_to_all_of_the_group_and_the_next_is_tried(fake: FakeDesk, ear: Ear) -> None:
    full = Unavailable("disk_full", "The disk is full; nothing was changed. Make room and try again.")
    fake.fails = lambda ids: full if "b" in ids else None
    intake = intake_over(fake)
    fake.hold()
    offered(intake, ear, "a")
    fake.wait_begun()
    offered(intake, ear, "b", "c")
    fake.open.set()
    told = ear.heard(3)
    assert told["b"] is told["c"] is full
    assert isinstance(told["a"], Answered)
    offered(intake, ear, "d")
    assert isinstance(ear.heard(1)["d"], Answered)
    intake.close()
    assert fake.bugs == []
    assert fake.groups == [[["a"]], [["b", "c"]], [["d"]]]


def test_a_bug_met_by_one_of_a_group_hurts_nobody_else(fake: FakeDesk, ear: Ear) -> None:
    bug = LookupError("met by c")
    fake.fails = lambda ids: bug if "c" in ids else None
    intake = intake_over(fake)
    fake.hold()
    offered(intake, ear, "a")
    fake.wait_begun()
    offered(intake, ear, "b", "c", "d")
    fake.open.set()
    told = ear.heard(4)
    assert told["c"] is bug
    assert all(isinstance(told[name], Answered) for name in "abd")
    assert fake.bugs == [("acme", bug)]
    offered(intake, ear, "e")
    assert isinstance(ear.heard(1)["e"], Answered)
    intake.close()


def test_whoever_can_not_be_told_any_more_keeps_nobody_else_waiting(fake: FakeDesk, ear: Ear) -> None:
    intake = intake_over(fake)
    fake.hold()

    async def gone() -> None:
        asking = asyncio.create_task(intake.answered(offer_of("a")))
        await asyncio.to_thread(fake.wait_begun)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    # The loop of whoever asked is closed before there is an answer.
    asyncio.run(gone())
    offered(intake, ear, "b")
    fake.open.set()
    assert isinstance(ear.heard(1)["b"], Answered)
    intake.close()
    assert intake.room.offer_count == 0


def test_closing_answers_all_who_wait_and_takes_no_more(fake: FakeDesk, ear: Ear) -> None:
    intake = intake_over(fake)
    fake.hold()
    offered(intake, ear, "a")
    fake.wait_begun()
    offered(intake, ear, "b", "c")
    closing = threading.Thread(target=intake.close)
    closing.start()
    committer = intake._committers["acme"]
    with committer.queue._changed:
        assert committer.queue._changed.wait_for(lambda: committer.queue._is_closed, WITHIN_SECONDS)
    for account in ("acme", "globex"):
        with pytest.raises(Unavailable) as caught:
            intake.offer(offer_of("d", account=account), tell=ear.named("d"))
        assert caught.value.code == "server_stopping"
    fake.open.set()
    closing.join(WITHIN_SECONDS)
    assert not closing.is_alive()
    assert set(ear.heard(3)) == {"a", "b", "c"}
    assert ear.is_silent
    assert (intake.room.offer_count, intake.room.size_bytes) == (0, 0)


def test_a_full_room_refuses_whole_offers_and_is_free_again_when_they_are_answered(fake: FakeDesk, ear: Ear) -> None:
    intake = intake_over(fake, room=Room(offers_max=2))
    fake.hold()
    offered(intake, ear, "a")
    fake.wait_begun()
    offered(intake, ear, "b")
    with pytest.raises(Unavailable) as caught:
        offered(intake, ear, "c")
    assert caught.value.code == "queue_full"
    fake.open.set()
    assert set(ear.heard(2)) == {"a", "b"}
    offered(intake, ear, "d")
    ear.heard(1)
    intake.close()
    assert [["c"]] not in fake.groups


def test_the_asynchronous_front_is_answered_or_has_the_error_raised(fake: FakeDesk) -> None:
    fake.fails = lambda ids: Unavailable("disk_full", "Full.") if "b" in ids else None
    intake = intake_over(fake)

    async def asked() -> None:
        assert (await intake.answered(offer_of("a"))).receipt == Receipt(accepted=1)
        with pytest.raises(Unavailable, match="Full."):
            await intake.answered(offer_of("b"))

    asyncio.run(asked())
    intake.close()
