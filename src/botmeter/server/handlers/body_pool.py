"""Large bodies, unpacked and cut in threads of their own.

Look-ups of keys have the loop's threads. Whoever sends made-up keys makes each of them a question to the database: they
may hold up one another, and must not hold up bodies.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_Made = TypeVar("_Made")

# As many as have a core on the least machine; unpacking and signatures let go of the interpreter.
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")


async def worked_out(work: Callable[[], _Made]) -> _Made:
    """What `work` gives, or raises."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
