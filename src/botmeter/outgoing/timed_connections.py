"""Connections cut off when an answer takes too long."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

ANSWER_SECONDS_MAX: Final = 60.0
"""Of the head, and of the body."""


@contextmanager
def cut_off_late(shutdown: Callable[[], None]) -> Iterator[None]:
    """Shut a connection down after a while: a byte now and then never exceeds the limit of one read.

    Raises:
        TimeoutError: It was shut down, so that its answer may be only a part.
    """
    is_late = threading.Event()

    def cut() -> None:
        is_late.set()
        with suppress(OSError, RuntimeError, ValueError):
            shutdown()

    timer = threading.Timer(ANSWER_SECONDS_MAX, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if is_late.is_set():
        raise TimeoutError


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        with cut_off_late(partial(self.sock.shutdown, socket.SHUT_RDWR)):
            return super().getresponse()


class _TlsConnection(HTTPSConnection):
    def getresponse(self) -> Any:
        with cut_off_late(partial(self.sock.shutdown, socket.SHUT_RDWR)):
            return super().getresponse()


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


TIMED_POOLS: Final[dict[str, Any]] = {"http": _Pool, "https": _TlsPool}
"""Pools by scheme, for urllib3's manager."""
