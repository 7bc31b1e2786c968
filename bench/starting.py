"""(e) Start of the command line: time to help, and to a report.

A new process each time, with its files in the page cache.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, quantile
from bench.fresh import botmeter
from bench.traffic import CACHE
from botmeter.demo import DEMO_ACCOUNT

RUNS = 10
DEMO_EVENTS = 1_000_000


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    folder = demo_folder(round(DEMO_EVENTS * scale))
    yield _figure("--help", promise=0.3)
    yield _figure("report", "--account", DEMO_ACCOUNT, "--data", str(folder), promise=1)


def _figure(*arguments: str, promise: float) -> Figure:
    botmeter(*arguments)
    runs = [botmeter(*arguments) for _ in range(RUNS)]
    seconds, cpu_seconds = [run.seconds for run in runs], [run.cpu_seconds for run in runs]
    return Figure(
        subject=f"(e) botmeter {arguments[0]} from a cold start, p95",
        value=quantile(seconds, 0.95),
        unit="s",
        promise=promise,
        detail=f"{RUNS} runs, median {quantile(seconds, 0.5):.2f} s (CPU {quantile(cpu_seconds, 0.5):.2f}); "
        f"load {runs[-1].load:.1f}",
    )


def demo_folder(event_count: int) -> Path:
    """Data folder of a demo account of this size."""
    folder = CACHE / f"demo-{event_count}"
    if not folder.exists():
        botmeter("demo", "--no-serve", "--events", str(event_count), "--data", str(folder))
    return folder
