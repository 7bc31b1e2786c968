"""Large bodies, unpacked and cut in threads of their own.

Look-ups of keys have the loop's threads. Whoever sends made-up keys makes each of them a question to the database: they
may hold up one another, and must not hold up bodies.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_Made = TypeVar("_Made")

# As many as have a core on the least machine; unpacking and signatures let go of the interpreter.
_LARGE_BYTES: Final = 1 << 16
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")


def is_long_work(body: bytes, *, headers: Mapping[str, str]) -> bool:
    """Whether a body is to be unpacked and read in a thread: on the event loop all other requests would wait for it."""
    return len(body) > _LARGE_BYTES or "content-encoding" in headers


async def worked_out(work: Callable[[], _Made]) -> _Made:
    """What `work` gives, or raises."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
