"""Batches of many events: read ahead of their use, in memory that is not asked for again and again."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial

import pyarrow as pa

from botmeter.metering.schema import EventBatch


def read_ahead(batches: Iterable[EventBatch]) -> Iterator[EventBatch]:
    """Yield batches; a thread reads the next one meanwhile."""
    if isinstance(batches, list | tuple):
        yield from batches
        return
    # The reader thread reports its progress and notes in the caller's context.
    following = partial(copy_context().run, partial(next, iter(batches), None))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="source") as reader:
        pending = reader.submit(following)
        while (batch := pending.result()) is not None:
            pending = reader.submit(following)
            yield batch


@contextmanager
def system_pool() -> Iterator[None]:
    """Make Arrow allocate from the system until the `with` ends.

    Threads free what others allocated, and Arrow's own pool then asks the kernel for fresh pages: an import of 2
    million events took 90 MB and 5 % of CPU more, metering 10 million 20 %.
    """
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
