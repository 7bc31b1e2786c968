"""Payloads inside the objects of programs that kept them: read as if alone, or refused with the way out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.payloads import RECEIVED_US, events_of, payloads_like, read_all
from tests.unit.sources import test_botframework as botframework
from tests.unit.sources import test_chatwoot as chatwoot
from tests.unit.sources import test_copilot as copilot
from tests.unit.sources import test_freshchat as freshchat
from tests.unit.sources import test_rasa as rasa
from tests.unit.sources import test_whatsapp as whatsapp
from tests.unit.sources.conftest import event

from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.sources import set_source
from botmeter.sources.payloads.payload_batches import batch_from_payloads
from botmeter.sources.payloads.payload_envelopes import PAYLOADS_MAX
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.reader import SourceFile
from botmeter.sources.requeue import retry
from botmeter.sources.source_files import batches_of_source

# Platform → source and two payloads, each with one event.
PAYLOADS: dict[str, tuple[Source, Any, Any]] = {
    "chatwoot": (chatwoot.SOURCE, chatwoot.message(), chatwoot.message(id=2)),
    "freshchat": (freshchat.SOURCE, freshchat.message(), freshchat.message(id="ms-2")),
    "whatsapp": (
        whatsapp.SOURCE,
        whatsapp.webhook_of(whatsapp.message()),
        whatsapp.webhook_of(whatsapp.message(id="wamid.other")),
    ),
    "rasa": (rasa.SOURCE, rasa.post(rasa.user()), rasa.post(rasa.bot())),
    "botframework": (botframework.SOURCE, botframework.activity(), botframework.answer()),
    "copilot": (copilot.SOURCE, copilot.row(copilot.message()), copilot.row(copilot.message(), row_id="r-2")),
}


def request(payload: object) -> dict[str, Any]:
    return {"headers": {"host": "n8n"}, "params": {}, "query": {}, "body": payload, "executionMode": "production"}


def in_text(payload: object) -> dict[str, Any]:
    return {"time": "2026-03-01T10:00:01Z", "path": "/hook", "body": json.dumps(payload, ensure_ascii=False)}


# Name → how a program keeps the two payloads.
FORMS: dict[str, Any] = {
    "n8n": lambda *both: [request(each) for each in both],
    "n8n items": lambda *both: [{"json": request(each), "pairedItem": {"item": 0}} for each in both],
    "text": lambda *both: [in_text(each) for each in both],
    "data": lambda *both: [{"id": "d-1", "event": "sent", "data": each} for each in both],
    "one data": lambda *both: {"data": list(both)},
    "events": lambda *both: {"events": list(both)},
    "activities": lambda *both: {"activities": list(both), "watermark": "2"},
    "capitals": lambda *both: {"Activities": list(both), "Watermark": "2"},
    "several layers": lambda *both: request({"data": [in_text(each) for each in both]}),
    "bare and wrapped": lambda one, other: [one, request(other)],
    "bare": lambda *both: list(both),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("platform", PAYLOADS)
def test_a_wrapped_payload_gives_the_events_of_the_payload(platform: str, form: str, tmp_path: Path) -> None:
    source, one, other = PAYLOADS[platform]
    kept = FORMS[form](one, other)
    alone = read_all(one, other, source=source)
    result = read_all(kept, source=source)
    assert (result.events, result.codes) == (alone.events, [])
    path = tmp_path / "kept"
    for content in (json.dumps(kept, indent=1), "\n".join(map(json.dumps, kept if isinstance(kept, list) else [kept]))):
        path.write_text(content)
        read = list(batches_of_source(SourceFile(path=str(path)), source))
        assert events_of(read) == alone.events
        assert not any(batch.rejections for batch in read)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PAYLOADS)
@given(data=st.data())
def test_any_wrapper_is_read_or_refused_with_every_position_once(platform: str, data: st.DataObject) -> None:
    source, one, other = PAYLOADS[platform]
    body = data.draw(payloads_like(*(kept(one, other) for kept in FORMS.values())))
    result = read_all(body, source=source)
    (read,) = result.payloads
    assert len(result.events) + len(result.rejections) == read.record_count
    assert all(rejection.detail.endswith(".") for rejection in result.rejections)


def test_an_array_of_wrapped_payloads_is_refused_one_by_one() -> None:
    source, one, other = PAYLOADS["chatwoot"]
    kept = [request(one), request({"event": "never_heard_of"}), request(other)]
    result = read_all(kept, source=source)
    assert (len(result.events), [(each.index, each.code) for each in result.rejections]) == (
        2,
        [(1, "payload_not_understood")],
    )
    assert json.loads(result.rejections[0].raw) == kept[1]
    assert (result.payloads[0].first_position, result.payloads[0].record_count) == (0, 3)


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (lambda payload: {"body": payload, "data": payload}, ("body and data", "not clear", "jq '.body'")),
        (lambda payload: {"payload": payload}, ("under 'payload'", "body, activities, events, data", "jq '.payload'")),
        (lambda payload: {"the answer": payload}, ("""jq '.["the answer"]'""",)),
        (lambda payload: {"payload": json.dumps(payload)}, ("under 'payload'",)),
        (lambda _: {"body": "a=b&c=d"}, ("Not a",)),
        (lambda payload: {"body": {"body": {"body": {"body": {"body": payload}}}}}, ("Not a",)),
        (lambda payload: {"body": {}, "before": [payload, {}]}, ("Not a",)),
    ],
)
@pytest.mark.parametrize("platform", PAYLOADS)
def test_another_wrapper_is_refused_with_the_way_to_its_payload(platform: str, kept: Any, words: tuple[str]) -> None:
    source, payload, _ = PAYLOADS[platform]
    body = json.dumps(kept(payload)).encode()
    (rejection,) = read_all(body, source=source).rejections
    assert (rejection.code, rejection.raw) == ("payload_not_understood", body)
    assert all(word in rejection.detail for word in words)


def test_the_one_of_several_wrappers_that_the_platform_sent_is_read() -> None:
    source, payload, _ = PAYLOADS["whatsapp"]
    kept = {"body": json.dumps(payload), "data": {"attempt": 1}, "events": [{"name": "received"}]}
    assert len(read_all(kept, source=source).events) == 1


@pytest.mark.parametrize("platform", PAYLOADS)
def test_an_array_with_nothing_of_the_platform_is_refused_whole(platform: str) -> None:
    for content in ([{"id": 1}, {"id": 2}], {"data": [{"id": 1}, {"id": 2}]}, [{"payload": PAYLOADS[platform][1]}] * 2):
        body = json.dumps(content).encode()
        (rejection,) = read_all(body, source=PAYLOADS[platform][0]).rejections
        assert (rejection.code, rejection.raw) == ("payload_not_understood", body)


def test_a_wrapped_list_of_nothing_holds_nothing() -> None:
    for platform, kept in (("botframework", {"activities": [], "watermark": "0"}), ("rasa", {"events": []})):
        result = read_all(kept, source=PAYLOADS[platform][0])
        assert (result.events, result.codes) == ([], [])


def test_a_wrapper_of_too_many_payloads_is_refused_as_one() -> None:
    for kept in ({"data": [{}] * (PAYLOADS_MAX + 1)}, [{}] * (PAYLOADS_MAX + 1)):
        (rejection,) = read_all(kept, source=chatwoot.SOURCE).rejections
        assert f"{PAYLOADS_MAX + 1:,}" in rejection.detail


def test_a_wrapped_payload_leaves_quarantine_once_it_can_be_read() -> None:
    unnamed = chatwoot.message()
    del unnamed["account"]
    ledger = ledger_in_memory()
    set_source(ledger, chatwoot.SOURCE, now_us=NOW_US)
    read = batch_from_payloads(
        [json.dumps([request(unnamed)]).encode()], source=chatwoot.SOURCE, connector=connector_of("chatwoot")
    )
    append(ledger, [Submission(source=chatwoot.SOURCE.name, batches=[read.batch], label="a file")], now_us=RECEIVED_US)
    assert json.loads(next(iter(quarantined(ledger))).raw) == request(unnamed)
    named = Source(name=chatwoot.SOURCE.name, platform="chatwoot", options=(("account_id", "2"),))
    set_source(ledger, named, now_us=NOW_US)
    assert retry(ledger, now_us=RECEIVED_US).accepted == 1
    assert list(quarantined(ledger)) == []


OWN_EVENTS = (event("e1"), event("e2"))
CLOUD_EVENTS = tuple(
    {
        "specversion": "1.0",
        "id": str(number),
        "source": "/b",
        "type": "botmeter.message",
        "subject": "v",
        "data": fields,
    }
    for number, fields in enumerate(OWN_EVENTS)
)


# The first object of a file of events decides, so that millions need not be looked at.
@pytest.mark.parametrize("form", [form for form in FORMS if form != "bare and wrapped"])
@pytest.mark.parametrize("both", [OWN_EVENTS, CLOUD_EVENTS], ids=["botmeter", "cloudevents"])
def test_wrapped_events_in_botmeters_format_are_read_from_files(both: Any, form: str, tmp_path: Path) -> None:
    kept = FORMS[form](*both)
    path = tmp_path / "kept"
    for content in (json.dumps(kept, indent=1), "\n".join(map(json.dumps, kept if isinstance(kept, list) else [kept]))):
        path.write_text(content)
        for source in (None, Source(name="own", platform="cloudevents")):
            read = list(batches_of_source(SourceFile(path=str(path)), source))
            assert [each["event_id"] for each in events_of(read)] == ["e1", "e2"]


def test_a_foreign_object_with_data_is_rejected_as_it_came(tmp_path: Path) -> None:
    foreign = {"id": "3", "eventType": "Chat.Message", "data": {"customer_id": "ann", "actor": "customer"}}
    path = tmp_path / "kept"
    path.write_text(json.dumps([foreign, {"body": {"payload": OWN_EVENTS[0]}}]))
    rejections = [each for batch in batches_of_source(SourceFile(path=str(path)), None) for each in batch.rejections]
    assert [each.code for each in rejections] == ["field_missing", "field_missing"]
    assert json.loads(rejections[0].raw) == foreign
