"""Rasa's payloads beside the repository: each is taken or refused for the right reason.

They stand in the folder that BOTMETER_SHARED names or in ../shared.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from tests.support.payloads import events_of, read_all

from botmeter.domain.source import Source
from botmeter.sources.reader import SourceFile
from botmeter.sources.source_files import batches_of_source

SHARED = Path(os.environ.get("BOTMETER_SHARED", Path(__file__).parents[3] / "shared"))
SAMPLES = SHARED / "samples" / "rasa"
SOURCE = Source(name="rasa", platform="rasa", bot_id="b")
POSTS = SAMPLES / "DERIVED_event_broker_messages_2025.ndjson"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}"),
]


def test_the_brokers_posts_are_a_talk_of_one_customer_with_a_versioned_bot() -> None:
    events = read_all(POSTS.read_bytes(), source=SOURCE).events
    assert Counter((event["actor"], event["kind"]) for event in events) == {
        ("system", "conversation_created"): 1,
        ("customer", "message"): 5,
        ("bot", "message"): 5,
    }
    assert {event["customer_id"] for event in events} == {"rasa:4"}
    assert {event["bot_id"] for event in events} == {"20250419-114442-horizontal-account"}
    assert {event["bot_version"] for event in events} == {"b0a564ff3f0d4c509a716399d8a608fe"}
    assert {event["channel"] for event in events if event["actor"] != "system"} == {"rest"}
    assert events[1]["occurred_at"] == "2025-04-19T06:33:14.143055Z"
    assert len({event["event_id"] for event in events}) == len(events)


def test_the_same_talk_as_single_posts_as_a_tracker_and_as_a_file_has_the_same_ids() -> None:
    whole = read_all(POSTS.read_bytes(), source=SOURCE).ids
    posts = [json.loads(line) for line in POSTS.read_text().splitlines() if line.strip()]
    assert read_all(*posts, source=SOURCE).ids == whole
    assert read_all({"sender_id": "4", "events": posts}, source=SOURCE).ids == whole
    assert [
        event["event_id"] for event in events_of(list(batches_of_source(SourceFile(path=str(POSTS)), SOURCE)))
    ] == whole


def test_the_documented_post_is_a_bots_message() -> None:
    found = read_all((SAMPLES / "event_broker_docs_example.json").read_bytes(), source=SOURCE).event
    assert (found["actor"], found["customer_id"]) == ("bot", "rasa:default")
    assert found["occurred_at"] == "2018-06-07T20:20:37.617099Z"


def test_a_tracker_without_answers_in_it_is_the_users_two_messages() -> None:
    events = read_all((SAMPLES / "tracker_moodbot.json").read_bytes(), source=SOURCE).events
    assert [(event["actor"], event["customer_id"]) for event in events] == [("customer", "rasa:mysender")] * 2
    assert [event["occurred_at"] for event in events] == ["2018-02-05T09:08:46.200036Z", "2018-02-05T09:08:46.209836Z"]


def test_a_tracker_that_was_cut_from_its_sender_is_kept_whole_and_read_once_it_has_one() -> None:
    sent = (SAMPLES / "tracker_webchat_rasa_2x_2021.json").read_bytes()
    (rejection,) = read_all(sent, source=SOURCE).rejections
    assert (rejection.code, rejection.raw) == ("payload_not_understood", sent)
    assert "sender_id" in rejection.detail
    tracker = json.loads(sent)
    events = read_all(tracker | {"sender_id": "w"}, source=SOURCE).events
    by_type = Counter(event["event"] for event in tracker["events"])
    actors = Counter(event["actor"] for event in events)
    assert actors == {"customer": by_type["user"], "bot": by_type["bot"], "system": by_type["session_started"]}
    assert {event["channel"] for event in events if event["actor"] != "system"} == {"webchat"}
    assert {event["bot_id"] for event in events if event["actor"] != "system"} == {"b"}
