"""(a) Twenty million events metered, beside a bare sort of their columns and other engines.

Ours reads the file row group by row group, numbers the touchpoints and gives each session its id, end, close reason and
members. The sort orders the same columns as Arrow. The other engines find sessions and members only; their counts must
agree.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet

from bench import rivals
from bench.figure import Figure
from bench.fresh import Run, fresh
from bench.traffic import typical, warmed
from botmeter.domain.event import ACTOR_BY_NAME, KIND_BY_NAME
from botmeter.metering.columns import repeated_text
from botmeter.metering.meter import load_kernel, sessions_with_members
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.metering.reading import allocating_from, metering_pool
from botmeter.metering.touchpoints import Touchpoints

EVENTS = 20_000_000
# pandas takes minutes and most of the memory for the whole file.
SMALL = 0.1
ROUNDS = 3

_TEXTS = ("actor", "kind", "bot_id", "bot_version", "channel")
_KEYS = ("customer_id", "conversation_id")
_COLUMNS = ["event_id", "occurred_at", *_KEYS, *_TEXTS, "preview"]


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    path = warmed(typical(round(EVENTS * scale)).parquet())
    ours, polars, sort = _in_turns(path, metered, rivals.in_polars, sorted_by_duckdb)
    yield _beside(polars, ours=ours, name="in Polars, which gives less,", promise=2)
    yield Figure(
        subject=f"(a) metering {ours.answer['event_count']:,} events ÷ DuckDB's bare sort",
        value=ours.answer["seconds"] / sort.answer["seconds"],
        unit="×",
        promise=0.6,
        detail=f"{_cost(ours)} to {_cost(sort)}; {ours.answer['counts'][0]:,} sessions; load {ours.load:.1f}",
    )
    yield Figure(subject="(a) its peak memory", value=ours.peak_mb / 1e3, unit="GB", promise=4.2)
    yield _beside(fresh(rivals.in_duckdb, path=str(path)), ours=ours, name="in DuckDB")
    small = warmed(typical(round(EVENTS * scale * SMALL)).parquet())
    yield _beside(fresh(rivals.in_pandas, path=str(small)), ours=fresh(metered, path=str(small)), name="in pandas")


def _in_turns(path: Path, *functions: Callable[[str], dict[str, Any]]) -> list[Run]:
    """Median run of each, by its seconds."""
    rounds = [[fresh(function, path=str(path)) for function in functions] for _ in range(ROUNDS)]
    return [sorted(runs, key=lambda run: run.answer["seconds"])[ROUNDS // 2] for runs in zip(*rounds, strict=True)]


def _cost(run: Run) -> str:
    return f"{run.answer['seconds']:.2f} s (CPU {run.cpu_seconds:.1f}, {run.peak_mb / 1e3:.1f} GB)"


def _beside(theirs: Run, *, ours: Run, name: str, promise: float | None = None) -> Figure:
    if theirs.answer["counts"] != ours.answer["counts"]:
        raise RuntimeError(f"Sessions, members, parts: {theirs.answer['counts']} {name}, {ours.answer['counts']} here.")
    return Figure(
        subject=f"(a) the same job {name} ÷ ours, {ours.answer['event_count']:,} events",
        value=theirs.answer["seconds"] / ours.answer["seconds"],
        unit="×",
        promise=promise,
        is_least=True,
        detail=f"{_cost(theirs)} to {_cost(ours)}",
    )


def metered(path: str) -> dict[str, Any]:
    """Time from file to metered sessions with members."""
    load_kernel()
    with allocating_from(metering_pool()):
        return _metered(path)


def _metered(path: str) -> dict[str, Any]:
    started = time.perf_counter()
    touchpoints = Touchpoints()
    file = pyarrow.parquet.ParquetFile(path, read_dictionary=[*_TEXTS, *_KEYS], pre_buffer=False)
    events = pa.concat_tables([meter_table(rows, touchpoints) for rows in _row_groups(file)])
    result, members = sessions_with_members(events, schedule=schedule_of(FRESHCHAT), touchpoints=touchpoints)
    seconds = time.perf_counter() - started
    counts = [len(result.sessions), len(events) - members.null_count, len(result.participations)]
    return {"seconds": seconds, "event_count": len(events), "counts": counts}


def _row_groups(file: pyarrow.parquet.ParquetFile) -> Iterator[pa.Table]:
    # One is read while the one before is prepared; what it took is free again for a later one.
    with ThreadPoolExecutor(1) as reader:
        read = partial(reader.submit, file.read_row_group, columns=_COLUMNS)
        following = read(0)
        for group in range(1, file.num_row_groups):
            rows, following = following.result(), read(group)
            yield rows
        yield following.result()


def meter_table(rows: pa.Table, touchpoints: Touchpoints) -> pa.Table:
    """`METER_SCHEMA` of a file's rows, with numbers in place of names."""
    columns = {
        "source": repeated_text("default", len(rows)),
        "event_id": rows["event_id"],
        "occurred_at": rows["occurred_at"].cast(pa.int64()),
        "conversation_id": rows["conversation_id"],
        "customer_id": rows["customer_id"],
        "actor": _numbered(rows["actor"], ACTOR_BY_NAME),
        "kind": _numbered(rows["kind"], KIND_BY_NAME),
        "touchpoint": pa.array(touchpoints.numbers(rows)),
        "preview": rows["preview"],
        "attributes": pa.nulls(len(rows)),
    }
    return pa.table(columns)


def _numbered(names: pa.ChunkedArray, number_by_name: dict[str, Any]) -> pa.Array:
    whole = names.unify_dictionaries().combine_chunks()
    whole = whole if isinstance(whole, pa.DictionaryArray) else whole.chunk(0)
    number_of_code = np.array([number_by_name[name] for name in whole.dictionary.to_pylist()], np.uint8)
    return pa.array(number_of_code[whole.indices.to_numpy()])


def sorted_by_duckdb(path: str) -> dict[str, Any]:
    """Time in which DuckDB returns the same columns as Arrow, ordered by customer, time and id."""
    with duckdb.connect() as connection:
        started = time.perf_counter()
        query = f"SELECT {', '.join(_COLUMNS)} FROM '{path}' ORDER BY customer_id, occurred_at, event_id"
        rows = connection.sql(query).to_arrow_table()
        return {"seconds": time.perf_counter() - started, "event_count": len(rows)}
