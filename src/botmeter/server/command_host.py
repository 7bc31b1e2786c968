"""Commands of other processes, run by the data folder's owner.

If the other process ends or asks, or the server stops, a command is rolled back.
"""

import atexit
import concurrent.futures.thread  # noqa: F401 - its hook must be older than ours: hooks run in reverse
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO
from weakref import WeakSet

from botmeter import __version__
from botmeter.domain.errors import Unavailable
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import SharedFolder
from botmeter.server import owner_socket
from botmeter.server.command_context import CommandContext
from botmeter.server.descriptors import Descriptor, Wakeable, text_stream

# DuckDB loses an interrupt between two statements, so it is repeated.
_INTERRUPT_EVERY_SECONDS = 0.05
_REFUSED_PAUSE_SECONDS = 0.2
_STREAM_COUNT = 3
_FAILED = 1


RunCommand = Callable[[CommandContext, list[str]], int]
"""Runs a command line, without the program, and returns its exit code."""

_hosts: "WeakSet[_Host]" = WeakSet()


@contextmanager
def serve_commands(folder: SharedFolder, *, run: RunCommand, served_at: str | None = None) -> Iterator[None]:
    """Run commands of this user's other processes until the `with` ends, which stops them.

    Args:
        run: Returns the exit code.
        served_at: Public URL of this server; None without one.
    """
    with owner_socket.bound(folder.path) as listener:
        host = _Host(folder, listener, run=run, served_at=served_at)
        host.start()
        _stop_before_joins(host)
        try:
            yield
        finally:
            host.stop()


class _Host:
    def __init__(
        self, folder: SharedFolder, listener: socket.socket, *, run: RunCommand, served_at: str | None
    ) -> None:
        self._folder = folder
        self._run = run
        self._served_at = served_at
        self._listener = listener
        self._ended, self._end = socket.socketpair()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._running: dict[threading.Thread, Interruption] = {}
        self._accepting = threading.Thread(target=self._accept, name="commands", daemon=True)

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
        """Refuse connections; interrupt running commands and wait for them."""
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
        self._end.send(b"!")
        self._accepting.join()
        reason = Unavailable("server_stopping", "The server is stopping; nothing was changed. Try again.")
        while running := self._still_running():
            for thread, stop in running:
                stop.set(reason)
                thread.join(_INTERRUPT_EVERY_SECONDS)
        self._end.close()
        self._ended.close()

    def _still_running(self) -> list[tuple[threading.Thread, Interruption]]:
        with self._lock:
            return list(self._running.items())

    def _accept(self) -> None:
        while True:
            if self._ended.fileno() in _ready(self._listener, self._ended):
                return
            try:
                connection, _ = self._listener.accept()
            except OSError:
                # Out of descriptors: the connection is still waiting, and accepting at once would loop.
                select.select([self._ended], [], [], _REFUSED_PAUSE_SECONDS)
                continue
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        thread = threading.Thread(target=self._serve, args=(connection,), name="command", daemon=True)
        with self._lock:
            self._running[thread] = Interruption()
        try:
            thread.start()
        except RuntimeError:
            connection.close()
            with self._lock:
                del self._running[thread]

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            stop = self._running[threading.current_thread()]
        try:
            with connection, suppress(OSError):
                if not owner_socket.is_own(connection):
                    return
                owner_socket.send(connection, {"botmeter": __version__})
                # A silent client must not keep the server from stopping.
                with stop.waking(lambda: connection.shutdown(socket.SHUT_RD)):
                    request, descriptors = owner_socket.received(connection, descriptor_count=_STREAM_COUNT)
                command = _Command(
                    request=request,
                    descriptors=descriptors,
                    folder=self._folder.under(stop),
                    run=self._run,
                    served_at=self._served_at,
                    stop=stop,
                )
                owner_socket.send(connection, {"exit_code": _code_while_connected(command, connection)})
        finally:
            with self._lock:
                del self._running[threading.current_thread()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    request: dict[str, Any]
    descriptors: list[int]
    folder: SharedFolder
    run: RunCommand
    served_at: str | None
    stop: Interruption

    def exit_code(self) -> int:
        wakeable = Wakeable(self.stop)
        try:
            with self.stop.waking(wakeable.wake), self._streams(wakeable) as (stdin, stdout, stderr):
                context = CommandContext(
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    environment=self.request["environment"],
                    program=self.request["program"],
                    cwd=Path(self.request["cwd"]),
                    folder=self.folder,
                    interruption=self.stop,
                    served_at=self.served_at,
                )
                return self.run(context, self.request["arguments"])
        finally:
            wakeable.close()

    @contextmanager
    def _streams(self, wakeable: Wakeable) -> Iterator[list[TextIO]]:
        streams = [
            text_stream(Descriptor(descriptor, wakeable=wakeable, is_written=place > 0), **options)
            for place, (descriptor, options) in enumerate(zip(self.descriptors, self.request["streams"], strict=True))
        ]
        try:
            yield streams
        finally:
            for stream in streams:
                with suppress(OSError, KeyboardInterrupt, Unavailable):
                    stream.close()


def _stop_before_joins(host: _Host) -> None:
    """Stop the host when the process ends inside its `with`.

    `atexit` is too late: Python first joins the threads of executors, one of which may wait for a client.
    """
    _hosts.add(host)
    _register_stop()


@cache
def _register_stop() -> None:
    getattr(threading, "_register_atexit", atexit.register)(_stop_hosts)


def _stop_hosts() -> None:
    for host in tuple(_hosts):
        host.stop()


def _code_while_connected(command: _Command, connection: socket.socket) -> int:
    """Run the command; interrupt it when the other end asks or is gone."""
    codes: list[int] = []
    done, finished = socket.socketpair()

    def run() -> None:
        with finished:
            codes.append(command.exit_code())

    with done:
        worker = threading.Thread(target=run, name="command at work", daemon=True)
        worker.start()
        if done.fileno() not in _ready(connection, done):
            while worker.is_alive():
                command.stop.set()
                worker.join(_INTERRUPT_EVERY_SECONDS)
        worker.join()
    return codes[0] if codes else _FAILED


def _ready(*sockets: socket.socket) -> set[int]:
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll()}
