"""Interruption of waits for another process's descriptors."""

import os

from botmeter.ledger.interruption import Interruption
from botmeter.server.descriptors import Wakeable


def test_a_late_wake_writes_into_no_other_file() -> None:
    stop = Interruption()
    wakeable = Wakeable(stop)
    wakeable.close()
    # These have the numbers that became free.
    read, write = os.pipe()
    try:
        os.set_blocking(read, False)
        stop.set()
        wakeable.wake()
        with os.fdopen(os.dup(read), "rb") as other:
            assert not other.read()
    finally:
        os.close(read)
        os.close(write)
