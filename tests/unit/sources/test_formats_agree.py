"""The same events give the same table, in every format and by every reader."""

import base64
import csv
import gzip
import io
import json
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.conftest import Outcome, Read, ndjson

from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME
from botmeter.sources.reader import batch_from_json
from support.examples import examples

# Each example writes and reads a dozen files.
EXAMPLES = examples(cost=2)
Record = dict[str, Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=5,
)
EARLIEST, LATEST = (datetime.fromisoformat(day) for day in ("1970-01-01", "2200-01-01"))
INSTANTS = st.datetimes(min_value=EARLIEST, max_value=LATEST)


def records(*, attributes: bool = True) -> st.SearchStrategy[list[Record]]:
    """Valid events as in JSON, with every optional field sometimes missing."""
    optional = dict.fromkeys(("bot_id", "bot_name", "bot_version", "channel", "ticket_id", "ticket_type"), TEXT)
    fields = {
        "event_id": TEXT,
        "occurred_at": INSTANTS.map(lambda moment: moment.isoformat() + "Z"),
        "conversation_id": TEXT,
        "customer_id": TEXT,
        "actor": st.sampled_from(list(ACTOR_BY_NAME)),
    }
    kinds = {"kind": st.sampled_from(list(KIND_BY_NAME)), "preview": st.none() | st.booleans()}
    objects = {"attributes": st.dictionaries(TEXT, JSON, max_size=3)} if attributes else {}
    return st.lists(st.fixed_dictionaries(fields, optional={**optional, **kinds, **objects}), min_size=1, max_size=6)


def as_csv(events: list[Record], *, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=FIELDS, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    cells = [
        {name: json.dumps(value) if name == "attributes" else value for name, value in event.items()}
        for event in events
    ]
    writer.writerows(cells)
    return text.getvalue().encode("utf-8-sig")


def as_parquet(events: list[Record]) -> bytes:
    columns: dict[str, pa.Array] = {}
    for name in FIELDS:
        values = [event.get(name) for event in events]
        match name:
            case "occurred_at":
                micros = np.array([str(value).removesuffix("Z") for value in values], "datetime64[us]")
                columns[name] = (
                    pa.array(micros).cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.timestamp("us", "Asia/Kolkata"))
                )
            case "attributes":
                columns[name] = pa.array(
                    [None if value is None else json.dumps(value) for value in values], pa.large_string()
                )
            case "preview":
                columns[name] = pa.array(values, pa.bool_())
            case "channel":
                columns[name] = pa.array(values, pa.string()).dictionary_encode()
            case _:
                columns[name] = pa.array(values, pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=2)
    return sink.getvalue()


def as_cloudevents(events: list[Record]) -> list[Record]:
    """Every other event with its data packed, and with what the envelope can carry in the envelope."""
    result = []
    for number, event in enumerate(events):
        moved = {"occurred_at": "time", "conversation_id": "subject", "customer_id": "customerid"}
        data = {name: value for name, value in event.items() if name not in moved}
        envelope = {"specversion": "1.0", "source": "/test", "id": str(number), "type": "botmeter.message"}
        envelope |= {attribute: event[name] for name, attribute in moved.items()}
        if number % 2:
            packed = base64.b64encode(json.dumps(data).encode()).decode()
            result.append({**envelope, "data_base64": packed})
        else:
            result.append({**envelope, "data": data})
    return result


def agrees(outcome: Outcome, expected: Outcome) -> bool:
    return not outcome.rejections and outcome.events == expected.events and outcome.positions == expected.positions


@pytest.mark.slow
@EXAMPLES
@given(records())
def test_the_same_events_are_the_same_table_in_every_format(read: Read, events: list[Record]) -> None:
    expected = read(ndjson(*events))
    assert not expected.rejections
    envelopes = as_cloudevents(events)
    contents = {
        "packed": gzip.compress(ndjson(*events)),
        "array": json.dumps(events).encode(),
        "pretty": json.dumps(events, indent=2, ensure_ascii=False).encode(),
        "csv": as_csv(events),
        "csv by semicolon": as_csv(events, delimiter=";"),
        "csv by tab": as_csv(events, delimiter="\t"),
        "csv packed": gzip.compress(as_csv(events, delimiter="|")),
        "parquet": as_parquet(events),
        "parquet packed": gzip.compress(as_parquet(events)),
        "cloudevents by line": ndjson(*envelopes),
        "cloudevents batch": json.dumps(envelopes).encode(),
    }
    for name, content in contents.items():
        assert agrees(read(content), expected), name


@EXAMPLES
@given(records(attributes=False))
def test_all_readers_of_json_read_alike(read: Read, events: list[Record]) -> None:
    quick = read(ndjson(*events))
    typed = read(ndjson(*events, b'{"event_id": 1}'))
    patient = read(
        ndjson(*({**event, "preview": {None: "", True: "TRUE", False: "no"}[event.get("preview")]} for event in events))
    )
    alone = read(ndjson({**events[0], "attributes": None}, *events[1:]))
    assert quick.events == typed.events == patient.events == alone.events
    assert [rejection.code for rejection in typed.rejections] == ["field_missing"]


@EXAMPLES
@given(
    st.lists(
        st.dictionaries(st.sampled_from(FIELDS), st.one_of(JSON, st.text(), st.sampled_from(["bot", "message"]))),
        max_size=4,
    )
)
def test_each_json_record_is_an_event_or_a_rejection(read: Read, result: list[Record]) -> None:
    texts = [json.dumps(record).encode() for record in result]
    for outcome in (read(b"\n".join([b"{}", *texts])), read(b"[" + b",".join([b"{}", *texts]) + b"]")):
        positions = sorted([*outcome.positions, *(rejection.index for rejection in outcome.rejections)])
        assert positions == list(range(len(result) + 1))
        assert [rejection.raw for rejection in outcome.rejections[1:]] == [
            texts[r.index - 1] for r in outcome.rejections[1:]
        ]


@EXAMPLES
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_a_line_of_any_bytes_is_rejected_and_quarantined(read: Read, garbage: list[bytes]) -> None:
    lines = [line for line in (piece.replace(b"\n", b"").strip(b" \t\r\n") for piece in garbage) if line]
    outcome = read(b"\n".join([b"{}", *lines]), format="ndjson")
    assert [rejection.raw for rejection in outcome.rejections] == [b"{}", *lines]


@EXAMPLES
@given(records())
def test_a_rejected_csv_row_can_be_corrected_and_sent_again(read: Read, events: list[Record]) -> None:
    refused = read(as_csv([{**event, "actor": "nobody"} for event in events])).rejections
    mended = [rejection.raw.replace(b'"nobody"', b'"agent"') for rejection in refused]
    batch = batch_from_json(mended)
    assert not batch.rejections
    assert batch.events.to_pylist() == read(ndjson(*({**event, "actor": "agent"} for event in events))).events
