"""CloudEvents 1.0: the envelope fills in what `data` leaves out."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.payloads import RECEIVED_US, payloads_like, read_all
from tests.unit.sources.conftest import Read, event, ndjson

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source
from botmeter.sources.cloudevents import with_receipt_time

HERE = "https://bots.example.com"
SOURCE = Source(name="s", platform="cloudevents")


def envelope(**attributes: object) -> dict[str, Any]:
    """Return a complete CloudEvent; `attributes` replace or add to it, None removes."""
    whole: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e1",
        "source": HERE,
        "type": "botmeter.message",
        "time": "2026-11-22T10:00:00Z",
        "subject": "c1",
        "customerid": "u1",
        "actor": "customer",
    } | attributes
    return {name: value for name, value in whole.items() if value is not None}


def test_an_envelope_alone_can_be_an_event(read: Read) -> None:
    assert read(ndjson(envelope())).events == read(ndjson(event(f"{HERE} e1"))).events


def test_one_a_batch_and_one_a_line_are_read_alike(read: Read) -> None:
    expected = read(ndjson(event(f"{HERE} e1"))).events
    for content in (json.dumps(envelope(), indent=1).encode(), json.dumps([envelope()]).encode(), ndjson(envelope())):
        assert read(content).events == expected
        assert read(content, format="cloudevents").events == expected


def test_an_empty_batch_has_no_events(read: Read) -> None:
    assert read(b" [ ] \n").events == []


def test_data_goes_before_the_envelope(read: Read) -> None:
    (result,) = read(
        ndjson(envelope(data={"event_id": "inner", "channel": "sms", "kind": "resolved"}, channel="web"))
    ).events
    assert (result["event_id"], result["channel"], result["kind"]) == ("inner", "sms", 3)


def test_data_can_be_packed_or_text(read: Read) -> None:
    data = json.dumps({"bot_id": "b", "attributes": {"a": 1}})
    packed = base64.b64encode(data.encode()).decode()
    for sent in ({"data_base64": packed}, {"data": data}, {"data": json.loads(data)}):
        (result,) = read(ndjson(envelope(**sent))).events
        assert (result["bot_id"], result["attributes"]) == ("b", '{"a":1}')


def test_extensions_carry_what_data_leaves_out(read: Read) -> None:
    extensions = {
        "botid": "b",
        "botversion": "2",
        "channel": "web",
        "ticketid": "t",
        "preview": True,
        "conversationid": "c2",
    }
    (result,) = read(ndjson(envelope(**extensions))).events
    names = ("bot_id", "bot_version", "channel", "ticket_id", "preview", "conversation_id")
    assert tuple(result[name] for name in names) == ("b", "2", "web", "t", True, "c2")


@pytest.mark.parametrize(
    ("sent", "kind"),
    [("botmeter.message", 0), ("botmeter.conversation.created", 1), ("botmeter.resolved", 3), ("com.example.said", 0)],
)
def test_the_type_names_the_kind_if_it_is_one_of_ours(read: Read, sent: str, kind: int) -> None:
    assert [result["kind"] for result in read(ndjson(envelope(type=sent))).events] == [kind]


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
    assert outcome.ids == [f"{HERE} good", f"{HERE} also good"]
    assert outcome.codes == [(1, code)]


def test_events_and_envelopes_can_stand_in_one_file(read: Read) -> None:
    assert read(ndjson(event("plain"), envelope(id="wrapped"), event("plain too"))).ids == [
        "plain",
        f"{HERE} wrapped",
        "plain too",
    ]


def test_an_event_that_happens_to_have_a_specversion_is_an_event(read: Read) -> None:
    assert read(ndjson(event(specversion="7"), event("e2", specversion="7", actor="x"))).codes == [(1, "actor_unknown")]


def test_equal_ids_of_two_producers_are_two_events_and_equal_pairs_are_one(read: Read) -> None:
    ids = read(ndjson(envelope(source="/a"), envelope(source="/b"), envelope(source="/a"))).ids
    assert ids == ["/a e1", "/b e1", "/a e1"]


def test_no_two_pairs_of_producer_and_id_are_mixed_up(read: Read) -> None:
    pairs = [("/a b", "c"), ("/a", "b c"), ("/" + "x" * 600, "1"), ("/" + "x" * 600, "2"), ("/a", "b")]
    ids = read(ndjson(*(envelope(source=producer, id=own) for producer, own in pairs))).ids
    assert len(set(ids)) == len(pairs)


def test_an_attribute_that_is_null_is_absent(read: Read) -> None:
    whole = envelope() | {"subject": None, "conversationid": "c1", "botid": None, "data": None, "data_base64": None}
    assert read(ndjson(whole)).events == read(ndjson(envelope())).events


@pytest.mark.parametrize("data", [None, {}, {"attributes": {"a": 1}}])
def test_the_time_of_receipt_replaces_a_missing_time_and_is_marked(read: Read, data: Any) -> None:
    timeless = json.dumps(envelope(time=None, data=data)).encode()
    (result,) = read(with_receipt_time(timeless, received_us=RECEIVED_US)).events
    own = {} if data is None else data.get("attributes", {})
    assert result["occurred_at"] == RECEIVED_US
    assert json.loads(result["attributes"]) == own | {"time_source": "receipt"}
    assert text_from_us(RECEIVED_US) not in timeless.decode()


@pytest.mark.parametrize(
    "sent",
    [
        envelope(),
        envelope(time=None, data={"occurred_at": "2026-11-22T10:00:00Z", "time": "noon"}),
        event(),
        event(specversion="1.0"),
        envelope(time=None, data="no JSON"),
        [envelope(time=None)],
    ],
)
def test_whatever_has_its_time_or_is_no_envelope_stays_as_it_was_sent(sent: Any) -> None:
    text = json.dumps(sent).encode()
    assert with_receipt_time(text, received_us=RECEIVED_US) is text


def test_a_time_inside_the_data_is_no_time_of_the_envelope(read: Read) -> None:
    timeless = json.dumps(envelope(time=None, data={"time": "2020-01-01T00:00:00Z"})).encode()
    assert [each["occurred_at"] for each in read(with_receipt_time(timeless, received_us=RECEIVED_US)).events] == [
        RECEIVED_US
    ]


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"data": {"orderId": 7}}, "field_missing"),
        ({"data": "<order/>", "datacontenttype": "text/xml"}, "cloudevent_invalid"),
        ({"data": 1.5}, "cloudevent_invalid"),
    ],
)
def test_a_foreign_cloudevent_is_refused_with_what_it_lacks(attributes: dict[str, object], code: str) -> None:
    foreign = envelope(type="com.example.order", customerid=None, actor=None) | attributes
    (rejection,) = read_all([foreign], source=SOURCE).rejections
    assert (rejection.code, json.loads(rejection.raw)) == (code, foreign)


@given(payloads_like(envelope(data={"event_id": "e"}), [envelope(time=None)]))
def test_any_text_stays_or_gets_a_time(payload: bytes) -> None:
    result = with_receipt_time(payload, received_us=RECEIVED_US)
    assert result is payload or json.loads(result)["time"] == text_from_us(RECEIVED_US)


def test_a_request_gives_its_moment_of_receipt_and_a_file_has_none(read: Read) -> None:
    batch = [envelope(time=None, id="1"), envelope(id="2")]
    assert [each["occurred_at"] for each in read_all(batch, source=SOURCE).events] == [
        text_from_us(RECEIVED_US),
        "2026-11-22T10:00:00Z",
    ]
    assert read(json.dumps(batch).encode()).codes == [(0, "field_missing")]
