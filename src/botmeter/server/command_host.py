"""Commands and questions of other processes, run by the data folder's owner."""

import atexit
import concurrent.futures.thread  # noqa: F401 - its hook must be older than ours: hooks run in reverse
import errno
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from botmeter import __version__
from botmeter.domain.errors import Unavailable
from botmeter.ledger.interruption import Interruption
from botmeter.ledger.open_ledgers import SharedFolder
from botmeter.server import owner_socket
from botmeter.server.command_context import CommandContext
from botmeter.server.descriptors import Descriptor, Wakeable, text_stream
from botmeter.server.questions import write_answer

if TYPE_CHECKING:
    from botmeter.live.pulls.run import RunningPulls

_log = logging.getLogger(__name__)

# DuckDB loses an interrupt between two statements, so it is repeated.
_INTERRUPT_EVERY_SECONDS = 0.05
_REFUSED_PAUSE_SECONDS = 0.2
_STREAM_COUNT = 3
_FAILED = 1
_OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


RunCommand = Callable[[CommandContext, list[str]], int]
"""Runs a command line, without the program, and returns its exit code."""


@contextmanager
def serve_commands(
    folder: SharedFolder, *, run: RunCommand, served_at: str | None = None, pulls: "RunningPulls | None" = None
) -> Iterator[None]:
    """Run commands of this user's other processes during the `with`, whose end stops them.

    Args:
        run: Returns the exit code.
        served_at: Public URL of this server; None without one.
    """
    with owner_socket.bound(folder.path) as listener:
        new_context = partial(CommandContext, served_at=served_at, pulls=pulls)
        host = _Host(folder, listener, run=run, served_at=served_at, new_context=new_context)
        host.start()
        # If the process ends inside the `with`, `atexit` is too late: Python first joins the threads of executors, one
        # of which may wait for a client.
        getattr(threading, "_register_atexit", atexit.register)(host.stop)
        try:
            yield
        finally:
            host.stop()


class _Host:
    def __init__(
        self,
        folder: SharedFolder,
        listener: socket.socket,
        *,
        run: RunCommand,
        served_at: str | None,
        new_context: Callable[..., CommandContext],
    ) -> None:
        self._folder = folder
        self._run = run
        self._served_at = served_at
        self._new_context = new_context
        self._listener = listener
        self._ended, self._end = socket.socketpair()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._running: dict[threading.Thread, Interruption] = {}
        self._accepting = threading.Thread(target=self._accept, name="commands", daemon=True)

    def start(self) -> None:
        self._accepting.start()

    def stop(self) -> None:
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
        is_reported = False
        while True:
            if self._ended.fileno() in _ready(self._listener, self._ended):
                return
            try:
                connection, _ = self._listener.accept()
            except OSError as problem:
                if not is_reported:
                    _log.warning("commands can't connect and wait: %s", problem.strerror)
                is_reported = True
                # Out of descriptors: the connection is still waiting, and accepting at once would loop.
                _ready(self._ended, within_seconds=_REFUSED_PAUSE_SECONDS)
                continue
            is_reported = False
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
                owner_socket.send(connection, {"botmeter": __version__, "served_at": self._served_at})
                owner_socket.send(connection, self._answer(connection, stop=stop))
        finally:
            with self._lock:
                del self._running[threading.current_thread()]

    def _answer(self, connection: socket.socket, *, stop: Interruption) -> dict[str, Any]:
        try:
            with ExitStack() as opened:
                # Before the command's own descriptors, which must not be lost if these can't be had.
                wakeable = opened.enter_context(closing(Wakeable(stop)))
                done, finished = (opened.enter_context(each) for each in socket.socketpair())
                # A silent client must not keep the server from stopping.
                with stop.waking(partial(_stop_reading, connection)):
                    request, descriptors = owner_socket.received(connection, descriptor_count=_STREAM_COUNT)
                run = partial(self._outcome, request, descriptors, wakeable=wakeable)
                return _answer_while_connected(run, connection, done=done, finished=finished, stop=stop)
        except OSError as problem:
            if problem.errno not in _OUT_OF_DESCRIPTORS:
                raise
            return {"is_refused": True}

    def _outcome(self, request: dict[str, Any], descriptors: list[int], *, wakeable: Wakeable) -> dict[str, Any]:
        stop = wakeable.stop
        with (
            stop.waking(wakeable.wake),
            _streams(descriptors, request["streams"], wakeable=wakeable) as (stdin, stdout, stderr),
        ):
            folder = self._folder.under(stop)
            if "question" in request:
                return write_answer(request["question"], folder=folder, out=stdout.buffer, stop=stop)
            context = self._new_context(
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                environment=request["environment"],
                program=request["program"],
                cwd=Path(request["cwd"]),
                folder=folder,
                interruption=stop,
            )
            return {"exit_code": self._run(context, request["arguments"])}


def _stop_reading(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


@contextmanager
def _streams(descriptors: list[int], encodings: list[dict[str, str]], *, wakeable: Wakeable) -> Iterator[list[TextIO]]:
    streams = [
        text_stream(Descriptor(descriptor, wakeable=wakeable, is_written=number > 0), **encoding)
        for number, (descriptor, encoding) in enumerate(zip(descriptors, encodings, strict=True))
    ]
    try:
        yield streams
    finally:
        for stream in streams:
            with suppress(OSError, KeyboardInterrupt, Unavailable):
                stream.close()


def _answer_while_connected(
    run: Callable[[], dict[str, Any]],
    connection: socket.socket,
    *,
    done: socket.socket,
    finished: socket.socket,
    stop: Interruption,
) -> dict[str, Any]:
    """Run a request; interrupt it when the other end asks or is gone.

    Args:
        done: Ready once its peer `finished` is closed, at the request's end.
    """
    answers: list[dict[str, Any]] = []

    def run_and_finish() -> None:
        with finished:
            answers.append(run())

    worker = threading.Thread(target=run_and_finish, name="command at work", daemon=True)
    worker.start()
    if done.fileno() not in _ready(connection, done):
        while worker.is_alive():
            stop.set()
            worker.join(_INTERRUPT_EVERY_SECONDS)
    worker.join()
    return answers[0] if answers else {"exit_code": _FAILED}


def _ready(*sockets: socket.socket, within_seconds: float | None = None) -> set[int]:
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLIN)
    return {descriptor for descriptor, _ in poll.poll(None if within_seconds is None else within_seconds * 1_000)}
