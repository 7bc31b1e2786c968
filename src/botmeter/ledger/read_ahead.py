"""Batches read one ahead, so that a source decodes the next one while the ledger appends the present one."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from botmeter.metering.schema import EventBatch


def read_ahead(batches: Iterable[EventBatch]) -> Iterator[EventBatch]:
    """Yield the same batches in the same order; those of a list or tuple without a thread."""
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
