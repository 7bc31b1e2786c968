"""Compiled functions kept in numba's cache, and loaded from it without what only compiling needs."""

from collections.abc import Callable
from typing import Any, Final

import numba
from numba import njit
from numba.core.caching import FunctionCache
from numba.core.runtime.nrt import rtsys

# Newer ones may need more to be ready.
_TESTED_BELOW: Final = (0, 69)


class _CacheOfCode(FunctionCache):
    def load_overload(self, sig: Any, target_context: Any) -> Any:
        # As numba's own, but for the library of functions that a compiler may call: listing it takes half of the time
        # to load all of the meter, 0.15 s. A compiler lists it by itself.
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call; keep the code for later processes."""
    dispatcher: Any = njit(cache=True, nogil=True)(function)
    if tuple(map(int, numba.__version__.split(".")[:2])) < _TESTED_BELOW:
        dispatcher._cache = _CacheOfCode(function)  # type: ignore[no-untyped-call]  # noqa: SLF001 - no public way
    return dispatcher
