"""A body of each media type is cut into its events, and what is no such body is refused with a sentence."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.errors import BotmeterError, Refused, TooMuch
from botmeter.live.event_body import EVENTS_MAX, MEDIA_TYPES, SplitBody, split_body

ARRAY, LINES, ONE, BATCH = (
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
EVENTS = st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=8) | st.integers(), max_size=3), min_size=1)


def cut(body: bytes, media_type: str | None = ARRAY, **headers: str) -> SplitBody:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return split_body(body, headers=named if media_type is None else {"content-type": media_type, **named})


def refusal(call: Callable[[], object]) -> tuple[type[BotmeterError], str, str]:
    with pytest.raises(BotmeterError) as caught:
        call()
    return type(caught.value), caught.value.code, caught.value.message


@given(EVENTS)
def test_every_format_is_split_into_the_same_events(events: list[dict[str, object]]) -> None:
    array = json.dumps(events, indent=1, ensure_ascii=False).encode()
    lines = "\r\n\n".join(json.dumps(event, ensure_ascii=False) for event in events).encode()
    for texts in (cut(array), cut(lines, LINES), cut(array, BATCH), cut(b" \n\t" + array + b"\r\n")):
        assert [json.loads(text) for text in texts.records] == events
    for event in events:
        alone = json.dumps(event).encode()
        for texts in (cut(alone), cut(alone, ONE), cut(alone, LINES), cut(alone, None)):
            assert [json.loads(text) for text in texts.records] == [event]


@pytest.mark.parametrize(
    ("media_type", "subject"),
    [
        (ARRAY, "a JSON array"),
        ("text/json", "a JSON array"),
        ("Application/JSON; charset=utf-8", "a JSON array"),
        ("application/json;charset=iso-8859-1", "a JSON array"),
        (None, "a JSON array"),
        (BATCH, "CloudEvents"),
        (f"{BATCH}; charset=UTF-8", "CloudEvents"),
    ],
)
def test_a_body_names_its_format(media_type: str | None, subject: str) -> None:
    texts = cut(b'[{"event_id":"a"},{}]', media_type)
    assert (texts.subject, texts.records) == (subject, (b'{"event_id":"a"}', b"{}"))


@pytest.mark.parametrize(
    "media_type", [LINES, "application/ndjson", "application/jsonl", "application/json-lines; charset=utf-8"]
)
def test_ndjson_has_several_media_types(media_type: str) -> None:
    assert cut(b'{"a":1}\n\n{"a":2}', media_type).records == (b'{"a":1}', b'{"a":2}')


def test_an_event_s_text_is_unchanged() -> None:
    text = '{"event_id": 1.50, "z":"\\ud55c 회의 😀", "a" : null}'.encode()
    assert cut(b"[" + text + b"," + text + b"]").records == (text, text)
    assert cut(text).records == (text,)


@pytest.mark.parametrize("media_type", [ARRAY, LINES, ONE])
def test_a_byte_order_mark_is_removed(media_type: str) -> None:
    assert cut(b'\xef\xbb\xbf{"a":1}', media_type).records == (b'{"a":1}',)
    assert cut(b'\xef\xbb\xbf[{"a":1}]').records == (b'{"a":1}',)


def test_an_invalid_event_is_left_to_be_rejected_alone() -> None:
    assert cut(b'{"a":1}\n{"a":\nplain', LINES).records == (b'{"a":1}', b'{"a":', b"plain")
    assert cut(b'[1, "a", [], {}]').records == (b"1", b'"a"', b"[]", b"{}")


def test_a_binary_cloudevent_has_any_body() -> None:
    texts = cut(
        b'{"customer_id":"c1"}', ARRAY, ce_specversion="1.0", ce_id="a", ce_source="/x", ce_type="botmeter.message"
    )
    assert texts.subject == "a CloudEvent, binary"
    (text,) = texts.records
    event = json.loads(text)
    assert (event["specversion"], event["id"], event["data"]) == ("1.0", "a", {"customer_id": "c1"})


def test_an_empty_batch_of_cloudevents_is_a_batch() -> None:
    assert cut(b"[]", BATCH).records == ()


@pytest.mark.parametrize(
    ("body", "media_type"), [(b"", ARRAY), (b" \n", ONE), (b"[]", ARRAY), (b"\n\n", LINES), (b"", LINES)]
)
def test_a_body_without_an_event_is_refused(body: bytes, media_type: str) -> None:
    assert refusal(lambda: cut(body, media_type))[:2] == (Refused, "body_empty")


@pytest.mark.parametrize("media_type", [ARRAY, ONE, BATCH])
@pytest.mark.parametrize("body", [b"[{}", b"{", b"nonsense", b"{} {}", b'{"a":"\xff"}]', b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(body: bytes, media_type: str) -> None:
    family, code, message = refusal(lambda: cut(body, media_type))
    assert (family, code) == (Refused, "json_invalid")
    assert message.startswith("The body is not JSON: ")


def test_a_batch_that_is_one_event_is_refused() -> None:
    assert refusal(lambda: cut(b"{}", BATCH))[1] == "json_invalid"


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", "multipart/form-data; boundary=x", "json"])
def test_another_media_type_is_refused_with_those_accepted(media_type: str) -> None:
    family, code, message = refusal(lambda: cut(b"{}", media_type))
    assert (family, code) == (Refused, "media_type_unknown")
    assert all(known in message for known in MEDIA_TYPES)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (ARRAY, lambda count: b"[" + b",".join([b"{}"] * count) + b"]"),
        (BATCH, lambda count: b"[" + b",".join([b"{}"] * count) + b"]"),
        (LINES, lambda count: b"{}\n" * count),
    ],
)
def test_too_many_events_are_refused_as_a_whole(media_type: str, body: Callable[[int], bytes]) -> None:
    assert len(cut(body(EVENTS_MAX), media_type).records) == EVENTS_MAX
    family, code, message = refusal(lambda: cut(body(EVENTS_MAX + 1), media_type))
    assert (family, code) == (TooMuch, "events_too_many")
    assert message == (
        "The body holds 5,001 events. Split the events into requests of at most 5,000 events and 10,485,760 bytes; "
        "their order does not matter."
    )


@given(st.binary(max_size=60), st.sampled_from([*MEDIA_TYPES, "text/plain"]))
def test_any_bytes_are_split_or_refused(body: bytes, media_type: str) -> None:
    try:
        texts = cut(body, media_type)
    except Refused:
        return
    assert all(isinstance(text, bytes) and text for text in texts.records)
