"""`POST /api/v1/events`: accepted events are stored once, and the receipt has the outcome of each."""

import gzip
import json
from typing import Any

import pytest

from botmeter.live import metrics
from botmeter.people.keys import Scope
from support.ledgers import append_events, event
from support.live import EVENTS_PATH, NDJSON, Live, counts, message, problem_of

BAD = message("bad", actor="robot")


def test_events_are_sessions_as_soon_as_they_are_metered(live: Live, key: str) -> None:
    sent = [message("a"), message("b", "2026-03-10T10:01:00Z", actor="bot"), message("c", "2026-03-11T10:00:00Z")]
    assert counts(live.send(key, sent)) == (3, 0, 0, 0)
    assert live.rows("acme", "SELECT started_at, event_count FROM session ORDER BY 1") == [
        (1_773_136_800_000_000, 2),
        (1_773_223_200_000_000, 1),
    ]


def test_one_event_needs_no_array_and_no_media_type(live: Live, key: str) -> None:
    assert counts(live.post(key, json.dumps(message("a")).encode())) == (1, 0, 0, 0)
    assert live.event_ids("acme") == ["a"]


def test_a_receipt_has_the_outcome_of_each_event_by_its_index(live: Live, key: str) -> None:
    live.send(key, [message("known"), message("changed")])
    response = live.send(
        key,
        [
            message("new"),
            message("known"),
            message("changed", channel="mail"),
            BAD,
            message("new"),
            message("old", "2020-01-01T00:00:00Z"),
            {"event_id": "empty"},
        ],
    )
    assert counts(response) == (1, 2, 1, 3)
    rejections = response.json()["rejections"]
    assert [(each["index"], each["event_id"], each["code"]) for each in rejections] == [
        (2, "changed", "conflict"),
        (3, "bad", "actor_unknown"),
        (5, "old", "before_available_from"),
        (6, "empty", "field_missing"),
    ]
    assert all(each["detail"].endswith(".") for each in rejections)
    assert live.event_ids("acme") == ["changed", "known", "new"]
    stored = live.quarantined("acme")
    assert [(each.position, each.code) for each in stored] == [(each["index"], each["code"]) for each in rejections]
    assert json.loads(stored[1].raw) == BAD


@pytest.mark.slow
def test_an_event_is_known_by_its_source_and_across_requests(live: Live, key: str) -> None:
    assert counts(live.send(key, [message("a")])) == (1, 0, 0, 0)
    live.settle("acme")
    assert counts(live.send(key, [message("a")], query="?source=default")) == (0, 1, 0, 0)
    assert counts(live.send(key, [message("a")], query="?source=other")) == (1, 0, 0, 0)
    assert counts(live.send(key, [message("a", channel="mail")], query="?source=%ED%9A%8C")) == (1, 0, 0, 0)
    assert counts(live.send(key, [message("a", channel="mail")])) == (0, 0, 1, 0)
    assert live.rows("acme", "SELECT source, event_id FROM event ORDER BY 1") == [
        ("default", "a"),
        ("other", "a"),
        ("회", "a"),
    ]


@pytest.mark.slow
def test_an_imported_event_is_a_duplicate_and_the_other_way_round(live: Live, key: str) -> None:
    of_file = [event(name, "2026-03-10T10:00", source="default") for name in ("a", "b")]
    with live.opened.writing("acme") as ledger:
        append_events(ledger, of_file[0])
    assert counts(live.send(key, [message("a"), message("b")])) == (1, 1, 0, 0)
    with live.opened.writing("acme") as ledger:
        assert append_events(ledger, *of_file).duplicates == 2
    assert counts(live.send(key, [message("a", customer_id="c2")])) == (0, 0, 1, 0)
    with live.opened.writing("acme") as ledger:
        assert append_events(ledger, of_file[0] | {"customer_id": "c3"}).conflicts == 1


def test_an_atomic_batch_is_accepted_if_all_its_events_are_valid(live: Live, key: str) -> None:
    live.send(key, [message("a")])
    assert counts(live.send(key, [message("a"), message("b")], query="?atomic=true")) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("spoiling", "status", "code"),
    [(BAD, 422, "events_refused"), (message("known", channel="mail"), 409, "events_conflict")],
)
def test_an_atomic_batch_is_refused_if_one_event_is_invalid(
    live: Live, key: str, spoiling: dict[str, Any], status: int, code: str
) -> None:
    live.send(key, [message("known")])
    response = live.send(key, [message("new"), spoiling], query="?atomic=1")
    assert problem_of(response) == (status, code)
    receipt = response.json()["receipt"]
    assert receipt["accepted"] == 0
    assert [each["index"] for each in receipt["rejections"]] == [1]
    assert live.event_ids("acme") == ["known"]
    assert live.quarantined("acme") == []
    # Nothing of it is remembered as known either.
    assert counts(live.send(key, [message("new")], query="?atomic=true")) == (1, 0, 0, 0)


def test_concurrent_requests_get_receipts_of_their_own_events(live: Live, key: str) -> None:
    bodies = [[message(f"e{number}"), message("same"), message(f"bad{number}", actor="x")] for number in range(12)]
    response = live.request.at_once(
        [
            live.request.request("POST", EVENTS_PATH, body=json.dumps(body).encode(), authorization=f"Bearer {key}")
            for body in bodies
        ]
    )
    outcomes = [counts(each) for each in response]
    assert sorted(outcomes) == [(1, 1, 0, 1)] * 11 + [(2, 0, 0, 1)]
    for number, each in enumerate(response):
        assert [(r["index"], r["event_id"]) for r in each.json()["rejections"]] == [(2, f"bad{number}")]
    assert live.event_ids("acme") == sorted([*(f"e{number}" for number in range(12)), "same"])


def test_a_compressed_body_is_accepted(live: Live, key: str) -> None:
    packed = gzip.compress(json.dumps([message("a"), message("b")]).encode())
    assert counts(live.post(key, packed, content_encoding="gzip")) == (2, 0, 0, 0)


def test_a_cloudevent_without_a_time_gets_the_time_of_its_receipt(live: Live, key: str) -> None:
    envelope = {"specversion": "1.0", "id": "a", "source": "/bot", "type": "botmeter.message", "subject": "v1"}
    data = {"customer_id": "c1", "actor": "customer"}
    body = json.dumps(envelope | {"data": data}).encode()
    assert counts(live.post(key, body, content_type="application/cloudevents+json")) == (1, 0, 0, 0)
    binary = {f"ce_{name}": value for name, value in (envelope | {"id": "b"}).items()}
    assert counts(live.post(key, json.dumps(data).encode(), content_type="application/json", **binary)) == (1, 0, 0, 0)
    assert live.rows("acme", "SELECT DISTINCT occurred_at, conversation_id, attributes FROM event") == [
        (1_790_003_600_000_000, "v1", '{"time_source":"receipt"}')
    ]


def test_an_empty_batch_of_cloudevents_is_accepted(live: Live, key: str) -> None:
    assert counts(live.post(key, b"[]", content_type="application/cloudevents-batch+json")) == (0, 0, 0, 0)


def test_an_invalid_line_is_rejected_alone(live: Live, key: str) -> None:
    lines = b"\n".join([json.dumps(message("a")).encode(), b"nonsense", b'{"a":"\xff"}', b"[]", b"1"])
    response = live.post(key, lines, content_type=NDJSON)
    assert counts(response) == (1, 0, 0, 4)
    assert [each["index"] for each in response.json()["rejections"]] == [1, 2, 3, 4]
    assert [each.raw for each in live.quarantined("acme")] == lines.split(b"\n")[1:]


def test_a_text_in_any_script_is_stored_unchanged(live: Live, key: str) -> None:
    sent = message("회의-😀", customer_id="김철수", attributes={"note": "안녕 \U0001f600"})
    assert counts(live.send(key, [sent], content_type="application/json; charset=utf-8")) == (1, 0, 0, 0)
    assert live.rows("acme", "SELECT event_id, customer_id FROM event") == [("회의-😀", "김철수")]


def test_a_delivery_is_recorded_under_its_request_id(live: Live, key: str) -> None:
    response = live.send(key, [message("a"), BAD], x_request_id="mine-1")
    assert response.headers["x-request-id"] == "mine-1"
    (delivered,) = live.deliveries("acme", "default")
    assert (delivered.delivery_id, delivered.subject) == ("mine-1", "a JSON array")
    assert (delivered.accepted, delivered.rejected) == (1, 1)


def test_an_admin_key_sends_events_and_a_key_can_be_in_x_api_key(live: Live, key: str) -> None:
    assert counts(live.send(live.key("acme", Scope.ADMIN), [message("a")])) == (1, 0, 0, 0)
    body = json.dumps(message("b")).encode()
    assert counts(live.request("POST", EVENTS_PATH, body, x_api_key=key)) == (1, 0, 0, 0)


def test_the_metering_lag_can_be_read_while_the_server_stops(live: Live, key: str) -> None:
    live.send(key, [message("a")])
    live.ingestion.close()
    live.opened.close()
    text, _ = metrics.exposition("")
    assert b"botmeter_metering_lag_seconds 0.0" in text


def test_a_cloudevents_handshake_is_allowed(live: Live) -> None:
    response = live.request("OPTIONS", EVENTS_PATH, webhook_request_origin="bots.example", webhook_request_rate="120")
    assert (response.status, response.body) == (200, b"")
    assert response.headers["allow"] == "OPTIONS, POST"
    assert response.headers["webhook-allowed-origin"] == "bots.example"
    assert response.headers["webhook-allowed-rate"] == "*"
    assert "webhook-allowed-origin" not in live.request("OPTIONS", EVENTS_PATH, webhook_request_origin="a b").headers
