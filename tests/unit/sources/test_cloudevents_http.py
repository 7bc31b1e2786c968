"""CloudEvents in headers and body, and the OPTIONS handshake."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.payloads import read_all

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.cloudevents_http import allowed_origin, envelope_from_binary

SOURCE = Source(name="s", platform="cloudevents")
HEADERS = {
    "host": "meter.example.com",
    "content-type": "application/json; charset=utf-8",
    "ce-specversion": "1.0",
    "ce-type": "botmeter.message",
    "ce-source": "/bots/1",
    "ce-id": "e1",
    "ce-time": "2026-09-21T14:13:20Z",
    "ce-subject": "c1",
    "ce-customerid": "ann",
    "ce-actor": "customer",
}


def test_headers_and_body_are_the_event_that_the_structured_form_is() -> None:
    attributes = {name.removeprefix("ce-"): value for name, value in HEADERS.items() if name.startswith("ce-")}
    structured = attributes | {"data": {"bot_id": "b", "attributes": {"price": 1.5}}}
    binary = envelope_from_binary(HEADERS, b'{"bot_id": "b",\n "attributes": {"price": 1.50}}')
    assert read_all(binary, source=SOURCE).event | {"attributes": ""} == read_all(structured, source=SOURCE).event | {
        "attributes": ""
    }
    assert read_all(binary, source=SOURCE).event["attributes"] == '{"price":1.50}'


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%e2%82%ac", "€"),
        ("%41nna", "Anna"),
        ("100%", "100%"),
        ("50%25", "50%"),
        ("%2541", "%41"),
        ('"two words"', "two words"),
        (r'"a \"quoted\" word"', 'a "quoted" word'),
        (r'"%22"', '"'),
        (" trimmed ", "trimmed"),
    ],
)
def test_a_headers_value_is_unquoted_then_percent_decoded_once(sent: str, value: str) -> None:
    assert json.loads(envelope_from_binary(HEADERS | {"ce-subject": sent}, b""))["subject"] == value


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_whatever_is_encoded_by_the_rule_comes_back(text: str) -> None:
    safe = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
    headers = HEADERS | {"ce-subject": quote(text, safe=safe)}
    assert json.loads(envelope_from_binary(headers, b""))["subject"] == text


@pytest.mark.parametrize("name", ["ce-subject", "ce-id"])
@pytest.mark.parametrize("sent", ["%C0%A0", "%ff", "%ED%A0%80"])
def test_bytes_that_are_no_utf_8_are_refused(name: str, sent: str) -> None:
    with pytest.raises(Refused) as caught:
        envelope_from_binary(HEADERS | {name: sent}, b"")
    assert (caught.value.code, name in caught.value.message) == ("cloudevent_invalid", True)


@pytest.mark.parametrize("name", ["ce-", "ce-my_ext", "ce-datacontenttype", "ce-data"])
def test_a_header_that_names_no_attribute_is_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        envelope_from_binary(HEADERS | {name: "x"}, b"")
    assert caught.value.code == "cloudevent_invalid"


def test_a_body_with_a_json_content_type_must_be_json() -> None:
    for body in (b'{"bot_id": ', b"1}, {", b'{"a": 1}\n{"b": 2}'):
        with pytest.raises(Refused) as caught:
            envelope_from_binary(HEADERS, body)
        assert caught.value.code == "cloudevent_invalid"


@pytest.mark.parametrize("media_type", ["application/json", "text/json", "application/vnd.shop+json", ""])
def test_json_by_any_of_its_names_is_data(media_type: str) -> None:
    result = json.loads(envelope_from_binary(HEADERS | {"content-type": media_type}, b'{"bot_id": "b"}'))
    assert result["data"] == {"bot_id": "b"}


def test_other_data_is_packed_and_refused_as_no_event_of_ours() -> None:
    packed = envelope_from_binary(HEADERS | {"content-type": "application/xml"}, b"<a/>")
    assert json.loads(packed)["data_base64"] == "PGEvPg=="
    assert read_all(packed, source=SOURCE).codes == ["cloudevent_invalid"]


def test_an_event_without_a_body_has_no_data() -> None:
    result = json.loads(envelope_from_binary(HEADERS, b""))
    assert "data" not in result
    assert "data_base64" not in result


@pytest.mark.parametrize("rate", [{}, {"webhook-request-rate": "120"}])
def test_a_sender_that_names_its_origin_may_send(rate: dict[str, str]) -> None:
    assert allowed_origin({"webhook-request-origin": "events.example.com"} | rate) == {
        "Allow": "OPTIONS, POST",
        "WebHook-Allowed-Origin": "events.example.com",
        "WebHook-Allowed-Rate": "*",
    }


@pytest.mark.parametrize("origin", [None, "", "two words\r\nx: y", "x" * 300])
def test_an_invalid_origin_is_not_repeated(origin: str | None) -> None:
    headers = {} if origin is None else {"webhook-request-origin": origin}
    assert allowed_origin(headers) == {"Allow": "OPTIONS, POST"}
