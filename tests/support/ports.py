"""Ports for servers of tests."""

import secrets
import socket
from contextlib import suppress
from typing import Final

_PORTS: Final = range(20_000, 30_000)
"""Systems give clients higher ones, so none is taken between the look at it and the start of its server."""


def free_port() -> int:
    """A port of 127.0.0.1; each call returns another one, in other processes too."""
    while True:
        # Workers of one run share the seed of `random`.
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
