"""Read-ahead: a source decodes a batch while the ledger appends another."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from botmeter.metering.schema import EventBatch


def read_ahead(batches: Iterable[EventBatch]) -> Iterator[EventBatch]:
    """Yield the batches in order, read one ahead in a thread unless in memory."""
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
