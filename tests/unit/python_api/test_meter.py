"""`botmeter.meter`: tables of any library are read as the command reads files."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import botmeter
from botmeter.domain.errors import Refused
from botmeter.reports.export import write_rows
from botmeter.sources.arrow import arrow_stream

COUNT = 6
AT = [datetime(2026, 3, 30, 22, tzinfo=UTC) + timedelta(hours=9 * number) for number in range(COUNT)]
"""Whole seconds, and sessions over midnight."""
COLUMNS: dict[str, list[Any]] = {
    "event_id": [f"e{number}" for number in range(COUNT)],
    "occurred_at": AT,
    "conversation_id": [f"c{number % 2}" for number in range(COUNT)],
    "customer_id": ["7", "8", "7", "7", "8", "7"],
    "actor": ["customer", "customer", "bot", "customer", "customer", "customer"],
    "bot_id": ["orders"] * 4 + ["returns", None],
    "channel": ["web", None] * 3,
    "preview": [None, True, False, None, True, False],
}
TABLE = pa.table(COLUMNS)


class Loaded:
    """A library that is loaded when a test uses it, and not when tests are collected."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


pd, pl = Loaded("pandas"), Loaded("polars")


@pytest.fixture(scope="module")
def sessions() -> pa.Table:
    return botmeter.meter(TABLE)


def lines(rows: pa.Table) -> str:
    texts = rows.set_column(1, "occurred_at", pa.array([f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in AT]))
    return "".join(json.dumps(row) + "\n" for row in texts.to_pylist())


def csv(rows: pa.Table) -> bytes:
    out = io.BytesIO()
    write_rows(rows.to_reader(), format="csv", out=out)
    return out.getvalue()


def with_column(name: str, values: Any) -> pa.Table:
    return TABLE.set_column(TABLE.schema.get_field_index(name), name, values)


def with_kind(kind: pa.DataType, *names: str) -> pa.Table:
    """The table with text columns of another type."""
    table = TABLE
    for name in names:
        values = table[name].combine_chunks()
        if pa.types.is_dictionary(kind):
            coded = values.dictionary_encode()
            values = pa.DictionaryArray.from_arrays(
                coded.indices.cast(kind.index_type), coded.dictionary.cast(kind.value_type)
            )
        else:
            values = values.cast(kind)
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


TEXTS = ("event_id", "conversation_id", "customer_id", "actor", "bot_id", "channel")


def run_end_encoded() -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array([4, 5, 6], pa.int32()), pa.array(["orders", "returns", None]))


SAME: dict[str, Callable[[], Any]] = {
    "reader": lambda: TABLE.to_reader(max_chunksize=2),
    "record batch": lambda: TABLE.to_batches()[0],
    "chunks": lambda: pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1, 0), TABLE.slice(1)]),
    "slice": lambda: pa.concat_tables([TABLE, TABLE]).slice(COUNT),
    "other order of columns": lambda: TABLE.select(reversed(TABLE.column_names)),
    "extra columns": lambda: TABLE.append_column("text", pa.array(["…"] * COUNT)).append_column(
        "vector", pa.array([[1.5]] * COUNT)
    ),
    "binary": lambda: with_kind(pa.binary(), *TEXTS),
    "large strings": lambda: with_kind(pa.large_string(), *TEXTS),
    "large binary": lambda: with_kind(pa.large_binary(), *TEXTS),
    "views": lambda: with_kind(pa.string_view(), *TEXTS),
    "binary views": lambda: with_kind(pa.binary_view(), *TEXTS),
    "dictionaries": lambda: with_kind(pa.dictionary(pa.uint8(), pa.string()), *TEXTS),
    "dictionaries of large strings": lambda: with_kind(pa.dictionary(pa.int64(), pa.large_string()), *TEXTS),
    "dictionaries of views": lambda: with_kind(pa.dictionary(pa.uint32(), pa.string_view()), *TEXTS),
    "chunks with dictionaries of their own": lambda: pa.concat_tables(
        with_kind(pa.dictionary(pa.int8(), pa.string()), *TEXTS).slice(start, 2).unify_dictionaries()
        for start in (0, 2, 4)
    ),
    "run ends": lambda: with_column("bot_id", run_end_encoded()),
    "whole numbers": lambda: with_column("customer_id", pa.array([7, 8, 7, 7, 8, 7], pa.uint8())),
    "decimals": lambda: with_column("customer_id", pa.array(map(Decimal, [7, 8, 7, 7, 8, 7]), pa.decimal128(38))),
    "seconds": lambda: with_column("occurred_at", TABLE["occurred_at"].cast(pa.timestamp("s", "UTC"))),
    "milliseconds": lambda: with_column("occurred_at", TABLE["occurred_at"].cast(pa.timestamp("ms", "Asia/Kolkata"))),
    "nanoseconds": lambda: with_column("occurred_at", TABLE["occurred_at"].cast(pa.timestamp("ns", "+05:30"))),
    "texts of times": lambda: with_column("occurred_at", pa.array([at.isoformat() for at in AT])),
    "texts of previews": lambda: with_column("preview", pa.array([None, "true", "0", None, "YES", "no"])),
    "numbers of previews": lambda: with_column("preview", pa.array([None, 1, 0, None, 1, 0], pa.bool8().storage_type)),
    "booleans of eight bits": lambda: with_column("preview", TABLE["preview"].cast(pa.bool8())),
    "polars": lambda: pl.from_arrow(TABLE),
    "polars categories": lambda: pl.from_arrow(TABLE).cast(
        {"customer_id": pl.Categorical, "bot_id": pl.Categorical, "actor": pl.Enum(["bot", "customer"])}
    ),
    "pandas": TABLE.to_pandas,
    "pandas with nullable types": lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas with its own nullable types": lambda: TABLE.to_pandas().convert_dtypes(),
    "pandas categories": lambda: TABLE.to_pandas().astype(
        {"customer_id": "category", "bot_id": "category", "actor": "category"}
    ),
    "pandas objects": lambda: TABLE.to_pandas().astype(object),
    "pandas with its event ids as index": lambda: TABLE.to_pandas().set_index("event_id"),
    "pandas with a nameless index": lambda: TABLE.to_pandas().set_axis(list("uvwxyz")),
    "pandas with whole numbers and a gap": lambda: TABLE.to_pandas().assign(
        customer_id=pd.array([7, 8, 7, 7, 8, 7], dtype="Int64"), preview=pd.array([None, 1, 0, None, 1, 0], "boolean")
    ),
    "a relation of DuckDB": lambda: duckdb.connect().from_arrow(TABLE),
}


@pytest.mark.parametrize("form", SAME)
def test_the_form_of_a_table_changes_nothing(form: str, sessions: pa.Table) -> None:
    result = botmeter.meter_result(SAME[form]())
    assert not result.rejections
    assert result.sessions == sessions


def test_a_table_gives_what_a_file_and_the_command_s_writer_give(tmp_path: Path, sessions: pa.Table) -> None:
    (tmp_path / "events.ndjson").write_text(lines(TABLE), encoding="utf-8")
    assert csv(botmeter.meter(tmp_path / "events.ndjson")) == csv(botmeter.meter(str(tmp_path / "events.ndjson")))
    assert csv(botmeter.meter(tmp_path / "events.ndjson")) == csv(sessions)
    assert sessions["session_id"].to_pylist() == list(dict.fromkeys(sessions["session_id"].to_pylist()))
    assert len(sessions) == 4


def test_a_large_table_is_read_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_stream, "_ROWS_MAX", 4)
    broken = with_column("actor", pa.array(["customer"] * 5 + ["nobody"]))
    result = botmeter.meter_result(broken)
    assert [(one.index, one.event_id, one.code) for one in result.rejections] == [(5, "e5", "actor_unknown")]
    assert result.counts["events"] == 5


def test_an_event_that_does_not_count_is_of_no_customer_or_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_stream, "_ROWS_MAX", 2)
    changed = {**COLUMNS, "customer_id": ["9"] * COUNT, "conversation_id": ["c9"] * COUNT}
    counts = botmeter.meter_result(pa.concat_tables([TABLE, TABLE, pa.table(changed)])).counts
    assert [counts[name] for name in ("events", "duplicates", "conflicts")] == [COUNT, COUNT, COUNT]
    assert [counts[name] for name in ("customers", "conversations")] == [2, 2]


def test_no_rows_give_no_sessions(sessions: pa.Table) -> None:
    empty = botmeter.meter(TABLE.slice(0, 0))
    assert (len(empty), empty.schema) == (0, sessions.schema)
    assert botmeter.meter(pl.from_arrow(TABLE).clear()).schema == sessions.schema
    assert len(botmeter.meter(pa.RecordBatchReader.from_batches(TABLE.schema, []))) == 0


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_without_a_zone_need_a_mapping(unit: str, sessions: pa.Table) -> None:
    local = with_column("occurred_at", pa.array([at.replace(tzinfo=None) for at in AT], pa.timestamp(unit)))
    with pytest.raises(Refused, match="the Table have no time zone") as refused:
        botmeter.meter(local)
    assert refused.value.code == "time_without_offset"
    assert botmeter.meter(local, mapping={"occurred_at": {"timezone": "UTC"}}) == sessions
    kolkata = botmeter.meter(local, mapping={"occurred_at": {"timezone": "Asia/Kolkata"}})
    assert kolkata["started_at"][0].as_py() == AT[0] - timedelta(hours=5, minutes=30)


def test_a_mapping_is_a_file_a_dict_or_the_value_itself(tmp_path: Path, sessions: pa.Table) -> None:
    foreign = TABLE.rename_columns({"event_id": "id", "customer_id": "who", "actor": "role"}).set_column(
        4, "role", pa.array(["user" if actor == "customer" else "bot" for actor in COLUMNS["actor"]])
    )
    document = {
        "event_id": {"column": "id"},
        "customer_id": {"column": "who"},
        "actor": {"column": "role", "values": {"user": "customer"}},
    }
    (tmp_path / "columns.json").write_text(json.dumps(document), encoding="utf-8")
    from botmeter.sources.mapping.mapping_file import mapping_from_document

    for mapping in (
        document,
        tmp_path / "columns.json",
        str(tmp_path / "columns.json"),
        mapping_from_document(document),
    ):
        assert botmeter.meter(foreign, mapping=mapping) == sessions
    with pytest.raises(Refused, match="has no column 'event_id'") as refused:
        botmeter.meter(foreign)
    assert refused.value.code == "column_missing"


MAPPED = """
event_id = { join = [{ column = "chat" }, { column = "turn" }], separator = ":" }
conversation_id = { column = "chat" }
customer_id = { pointer = "/who/id" }
actor = { pointer = "/payload/role", values = { user = "customer" }, otherwise = "bot" }
bot_id = { constant = "orders" }
[occurred_at]
join = [{ column = "day" }, { column = "time" }]
separator = " "
format = "%d/%m/%Y %H:%M"
timezone = "Asia/Kolkata"
"""


def test_a_mapping_reads_a_table_as_it_reads_a_file(tmp_path: Path) -> None:
    table = pa.table(
        {
            "chat": COLUMNS["conversation_id"],
            "turn": pa.array(range(COUNT)),
            "who": [{"id": name} for name in COLUMNS["customer_id"]],
            "payload": [json.dumps({"role": "user" if actor == "customer" else "x"}) for actor in COLUMNS["actor"]],
            "day": [f"{at:%d/%m/%Y}" for at in AT],
            "time": [f"{at:%H:%M}" for at in AT],
        }
    )
    (tmp_path / "mapping.toml").write_text(MAPPED, encoding="utf-8")
    pq.write_table(table, tmp_path / "events.parquet")
    given = {"mapping": tmp_path / "mapping.toml"}
    rows = botmeter.meter(tmp_path / "events.parquet", **given)
    assert rows["opening_event_id"].to_pylist()[:2] == ["c0:0", "c1:1"]
    for form in (table, pl.from_arrow(table), table.to_pandas(), duckdb.connect().from_arrow(table)):
        assert botmeter.meter(form, **given) == rows
    with pytest.raises(botmeter.Missing, match="neither a mapping file nor a ready-made mapping") as missing:
        botmeter.meter(table, mapping="zendesc")
    assert missing.value.code == "mapping_missing"


def test_a_policy_is_a_name_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my-rule.toml").write_text('scope = ["conversation"]\n', encoding="utf-8")
    rows = botmeter.meter(TABLE, policy="~/my-rule.toml")
    assert rows.column_names[:2] == ["session_id", "conversation_id"]
    assert rows == botmeter.meter(TABLE, tmp_path / "my-rule.toml")
    with pytest.raises(botmeter.Missing) as missing:
        botmeter.meter(TABLE, "freshchat.sesion")
    assert missing.value.code == "policy_unknown"


def test_the_source_is_part_of_a_session_s_id(sessions: pa.Table) -> None:
    other = botmeter.meter(TABLE, source="warehouse")
    assert not set(other["session_id"].to_pylist()) & set(sessions["session_id"].to_pylist())


def test_a_bad_row_raises_nothing_and_is_listed() -> None:
    times = pa.array([*AT[:3], None, *AT[4:]], pa.timestamp("us", "UTC"))
    result = botmeter.meter_result(with_column("occurred_at", times))
    assert result.counts["rejected"] == 1
    assert [(one.index, one.event_id, one.code) for one in result.rejections] == [(3, "e3", "field_missing")]
    assert json.loads(result.rejections[0].raw)["customer_id"] == "7"
    with pytest.warns(UserWarning, match="1 event could not be read and did not count"):
        assert botmeter.meter(with_column("occurred_at", times)) == result.sessions


@pytest.mark.parametrize(
    ("column", "values", "code"),
    [
        ("customer_id", pa.array([7.5, 8.5, 7.5, None, 8.5, 1e15]), "type_invalid"),
        ("customer_id", pa.array([[1]] * COUNT), "type_invalid"),
        ("event_id", pa.array([b"\xff"] * COUNT), "text_invalid"),
        ("occurred_at", pa.array([at.date() for at in AT]), "time_invalid"),
        ("occurred_at", pa.array([at.timestamp() for at in AT]), "time_invalid"),
        ("attributes", pa.array([[1]] * COUNT), "attributes_invalid"),
    ],
    ids=str,
)
def test_a_column_of_another_kind_is_a_rejection_for_each_row(column: str, values: pa.Array, code: str) -> None:
    table = with_column(column, values) if column in COLUMNS else TABLE.append_column(column, values)
    result = botmeter.meter_result(table)
    assert {one.code for one in result.rejections} <= {code, "field_missing"}
    assert result.counts["rejected"] == COUNT


def test_ids_can_be_uuids_and_attributes_structures() -> None:
    ids = [UUID(int=number) for number in range(COUNT)]
    given = with_column("event_id", pa.array([one.bytes for one in ids], pa.uuid())).append_column(
        "attributes", pa.array([{"test": True}] * COUNT)
    )
    assert botmeter.meter(given)["opening_event_id"][0].as_py() == str(ids[0])


class Broken:
    """An object that promises a table and can't give it."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise ValueError("the warehouse is closed")


def failing() -> pa.RecordBatchReader:
    def batches():  # type: ignore[no-untyped-def]
        yield TABLE.to_batches()[0]
        raise OSError("the connection was cut")

    return pa.RecordBatchReader.from_batches(TABLE.schema, batches())


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (lambda: [{"event_id": "e1"}], "Events of type list can't be read"),
        (lambda: None, "Events of type NoneType can't be read"),
        (lambda: pl.from_arrow(TABLE).lazy(), "Events of type LazyFrame can't be read"),
        (lambda: TABLE["event_id"], "from the ChunkedArray: Cannot import schema"),
        (lambda: pl.Series([1]), "from the Series"),
        (lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]), "from the DataFrame: Duplicate column names"),
        (lambda: pd.DataFrame({"event_id": ["e", 1]}), "Conversion failed for column event_id"),
        (Broken, "from the Broken: the warehouse is closed"),
        (failing, r"from the RecordBatchReader: IOError: the connection was cut\.$"),
    ],
)
def test_what_gives_no_table_is_refused(events: Callable[[], Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        botmeter.meter(events())
    assert refused.value.code == "events_unreadable"


def test_doubled_and_missing_columns_are_refused() -> None:
    doubled = pa.Table.from_arrays([*TABLE.columns, TABLE["actor"]], [*TABLE.column_names, "actor"])
    for table, code in ((doubled, "column_doubled"), (TABLE.drop("actor"), "column_missing")):
        with pytest.raises(Refused) as refused:
            botmeter.meter(table)
        assert refused.value.code == code


def test_a_path_is_a_file_of_any_format_and_never_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sessions: pa.Table
) -> None:
    monkeypatch.chdir(tmp_path)
    pq.write_table(TABLE, tmp_path / "-")
    assert botmeter.meter("-") == sessions
    with pytest.raises(botmeter.Missing, match="missing.csv") as missing:
        botmeter.meter("missing.csv")
    assert missing.value.code == "file_missing"


@pytest.mark.slow
def test_importing_the_package_loads_nothing_else() -> None:
    script = (
        "import sys; before = set(sys.modules); import botmeter; loaded = set(sys.modules) - before;"
        "print(sorted(name for name in loaded if name.split('.')[0] in {'botmeter', 'numpy', 'pyarrow', 'django'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['botmeter']\n"
