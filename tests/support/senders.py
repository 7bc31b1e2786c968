"""Processes that send notifications of one data folder to a mail server on loopback."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from support.smtp_server import SmtpServer

TESTS: Final = Path(__file__).parents[1]
NOTIFICATIONS: Final = 60


@dataclass(frozen=True, slots=True)
class Senders:
    """Starts processes; `database` is the URL of a PostgreSQL database, or empty."""

    folder: Path
    server: SmtpServer
    database: str = ""
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, command: str, *arguments: str) -> "subprocess.Popen[str]":
        variables = {
            **os.environ,
            "BOTMETER_MAIL": f"smtp://127.0.0.1:{self.server.port}?encryption=none",
            "BOTMETER_URL": "https://meter.example.org",
            "DATABASE_URL": self.database,
            "BOTMETER_DATA": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "botmeter.web.settings",
            "PYTHONPATH": f"{TESTS.parent}:{TESTS}",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "support.sending_process", str(self.folder), command, *arguments],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, command: str, *arguments: str) -> None:
        process = self.start(command, *arguments)
        assert _line(process) == "done"
        assert process.wait() == 0

    def kill_at(self, when: str, *, step: str) -> None:
        """Kill -9 a sender before or after the function of the outbox that stores a state."""
        process = self.start("stop", f"{when} {step}")
        assert _line(process) == "stands"
        process.send_signal(signal.SIGKILL)
        process.wait()

    def race(self, count: int) -> None:
        """Send with so many processes at once."""
        racing = [self.start("race") for _ in range(count)]
        assert [_line(each) for each in racing] == ["ready"] * count
        for each in racing:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        assert [_line(each) for each in racing] == ["done"] * count

    def ids(self) -> Counter[str]:
        """Message-IDs with their numbers of emails."""
        return Counter(str(mail["Message-ID"]) for mail in self.server.mails)

    def close(self) -> None:
        for process in self.started:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
