"""CloudEvents 1.0: the envelope fills in what `data` leaves out."""

import base64
import json
from typing import Any

import pytest
from tests.unit.sources.conftest import Read, event, ndjson


def envelope(**attributes: object) -> dict[str, Any]:
    """A CloudEvent that says everything by itself; `attributes` replace or add to it, None takes away."""
    whole: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e1",
        "source": "https://bots.example.com",
        "type": "botmeter.message",
        "time": "2026-11-22T10:00:00Z",
        "subject": "c1",
        "customerid": "u1",
        "actor": "customer",
    } | attributes
    return {name: value for name, value in whole.items() if value is not None}


def test_an_envelope_alone_can_be_an_event(read: Read) -> None:
    assert read(ndjson(envelope())).events == read(ndjson(event())).events


def test_one_a_batch_and_one_a_line_are_read_alike(read: Read) -> None:
    expected = read(ndjson(event())).events
    for content in (json.dumps(envelope(), indent=1).encode(), json.dumps([envelope()]).encode(), ndjson(envelope())):
        assert read(content).events == expected
        assert read(content, format="cloudevents").events == expected


def test_an_empty_batch_has_no_events(read: Read) -> None:
    assert read(b" [ ] \n").events == []


def test_data_goes_before_the_envelope(read: Read) -> None:
    (found,) = read(
        ndjson(envelope(data={"event_id": "inner", "channel": "sms", "kind": "resolved"}, channel="web"))
    ).events
    assert (found["event_id"], found["channel"], found["kind"]) == ("inner", "sms", 3)


def test_data_can_be_packed_or_text(read: Read) -> None:
    data = json.dumps({"bot_id": "b", "attributes": {"a": 1}})
    packed = base64.b64encode(data.encode()).decode()
    for sent in ({"data_base64": packed}, {"data": data}, {"data": json.loads(data)}):
        (found,) = read(ndjson(envelope(**sent))).events
        assert (found["bot_id"], found["attributes"]) == ("b", '{"a":1}')


def test_extensions_carry_what_data_leaves_out(read: Read) -> None:
    extensions = {
        "botid": "b",
        "botversion": "2",
        "channel": "web",
        "ticketid": "t",
        "preview": True,
        "conversationid": "c2",
    }
    (found,) = read(ndjson(envelope(**extensions))).events
    names = ("bot_id", "bot_version", "channel", "ticket_id", "preview", "conversation_id")
    assert tuple(found[name] for name in names) == ("b", "2", "web", "t", True, "c2")


@pytest.mark.parametrize(
    ("sent", "kind"),
    [("botmeter.message", 0), ("botmeter.conversation.created", 1), ("botmeter.resolved", 3), ("com.example.said", 0)],
)
def test_the_type_names_the_kind_if_it_is_one_of_ours(read: Read, sent: str, kind: int) -> None:
    assert [found["kind"] for found in read(ndjson(envelope(type=sent))).events] == [kind]


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"time": None}, "field_missing"),
        ({"specversion": "0.3"}, "cloudevent_invalid"),
        ({"data": [1]}, "cloudevent_invalid"),
        ({"data": "plain text"}, "cloudevent_invalid"),
        ({"data_base64": "###"}, "cloudevent_invalid"),
        ({"data": {}, "data_base64": "e30="}, "cloudevent_invalid"),
        ({"type": "botmeter.invented"}, "kind_unknown"),
    ],
)
def test_a_broken_envelope_is_refused_by_itself(read: Read, attributes: dict[str, object], code: str) -> None:
    outcome = read(ndjson(envelope(id="good"), envelope(**attributes), envelope(id="also good")))
    assert outcome.ids == ["good", "also good"]
    assert outcome.codes == [(1, code)]


def test_events_and_envelopes_can_stand_in_one_file(read: Read) -> None:
    assert read(ndjson(event("plain"), envelope(id="wrapped"), event("plain too"))).ids == [
        "plain",
        "wrapped",
        "plain too",
    ]


def test_an_event_that_happens_to_have_a_specversion_is_an_event(read: Read) -> None:
    assert read(ndjson(event(specversion="7"), event("e2", specversion="7", actor="x"))).codes == [(1, "actor_unknown")]
