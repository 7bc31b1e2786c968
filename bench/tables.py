"""(i) `botmeter.meter` from Python beside the command, on the same events.

A table in memory, by library, is metered in a fresh process beside `botmeter meter` of the Parquet file that it was
read from. The table's own reading is left out of its processor time.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figure import Figure, quantile
from bench.fresh import Run, botmeter, fresh, run_python
from bench.traffic import typical, warmed

EVENTS = 5_000_000
POLICY = "freshchat.session"
RUNS = 10
FORMS = ("pyarrow", "polars", "pandas", "duckdb")


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    yield _import()
    path = warmed(typical(round(EVENTS * scale)).parquet())
    command = botmeter("meter", str(path), "--policy", POLICY, "--format", "json")
    for form in FORMS:
        yield _beside(form, path=path, command=command)


def _import() -> Figure:
    script = "import time; began = time.perf_counter(); import botmeter; print(time.perf_counter() - began)"
    seconds = [float(run_python(script).stdout) for _ in range(RUNS)]
    return Figure(
        subject="(i) import botmeter, p95",
        value=quantile(seconds, 0.95) * 1e3,
        unit="ms",
        promise=30,
        detail=f"{RUNS} runs, median {quantile(seconds, 0.5) * 1e3:.1f} ms",
    )


def _beside(form: str, *, path: Path, command: Run) -> Figure:
    ours = fresh(metered, path=str(path), form=form)
    answer, counts = ours.answer, json.loads(command.stdout)
    if answer["session_count"] != counts["sessions"]:
        raise RuntimeError(f"{answer['session_count']} sessions of a table, {counts['sessions']} of the file.")
    return Figure(
        subject=f"(i) botmeter.meter of {counts['events']:,} events, {form} ÷ command",
        value=answer["cpu_seconds"] / command.cpu_seconds,
        unit="×",
        detail=f"CPU {answer['cpu_seconds']:.1f} s (wall {answer['seconds']:.1f}) to {command.cpu_seconds:.1f} s "
        f"(wall {command.seconds:.1f}); memory {ours.peak_mb / 1e3:.1f} GB with the table to "
        f"{command.peak_mb / 1e3:.1f} GB",
    )


def metered(path: str, form: str) -> dict[str, Any]:
    """Meter a table of the file's events, and time it without the table's reading."""
    import botmeter as package

    table = _table(path, form)
    # The first call loads the modules and the kernel, which the command's time has too.
    began, cpu_began = time.perf_counter(), time.process_time()
    sessions = package.meter(table, POLICY)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu_began,
        "session_count": len(sessions),
    }


def _table(path: str, form: str) -> Any:
    match form:
        case "polars":
            import polars as pl

            return pl.read_parquet(path)
        case "pandas":
            import pandas as pd

            return pd.read_parquet(path)
        case "duckdb":
            import duckdb

            connection = duckdb.connect()
            connection.execute(f"CREATE TABLE event AS FROM '{path}'")
            return connection.table("event")
        case _:
            import pyarrow.parquet

            return pyarrow.parquet.read_table(path)
