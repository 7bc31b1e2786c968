"""Freed memory goes back to the system."""

import ctypes
import os
from pathlib import Path

import pytest

from botmeter.domain.free_memory import release_free_memory

_BLOCKS = 600
_BLOCK_BYTES = 100_000
"""Smaller than what glibc maps and unmaps by itself."""


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library than glibc")
def test_freed_memory_below_memory_in_use_goes_back_to_the_system() -> None:
    blocks = [os.urandom(_BLOCK_BYTES) for _ in range(_BLOCKS)]
    in_use = blocks.pop()
    blocks.clear()
    before = _resident_bytes()

    release_free_memory()

    assert _resident_bytes() < before - _BLOCKS * _BLOCK_BYTES // 2
    assert len(in_use) == _BLOCK_BYTES
