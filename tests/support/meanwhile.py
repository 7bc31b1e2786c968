"""Something that goes on in another thread while a test goes on in its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

# Far longer than any step takes; a test that needs it has failed.
STUCK_SECONDS = 60


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[None]:
    """`work` in a thread of its own; what it raises is raised at the end of the `with`."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        future = thread.submit(work)
        yield
        future.result(STUCK_SECONDS)
