"""(q) Files into a lake on one machine, beside the same file's import into a ledger, and increments of 1 %.

The files are cut from generated events in order of time: the newest 1 %; and events held back over all months, with as
many copies of stored ones. At last, answers from a compacted lake, and runs by Spark.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.fresh import Run, botmeter, fresh
from bench.importing import ACCOUNT, imported
from bench.lake_memory import figures as memory_figures
from bench.lake_serving import figures as serving_figures
from bench.lake_spark import figures as spark_figures
from bench.traffic import CACHE, typical, warmed, written

EVENTS = 10_000_000
_SCRATCH = CACHE / "lake"
_CUTS = {
    "whole": "newest < 0.99 AND held > 49",
    "recent": "newest >= 0.99 AND held > 49",
    "late": "held <= 49 OR (held < 100 AND newest < 0.99)",
}
"""Conditions of the files: the row's place in time from 0 to 1, and a number of the event below 10,000."""


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    _SCRATCH.mkdir(parents=True)
    source = warmed(typical(round(EVENTS * scale)).parquet())
    files = {name: _cut(source, name, condition=condition) for name, condition in _CUTS.items()}
    ledger = imported(files["whole"], folder=_SCRATCH / "ledger")
    whole = _run(files["whole"])
    event_count = json.loads(whole.stdout)["accepted"]
    yield Figure(
        subject=f"(q) lake of {event_count:,} events ÷ the ledger's import, CPU",
        value=whole.cpu_seconds / ledger.cpu_seconds,
        unit="×",
        promise=1.8,
        detail=f"{whole.cpu_seconds:.1f} s (peak {whole.peak_mb / 1e3:.2f} GB) to {ledger.cpu_seconds:.1f} s",
    )
    for name, share, what in (("recent", 0.05, "1 % recent"), ("late", 0.15, "1 % late and copies, all months")):
        increment = _run(files[name])
        counts = json.loads(increment.stdout)
        yield Figure(
            subject=f"(q) increment of {what} ÷ the whole run, CPU",
            value=increment.cpu_seconds / whole.cpu_seconds,
            unit="×",
            promise=share,
            detail=f"{increment.cpu_seconds:.1f} s; {counts['accepted']:,} new, {counts['duplicates']:,} copies",
        )
    shutil.rmtree(_SCRATCH)
    yield from memory_figures(scale)
    yield from serving_figures(scale)
    yield from spark_figures(scale)


def _cut(source: Path, name: str, *, condition: str) -> Path:
    path = _SCRATCH / f"{name}.parquet"
    statement = f"""COPY (
        SELECT * EXCLUDE (newest, held) FROM (
            SELECT *, percent_rank() OVER (ORDER BY occurred_at) AS newest, hash(event_id) % 10000 AS held
            FROM '{source}'
        ) WHERE {condition} ORDER BY occurred_at
    ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""
    # In a child, which gives all its memory back.
    fresh(written, statement=statement)
    return path


def _run(file: Path) -> Run:
    command = ("lake", "run", str(file), "--lake", str(_SCRATCH / "lake"), "--account", ACCOUNT, "--format", "json")
    return botmeter(*command)
