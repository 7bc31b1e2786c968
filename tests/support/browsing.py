"""A real server, started as users start it, and a real Chromium that records errors of its pages.

Uses the system's Chromium or BOTMETER_CHROMIUM, never Playwright's download.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from tests.support.ports import free_port

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
CHROMIUM_HINT = "Chromium is not installed: apt-get install chromium, or name one in BOTMETER_CHROMIUM."
WIDE, NARROW = (1400, 900), (390, 844)
_TIMEOUT_MS = 60_000
expect.set_options(timeout=_TIMEOUT_MS)


class ServerNotStarted(RuntimeError):
    """The server ended instead of answering."""


def chromium_path() -> str | None:
    """Path of the installed Chromium, or None."""
    named = os.environ.get("BOTMETER_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@contextmanager
def launch_browser(path: str) -> Iterator[Browser]:
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
        tls: For requests of an https address.
    """

    url: str
    link: str
    folder: Path
    tls: ssl.SSLContext | None = None

    def at(self, path: str) -> str:
        return f"{self.url}{path}"


@contextmanager
def running_server(
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
            raise ServerNotStarted(Path(log.name).read_text(encoding="utf-8"))
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


def run_command(*arguments: str, folder: Path, stdin: str = "") -> str:
    """Output of `botmeter ARGUMENTS`, run through the folder's server."""
    command = [sys.executable, "-m", "botmeter", *arguments, "--data", str(folder)]
    # Commands must not inherit the suite's settings.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    completed = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)
    assert completed.returncode == 0, f"{arguments} ended with {completed.returncode}: {completed.stderr}"
    return completed.stdout


class RecordingContext:
    """Browser context that records errors of its pages.

    Attributes:
        errors: Console messages, uncaught exceptions and requests to other servers.
        responses: Responses, in order.
        expected_errors: Parts of errors to ignore, such as a missing page's.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        self.responses: list[Response] = []
        self.expected_errors: tuple[str, ...] = ()
        context.on("console", self._record_console)
        context.on("weberror", lambda error: self.errors.append(f"error: {error.error}"))
        context.on("request", self._record_request)
        context.on("response", self._record_response)

    def page(self) -> Page:
        return self.context.new_page()

    def _record_console(self, message: ConsoleMessage) -> None:
        # The console also reports violations of the content security policy.
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected_errors):
            self.errors.append(f"{message.type}: {message.text}")

    def _record_response(self, answer: Response) -> None:
        self.responses.append(answer)

    def _record_request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "https://localhost:", "data:", "about:", "blob:")):
            self.errors.append(f"request of another server: {request.url}")


def recording_context(
    browser: Browser, *, size: tuple[int, int] = WIDE, dark: bool = False, script: bool = True
) -> RecordingContext:
    """New signed-out context with long timeouts, since the machine may be busy."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        reduced_motion="reduce",
        accept_downloads=True,
        # Behind a proxy, its certificate is the tests' own.
        ignore_https_errors=True,
    )
    context.set_default_timeout(_TIMEOUT_MS)
    return RecordingContext(context)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that id, label or text has the focus."""
    focused = "(one => [one.id, one.ariaLabel, one.textContent.trim()])(document.activeElement)"
    for _ in range(150):
        page.keyboard.press("Tab")
        if name in page.evaluate(focused):
            return
    raise AssertionError(name)
