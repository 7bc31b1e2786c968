"""Event ids generated from the content of rows."""

import csv
import io
import json
from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sources.conftest import Read, ndjson

from botmeter.domain.instant import text_from_us
from botmeter.sources.mapping import document_records, row_ids
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.mapping.row_content import digest_of_values, digests_of_columns
from botmeter.sources.mapping.row_ids import RowCounts
from support.examples import examples

FIELDS: dict[str, Any] = {
    "event_id": {"generated": True},
    "occurred_at": {"column": "sent"},
    "conversation_id": {"column": "chat"},
    "customer_id": {"column": "chat"},
    "actor": {"column": "who", "values": {"visitor": "customer"}, "otherwise": "bot"},
}
ROWS = [
    {"chat": "1", "sent": "2026-03-22T04:55:51Z", "who": "visitor", "text": "Hi", "note": ""},
    {"chat": "1", "sent": "2026-03-22T04:55:51Z", "who": "visitor", "text": "Hi", "note": "x"},
    {"chat": "1", "sent": "2026-03-22T04:55:51Z", "who": "visitor", "text": "Hi", "note": ""},
    {"chat": "2", "sent": "2026-03-23T09:57:51Z", "who": "agent", "text": 'é,"\n', "note": ""},
]


def generated(**fields: object) -> Mapping:
    return mapping_from_document({**FIELDS, **fields})


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=2)
    return sink.getvalue()


def test_the_id_is_the_digest_of_the_row_and_its_ordinal(read: Read) -> None:
    content = b"4:chat,1:1,4:sent,20:2026-03-22T04:55:51Z,4:text,2:Hi,3:who,7:visitor,"
    digest = sha256(content).digest()[:16].hex()
    outcome = read(ndjson(*ROWS), mapping=generated())
    assert outcome.ids[0] == f"row-{digest}-1"
    assert outcome.ids[2] == f"row-{digest}-2"
    assert len(set(outcome.ids)) == len(ROWS)


def test_ids_do_not_depend_on_the_format(read: Read) -> None:
    expected = read(ndjson(*ROWS), mapping=generated()).events
    swapped = [dict(reversed(row.items())) for row in ROWS]
    filled = [{name: text for name, text in row.items() if text} for row in ROWS]
    contents = {
        "array": json.dumps(filled, indent=1).encode(),
        "csv": as_csv(ROWS),
        "columns in another order": as_csv(swapped, ";"),
        "parquet": as_parquet(ROWS),
    }
    for name, content in contents.items():
        assert read(content, mapping=generated()).events == expected, name
    chat = {"messages": [{"id": 7, **row} for row in ROWS], "id": "c"}
    inner = generated(rows="/messages/*", customer_id={"outer": "/id"})
    ids = read(ndjson(chat), mapping=inner).ids
    assert ids == read(json.dumps([chat, {"messages": [], "id": 1}], indent=1).encode(), mapping=inner).ids
    assert not {*ids} & {*read(ndjson({**chat, "id": "d"}), mapping=inner).ids}


def test_one_row_more_is_one_event_more(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    few = read(as_csv(ROWS), mapping=generated()).ids
    more = read(as_csv([ROWS[3], *ROWS, ROWS[1]]), mapping=generated()).ids
    assert len({*more} - {*few}) == 2
    assert {*few} < {*more}
    for length in (1, 2, 3):
        monkeypatch.setattr(row_ids, "RUN_LENGTH_MAX", length)
        monkeypatch.setattr(document_records, "RECORDS_MAX", length)
        assert read(as_csv(ROWS), mapping=generated()).ids == few


def test_a_refused_row_has_its_id(read: Read) -> None:
    rows = [ROWS[0], {**ROWS[0], "sent": "soon"}, {**ROWS[0], "sent": "soon"}]
    outcome = read(as_csv(rows), mapping=generated())
    ids = [rejection.event_id for rejection in outcome.rejections]
    assert [each and each.rpartition("-")[2] for each in ids] == ["1", "2"]
    assert read(ndjson(b'{"sent": "\\ud800"}', b"{", *ROWS), mapping=generated()).positions == [2, 3, 4, 5]


@examples()
@given(st.lists(st.lists(st.integers(0, 6) | st.integers(0, 2**64 - 1), max_size=9), max_size=9), st.integers(1, 9))
def test_ordinals_count_alike_in_memory_and_on_disk(blocks: list[list[int]], length: int) -> None:
    seen: Counter[int] = Counter()
    with pytest.MonkeyPatch.context() as monkeypatch, RowCounts() as counts:
        monkeypatch.setattr(row_ids, "RUN_LENGTH_MAX", length)
        monkeypatch.setattr(row_ids, "_CHUNK_LENGTH", 2)
        for block in blocks:
            expected = []
            for key in block:
                seen[key] += 1
                expected.append(seen[key])
            assert counts.ordinals(np.array(block, np.uint64)).tolist() == expected


@examples()
@given(
    st.lists(st.none() | st.datetimes(*map(datetime.fromisoformat, ("0002-01-02", "9998-01-01"))), max_size=5),
    st.sampled_from(["s", "ms", "us"]),
)
def test_times_of_columns_are_those_of_instants(times: list[datetime | None], unit: str) -> None:
    column = pa.array(times, pa.timestamp("us", "UTC")).cast(pa.timestamp(unit, "UTC"), safe=False)
    numbers = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    expected = [digest_of_values({"t": None if number is None else text_from_us(number)}) for number in numbers]
    assert digests_of_columns({"t": column}, count=len(times)).to_pylist() == expected


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@examples()
@given(st.lists(st.tuples(TEXTS, TEXTS | st.none(), st.integers(-(2**63), 2**63 - 1), st.booleans()), max_size=5))
def test_the_digests_of_columns_are_those_of_their_rows(rows: list[tuple[str, str | None, int, bool]]) -> None:
    names = ("a", "é", "n", "b")
    kinds = (pa.string(), pa.binary(), pa.int64(), pa.bool_())
    columns = {name: pa.array([row[at] for row in rows], kinds[at]) for at, name in enumerate(names)}
    expected = [digest_of_values(dict(zip(names, row, strict=True))) for row in rows]
    assert digests_of_columns(columns, count=len(rows)).to_pylist() == expected
