"""Mappings: files of other columns are the same events, and the quick readers agree with the patient one."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.conftest import Outcome, Read, ndjson, outcome_of
from tests.unit.sources.test_formats_agree import JSON, TEXT, Record, records

from botmeter.domain.errors import Refused
from botmeter.domain.event import CHANNEL_UNKNOWN
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.validation import event_from_record
from support.examples import examples


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("mapping") / "events"

    def read_bytes(content: bytes, **options: Any) -> Outcome:
        path.write_bytes(content)
        return outcome_of(str(path), **options)

    return read_bytes


ACTORS = {"visitor": "customer", "assistant": "bot", "1": "agent", "true": "system"}
FOREIGN = {actor: sent for sent, actor in ACTORS.items()}


def own_and_foreign(event: Record) -> Record:
    """Event with its fields elsewhere: nested, renamed, split, and as JSON text."""
    first, _, rest = event["event_id"].partition(":")
    return {
        "id": {"first": first, "rest": rest},
        "when": dict(zip(("day", "time"), event["occurred_at"].split("T"), strict=True)),
        "thread": json.dumps({"id": event["conversation_id"], "with": [{"id": event["customer_id"]}]}),
        "from": FOREIGN[event["actor"]],
        **{name.upper(): value for name, value in event.items() if name not in REQUIRED},
    }


REQUIRED = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor")
OTHERS = ("kind", "bot_id", "bot_name", "bot_version", "channel", "ticket_id", "ticket_type", "preview", "attributes")
DOCUMENT: dict[str, Any] = {
    "event_id": {"join": [{"pointer": "/id/first"}, {"pointer": "/id/rest"}]},
    "occurred_at": {"join": [{"pointer": "/when/day"}, {"pointer": "/when/time"}], "separator": "T"},
    "conversation_id": {"pointer": "/thread/id"},
    "customer_id": {"pointer": "/thread/with/0/id"},
    "actor": {"column": "from", "values": ACTORS},
    **{name: {"column": name.upper()} for name in OTHERS},
}
FIELDS = mapping_from_document(DOCUMENT)
# An id has two parts, neither of which is empty.
EVENTS = records().map(lambda events: [{**event, "event_id": f"e:{event['event_id']}"} for event in events])


def as_csv(rows: list[Record]) -> bytes:
    text = io.StringIO()
    names = [*own_and_foreign({**dict.fromkeys(OTHERS), **FIRST})]
    writer = csv.DictWriter(text, fieldnames=names, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    cells = [
        {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()} for row in rows
    ]
    writer.writerows(cells)
    return text.getvalue().encode()


FIRST = dict.fromkeys(REQUIRED, "a:b") | {"occurred_at": "T", "actor": "bot"}


def as_parquet(rows: list[Record]) -> bytes:
    sink = io.BytesIO()
    names = [*own_and_foreign({**dict.fromkeys(OTHERS), **FIRST})]
    cells = [
        {
            name: json.dumps(value) if name == "ATTRIBUTES" and value is not None else value
            for name in names
            for value in [row.get(name)]
        }
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(cells), sink, row_group_size=2)
    return sink.getvalue()


@examples(cost=4)
@given(EVENTS)
def test_a_mapped_file_is_the_same_events_as_own_columns(read: Read, events: list[Record]) -> None:
    expected = read(ndjson(*events))
    assert not expected.rejections
    rows = [own_and_foreign(event) for event in events]
    contents: list[tuple[str, bytes, Mapping]] = [
        ("ndjson", ndjson(*rows), FIELDS),
        ("array", json.dumps(rows).encode(), FIELDS),
        ("pretty", "\n".join(json.dumps(row, indent=2) for row in rows).encode(), FIELDS),
        ("wrapper", json.dumps({"total": 1, "data": rows}).encode(), FIELDS),
        (
            "rows",
            json.dumps({"more": [{}], "data": rows}).encode(),
            mapping_from_document({"rows": "/data/*", **DOCUMENT}),
        ),
        ("csv", as_csv(rows), FIELDS),
        ("parquet", as_parquet(rows), FIELDS),
    ]
    for name, content, mapping in contents:
        outcome = read(content, mapping=mapping, format=name if name == "csv" else None)
        assert (outcome.events, outcome.rejections) == (expected.events, []), name


VALUES = JSON | st.sampled_from(["", "visitor", "1", 1, True, "2026-03-01T10:00:00Z", 1772359200069, "null", "{}"])
INNER = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
MEMBERS = st.dictionaries(st.sampled_from("abc"), VALUES | INNER | INNER.map(json.dumps) | st.lists(INNER), max_size=3)
POINTERS = st.sampled_from(["/a", "/b", "/c", "/a/a", "/a/b", "/b/a/b", "/b/0/a", "/c/c"])
PLACES = st.fixed_dictionaries(
    {"pointer": POINTERS}, optional={"values": st.just(ACTORS), "otherwise": st.just("bot")}
).map(lambda place: place if "values" in place else {"pointer": place["pointer"]})
LOCATIONS = PLACES | st.builds(
    lambda parts, separator: {"join": parts, "separator": separator},
    st.lists(PLACES, min_size=2, max_size=3),
    st.sampled_from(["", ":"]),
)


@examples()
@given(
    st.fixed_dictionaries(dict.fromkeys((*REQUIRED, "preview", "attributes", "bot_name"), LOCATIONS)),
    st.lists(MEMBERS, min_size=1, max_size=6),
)
def test_quick_readers_agree_with_the_patient_one(read: Read, document: dict[str, Any], sent: list[Record]) -> None:
    mapping = mapping_from_document(document)
    patient = [_patient(json.dumps(record), mapping) for record in sent]
    expected = [event for event in patient if isinstance(event, dict)]
    codes = [(position, code) for position, code in enumerate(patient) if isinstance(code, str)]
    for content in (ndjson(*sent), json.dumps(sent, indent=1).encode()):
        outcome = read(content, mapping=mapping)
        assert (outcome.events, outcome.codes) == (expected, codes)


def _patient(text: str, mapping: Mapping) -> Record | str:
    try:
        record = mapping.record(json.loads(text, parse_float=Decimal))
        event, faults = event_from_record(record, clock=mapping.clock, default_channel=CHANNEL_UNKNOWN)
    except Refused as fault:
        return fault.code
    return faults[0].code if faults else event


@examples()
@given(TEXT, TEXT, st.lists(st.tuples(TEXT, st.integers(), st.booleans() | st.none()), max_size=5))
def test_wrapped_records_are_those_of_their_list(
    read: Read, outer: str, key: str, rows: list[tuple[str, int, bool | None]]
) -> None:
    messages = [{"text": text, "n": number, "flag": flag} for text, number, flag in rows]
    mapping = mapping_from_document(
        {
            "rows": "/x/y/*",
            "event_id": {"join": [{"column": "n"}, {"column": "text"}]},
            "occurred_at": {"constant": "2026-03-01T10:00:00Z"},
            "conversation_id": {"outer": "/x/id"},
            "customer_id": {"outer": "/x/id"},
            "actor": {"constant": "customer"},
            "preview": {"column": "flag"},
        }
    )
    whole = {key: 1, "x": {"id": outer, "y": messages}, "z": [[]]}
    outcome = read(ndjson(whole), mapping=mapping)
    assert [event["event_id"] for event in outcome.events] == [f"{number}:{text}" for text, number, _ in rows]
    assert all(event["customer_id"] == outer for event in outcome.events)
    for rejection in outcome.rejections:
        assert read(rejection.raw, mapping=mapping).codes == [(0, rejection.code)]
