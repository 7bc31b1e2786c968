"""(a) Twenty million events metered, beside a bare sort of their columns and other engines.

Ours reads the file, numbers the touchpoints and gives each session its id, end, close reason and members. The sort
orders the same columns as Arrow. The other engines find sessions and members only; their counts must agree.
"""

import time
from collections.abc import Callable, Iterator
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
from botmeter.metering.meter import Metered, sessions_from_events
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.metering.touchpoints import Touchpoints

EVENTS = 20_000_000
# pandas takes minutes and most of the memory for the whole file.
SMALL = 0.1

_TEXTS = ("actor", "kind", "bot_id", "bot_version", "channel")
_COLUMNS = ["event_id", "occurred_at", "conversation_id", "customer_id", *_TEXTS, "preview"]


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    path = warmed(typical(round(EVENTS * scale)).parquet())
    ours, sort = fresh(metered, path=str(path)), fresh(sorted_by_duckdb, path=str(path))
    yield Figure(
        subject=f"(a) metering {ours.answer['event_count']:,} events ÷ DuckDB's bare sort",
        value=ours.answer["seconds"] / sort.answer["seconds"],
        unit="×",
        promise=1.5,
        detail=f"{_cost(ours)} to {_cost(sort)}; {ours.answer['counts'][0]:,} sessions; load {ours.load:.1f}",
    )
    for rival in (rivals.in_duckdb, rivals.in_polars):
        yield _beside(rival, path=path, ours=ours)
    small = warmed(typical(round(EVENTS * scale * SMALL)).parquet())
    yield _beside(rivals.in_pandas, path=small, ours=fresh(metered, path=str(small)))


def _cost(run: Run) -> str:
    return f"{run.answer['seconds']:.2f} s (CPU {run.cpu_seconds:.1f}, {run.peak_mb / 1e3:.1f} GB)"


def _beside(rival: Callable[[str], dict[str, Any]], *, path: Path, ours: Run) -> Figure:
    theirs = fresh(rival, path=str(path))
    name = rival.__name__.replace("_", " ")
    if theirs.answer["counts"] != ours.answer["counts"]:
        raise RuntimeError(f"Sessions, members, parts: {theirs.answer['counts']} {name}, {ours.answer['counts']} here.")
    return Figure(
        subject=f"(a) the same job {name} ÷ ours, {ours.answer['event_count']:,} events",
        value=theirs.answer["seconds"] / ours.answer["seconds"],
        unit="×",
        detail=f"{_cost(theirs)} to {_cost(ours)}",
    )


def metered(path: str) -> dict[str, Any]:
    """Time from file to metered sessions with members."""
    few = pyarrow.parquet.ParquetFile(path, read_dictionary=list(_TEXTS)).iter_batches(1_000, columns=_COLUMNS)
    _sessions(pa.Table.from_batches([next(few)]))
    started = time.perf_counter()
    events = pyarrow.parquet.read_table(path, columns=_COLUMNS, read_dictionary=list(_TEXTS))
    result = _sessions(events)
    seconds = time.perf_counter() - started
    member_count = len(events) - result.session_of_event.null_count
    counts = [len(result.sessions), member_count, len(result.participations)]
    return {"seconds": seconds, "event_count": len(events), "counts": counts}


def _sessions(rows: pa.Table) -> Metered:
    touchpoints = Touchpoints()
    events = meter_table(rows, touchpoints)
    return sessions_from_events(events, schedule=schedule_of(FRESHCHAT), touchpoints=touchpoints)


def meter_table(rows: pa.Table, touchpoints: Touchpoints) -> pa.Table:
    """`METER_SCHEMA` of a file's rows, with names replaced by numbers."""
    columns = {
        "source": pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int32)), pa.array(["default"])),
        "event_id": rows["event_id"],
        "occurred_at": rows["occurred_at"].cast(pa.int64()),
        "conversation_id": rows["conversation_id"],
        "customer_id": rows["customer_id"],
        "actor": _numbered(rows["actor"], ACTOR_BY_NAME),
        "kind": _numbered(rows["kind"], KIND_BY_NAME),
        "touchpoint": pa.array(touchpoints.numbers(rows)),
        "preview": rows["preview"],
        "attributes": pa.nulls(len(rows), pa.string()),
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
