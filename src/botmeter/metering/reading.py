"""Batches of many events: reading ahead, and memory pools."""

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
def allocating_from(pool: pa.MemoryPool) -> Iterator[None]:
    """Make Arrow allocate from a pool during the `with`."""
    own = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        yield
    finally:
        pa.set_memory_pool(own)


def metering_pool() -> pa.MemoryPool:
    """Memory of events that are metered together.

    Arrow's own pool asks the kernel for fresh pages again and again: metering 20 million events took 10 % of CPU and
    0.14 GB more. With the system's it took 0.35 GB more.
    """
    has_jemalloc = "jemalloc" in pa.supported_memory_backends()
    return pa.jemalloc_memory_pool() if has_jemalloc else pa.system_memory_pool()
