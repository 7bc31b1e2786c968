"""Work in another thread during a test."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

# Far longer than any step; a test that reaches it has failed.
STUCK_SECONDS = 60


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """Run `work` in a thread; raise its error when the `with` ends."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        future = thread.submit(work)
        yield
        future.result(STUCK_SECONDS)
