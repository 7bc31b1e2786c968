"""(b) A file into an empty ledger: `botmeter import` beside DuckDB's plain load.

The command is timed from start to end: read, checked, deduplicated, metered, counted, on disk. The peer parses the same
file into a table of a database file on the same disk.
"""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from bench.figure import Figure
from bench.fresh import Run, botmeter, fresh
from bench.traffic import CACHE, typical, warmed

ACCOUNT = "bench"
PARQUET_EVENTS = 10_000_000
NDJSON_EVENTS = 2_000_000

_SCRATCH = CACHE / "import"


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    yield from _beside(typical(round(PARQUET_EVENTS * scale)).parquet(), promise=2.5, memory_gb=1)
    yield _half_memory(typical(round(PARQUET_EVENTS / 2 * scale)).parquet())
    yield from _beside(typical(round(NDJSON_EVENTS * scale)).ndjson(), promise=2.2)


def _beside(file: Path, *, promise: float, memory_gb: float | None = None) -> Iterator[Figure]:
    warmed(file)
    peer = fresh(loaded_by_duckdb, path=str(file))
    ours = imported(file, folder=_SCRATCH)
    event_count = peer.answer["rows"]
    accepted = json.loads(ours.stdout)["accepted"]
    if accepted != event_count:
        raise RuntimeError(f"{accepted} of {event_count} events were accepted; refusing is not what this measures.")
    size_gb = ledger_file(_SCRATCH).stat().st_size / 1e9
    shutil.rmtree(_SCRATCH)
    yield Figure(
        subject=f"(b) import of {event_count:,} events in {file.suffix[1:]} ÷ DuckDB's load",
        value=ours.seconds / peer.answer["seconds"],
        unit="×",
        promise=promise,
        detail=f"{ours.seconds:.1f} s (CPU {ours.cpu_seconds:.1f}) to {peer.answer['seconds']:.1f} s "
        f"(CPU {peer.cpu_seconds:.1f}); ledger {size_gb:.2f} GB; load {ours.load:.1f}",
    )
    yield Figure(
        subject="(b) its peak memory",
        value=ours.peak_mb / 1e3,
        unit="GB",
        promise=memory_gb,
        detail=f"DuckDB's load {peer.peak_mb / 1e3:.2f} GB",
    )


def _half_memory(file: Path) -> Figure:
    ours = imported(file, folder=_SCRATCH)
    shutil.rmtree(_SCRATCH)
    return Figure(
        subject="(b) peak memory of half as many events",
        value=ours.peak_mb / 1e3,
        unit="GB",
        promise=1,
        detail=f"{json.loads(ours.stdout)['accepted']:,} events",
    )


def imported(file: Path, *, folder: Path) -> Run:
    """Import `file` into a new account in a new `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    botmeter("account", "create", ACCOUNT, "--data", str(folder))
    return botmeter("import", str(file), "--account", ACCOUNT, "--data", str(folder), "--format", "json")


def ledger_file(folder: Path) -> Path:
    """File of the account filled by `imported`."""
    return folder / "accounts" / f"{ACCOUNT}.duckdb"


def loaded_by_duckdb(path: str) -> dict[str, Any]:
    """Time of DuckDB's load into a database file, with checkpoint."""
    database = CACHE / "peer.duckdb"
    database.unlink(missing_ok=True)
    started = time.perf_counter()
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE TABLE event AS FROM '{path}'")
    seconds = time.perf_counter() - started
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM event").fetchone()
    database.unlink()
    return {"seconds": seconds, "rows": row[0] if row else 0}
