"""Events that wait on disk: written when, left by a crash, or dropped for want of room."""

import errno
import os
from pathlib import Path

import pytest
from tests.support.client_world import World

from botmeter.client import ClientSettings, TroubleKind, slots, spill
from botmeter.client.backlog import NEVER


def test_events_that_can_not_be_sent_are_on_disk_until_their_receipt(world: World) -> None:
    world.ways.extend(["away", "away"])
    world.put("a")
    world.run(until=101)
    assert [path.name for path in world.files()] == ["000000000001.ndjson"]
    world.run_dry()
    assert world.ids() == ["a"]
    assert not world.files()
    assert world.backlog.spilled_bytes == 0


def test_while_the_server_is_away_new_events_go_to_one_file_within_a_second(world: World) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=120)
    for number in range(50):
        world.put(f"e{number}")
        world.run(until=world.now + 2)
    assert len(world.files()) == 2
    world.always = "take"
    world.run_dry()
    assert world.ids() == ["a", *(f"e{number}" for number in range(50))]


def test_events_put_while_a_file_is_sent_go_to_the_next_one(world: World) -> None:
    world.always = "away"
    for event_id in "ab":
        world.put(event_id)
        world.run(until=world.now + 3)
    world.always = "take"
    assert world.backlog.is_behind
    world.run_dry()
    assert world.ids() == ["a", "b"]


def test_events_that_memory_has_no_room_for_go_to_disk_and_keep_their_order(tmp_path: Path) -> None:
    world = World(tmp_path / "spill", ClientSettings(queue_events_max=10, batch_events_max=7))
    ids = [f"e{number:03d}" for number in range(105)]
    assert all(world.put(event_id) for event_id in ids)
    assert world.backlog.queued_count <= 10
    world.run_dry()
    assert world.ids() == ids


def test_an_event_put_after_everything_was_stored_is_refused(world: World) -> None:
    # As when one thread closes the client between the two halves of another one's call.
    assert world.put("a")
    assert world.backlog.store_all() == 0
    assert not world.put("b")
    assert world.backlog.queued_count == 0


def test_memory_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    world = World(tmp_path / "spill", ClientSettings(queue_bytes_max=100_000))
    for number in range(10):
        world.put(f"e{number}", attributes={"text": "x" * 30_000})
    assert world.backlog.queued_count <= 3
    world.run_dry()
    assert len(world.ids()) == 10


def test_with_a_full_folder_new_events_are_refused_and_old_ones_stay(tmp_path: Path) -> None:
    world = World(tmp_path / "spill", ClientSettings(queue_events_max=10, spill_bytes_max=3_000))
    world.always = "away"
    ids = [f"e{number:03d}" for number in range(200)]
    accepted = [event_id for event_id in ids if world.put(event_id)]
    assert accepted == ids[: len(accepted)]
    assert 10 < len(accepted) < 60
    world.run(until=200)
    assert sum(path.stat().st_size for path in world.files()) <= 3_000
    world.always = "take"
    world.run_dry()
    assert world.ids() == accepted
    assert world.put("later")


@pytest.mark.parametrize("end", [b'{"event_id": "torn', b"\0\0\0\0", b"{}", b"\xff\n", b'{"event_id": 7}\n'])
def test_a_torn_line_is_recorded_as_refused_and_all_others_are_sent(world: World, end: bytes) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=110)
    world.die()
    with world.files()[0].open("ab") as file:
        file.write(end)
    world.always = "take"
    world.start()
    world.run_dry()
    assert world.ids() == ["a"]
    assert [(entry["code"], "event" in entry) for entry in world.refused()] == [("client_line_torn", False)]
    assert not world.files()


def test_a_whole_event_without_its_line_end_is_an_event(world: World) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=110)
    world.die()
    path = world.files()[0]
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    world.always = "take"
    world.start()
    world.run_dry()
    assert world.ids() == ["a"]
    assert not world.refused()


def test_a_process_that_dies_leaves_its_events_to_the_next_one_which_sends_them_first(world: World) -> None:
    world.always = "away"
    for event_id in "ab":
        world.put(event_id)
        world.run(until=world.now + 5)
    world.die()
    world.always = "take"
    world.start()
    world.put("c")
    world.run_dry()
    assert world.ids() == ["a", "b", "c"]


def test_refused_events_are_not_sent_again_by_the_next_process(world: World) -> None:
    world.most = 1
    world.ways.extend(["take", (413, {}), "away"])
    for event_id in "ab":
        world.put(event_id)
    world.run(until=101)
    world.die()
    world.start()
    world.run_dry()
    assert world.ids() == ["b"]
    assert [entry["event"]["event_id"] for entry in world.refused()] == ["a"]


def test_two_processes_with_one_folder_have_a_slot_each(world: World) -> None:
    other = World(world.root)
    assert world.slot is not None
    assert other.slot is not None
    assert world.slot.folder != other.slot.folder
    world.always = other.always = "away"
    world.put("a")
    other.put("b")
    world.run(until=110)
    other.run(until=110)
    assert len(world.files()) == 2


def test_events_of_a_dead_process_in_another_slot_are_sent(world: World) -> None:
    other = World(world.root)
    other.always = "away"
    other.put("b")
    other.run(until=110)
    other.die()
    world.die()
    world.start()
    world.run_dry()
    assert world.ids() == ["b"]


def test_a_slot_of_a_living_process_is_left_alone(world: World) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=110)
    other = World(world.root)
    assert other.step() == NEVER
    assert len(world.files()) == 1


def test_the_number_of_slots_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SLOTS_MAX", 1)
    other = World(world.root)
    trouble = other.notices.status.trouble
    assert trouble is not None
    assert trouble.kind is TroubleKind.DISK
    assert "slots are in use" in trouble.detail


def test_without_a_folder_events_wait_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    world = World(tmp_path / "file" / "spill", ClientSettings(queue_events_max=10))
    world.always = "away"
    accepted = [number for number in range(20) if world.put(f"e{number}")]
    assert accepted == list(range(10))
    world.run(until=300)
    world.always = "take"
    world.run_dry()
    assert world.ids() == [f"e{number}" for number in range(10)]


def test_a_full_disk_is_reported_and_costs_no_event_that_memory_can_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        if len(data) > 20:
            return whole(descriptor, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    whole = os.write
    world.always = "away"
    with monkeypatch.context() as patch:
        patch.setattr(spill.os, "write", full)
        for number in range(5):
            world.put(f"e{number}")
            world.run(until=world.now + 5)
        trouble = world.notices.status.trouble
        assert trouble is not None
        assert "No space left" in trouble.detail
        assert not world.files()
    world.run(until=world.now + 5)
    world.die()
    world.always = "take"
    world.start()
    world.run_dry()
    assert world.ids() == [f"e{number}" for number in range(5)]
    assert not world.refused()


def test_a_file_that_can_not_be_read_stays_and_does_not_hold_others_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=110)
    world.die()
    path = world.files()[0]
    text = path.read_bytes()
    path.unlink()
    path.mkdir()
    world.always = "take"
    world.start()
    world.put("b")
    world.run_dry()
    assert world.ids() == ["b"]
    path.rmdir()
    path.write_bytes(text)
    world.die()
    world.start()
    world.run_dry()
    assert world.ids() == ["b", "a"]


def test_only_the_owner_may_read_waiting_events(world: World) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=110)
    assert {path.stat().st_mode & 0o077 for path in [world.root, *world.files()]} == {0}


def test_files_are_of_a_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "SEGMENT_BYTES_MAX", 1_000)
    world = World(tmp_path / "spill", ClientSettings(queue_events_max=2))
    for number in range(40):
        world.put(f"e{number}")
    assert len(world.files()) > 3
    world.run_dry()
    assert world.ids() == [f"e{number}" for number in range(40)]
