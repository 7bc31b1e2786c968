"""Every fault of an event: one rejection with a sentence, the same for every format."""

import csv
import io
import json

import pytest
from tests.unit.sources.conftest import Read, event, ndjson

LONG = "x" * 10_000_000

FAULTS = [
    pytest.param({"event_id": None}, "field_missing", "event_id is missing.", id="a null id"),
    pytest.param({"customer_id": ""}, "field_missing", "customer_id is missing.", id="an empty id"),
    pytest.param(
        {"event_id": LONG}, "text_too_long", "event_id has 10000000 bytes; the limit is 512.", id="an id of 10 MB"
    ),
    pytest.param(
        {"event_id": "é" * 257},
        "text_too_long",
        "event_id has 514 bytes; the limit is 512.",
        id="bytes, not characters",
    ),
    pytest.param(
        {"bot_name": "a\0b"}, "text_invalid", "bot_name holds a NUL character, at position 1.", id="a NUL character"
    ),
    pytest.param(
        {"actor": "user"},
        "actor_unknown",
        "actor is 'user'; it must be one of customer, bot, agent, system.",
        id="an unknown actor",
    ),
    pytest.param(
        {"kind": "typing"},
        "kind_unknown",
        "kind is 'typing'; it must be one of message, conversation_created, conversation_updated, resolved, handoff, "
        "restart, customer_end, ticket_linked.",
        id="an unknown kind",
    ),
    pytest.param(
        {"preview": "perhaps"},
        "preview_invalid",
        "preview is 'perhaps'; it must be true or false, or left out.",
        id="an unknown preview",
    ),
    pytest.param(
        {"occurred_at": "2026-11-22T10:00:00"},
        "time_without_offset",
        "'2026-11-22T10:00:00' has no offset. Add Z, or an offset such as +05:30.",
        id="a time without offset",
    ),
    pytest.param(
        {"occurred_at": "yesterday"},
        "time_invalid",
        "'yesterday' is not an RFC 3339 time, such as 2026-11-22T14:05:00Z.",
        id="no time",
    ),
    pytest.param(
        {"occurred_at": "2026-02-30T10:00:00Z"},
        "time_invalid",
        "'2026-02-30T10:00:00Z' names a date or time that does not exist.",
        id="no such day",
    ),
    pytest.param(
        {"occurred_at": "0001-01-01T00:00:00+01:00"},
        "time_out_of_range",
        "'0001-01-01T00:00:00+01:00' is outside the years 2 to 9998.",
        id="a time before the first year",
    ),
    pytest.param(
        {"attributes": "[1]"},
        "attributes_invalid",
        'attributes must be a JSON object, such as {"campaign": "spring"}.',
        id="attributes that are a list",
    ),
    pytest.param(
        {"attributes": json.dumps({"a": "x" * 65_536})},
        "attributes_too_long",
        "attributes have 65544 bytes; the limit is 65536.",
        id="long attributes",
    ),
    pytest.param(
        {"attributes": '{"a": "\\ud800"}'},
        "text_invalid",
        "attributes hold a lone surrogate or bytes that are not UTF-8.",
        id="a broken attribute",
    ),
    pytest.param(
        {"attributes": '{"a": "\\u0000"}'},
        "text_invalid",
        "attributes hold a NUL character.",
        id="a NUL in an attribute",
    ),
]


@pytest.mark.parametrize(("fields", "code", "detail"), FAULTS)
def test_a_faulty_event_is_refused_by_itself_in_the_same_words_in_json_and_csv(
    read: Read, fields: dict[str, object], code: str, detail: str
) -> None:
    faulty = event("bad") | fields
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=[*event(), "kind", "bot_name", "preview", "attributes"])
    writer.writeheader()
    writer.writerows([event("first"), faulty, event("last")])
    for content in (ndjson(event("first"), faulty, event("last")), table.getvalue().encode()):
        outcome = read(content)
        assert outcome.ids == ["first", "last"]
        assert outcome.positions == [0, 2]
        assert [(result.index, result.code, result.detail) for result in outcome.rejections] == [(1, code, detail)]


def test_all_faults_of_an_event_are_reported_with_the_code_of_the_first(read: Read) -> None:
    outcome = read(ndjson(event(occurred_at="2026-11-22T10:00:00", actor="x", customer_id=None)))
    assert outcome.codes == [(0, "time_without_offset")]
    assert outcome.rejections[0].event_id == "e1"
    assert outcome.rejections[0].detail == (
        "'2026-11-22T10:00:00' has no offset. Add Z, or an offset such as +05:30. customer_id is missing. "
        "actor is 'x'; it must be one of customer, bot, agent, system."
    )


def test_a_rejected_line_is_quarantined_byte_for_byte(read: Read) -> None:
    line = b'{"event_id":  "e\\u0031", "occurred_at": 5, "foreign": [1.50]}'
    (rejection,) = read(ndjson(line)).rejections
    assert rejection.raw == line


@pytest.mark.parametrize(
    "sent", [1.5, True, {"a": 1}, ["a"]], ids=["a fraction", "a truth value", "an object", "a list"]
)
def test_only_text_and_whole_numbers_are_ids(read: Read, sent: object) -> None:
    assert read(ndjson(event(sent), event(conversation_id=sent))).codes == [(0, "type_invalid"), (1, "type_invalid")]


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400])
def test_a_whole_number_of_any_size_is_an_id_in_its_decimal_text(read: Read, number: int) -> None:
    assert read(ndjson(event(number), event("other", bot_id=number))).ids == [str(number), "other"]


def test_numbers_beyond_all_measure_never_crash(read: Read) -> None:
    digits = b"9" * 5_000
    line = json.dumps(event("bad", ticket_id="N")).encode().replace(b'"N"', digits)
    outcome = read(ndjson(event("good", preview=2**63), line, event("ignored", foreign=2**80)))
    assert outcome.codes == [(0, "preview_invalid"), (1, "type_invalid")]
    assert outcome.ids == ["ignored"]


def test_a_lone_surrogate_is_refused_by_the_name_of_its_field(read: Read) -> None:
    outcome = read(ndjson(event("good"), event(bot_name="\ud83d"), event("also good")))
    assert outcome.ids == ["good", "also good"]
    assert outcome.rejections[0].detail == "bot_name holds a lone surrogate or bytes that are not UTF-8."


def test_bytes_that_are_not_utf_8_are_refused_by_the_name_of_their_field(read: Read) -> None:
    broken = json.dumps(event("bad", bot_name="N")).encode().replace(b'"N"', b'"\xff"')
    table = b"event_id,occurred_at,conversation_id,customer_id,actor,bot_name\n"
    rows = b"good,2026-11-22T10:00:00Z,c,u,bot,b\nbad,2026-11-22T10:00:00Z,c,u,bot,\xff\n"
    for content in (ndjson(event("good"), broken), table + rows):
        outcome = read(content)
        assert outcome.ids == ["good"]
        assert outcome.rejections[0].detail == "bot_name holds a lone surrogate or bytes that are not UTF-8."
        assert b"\xff" in outcome.rejections[0].raw


def test_right_to_left_marks_and_emoji_stay(read: Read) -> None:
    names = ["\u200fشركة\u200e", "👩🏽‍🚀 bot", "e\u0301", "\u202eevil"]
    outcome = read(ndjson(*(event(f"e{number}", bot_name=name) for number, name in enumerate(names))))
    assert [result["bot_name"] for result in outcome.events] == names


def test_a_second_60_is_the_last_microsecond_of_its_minute_and_nine_digits_are_cut(read: Read) -> None:
    outcome = read(
        ndjson(event(occurred_at="2016-12-31T23:59:60Z"), event(occurred_at="2026-11-22T10:00:00.123456789+00:00"))
    )
    assert [result["occurred_at"] % 60_000_000 for result in outcome.events] == [59_999_999, 123_456]


def test_times_of_1970_and_2300_are_read_so_that_the_ledger_can_judge_them(read: Read) -> None:
    outcome = read(ndjson(event(occurred_at="1970-01-01T00:00:00Z"), event(occurred_at="2300-01-01T00:00:00Z")))
    assert [result["occurred_at"] for result in outcome.events] == [0, 10_413_792_000_000_000]


def test_what_an_event_leaves_out_has_its_default(read: Read) -> None:
    (result,) = read(ndjson(event())).events
    assert result == {
        "event_id": "e1",
        "occurred_at": 1_795_341_600_000_000,
        "conversation_id": "c1",
        "customer_id": "u1",
        "actor": 0,
        "kind": 0,
        "bot_id": None,
        "bot_name": None,
        "bot_version": None,
        "channel": "unknown",
        "ticket_id": None,
        "ticket_type": None,
        "preview": None,
        "attributes": None,
    }


def test_the_same_attributes_in_another_order_or_spacing_are_the_same_text(read: Read) -> None:
    first = json.dumps(event(attributes={"b": [1, 1.5], "a": {"d": None, "c": "é"}})).encode()
    second = json.dumps(
        event(attributes={"a": {"c": "é", "d": None}, "b": [1, 1.5]}), indent=None, separators=(" , ", " : ")
    ).encode()
    texts = {result["attributes"] for result in read(ndjson(first, second)).events}
    assert texts == {'{"a":{"c":"é","d":null},"b":[1,1.5]}'}


def test_numbers_in_attributes_keep_their_digits(read: Read) -> None:
    line = (
        json.dumps(event(attributes="N"))
        .encode()
        .replace(b'"N"', b'{"a": 1.10, "b": 12345678901234567890123, "c": 1e999}')
    )
    assert read(ndjson(line)).events[0]["attributes"] == '{"a":1.10,"b":12345678901234567890123,"c":1E+999}'
