"""Requests of others during a test's work, and how long they take."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

# Few enough to leave the machine to what is tested.
PAUSE_SECONDS = 0.1
STUCK_SECONDS = 60


@contextmanager
def bystanders(requests: Mapping[str, Callable[[], None]]) -> Iterator[dict[str, list[float]]]:
    """Repeat each request in a thread until the `with` ends, and give their seconds; raise their first error."""
    seconds: dict[str, list[float]] = {name: [] for name in requests}
    over = threading.Event()

    def repeat(name: str) -> None:
        while not over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            requests[name]()
            seconds[name].append(time.monotonic() - began)

    with ThreadPoolExecutor(max_workers=len(requests)) as threads:
        running = [threads.submit(repeat, name) for name in requests]
        try:
            yield seconds
        finally:
            over.set()
    for each in running:
        each.result(STUCK_SECONDS)


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))]
