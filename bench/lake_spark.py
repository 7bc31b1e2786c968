"""(q) The same files into a ledger, and into a lake on one machine, by local[2] and on a cluster of two workers: CPU.

All processes are counted: driver, Java and Python workers. What cluster and session cost to start, with a first task in
each worker, is measured apart.
"""

import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb

from bench.figure import Figure
from bench.fresh import Run, fresh
from bench.importing import ACCOUNT
from bench.traffic import CACHE, typical, warmed
from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.metering.policy import FRESHCHAT, schedule_of
from botmeter.sources.reader import SourceFile

SIZES = (1_000_000, 3_000_000, 10_000_000)
CLUSTER = "cluster"
LOCAL = "local[2]"
_PROMISE = {CLUSTER: 1.8}
_PIECES = 8
_SCRATCH = CACHE / "lake-spark"


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    missing = _missing()
    if missing:
        print(f"(q) lakes on Spark are left out: {missing}", flush=True)
        return
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    _SCRATCH.mkdir(parents=True)
    for size in SIZES:
        yield from _figures_of(round(size * scale))
    shutil.rmtree(_SCRATCH)


def _figures_of(event_count: int) -> Iterator[Figure]:
    files = _pieces(typical(event_count).parquet())
    ledger = _measured("import", files).answer
    for engine in ("here", LOCAL, CLUSTER):
        run = _measured(engine, files)
        lake = run.answer
        if lake["accepted"] != ledger["accepted"]:
            raise RuntimeError(f"The lake by {engine} has other events than the ledger.")
        apart = f", start {lake['start_seconds']:.1f} s apart" if lake["start_seconds"] else ""
        each, own = (costs["cpu_seconds"] / event_count * 1e6 for costs in (lake, ledger))
        yield Figure(
            subject=f"(q) lake of {event_count:,} events by {engine} ÷ import, CPU",
            value=lake["cpu_seconds"] / ledger["cpu_seconds"],
            unit="×",
            promise=_PROMISE.get(engine),
            detail=f"{each:.1f} µs an event to {own:.1f}{apart}; {run.seconds:.0f} s at load {run.load:.1f}; "
            f"Python process {lake['worker_mb'] / 1e3:.2f} GB",
        )


def _missing() -> str:
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (make spark installs it)"
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java"
    return "" if sys.platform == "linux" else "only Linux counts what a cluster costs"


def _pieces(source: Path) -> list[str]:
    """Cut a file into as many as two workers read at once and more, in order of time."""
    folder = _SCRATCH / source.stem
    with duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(CACHE / "tmp")}) as connection:
        connection.execute(
            f"""COPY (SELECT *, ntile({_PIECES}) OVER (ORDER BY occurred_at) AS piece FROM '{source}')
            TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (piece))"""
        )
    return [str(warmed(file)) for file in sorted(folder.rglob("*.parquet"))]


def _measured(engine: str, files: list[str]) -> Run:
    folder = _SCRATCH / "scratch"
    run = fresh(filled, engine=engine, files=files, folder=str(folder))
    shutil.rmtree(folder)
    return run


def filled(engine: str, *, files: list[str], folder: str) -> dict[str, Any]:
    """Fill a new ledger or lake with files; return its count of events and what that cost."""
    if engine == "import":
        _botmeter("account", "create", ACCOUNT, "--data", folder)
        printed = _botmeter("import", *files, "--account", ACCOUNT, "--data", folder, "--format", "json")
    elif engine == "here":
        printed = _botmeter("lake", "run", *files, "--lake", folder, "--account", ACCOUNT, "--format", "json")
    else:
        return _filled_by_spark(engine, files, folder=folder)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "accepted": json.loads(printed)["accepted"],
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "worker_mb": used.ru_maxrss * 1024 / 1e6,
        "start_seconds": 0.0,
    }


def _filled_by_spark(engine: str, files: list[str], *, folder: str) -> dict[str, Any]:
    from tests.support.spark_cluster import cluster, environment

    from botmeter.lake.record import create_lake
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.run import FilesOfSource, run_lake
    from botmeter.lake.spark import spark_engine

    root, scratch = LakeRoot.at(folder), _SCRATCH / "spark"
    create_lake(root, Account(name=ACCOUNT), schedule=schedule_of(FRESHCHAT), now_us=now_us())
    given = FilesOfSource(files=[SourceFile(path=file) for file in files], name="bench")
    os.environ.update(environment(scratch))
    before_seconds = _cpu_seconds()
    with cluster(scratch) if engine == CLUSTER else nullcontext(engine) as master, spark_engine(master) as tasks:
        start_seconds = _cpu_seconds() - before_seconds
        outcome = run_lake(root, given, engine=tasks, now_us=now_us())
        # Before the session ends, since PySpark's daemon waits for no worker, so that their costs are lost with them.
        return {
            "accepted": outcome.record.event_count,
            "cpu_seconds": _cpu_seconds() - start_seconds,
            "worker_mb": max(_peak_kb(process) for process in _descendants()) * 1024 / 1e6,
            "start_seconds": start_seconds,
        }


def _cpu_seconds() -> float:
    """CPU of this process and its descendants, with those for which one of them has waited."""
    ticks = [sum(map(int, stat[11:15])) for stat in map(_stat, _descendants()) if stat]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _descendants() -> list[int]:
    """Processes below this one, and itself."""
    found = [os.getpid()]
    children: dict[int, list[int]] = {}
    for process in (int(path.name) for path in Path("/proc").glob("[0-9]*")):
        stat = _stat(process)
        if stat:
            children.setdefault(int(stat[1]), []).append(process)
    for process in found:
        found += children.get(process, [])
    return found


def _stat(process: int) -> list[str]:
    """Fields after the name of a process; empty: it has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _peak_kb(process: int) -> int:
    """Peak memory of a Python worker; 0: of another process."""
    try:
        if b"pyspark.daemon" not in Path(f"/proc/{process}/cmdline").read_bytes():
            return 0
        return int(Path(f"/proc/{process}/status").read_text().partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError):
        return 0


def _botmeter(*arguments: str) -> str:
    command = [sys.executable, "-m", "botmeter", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
