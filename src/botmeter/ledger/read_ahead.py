"""Batches read one ahead: a source decodes the next one while the ledger takes the present one in."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial

from botmeter.metering.schema import EventBatch


def read_ahead(batches: Iterable[EventBatch]) -> Iterator[EventBatch]:
    """The same batches in the same order. What is in hand already is not read by a thread."""
    if isinstance(batches, list | tuple):
        yield from batches
        return
    # What is said on the way goes where the caller's words go.
    following = partial(copy_context().run, partial(next, iter(batches), None))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="source") as reader:
        pending = reader.submit(following)
        while (batch := pending.result()) is not None:
            pending = reader.submit(following)
            yield batch
