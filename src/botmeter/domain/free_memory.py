"""Memory that the C library keeps after it was freed."""

import ctypes


def release_free_memory() -> None:
    """Return freed memory to the system: 0.4 ms, or 2 ms at 700 MB. Only glibc needs it."""
    # Found among the libraries that Python is linked to.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
