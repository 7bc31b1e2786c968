"""Results of reading platform payloads, as text."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from botmeter.domain.errors import Refused
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import text_from_us
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.live.event_body import split_body
from botmeter.live.parse import parsed_groups
from botmeter.live.queue import PendingDelivery
from botmeter.metering.schema import EventBatch
from botmeter.sources.payloads.payload_batches import ReadPayload, batch_from_payloads
from botmeter.sources.platforms.registry import connector_of

RECEIVED_US = 1_790_000_000_000_000


@dataclass(frozen=True, kw_only=True)
class PayloadResult:
    """Events, rejections and contents of all payloads."""

    events: list[dict[str, Any]]
    rejections: tuple[Rejection, ...]
    payloads: tuple[ReadPayload, ...]

    @property
    def event(self) -> dict[str, Any]:
        (only,) = self.events
        return only

    @property
    def ids(self) -> list[str]:
        return [event["event_id"] for event in self.events]

    @property
    def codes(self) -> list[str]:
        return [rejection.code for rejection in self.rejections]

    @property
    def ignored(self) -> tuple[str, ...]:
        return tuple(sentence for payload in self.payloads for sentence in payload.content.ignored_sentences)


def read_all(*payloads: object, source: Source) -> PayloadResult:
    """Read payloads; values other than bytes are encoded as JSON. Events in Botmeter's own format go the live way."""
    bodies = [payload if isinstance(payload, bytes) else json.dumps(payload).encode() for payload in payloads]
    if connector_of(source.platform).is_native:
        batch = _live_batch(bodies, source)
        return PayloadResult(events=events_of([batch]), rejections=batch.rejections, payloads=())
    read = batch_from_payloads(bodies, source=source, connector=connector_of(source.platform))
    return PayloadResult(events=events_of([read.batch]), rejections=read.batch.rejections, payloads=read.payloads)


def _live_batch(bodies: Sequence[bytes], source: Source) -> EventBatch:
    headers = {"content-type": "application/cloudevents-batch+json"}
    group = [
        PendingDelivery(
            account="acme",
            source=source.name,
            platform=source.platform,
            records=split_body(body, headers=headers if body[:1] == b"[" else {}).records,
            received_us=RECEIVED_US,
        )
        for body in bodies
    ]
    (parsed,) = parsed_groups(group, source_of=lambda _: source)
    return parsed.live_batch.parsed


def events_of(batches: Sequence[EventBatch]) -> list[dict[str, Any]]:
    """Events of batches, without absent fields."""
    result = []
    for row in (row for batch in batches for row in batch.events.to_pylist()):
        words = {
            "occurred_at": text_from_us(row["occurred_at"]),
            "actor": Actor(row["actor"]).name.lower(),
            "kind": Kind(row["kind"]).name.lower(),
        }
        result.append({name: value for name, value in (row | words).items() if value is not None})
    return result


def checked_refusal(payload: bytes, source: Source) -> None:
    """Check that the source's connector reads the payload or refuses it whole."""
    try:
        result = connector_of(source.platform).read(payload, source)
    except Refused as fault:
        refusal = fault
    else:
        assert all(isinstance(record.raw, bytes) for record in result.records)
        return
    assert refusal.code == "payload_not_understood"
    assert refusal.message.endswith(".")


def payloads_like(*examples: object) -> st.SearchStrategy[bytes]:
    """Random bytes, random JSON, and JSON with the examples' keys and words at any depth."""
    words = sorted({word for example in examples for word in _words(example)})
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=8)
        | st.sampled_from(words)
    )
    keys = st.sampled_from(words) | st.text(max_size=5)
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=30
    )
    swapped = st.sampled_from(examples).flatmap(lambda example: _swapped(example, values))
    return st.binary(max_size=200) | (values | swapped).map(lambda value: json.dumps(value).encode())


def _words(result: object) -> set[str]:
    if isinstance(result, dict):
        return set(result) | {word for value in result.values() for word in _words(value)}
    if isinstance(result, list):
        return {word for value in result for word in _words(value)}
    return {result} if isinstance(result, str) else set()


def _swapped(result: Any, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The example with one or more values replaced."""
    if isinstance(result, dict):
        return st.fixed_dictionaries({name: _rarely(value, values) for name, value in result.items()})
    if isinstance(result, list):
        return st.tuples(*(_rarely(value, values) for value in result)).map(list)
    return st.just(result) | values


def _rarely(result: Any, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 6).flatmap(lambda roll: values if roll == 0 else _swapped(result, values))
