"""Threads for large bodies. The loop's own look up keys: requests with invalid keys must not delay bodies."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_Result = TypeVar("_Result")

LARGE_BYTES: Final = 1 << 16
"""Larger bodies, and compressed ones, are decompressed and split in these threads."""
# One for each core of the smallest machine; decompression and signatures release the interpreter.
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")


async def in_body_thread(work: Callable[[], _Result]) -> _Result:
    """Run `work` in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
