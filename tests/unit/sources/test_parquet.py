"""Parquet as warehouses write it: any unit of time, any encoding of text."""

import io
import json
from decimal import Decimal
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.sources.conftest import Read, event

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.sources.arrow import parquet as reading
from botmeter.sources.reader import batch_from_json

NOON = "2026-11-22T12:00:00Z"


def parquet(*, rows: int = 3, row_group_size: int | None = None, **columns: object) -> bytes:
    sent: dict[str, object] = {name: [value] * rows for name, value in event().items()}
    sent["event_id"] = [f"e{number}" for number in range(rows)]
    sink = io.BytesIO()
    pq.write_table(pa.table({**sent, **columns}), sink, row_group_size=row_group_size, store_schema=True)
    return sink.getvalue()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "+02:00"])
@pytest.mark.parametrize(("unit", "each_us"), [("s", 1_000_000), ("ms", 1_000), ("us", 1)])
def test_a_time_of_any_unit_and_zone_is_its_instant(read: Read, unit: str, each_us: int, zone: str) -> None:
    times = pa.array([us_from_text(NOON) // each_us] * 3, pa.timestamp(unit, zone))
    assert [result["occurred_at"] for result in read(parquet(occurred_at=times)).events] == [us_from_text(NOON)] * 3


def test_nanoseconds_are_cut_to_microseconds_also_before_1970(read: Read) -> None:
    times = pa.array([us_from_text(NOON) * 1_000 + 999, -1, 0], pa.timestamp("ns", "UTC"))
    assert [result["occurred_at"] for result in read(parquet(occurred_at=times)).events] == [us_from_text(NOON), -1, 0]


def test_a_time_beyond_all_measure_is_one_rejection(read: Read) -> None:
    outcome = read(parquet(occurred_at=pa.array([2**62, us_from_text(NOON), -(2**62)], pa.timestamp("us", "UTC"))))
    assert (outcome.positions, [index for index, _ in outcome.codes]) == ([1], [0, 2])
    seconds = pa.array([2**62, 0, None], pa.timestamp("ms", "UTC"))
    assert read(parquet(occurred_at=seconds)).positions == [1]


def test_times_without_a_zone_are_refused_for_the_whole_file(read: Read) -> None:
    with pytest.raises(Refused, match="have no time zone") as refused:
        read(parquet(occurred_at=pa.array([0, 1, 2], pa.timestamp("us"))))
    assert refused.value.code == "time_without_offset"


def test_times_as_text_are_read_as_in_any_other_format(read: Read) -> None:
    outcome = read(parquet(occurred_at=[NOON, "2026-11-22T12:00:00", "2026-11-22T14:00:00+02:00"]))
    assert outcome.codes == [(1, "time_without_offset")]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.binary(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())],
    ids=str,
)
def test_text_of_any_encoding_is_text(read: Read, kind: pa.DataType) -> None:
    names = pa.array(["a", None, "é"], pa.string())
    sent = names.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else names.cast(kind)
    outcome = read(parquet(customer_id=pa.array(["u"] * 3).cast(kind), bot_id=sent, ticket_id=sent))
    assert [(result["bot_id"], result["ticket_id"]) for result in outcome.events] == [
        ("a", "a"),
        (None, None),
        ("é", "é"),
    ]


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.int8()], ids=str)
def test_whole_numbers_are_ids_in_decimal_text(read: Read, kind: pa.DataType) -> None:
    outcome = read(parquet(event_id=pa.array([1, 2, 3], kind), bot_id=pa.array([7, None, 7], kind)))
    assert [(result["event_id"], result["bot_id"]) for result in outcome.events] == [
        ("1", "7"),
        ("2", None),
        ("3", "7"),
    ]


def test_the_largest_unsigned_number_is_an_id(read: Read) -> None:
    assert read(parquet(event_id=pa.array([2**63, 2**64 - 1, 0], pa.uint64()))).ids == [str(2**63), str(2**64 - 1), "0"]


def test_decimals_without_a_fraction_and_uuids_are_ids(read: Read) -> None:
    numbers = pa.array([Decimal(1), Decimal(10**30), Decimal(3)], pa.decimal128(38, 0))
    names = pa.array([UUID(int=7).bytes, None, UUID(int=8).bytes], pa.uuid())
    outcome = read(parquet(event_id=numbers, bot_id=names))
    assert [(result["event_id"], result["bot_id"]) for result in outcome.events] == [
        ("1", str(UUID(int=7))),
        (str(10**30), None),
        ("3", str(UUID(int=8))),
    ]


def test_a_rejected_row_shows_its_decimals_and_uuids_as_they_are_read(read: Read) -> None:
    numbers, names = pa.array([Decimal(10**30)], pa.decimal128(38, 0)), pa.array([UUID(int=7).bytes], pa.uuid())
    (rejection,) = read(parquet(rows=1, event_id=numbers, bot_id=names, actor=["nobody"])).rejections
    assert rejection.event_id == str(10**30)
    assert json.loads(rejection.raw) == {**event(str(10**30), actor="nobody"), "bot_id": str(UUID(int=7))}


def test_fractions_are_no_ids(read: Read) -> None:
    outcome = read(parquet(event_id=pa.array([1.5, 2.0, float("nan")])))
    assert outcome.codes == [(0, "type_invalid"), (2, "type_invalid")]
    assert outcome.ids == ["2"]


def test_an_invalid_row_is_quarantined_with_all_columns_and_can_be_sent_again(read: Read) -> None:
    times = pa.array([us_from_text(NOON)] * 3, pa.timestamp("us", "UTC"))
    content = parquet(occurred_at=times, actor=["bot", "nobody", "bot"], foreign=[1, 2, 3], row_group_size=2)
    (rejection,) = read(content).rejections
    assert (rejection.index, rejection.code, rejection.event_id) == (1, "actor_unknown", "e1")
    assert json.loads(rejection.raw) == {**event("e1", actor="nobody", occurred_at=NOON), "foreign": 2}
    batch = batch_from_json([rejection.raw.replace(b"nobody", b"agent")])
    assert batch.events["occurred_at"].to_pylist() == [us_from_text(NOON)]


def test_attributes_can_be_a_structure_a_map_or_json_text(read: Read) -> None:
    kinds = {
        "structure": pa.array([{"a": 1}] * 3),
        "map": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
        "text": pa.array(['{"a": 1}'] * 3),
    }
    for attributes in kinds.values():
        assert {result["attributes"] for result in read(parquet(attributes=attributes)).events} == {'{"a":1}'}


def test_text_that_is_not_utf_8_or_holds_nul_is_one_rejection(read: Read) -> None:
    outcome = read(parquet(customer_id=pa.array([b"u", b"\xff", b"a\0"], pa.binary())))
    assert outcome.codes == [(1, "text_invalid"), (2, "text_invalid")]


def test_missing_and_doubled_columns_are_named(read: Read) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"event_id": ["e1"]}), sink)
    with pytest.raises(Refused, match="has no column 'occurred_at'; its columns are event_id"):
        read(sink.getvalue())
    doubled = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["event_id", "event_id"]), doubled)
    with pytest.raises(Refused, match="has the column 'event_id' 2 times"):
        read(doubled.getvalue())


def test_many_row_groups_are_read_a_batch_at_a_time_in_order(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ROWS_MAX", 128)
    outcome = read(parquet(rows=1_000, row_group_size=300))
    assert outcome.ids == [f"e{number}" for number in range(1_000)]
    assert outcome.positions == list(range(1_000))
    assert max(outcome.batch_sizes) <= 128
    assert outcome.bytes_read == sorted(outcome.bytes_read)


def test_a_file_without_rows_has_no_events(read: Read) -> None:
    empty = {name: pa.array(np.array([], dtype=object), pa.string()) for name in event()}
    assert read(parquet(rows=0, **empty)).events == []
