"""Live events give the sessions of the same events imported from a file, in whatever form and order they come."""

import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botmeter.domain.account import Account
from botmeter.ledger.append import Submission, append
from botmeter.metering.policy import FRESHCHAT
from botmeter.sources.reader import SourceFile, batches
from support.examples import examples
from support.ledgers import NOW_US
from support.live import NDJSON, Live, counts, message
from support.live import live as live_over

pytestmark = pytest.mark.django_db

Event = dict[str, Any]
FORMS = ("array", "lines", "one by one", "cloudevents", "cloudevent", "binary", "packed")

events = st.builds(
    lambda number, minute, customer, actor: message(
        f"e{number}",
        f"2026-03-{10 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z",
        customer_id=f"c{customer}",
        conversation_id=f"v{customer}",
        actor=actor,
    ),
    st.integers(0, 20),
    st.integers(0, 4_000),
    st.integers(0, 2),
    st.sampled_from(["customer", "customer", "bot", "agent"]),
)
batches_of_events = st.lists(events, min_size=1, max_size=25, unique_by=lambda event: event["event_id"])


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_over(tmp_path / "live") as made:
        yield made


def envelope(event: Event) -> Event:
    """The event as a CloudEvent whose id is the event's own."""
    return {"specversion": "1.0", "id": "x", "source": "/b", "type": "botmeter.message", "data": event}


def send(live: Live, key: str, *, batch: Sequence[Event], form: str) -> None:
    """Sends the events in one of the forms; none is refused or in conflict."""
    text = json.dumps
    match form:
        case "array":
            receipts = [live.send(key, batch)]
        case "lines":
            receipts = [live.post(key, "\n".join(map(text, batch)).encode(), content_type=NDJSON)]
        case "one by one":
            receipts = [live.send(key, [event]) for event in batch]
        case "cloudevents":
            body = text([envelope(event) for event in batch]).encode()
            receipts = [live.post(key, body, content_type="application/cloudevents-batch+json")]
        case "cloudevent":
            receipts = [
                live.post(key, text(envelope(event)).encode(), content_type="application/cloudevents+json")
                for event in batch
            ]
        case "binary":
            head = {f"ce_{name}": value for name, value in envelope({}).items() if name != "data"}
            receipts = [
                live.post(key, text(event).encode(), content_type="application/json", **head) for event in batch
            ]
        case _:
            receipts = [live.post(key, gzip.compress(text(batch).encode()), content_encoding="gzip")]
    for each in receipts:
        assert counts(each)[2:] == (0, 0)


def imported(live: Live, account: str, *, whole: Sequence[Event]) -> None:
    """Imports the events as a file of NDJSON."""
    live.opened.folder.create(Account(name=account), policy=FRESHCHAT, now_us=NOW_US)
    lines = "\n".join(map(json.dumps, whole)).encode()
    file = SourceFile(path="-", name="events.ndjson", content=io.BytesIO(lines))
    with live.opened.writing(account) as ledger:
        append(
            ledger, [Submission(source="default", batches=list(batches(file)), label="events.ndjson")], now_us=NOW_US
        )


@pytest.mark.slow
@settings(examples(cost=6), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_form_order_cut_and_repetition_gives_the_sessions_of_a_file(live: Live, data: st.DataObject) -> None:
    number = sum(1 for _ in live.opened.folder.path.glob("accounts/*.duckdb"))
    whole = data.draw(batches_of_events)
    key = live.create(f"live{number}")
    again = data.draw(st.lists(st.sampled_from(whole), max_size=10))
    left = data.draw(st.permutations([*whole, *again]))
    while left:
        size = data.draw(st.integers(1, len(left)))
        send(live, key, batch=left[:size], form=data.draw(st.sampled_from(FORMS)))
        left = left[size:]
        if data.draw(st.booleans()):
            live.settle(f"live{number}")
    imported(live, f"file{number}", whole=whole)
    assert live.sessions(f"live{number}") == live.sessions(f"file{number}")
    assert live.event_ids(f"live{number}") == live.event_ids(f"file{number}")
