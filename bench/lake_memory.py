"""Peak memory of a run into a lake, with a customer who has a fifth of all events."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from bench.fresh import botmeter, fresh
from bench.importing import ACCOUNT
from bench.traffic import CACHE, typical, warmed, written

EVENTS = 10_000_000
_SCRATCH = CACHE / "lake-memory"


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    _SCRATCH.mkdir(parents=True)
    event_count = round(EVENTS * scale)
    file = _skewed(typical(event_count).parquet())
    run = botmeter("lake", "run", str(file), "--lake", str(_SCRATCH / "lake"), "--account", ACCOUNT)
    yield Figure(
        subject=f"(q) lake of {event_count:,} events, one customer with a fifth: peak memory",
        value=run.peak_mb / 1e3,
        unit="GB",
        promise=1.5,
        detail=f"{run.cpu_seconds:.1f} s of CPU, all tasks in one process",
    )
    shutil.rmtree(_SCRATCH)


def _skewed(source: Path) -> Path:
    path = _SCRATCH / "skewed.parquet"
    customer = "CASE WHEN hash(event_id) % 5 = 0 THEN 'the largest' ELSE customer_id END AS customer_id"
    # In a child, which gives all its memory back.
    statement = f"COPY (FROM '{source}' SELECT * REPLACE ({customer})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    fresh(written, statement=statement)
    return warmed(path)
