"""Sending and retrying batches, and the effect of each answer; without threads or waiting."""

import pytest
from tests.support.client_world import World

from botmeter.client import ClientSettings, TroubleKind
from botmeter.client.sender import BLOCKED_SECONDS, RETRY_SECONDS_MAX


def test_an_event_waits_a_second_for_others_and_goes_with_them(world: World) -> None:
    world.put("a")
    world.run(until=100.5)
    world.put("b")
    world.run(until=100.9)
    assert not world.intake.requests
    world.run(until=101)
    assert [[record["event_id"] for record in request] for request in world.intake.requests] == [["a", "b"]]


def test_a_thousand_events_go_at_once_and_the_rest_in_its_time(world: World) -> None:
    for number in range(1_001):
        world.put(f"e{number}")
    world.run(until=100)
    assert [len(request) for request in world.intake.requests] == [1_000]
    world.run(until=101)
    assert [len(request) for request in world.intake.requests] == [1_000, 1]


def test_a_request_has_no_more_bytes_than_it_may(world: World) -> None:
    for number in range(40):
        world.put(f"e{number}", attributes={"text": "x" * 60_000})
    world.run(until=101)
    assert [len(request) for request in world.intake.requests] == [16, 16, 8]


def test_a_flush_does_not_wait_for_more_events(world: World) -> None:
    world.put("a")
    last = world.backlog.send_all_now()
    world.run(until=100)
    assert world.ids() == ["a"]
    assert world.backlog.wait_until_settled(last, within_seconds=0)


def test_a_batch_whose_answer_is_lost_is_sent_again_with_the_same_ids_before_later_ones(world: World) -> None:
    world.ways.extend(["cut", "page", "away"])
    world.put("a")
    world.run(until=101)
    world.put("b")
    world.run_dry()
    assert [[record["event_id"] for record in request] for request in world.intake.requests] == [["a"], ["a"], ["b"]]
    assert world.notices.status.duplicate_count == 1
    assert world.notices.status.accepted_count == 1


def test_the_back_off_doubles_up_to_a_minute_and_is_random(world: World) -> None:
    world.always = "away"
    world.put("a")
    world.run(until=1_000)
    waits = [round(later - sooner, 3) for sooner, later in zip(world.sent_at, world.sent_at[1:], strict=False)]
    assert waits[:8] == [0.25, 0.5, 1, 2, 4, 8, 16, 30]
    assert set(waits[8:]) == {0.5 * RETRY_SECONDS_MAX}


def test_a_stored_batch_ends_the_back_off(world: World) -> None:
    world.ways.extend(["away"] * 6)
    world.put("a")
    world.run_dry()
    world.ways.append("away")
    world.put("b")
    start = world.now
    world.run_dry()
    assert world.sent_at[-1] - start == pytest.approx(1.25)


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_before_retry_after(world: World, status: int) -> None:
    world.ways.append((status, {"retry-after": "120"}))
    world.put("a")
    world.run_dry()
    assert world.sent_at == [101, 101 + 120 + 0.25]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_transient_error_is_retried(world: World, status: int) -> None:
    world.ways.append((status, {}))
    world.put("a")
    world.run_dry()
    assert world.ids() == ["a"]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 415])
def test_a_wrong_key_or_address_keeps_events_on_disk_and_is_reported(world: World, status: int) -> None:
    world.ways.append((status, {}))
    world.put("a")
    world.run(until=101)
    trouble = world.notices.status.trouble
    assert trouble is not None
    assert (trouble.kind, trouble.code) == (TroubleKind.BARRED, f"made_{status}")
    assert len(world.files()) == 1
    world.run_dry()
    assert world.sent_at == [101, 101 + BLOCKED_SECONDS]
    assert world.ids() == ["a"]
    assert world.notices.status.trouble is None


def test_a_trouble_is_reported_once_a_minute(tmp_path, world: World, caplog: pytest.LogCaptureFixture) -> None:
    reports = []
    world = World(tmp_path / "reports", ClientSettings(on_trouble=reports.append))
    world.always = "away"
    world.put("a")
    world.run(until=100 + 300)
    assert 4 <= len(reports) <= 6
    assert len(caplog.records) == len(reports)
    assert "bm_" not in caplog.text


def test_a_batch_that_is_too_large_is_halved_until_it_passes(world: World) -> None:
    world.most = 300
    for number in range(1_000):
        world.put(f"e{number}")
    world.run_dry()
    assert world.ids() == [f"e{number}" for number in range(1_000)]
    assert max(len(request) for request in world.intake.requests) <= 300


def test_an_event_that_is_too_large_alone_is_recorded_as_refused_and_others_are_sent(world: World) -> None:
    world.ways.extend([(413, {}), (413, {})])
    world.put("a")
    world.put("b")
    world.run_dry()
    assert world.ids() == ["b"]
    assert [(entry["code"], entry["event"]["event_id"]) for entry in world.refused()] == [("made_413", "a")]


@pytest.mark.parametrize("status", [400, 422])
def test_a_batch_that_the_server_never_accepts_is_recorded_as_refused(world: World, status: int) -> None:
    world.ways.append((status, {}))
    world.put("a")
    world.put("b")
    world.run(until=101)
    world.put("c")
    world.run_dry()
    assert world.ids() == ["c"]
    entries = world.refused()
    assert [entry["event"]["event_id"] for entry in entries] == ["a", "b"]
    assert {(entry["code"], entry["detail"]) for entry in entries} == {(f"made_{status}", f"A test: {status}.")}
    assert world.notices.status.refused_count == 2


def test_a_refused_batch_that_can_not_be_recorded_is_not_dropped(tmp_path) -> None:
    world = World(tmp_path / "spill", ClientSettings(spill_bytes_max=10))
    world.ways.append((400, {}))
    world.put("a")
    world.run(until=101)
    assert not world.refused()
    world.run_dry()
    assert world.ids() == ["a"]


def test_events_refused_one_by_one_are_counted_and_reported(tmp_path) -> None:
    reports = []
    world = World(tmp_path / "spill", ClientSettings(on_refused=reports.append))
    world.intake.rejects = lambda record: record["event_id"] == "b"
    for event_id in "abc":
        world.put(event_id)
    world.run_dry()
    assert world.ids() == ["a", "c"]
    assert [(refusal.event_id, refusal.code) for refusal in reports] == [("b", "too_odd")]
    assert world.notices.status.rejected_count == 1


def test_a_function_of_the_bot_that_fails_stops_nothing(tmp_path, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("of the bot")

    world = World(tmp_path / "spill", ClientSettings(on_refused=fails, on_trouble=fails))
    world.intake.rejects = lambda record: record["event_id"] == "a"
    world.ways.append("away")
    world.put("a")
    world.put("b")
    world.run_dry()
    assert world.ids() == ["b"]
    assert "of the bot" in caplog.text
