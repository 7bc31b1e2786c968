"""Several payloads as one batch: positions, rejections, defaults, files, and retries from quarantine."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.payloads import RECEIVED_US, events_of, read_all
from tests.unit.sources import test_botframework as botframework
from tests.unit.sources import test_copilot as copilot
from tests.unit.sources import test_rasa as rasa
from tests.unit.sources import test_whatsapp as whatsapp
from tests.unit.sources.conftest import event, ndjson
from tests.unit.sources.test_chatwoot import message

from botmeter.domain.errors import Missing, Refused
from botmeter.domain.source import Source
from botmeter.ledger.append import Submission, append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.quarantine import quarantined
from botmeter.ledger.sources import set_source
from botmeter.sources.payload_files import PAYLOADS_MAX
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.payloads.payload_batches import batch_from_payloads
from botmeter.sources.platforms.registry import connector_of, platform_codes
from botmeter.sources.reader import SourceFile
from botmeter.sources.requeue import retry
from botmeter.sources.source_files import batches_of_source, source_named

CHATWOOT = Source(name="desk", platform="chatwoot", bot_id="order-bot")


def read_file(path: Path, source: Source | None) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    batches = list(batches_of_source(SourceFile(path=str(path)), source))
    codes = [rejection.code for batch in batches for rejection in batch.rejections]
    return events_of(batches), codes, [note for batch in batches for note in batch.notes]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "events"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("platform", platform_codes())
def test_every_platform_has_its_connector(platform: str) -> None:
    assert isinstance(connector_of(platform), Connector)


@pytest.mark.parametrize(
    ("platform", "payload"),
    [
        ("chatwoot", message(private=True)),
        ("rasa", [rasa.post({"event": "slot", "timestamp": 1, "name": f"s{n}"}) for n in range(32)]),
        ("whatsapp", whatsapp.statuses(*(whatsapp.status(status=f"s{n % 25}") for n in range(32)))),
        ("botframework", [botframework.activity(type=f"t{n % 25}", id=str(n)) for n in range(32)]),
        ("botframework", copilot.row(*(copilot.traced(f"k{n}", {}) for n in range(32)))),
    ],
)
def test_ignored_records_are_counted_one_by_one(platform: str, payload: Any) -> None:
    (read,) = read_all(payload, source=Source(name="s", platform=platform)).payloads
    assert read.content.ignored_count == (1 if platform == "chatwoot" else 32)
    assert 1 <= len(read.content.ignored) <= 20


def test_positions_count_through_all_payloads() -> None:
    result = read_all(
        message(), b"nonsense", message(private=True), message(id=5), message(id=6, created_at=None), source=CHATWOOT
    )
    assert [(each.first_position, each.record_count) for each in result.payloads] == [
        (0, 1),
        (1, 1),
        (2, 0),
        (2, 1),
        (3, 1),
    ]
    assert [(each.index, each.code) for each in result.rejections] == [
        (1, "payload_not_understood"),
        (3, "field_missing"),
    ]
    assert result.rejections[0].raw == b"nonsense"
    assert json.loads(result.rejections[1].raw)["id"] == 6


@given(st.lists(st.sampled_from(["one", "none", "broken", "bad"]), max_size=12), st.integers(0, 9))
def test_every_position_is_an_event_or_a_rejection_of_its_payload(kinds: list[str], first: int) -> None:
    payloads = {
        "one": message(), "none": message(private=True), "broken": {"event": "x"}, "bad": message(created_at="x"),
    }  # fmt: skip
    bodies = [json.dumps(payloads[kind]).encode() for kind in kinds]
    read = batch_from_payloads(bodies, source=CHATWOOT, connector=connector_of(CHATWOOT.platform), first=first)
    positions = read.batch.positions.to_pylist() + [rejection.index for rejection in read.batch.rejections]
    assert sorted(positions) == list(range(first, first + len(positions)))
    expected = [
        position
        for each in read.payloads
        for position in range(each.first_position, each.first_position + each.record_count)
    ]
    assert expected == sorted(positions)
    assert [each.record_count for each in read.payloads] == [0 if kind == "none" else 1 for kind in kinds]


def test_missing_fields_of_events_get_the_sources_defaults(tmp_path: Path) -> None:
    own = Source(name="own", platform="botmeter", bot_id="b0", bot_name="Bot", bot_version="9", channel="kiosk")
    sent = [
        event("plain"),
        event("named", bot_id="b1", bot_name="One", bot_version="1", channel="web"),
        event("agent", actor="agent"),
        event("bot", actor="bot", bot_id=""),
        event("fraction", bot_id=None, ticket_id=17, attributes={"a": 1}),
    ]
    live = read_all(*sent, source=own)
    names = ("bot_id", "bot_name", "bot_version", "channel")
    assert {each["event_id"]: tuple(each.get(name) for name in names) for each in live.events} == {
        "plain": ("b0", "Bot", "9", "kiosk"),
        "named": ("b1", "One", "1", "web"),
        "agent": (None, None, None, "kiosk"),
        "bot": ("b0", "Bot", "9", "kiosk"),
        "fraction": ("b0", "Bot", "9", "kiosk"),
    }
    assert read_file(written(tmp_path, ndjson(*sent)), own)[0] == live.events


def test_defaults_hold_for_doubtful_events_too() -> None:
    own = Source(name="own", platform="botmeter", bot_id="b0", bot_version="9", channel="kiosk")
    doubtful = event("e1", occurred_at="2026-11-22T10:00:60Z", conversation_id=10**30)
    result = read_all(doubtful, source=own).event
    assert (result["bot_id"], result["bot_version"], result["channel"]) == ("b0", "9", "kiosk")


def test_a_platforms_name_reads_its_files() -> None:
    ledger = ledger_in_memory()
    assert source_named(ledger, "chatwoot") == Source(name="chatwoot", platform="chatwoot")
    assert source_named(ledger, "crm") is None
    set_source(ledger, CHATWOOT, now_us=NOW_US)
    assert source_named(ledger, "desk") == CHATWOOT


@pytest.mark.parametrize("form", [lambda sent: ndjson(*sent), lambda sent: json.dumps(sent, indent=1).encode()])
def test_a_file_of_payloads_is_read_by_its_platform(form: Any, tmp_path: Path) -> None:
    sent = [message(), message(id=2, private=True), {"event": "x"}, message(id=3), message(id=4, private=True)]
    events, codes, notes = read_file(written(tmp_path, form(sent)), CHATWOOT)
    assert [each["event_id"][-4:] for each in events] == ["9001", "0003"]
    assert codes == ["payload_not_understood"]
    assert notes == [f"A private note never counts. (2 in {tmp_path / 'events'})"]


def test_a_long_file_of_payloads_comes_in_several_batches(tmp_path: Path) -> None:
    sent = [message(id=number) for number in range(PAYLOADS_MAX + 10)]
    batches = list(batches_of_source(SourceFile(path=str(written(tmp_path, ndjson(*sent)))), CHATWOOT))
    assert [len(batch.events) for batch in batches] == [PAYLOADS_MAX, 10]
    assert batches[1].positions.to_pylist() == list(range(PAYLOADS_MAX, PAYLOADS_MAX + 10))


def test_a_file_in_botmeters_own_words_is_read_so_whatever_its_source(tmp_path: Path) -> None:
    events, codes, _ = read_file(written(tmp_path, ndjson(event("e1"))), CHATWOOT)
    assert ([each["event_id"] for each in events], codes) == (["e1"], [])


def test_a_table_is_no_file_of_chatwoot(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_file(written(tmp_path, b"id,text\n1,hello\n"), CHATWOOT)
    assert caught.value.code == "format_unknown"


def import_payloads(ledger: Ledger, *payloads: object, source: Source) -> None:
    bodies = [json.dumps(payload).encode() for payload in payloads]
    read = batch_from_payloads(bodies, source=source, connector=connector_of(source.platform))
    append(ledger, [Submission(source=source.name, batches=[read.batch], label="a request")], now_us=RECEIVED_US)


def test_a_payload_that_can_be_read_now_leaves_quarantine() -> None:
    ledger = ledger_in_memory()
    unnamed = message()
    del unnamed["account"]
    set_source(ledger, CHATWOOT, now_us=NOW_US)
    import_payloads(ledger, unnamed, {"event": "never_heard_of"}, source=CHATWOOT)
    assert (retry(ledger, now_us=RECEIVED_US).rejected, len(list(quarantined(ledger)))) == (2, 2)
    named = Source(name="desk", platform="chatwoot", options=(("account_id", "2"),))
    set_source(ledger, named, now_us=NOW_US)
    receipt = retry(ledger, now_us=RECEIVED_US)
    assert (receipt.accepted, receipt.rejected) == (1, 1)
    assert [json.loads(each.raw)["event"] for each in quarantined(ledger)] == ["never_heard_of"]
    assert retry(ledger, now_us=RECEIVED_US).accepted == 0


def test_a_payload_that_the_rule_refused_is_read_by_its_platform_again() -> None:
    ledger = ledger_in_memory()
    set_source(ledger, CHATWOOT, now_us=NOW_US)
    import_payloads(
        ledger, message(created_at="yesterday"), message(id=2, created_at="2030-01-01T00:00:00Z"), source=CHATWOOT
    )
    assert {each.code for each in quarantined(ledger)} >= {"time_invalid"}
    receipt = retry(ledger, now_us=RECEIVED_US + 10**15)
    assert (receipt.accepted, receipt.rejected) == (1, 1)
    assert [each.code for each in quarantined(ledger)] == ["time_invalid"]


def test_an_unknown_platform_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Missing) as refused:
        connector_of("irc")
    assert refused.value.code == "platform_unknown"
    assert all(code in refused.value.message for code in platform_codes())
