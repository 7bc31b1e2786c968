"""Copilot Studio's transcripts in Dataverse: JSON in cells, roles as numbers, outcomes, previews."""

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.payloads import checked_refusal, events_of, payloads_like, read_all

from botmeter.domain.errors import Refused
from botmeter.domain.source import BotIdentity, Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.sources import set_source
from botmeter.sources.payloads.payload_batches import batch_from_payloads
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.reader import SourceFile
from botmeter.sources.requeue import retry
from botmeter.sources.source_files import batches_of_source

SOURCE = Source(name="copilot", platform="botframework")
METADATA = {"BotId": "b-77", "BotName": "crm_returns", "AADTenantId": "t-1"}


def message(role: int = 1, **fields: object) -> dict[str, Any]:
    sender = {"id": "dir-1", "aadObjectId": "aad-ann", "role": 1} if role == 1 else {"id": "b-77", "role": 0}
    return {
        "type": "message",
        "id": f"a{role}",
        "timestamp": 1790000000,
        "channelId": "msteams",
        "from": sender,
        "text": "where is it?",
        **fields,
    }


def traced(kind: str, value: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {"type": "trace", "id": kind, "timestamp": 1790000100, "valueType": kind, "value": value, **fields}


def row(*activities: dict[str, Any], row_id: str = "r-1", **columns: object) -> dict[str, Any]:
    return {
        "conversationtranscriptid": row_id,
        "name": "conv_bot",
        "createdon": "2026-09-21T15:00:00Z",
        "content": json.dumps({"activities": list(activities)}),
        "metadata": json.dumps(METADATA),
        **columns,
    }


@pytest.mark.parametrize("content", [lambda talk: {"activities": talk}, list], ids=["content", "activities"])
def test_the_content_without_its_row_is_refused_with_what_is_missing(content: Any) -> None:
    trace = traced("ConversationInfo", {"isDesignMode": False}, **{"from": {"id": "", "role": 0}})
    (rejection,) = read_all(content([trace, message(), message(0)]), source=SOURCE).rejections
    assert rejection.code == "payload_not_understood"
    for word in ("conversation", "bot", "whole row", "conversationtranscriptid", "metadata"):
        assert word in rejection.detail


def test_a_message_fills_each_field_from_its_key() -> None:
    result = read_all(row(message()), source=SOURCE).event
    assert result.pop("event_id").startswith("transcript-")
    assert result == {
        "occurred_at": "2026-09-21T14:13:20Z",
        "conversation_id": "copilot:r-1",
        "customer_id": "copilot:aad-ann",
        "actor": "customer",
        "kind": "message",
        "bot_id": "b-77",
        "bot_name": "crm_returns",
        "channel": "msteams",
    }


def test_role_0_is_the_bot_and_has_the_same_customer() -> None:
    result = read_all(row(message(0), message(1)), source=SOURCE).events
    assert [event["actor"] for event in result] == ["bot", "customer"]
    assert {event["customer_id"] for event in result} == {"copilot:aad-ann"}


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [("Resolved", "resolved"), ("HandOff", "handoff"), ("Escalated", "handoff"), ("Abandoned", None), ("None", None)],
)
def test_the_sessions_outcome_is_an_end_or_a_hand_off(outcome: str, kind: str | None) -> None:
    result = read_all(row(message(), traced("SessionInfo", {"outcome": outcome})), source=SOURCE).events[1:]
    assert [(event["kind"], event["actor"]) for event in result] == ([] if kind is None else [(kind, "system")])


@pytest.mark.parametrize(
    ("activities", "preview"),
    [
        ([traced("ConversationInfo", {"isDesignMode": True}), message()], True),
        ([traced("ConversationInfo", {"isDesignMode": False}), message()], False),
        ([message(channelData={"testMode": True, "enableDiagnostics": True})], True),
        ([message(channelId="pva-studio")], True),
        ([message()], None),
    ],
)
def test_test_panes_and_evaluations_are_previews(activities: list[dict[str, Any]], preview: bool | None) -> None:
    assert read_all(row(*activities), source=SOURCE).event.get("preview") is preview


@pytest.mark.parametrize("fields", [{"channelId": "pva-autonomous"}, {"channelData": {"triggerTest": True}}])
def test_a_run_that_a_trigger_started_has_no_customer(fields: dict[str, Any]) -> None:
    result = read_all([row(message(**fields), message(0)), row(message(), row_id="r-2")], source=SOURCE)
    assert [event["conversation_id"] for event in result.events] == ["copilot:r-2"]
    assert result.ignored == ("A run that a trigger started has no customer and never counts.",)


def test_a_greeting_that_nobody_answered_is_of_the_conversation() -> None:
    result = read_all(row(message(0)), source=SOURCE).event
    assert (result["customer_id"], result["attributes"]) == ("copilot:r-1", '{"customer_source":"conversation"}')


def test_what_an_activity_embeds_is_ignored() -> None:
    assert len(read_all(row(message(), traced("Any", message(id="inner"))), source=SOURCE).events) == 1


def test_activities_without_an_id_are_identified_by_their_position() -> None:
    assert len(set(read_all(row(message(id=None), message(0, id=None)), source=SOURCE).ids)) == 2


def test_the_listed_bot_goes_before_the_metadatas() -> None:
    listed = (BotIdentity(sender="crm_returns", bot_id="returns", bot_version="9"),)
    source = Source(name="copilot", platform="botframework", identities=listed)
    result = read_all(row(message()), source=source).event
    assert (result["bot_id"], result["bot_name"], result["bot_version"]) == ("returns", "crm_returns", "9")


def test_the_sources_bot_replaces_an_unnamed_one_except_in_events_of_the_system() -> None:
    source = Source(name="copilot", platform="botframework", bot_id="d")
    whole = row(message(), traced("SessionInfo", {"outcome": "Resolved"}))
    assert [event["bot_id"] for event in read_all(whole, source=source).events] == ["b-77", "b-77"]
    unnamed = read_all(whole | {"metadata": None}, source=source).events
    assert [event.get("bot_id") for event in unnamed] == ["d", None]


@pytest.mark.parametrize("wrap", [lambda each: each, lambda each: [each], lambda each: {"value": [each]}])
def test_a_row_is_the_same_alone_in_an_array_and_as_the_web_api_wraps_it(wrap: Any) -> None:
    assert read_all(wrap(row(message())), source=SOURCE).events == read_all(row(message()), source=SOURCE).events


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "{"},
        {"content": "7"},
        {"content": '{"activities": [1]}'},
        {"metadata": "{"},
        {"conversationtranscriptid": None},
        {"content": json.dumps({"activities": [{"type": "message", "from": {"id": "x"}}]})},
    ],
)
def test_an_unreadable_row_is_quarantined_whole(fields: dict[str, Any]) -> None:
    assert read_all(row(message()) | fields, source=SOURCE).codes == ["payload_not_understood"]


def table(path: Any, *rows: dict[str, Any], names: list[str] | None = None) -> SourceFile:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, fieldnames=names or [name.capitalize() for name in rows[0]])
        writer.writeheader()
        writer.writerows({name.capitalize(): value for name, value in each.items()} for each in rows)
    return SourceFile(path=str(path))


def test_the_table_as_csv_gives_what_the_rows_gave_however_long_a_cell(tmp_path: Any) -> None:
    rows = [row(*(message(id=str(n), text="x" * 900) for n in range(400))), row(message(), row_id="r-2")]
    result = events_of(list(batches_of_source(table(tmp_path / "t.csv", *rows), SOURCE)))
    assert result == read_all(rows, source=SOURCE).events
    assert len(result) == 401


def test_a_broken_row_of_a_table_sinks_no_other(tmp_path: Any) -> None:
    file = table(tmp_path / "t.csv", row(message()), row(message()) | {"content": "{"}, row(message(), row_id="r-2"))
    result = list(batches_of_source(file, SOURCE))
    assert len(events_of(result)) == 2
    assert [each.code for batch in result for each in batch.rejections] == ["payload_not_understood"]


def test_a_table_without_the_column_is_refused_with_the_columns_it_has(tmp_path: Any) -> None:
    path = tmp_path / "t.csv"
    path.write_text("SessionID,ChatTranscript\n1,User says: hi\n")
    with pytest.raises(Refused) as caught:
        list(batches_of_source(SourceFile(path=str(path)), SOURCE))
    assert caught.value.code == "column_missing"
    assert "sessionid, chattranscript" in caught.value.message


@given(
    payloads_like(
        row(message(), message(0)),
        {"value": [row(message())]},
        [row(traced("SessionInfo", {"outcome": "x"}))],
    )
)
def test_any_payload_is_read_or_refused_whole(payload: bytes) -> None:
    checked_refusal(payload, SOURCE)


def whole_row() -> dict[str, Any]:
    """A row in which each activity needs the others: author, preview and position."""
    return row(
        traced("ConversationInfo", {"isDesignMode": True}),
        message(0, id=None),
        message(id=None, **{"from": {"id": "dir-1", "role": 1}}),
        message(0, id=None),
        message(),
        traced("SessionInfo", {"outcome": "Resolved"}),
        other="x" * 5_000,
    )


def events_alone(payload: object) -> list[tuple[object, bytes]]:
    read = connector_of("botframework").read(json.dumps(payload).encode(), SOURCE)
    return [(result.fields, result.raw) for result in read.records]


@pytest.mark.parametrize(
    "whole",
    [
        whole_row(),
        whole_row() | {"metadata": None},
        whole_row() | {"metadata": '{"BotId": null, "BotName": "crm", "more": "y"}'},
        row(message(0, id=None), message(0, id=None)),
        row(message(**{"from": {"role": 1}}), message(id="later")),
    ],
)
def test_the_raw_text_of_one_activity_is_read_as_in_its_row(whole: dict[str, Any]) -> None:
    result = events_alone(whole)
    assert len(result) > 1
    assert [events_alone(json.loads(raw)) for _, raw in result] == [[each] for each in result]


def test_the_raw_texts_of_a_row_grow_linearly() -> None:
    def size(count: int) -> int:
        whole = row(*(message(id=str(n), text="x" * 300) for n in range(count)))
        return sum(len(raw) for _, raw in events_alone(whole))

    assert size(200) < 210 * size(1)


def test_a_rejected_row_is_accepted_activity_by_activity_after_a_retry() -> None:
    ledger = ledger_in_memory()
    set_source(ledger, SOURCE, now_us=0)
    early = json.loads(json.dumps(whole_row()).replace("1790000", "1500000"))
    read = batch_from_payloads([json.dumps(early).encode()], source=SOURCE, connector=connector_of(SOURCE.platform))
    [receipt] = append(ledger, [Submission(source=SOURCE.name, batches=[read.batch], label="x")], now_us=NOW_US)
    assert (receipt.accepted, receipt.rejected) == (0, 5)
    ledger.connection.execute("INSERT INTO account_term VALUES (1, 'acme', DATE '2017-01-01', NULL, NULL)")
    ledger.reload()
    assert retry(ledger, now_us=NOW_US).accepted == 5
    assert list(quarantined(ledger)) == []
    [again] = append(ledger, [Submission(source=SOURCE.name, batches=[read.batch], label="x")], now_us=NOW_US)
    assert (again.duplicates, again.conflicts) == (5, 0)


@pytest.mark.parametrize(
    "shared",
    [7, [], {"place": "1"}, {"place": 2**70}, {"place": -1}, {"is_preview": "yes"}, {"place": True, "person": 3.5}],
)
def test_an_invalid_shared_column_is_ignored(shared: object) -> None:
    result = read_all(row(message(), botmeter=shared), source=SOURCE)
    assert (len(result.events), result.codes) == (1, [])
