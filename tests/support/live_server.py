"""A server in its own processes, for tests that send events, kill it, and inspect the folder afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import botmeter
from botmeter.ledger.folder import Folder
from botmeter.ledger.verify import verify
from support.live import EVENTS_PATH, message
from support.ports import free_port

READY_SECONDS = 180
_CHECK_SECONDS = 0.05


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class LiveServer:
    """`botmeter serve` and its worker, which may open at most `files_max` files."""

    def __init__(self, folder: Path, *, files_max: int | None = None) -> None:
        self.folder = folder
        self._files_max = files_max
        self.port = free_port()
        self._log = (folder.parent / f"{folder.name}.log").open("ab")
        self._process = self._started()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def worker(self) -> int:
        """Process that owns the folder."""
        return int((self.folder / "owner.lock").read_text().split()[0])

    def wait_ready(self, *, is_revived: bool = False) -> None:
        """Wait until it answers.

        Args:
            is_revived: Restart it if it ends, as service managers do: it ends if its worker dies soon after the last.
        """
        pause = threading.Event()
        for _ in range(int(READY_SECONDS / _CHECK_SECONDS)):
            if self._is_ready():
                return
            if self._process.poll() is not None:
                assert is_revived, self.log
                self._process = self._started()
            pause.wait(_CHECK_SECONDS)
        raise AssertionError(self.log)

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8")

    def kill_worker(self) -> None:
        """`kill -9` the worker; its supervisor starts another."""
        os.kill(self.worker, signal.SIGKILL)

    def kill(self) -> None:
        """`kill -9` the server and its worker, as a power cut does."""
        worker = self.worker
        # Otherwise it would start another worker.
        self._process.send_signal(signal.SIGSTOP)
        os.kill(worker, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Stop it and return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(READY_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._log.close()

    def ask_to_end(self) -> None:
        """Stop it without waiting."""
        self._process.send_signal(signal.SIGTERM)

    def command(self, *words: str) -> str:
        """Output of a command run in the server."""
        return commanded(self.folder, *words)

    def begun(self, *words: str) -> "subprocess.Popen[str]":
        """Command that reads its input from a pipe."""
        return subprocess.Popen(
            _command(self.folder, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )

    def account(self, name: str) -> str:
        """Create an account; return a key with all scopes."""
        self.command("account", "create", name)
        return self.command("key", "create", "--account", name, "--scope", "admin").strip()

    def request(self, method: str, path: str, /, *, body: bytes | None = None, **headers: str) -> Answer:
        """Send a request; connection errors are raised."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=READY_SECONDS)) as connection:
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return Answer(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )

    def send(self, key: str, body: bytes, /, **headers: str) -> Answer:
        return self.request("POST", EVENTS_PATH, body=body, authorization=f"Bearer {key}", **headers)

    def connected(self) -> socket.socket:
        """New connection without a request."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=READY_SECONDS)

    def _is_ready(self) -> bool:
        try:
            return self.request("GET", "/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def _started(self) -> "subprocess.Popen[bytes]":
        limited = [] if self._files_max is None else ["sh", "-c", f'ulimit -n {self._files_max}; exec "$@"', "sh"]
        return subprocess.Popen(
            [*limited, *_command(self.folder, "serve", "--port", str(self.port))],
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=_environment(),
        )


@contextmanager
def serving(folder: Path, *, files_max: int | None = None) -> Iterator[LiveServer]:
    """Ready server of the folder until the `with` ends."""
    server = LiveServer(folder, files_max=files_max)
    try:
        server.wait_ready()
        yield server
    finally:
        server.end()


def commanded(folder: Path, *words: str) -> str:
    """Output of a command on a folder, run in its server if any."""
    done = ran(folder, *words)
    assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def ran(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Command that has ended; one that goes on fails the test, such as a server that should not have started."""
    command, seconds = _command(folder, *words), 300
    return subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(), timeout=seconds)


def _command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "botmeter", *words, "--data", str(folder)]


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    # A busy machine starts servers slowly.
    return own | {"PYTHONPATH": str(Path(botmeter.__file__).parents[1]), "BOTMETER_WAIT": str(READY_SECONDS)}


BATCH_EVENTS = 40


def batch(name: str) -> list[dict[str, Any]]:
    """Events of some customers, with the batch's name in their ids."""
    return [
        message(
            f"{name}:{number}",
            f"2026-03-{10 + number % 9:02}T10:{number:02}:00Z",
            customer_id=f"c{hash_of(name) % 50}",
            conversation_id=f"v{hash_of(name) % 50}",
            actor="customer" if number % 3 else "bot",
        )
        for number in range(BATCH_EVENTS)
    ]


def hash_of(name: str) -> int:
    """Hash that is equal in all processes."""
    return sum(name.encode())


@dataclass
class Senders:
    """Threads that send batches, each until answered, and record outcomes.

    Attributes:
        statuses: Batch → last status; 0: broken connection.
        broken: Batches whose connection broke.
        faults: Impossible answers.
    """

    server: LiveServer
    key: str
    statuses: dict[str, int] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def sending(self, *, threads: int = 4) -> Iterator[None]:
        """Send until the `with` ends."""
        running = [threading.Thread(target=self._run, args=(str(number),)) for number in range(threads)]
        for thread in running:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in running:
                thread.join()

    @property
    def acknowledged(self) -> set[str]:
        with self._changed:
            return {name for name, status in self.statuses.items() if status == 200}

    def wait_acknowledged(self, count: int) -> None:
        """Wait for this many more acknowledged batches."""
        with self._changed:
            expected = self._count() + count
            assert self._changed.wait_for(lambda: self._count() >= expected, READY_SECONDS), self.server.log

    def _count(self) -> int:
        return sum(status == 200 for status in self.statuses.values())

    def _run(self, thread: str) -> None:
        number = 0
        while not self._end.is_set():
            name = f"{thread}-{number}"
            status = self._sent(name)
            self._note(name, status)
            number += status == 200

    def _sent(self, name: str) -> int:
        try:
            answer = self.server.send(self.key, json.dumps(batch(name)).encode())
        except (OSError, HTTPException):
            # The server is briefly down; don't busy-wait.
            self._end.wait(_CHECK_SECONDS)
            return 0
        # A batch without an answer was accepted as a whole or not at all.
        possible = {BATCH_EVENTS, 0} if name in self.broken else {BATCH_EVENTS}
        if answer.status not in {200, 503} or (answer.status == 200 and answer.json()["accepted"] not in possible):
            self.faults.append(f"{name}: {answer.status} {answer.body!r}")
        return answer.status

    def _note(self, name: str, status: int) -> None:
        with self._changed:
            self.statuses[name] = status
            if status == 0:
                self.broken.add(name)
            self._changed.notify_all()


def event_counts(folder: Path, account: str) -> Counter[str]:
    """Events per batch in an unopened ledger, which must verify."""
    with Folder.owned(folder, purpose="a test") as owned, owned.ledger(account) as ledger:
        verified = verify(ledger)
        assert verified.is_clean, "\n".join(map(str, verified.differences))
        ids = ledger.connection.execute("SELECT event_id FROM event").fetchall()
    assert len(set(ids)) == len(ids)
    return Counter(event_id.partition(":")[0] for (event_id,) in ids)
