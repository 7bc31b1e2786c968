"""Valid events, their lines of JSON, and their ids."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.client import Event
from botmeter.client.event import ActorName, EventIds, KindName
from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME

AT = datetime(2026, 11, 22, 14, 5, tzinfo=timezone(timedelta(hours=1)))
LEAST = {"conversation_id": "c1", "customer_id": "ada", "actor": "customer", "event_id": "m1", "occurred_at": AT}


def test_a_line_has_the_given_fields_and_no_others() -> None:
    assert json.loads(Event(**LEAST).line()) == {
        "event_id": "m1",
        "occurred_at": "2026-11-22T13:05:00Z",
        "conversation_id": "c1",
        "customer_id": "ada",
        "actor": "customer",
        "kind": "message",
    }


def test_every_field_of_an_event_can_be_given() -> None:
    texts = {name: name for name in FIELDS if name not in {*LEAST, "kind", "preview", "attributes"}}
    event = Event(**LEAST, **texts, kind="resolved", preview=True, attributes={"a": [1, None]})
    assert set(json.loads(event.line())) == set(FIELDS)


def test_the_words_of_the_types_are_those_of_the_product() -> None:
    assert set(ActorName.__args__) == set(ACTOR_BY_NAME)
    assert set(KindName.__args__) == set(KIND_BY_NAME)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"conversation_id": ""}, "conversation_id is ''"),
        ({"customer_id": None}, "customer_id is None; it must be text."),
        ({"customer_id": 7}, "customer_id is 7; it must be text."),
        ({"event_id": "x" * 513}, "1 to 512 bytes"),
        ({"bot_id": "é" * 257}, "1 to 512 bytes"),
        ({"channel": "a\0b"}, "without a NUL"),
        ({"bot_name": "\ud800"}, "is not valid Unicode"),
        ({"actor": "user"}, "actor is 'user'; it must be one of customer, bot, agent, system."),
        ({"kind": "typing"}, "kind is 'typing'"),
        ({"occurred_at": datetime(2026, 1, 1)}, "a datetime with an offset"),  # noqa: DTZ001 - what is refused
        ({"occurred_at": "2026-01-01T00:00:00Z"}, "a datetime with an offset"),
        ({"preview": "yes"}, "preview is 'yes'"),
        ({"attributes": [1]}, "it must be a mapping"),
        ({"attributes": {"a": object()}}, "can't be written as JSON"),
        ({"attributes": {"a": "x" * 70_000}}, "the limit is 65,536"),
    ],
)
def test_events_that_the_server_would_refuse_are_refused_at_once(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        Event(**{**LEAST, **fields})
    assert refused.value.code == "client_event_invalid"
    assert sentence in refused.value.message


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(Refused, match=r"(?s)customer_id .*actor "):
        Event(**{**LEAST, "customer_id": "", "actor": "user"})


@given(st.lists(st.integers(1_700_000_000_000_000, 1_700_000_000_010_000), min_size=2, max_size=30))
def test_new_ids_are_uuids_of_version_7_that_sort_in_order_even_when_the_clock_goes_back(
    instants: list[int],
) -> None:
    clock = iter(instants)
    ids = EventIds(lambda: next(clock))
    made = [ids.new_id() for _ in instants]
    assert made == sorted(set(made))
    assert {(uuid.UUID(one).version, uuid.UUID(one).variant) for one in made} == {(7, uuid.RFC_4122)}
    assert uuid.UUID(made[0]).int >> 80 == instants[0] // 1_000


def test_a_left_out_instant_is_now() -> None:
    before = datetime.now(UTC)
    event = Event(conversation_id="c1", customer_id="ada", actor="bot")
    assert before <= event.occurred_at <= datetime.now(UTC)
