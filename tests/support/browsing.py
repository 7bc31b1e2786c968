"""A real server, started as users start it, and a real Chromium whose pages' errors are recorded.

Uses the system's Chromium or BOTMETER_CHROMIUM, never Playwright's download.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HOW_TO_GET_CHROMIUM = "Chromium is not installed: apt-get install chromium, or name one in BOTMETER_CHROMIUM."
WIDE, NARROW = (1400, 900), (390, 844)


class NotStarted(RuntimeError):
    """The server ended instead of answering."""


def chromium_path() -> str | None:
    """Path of the installed Chromium, or None."""
    named = os.environ.get("BOTMETER_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@dataclass(frozen=True)
class Server:
    """Running server.

    Attributes:
        url: Without a trailing slash.
        link: Printed at the start: it signs in, or sets the owner's password.
    """

    url: str
    link: str
    folder: Path

    def at(self, path: str) -> str:
        return f"{self.url}{path}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    *arguments: str, folder: Path, port: int | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run `botmeter ARGUMENTS` as a process until the `with` ends; it has printed its link.

    Args:
        port: None for a free one.
        variables: Additional environment variables.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "botmeter", *arguments, "--data", str(folder), "--port", str(port)]
    environment = {**os.environ, **(variables or {})}
    log = (folder.parent / f"{folder.name}.log").open("wb")
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True, env=environment
    )
    try:
        assert process.stdout is not None
        link = next((line.strip() for line in process.stdout if line.startswith("http")), "")
        if not link:
            process.wait()
            raise NotStarted(Path(log.name).read_text(encoding="utf-8"))
        yield Server(url=f"http://127.0.0.1:{port}", link=link, folder=folder)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        log.close()


def commanded(*arguments: str, folder: Path, stdin: str = "") -> str:
    """Output of `botmeter ARGUMENTS`, run through the folder's server."""
    command = [sys.executable, "-m", "botmeter", *arguments, "--data", str(folder)]
    # Commands must not inherit the suite's settings.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, f"{arguments} ended with {ran.returncode}: {ran.stderr}"
    return ran.stdout


class Watched:
    """Browser context that records errors of its pages.

    Attributes:
        complaints: Console messages, uncaught exceptions and requests to other servers.
        answers: Responses, in order.
        bears: Parts of expected complaints, such as a missing page's.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        self.answers: list[Response] = []
        self.bears: tuple[str, ...] = ()
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)

    def page(self) -> Page:
        return self.context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        # The console also reports violations of the content security policy.
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.bears):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, answer: Response) -> None:
        self.answers.append(answer)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "about:", "blob:")):
            self.complaints.append(f"request of another server: {request.url}")


def watched(browser: Browser, *, size: tuple[int, int] = WIDE, dark: bool = False, script: bool = True) -> Watched:
    """New signed-out context with long timeouts, since the machine may be busy."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)
    return Watched(context)
