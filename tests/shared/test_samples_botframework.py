"""Transcripts of Bot Framework beside the repository: each message is taken, with its side, time and customer.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.payloads import events_of, read_all

from botmeter.domain.instant import text_from_us, us_from_text
from botmeter.domain.source import Source
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "botframework"
SOURCE = Source(name="bf", platform="botframework")
TRANSCRIPTS = sorted(SAMPLES.glob("*.transcript"))

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]


def activities_of(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8-sig"))
    return found


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_each_message_has_its_side_time_and_customer(path: Path) -> None:
    found = read_all(path.read_bytes(), source=SOURCE)
    assert found.rejections == ()
    messages = [event for event in found.events if event["kind"] == "message"]
    sent = [activity for activity in activities_of(path) if activity["type"] == "message"]
    assert [(event["actor"], event["occurred_at"]) for event in messages] == [
        (
            "bot" if activity["from"]["role"] == "bot" else "customer",
            text_from_us(us_from_text(activity["timestamp"])),
        )
        for activity in sent
    ]
    people = {
        f"bf:{activity['channelId']}:{side['id']}"
        for activity in sent
        for side in (activity["from"], activity["recipient"])
        if side["role"] == "user"
    }
    assert {event["customer_id"] for event in found.events} == people
    assert all(event["preview"] is True for event in found.events)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_file_gives_what_the_request_gave_and_twice_the_same(path: Path) -> None:
    for _ in range(2):
        assert (
            events_of(list(batches_of_source(SourceFile(path=str(path)), SOURCE)))
            == read_all(path.read_bytes(), source=SOURCE).events
        )


def test_no_two_messages_of_all_files_have_one_id_but_for_those_that_are_the_same() -> None:
    seen: dict[str, dict[str, Any]] = {}
    for path in TRANSCRIPTS:
        for event in read_all(path.read_bytes(), source=SOURCE).events:
            assert seen.setdefault(event["event_id"], event) == event
    assert len(seen) > 150


def test_the_conversation_that_greets_in_its_own_name_is_no_customer() -> None:
    path = SAMPLES / "BBS_HotelReservation.transcript"
    conversation = activities_of(path)[0]["conversation"]["id"]
    assert activities_of(path)[0]["from"]["id"] == conversation
    customers = {event["customer_id"] for event in read_all(path.read_bytes(), source=SOURCE).events}
    assert len(customers) == 1
    assert not any(conversation in customer for customer in customers)


def test_typing_traces_and_events_of_the_recording_are_passed_over() -> None:
    path = SAMPLES / "BBS_testbot_sandwich.transcript"
    found = read_all(path.read_bytes(), source=SOURCE)
    assert "An activity of type trace never counts. (32 of them)" in found.ignored
    kinds = [activity["type"] for activity in activities_of(path)]
    assert len(found.events) == kinds.count("message") + kinds.count("conversationUpdate")
