"""A server of commands inside the test's own process, and commands that reach it with real descriptors."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from botmeter.cli.context import in_context, of_process
from botmeter.cli.hosted import run_hosted
from botmeter.cli.main import exit_code
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
from botmeter.server.command_host import serve_commands
from cli.command_line import Ran

SOURCE = str(Path(__file__).parents[2] / "src")


@contextmanager
def served(data: Path, *, wait_seconds: float = 60, served_at: str | None = None) -> Iterator[OpenLedgers]:
    """A server that owns `data` until the end of the `with`; its open ledgers."""
    with Folder.owned(data, purpose="botmeter serve") as folder:
        ledgers = OpenLedgers(folder, wait_seconds=wait_seconds)
        try:
            with serve_commands(SharedFolder(ledgers), run=run_hosted, served_at=served_at):
                yield ledgers
        finally:
            ledgers.close()


class Served:
    """Runs commands through a server of the data folder, which begins with the first one."""

    def __init__(self, data: Path, *, cwd: Path, streams: Path) -> None:
        self._data, self._cwd, self._streams = data, cwd, streams
        self._held = ExitStack()
        self._ledgers: OpenLedgers | None = None

    def __call__(self, arguments: Sequence[str]) -> Ran:
        if self._ledgers is None:
            self._ledgers = self._held.enter_context(served(self._data))
        ran = ran_with_descriptors(lambda: exit_code([*arguments]), cwd=self._cwd, streams=self._streams)
        # Tests look into the files, and change them, between two commands.
        self._ledgers.close_idle(0)
        return ran

    def close(self) -> None:
        self._held.close()


def ran_with_descriptors(command: Callable[[], int], *, cwd: Path, streams: Path) -> Ran:
    """Result of a command whose standard streams are files in `streams`."""
    out, err = streams / "out", streams / "err"
    with (
        _stdin(streams) as stdin,
        out.open("w", encoding="utf-8", newline="") as stdout,
        err.open("w", encoding="utf-8", newline="") as stderr,
        in_context(
            replace(of_process(), stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd, environment=dict(os.environ))
        ),
    ):
        code = command()
    return Ran(code=code, out=_text(out), err=_text(err))


def _stdin(streams: Path) -> TextIO:
    """The test's standard input as a file that has a descriptor."""
    content = sys.stdin.buffer.read() if isinstance(sys.stdin, io.TextIOWrapper) else b""
    (streams / "in").write_bytes(content)
    return (streams / "in").open(encoding="utf-8")


def _text(file: Path) -> str:
    with file.open(encoding="utf-8", newline="") as content:
        return content.read()


# As a web server holds them: nothing is left before the process ends.
SERVER = """
import atexit, sys
from contextlib import ExitStack, suppress
from pathlib import Path
from botmeter.cli.hosted import run_hosted
from botmeter.server.command_host import serve_commands
from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers, SharedFolder
held = ExitStack()
atexit.register(held.close)
folder = held.enter_context(Folder.owned(Path(sys.argv[1]), purpose="botmeter serve"))
held.enter_context(serve_commands(SharedFolder(OpenLedgers(folder)), run=run_hosted))
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def server_process(data: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A server of commands in a process of its own, killed at the end of the `with`."""
    command = [sys.executable, "-c", SERVER, str(data)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": SOURCE}
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield server
        server.kill()
