"""A PostgreSQL server for tests, of Debian's package, in a folder of its own.

`python -m tests.support.postgres ARGUMENTS…` runs pytest with these arguments on one.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.ports import free_port

URL: Final = "TESTS_DATABASE_URL"
"""Variable with the server's URL, for the tests that need one."""
_NAME: Final = "botmeter"
# Nothing here must survive a power failure.
_OPTIONS: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """Server on a port of 127.0.0.1."""

    folder: Path
    port: int
    programs: Path
    user: str | None = field(default=None)

    @property
    def url(self) -> str:
        return f"postgresql://{_NAME}@127.0.0.1:{self.port}/{_NAME}"

    def start(self) -> None:
        own = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "start", "--wait", "--log", str(self.folder / "log"), "--options", f"{_OPTIONS} {own}")

    def stop(self) -> None:
        """End it as an operator would who does not wait for connections."""
        self._run("pg_ctl", "stop", "--wait", "--mode", "fast")

    def create(self) -> None:
        self._run("initdb", "--username", _NAME, "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        self.start()
        self.create_database(_NAME)

    def create_database(self, name: str) -> str:
        """Create a database; return its URL."""
        host = ("--host", "127.0.0.1", "--port", str(self.port), "--username", _NAME)
        subprocess.run([self.programs / "createdb", *host, name], check=True, capture_output=True)
        return self.url.removesuffix(_NAME) + name

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "--pgdata", str(self.folder / "data"), *arguments]
        # The server's own output goes to its log; a pipe would stay open as long as it runs.
        done = subprocess.run(
            command, user=self.user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", check=False
        )
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{program} failed. {log.read_text() if log.exists() else ''}")


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server with an empty database until the `with` ends."""
    with tempfile.TemporaryDirectory(prefix="botmeter-postgres-") as name:
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user is not None:
            os.chown(name, pwd.getpwnam(user).pw_uid, -1)
        server = PostgresServer(folder=Path(name), port=free_port(), programs=_programs(), user=user)
        server.create()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if installed:
        return installed[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    sys.exit("These tests need a PostgreSQL server: apt-get install postgresql")


def main() -> None:
    """Run pytest on a server."""
    with running_postgres() as server:
        sys.exit(
            subprocess.run(
                [sys.executable, "-m", "pytest", *sys.argv[1:]], env={**os.environ, URL: server.url}, check=False
            ).returncode
        )


if __name__ == "__main__":
    main()
