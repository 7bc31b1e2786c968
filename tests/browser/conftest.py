"""A real server and a real Chromium: the server is started as a user starts it, and ends with the tests.

Chromium is found where the system has it, or where BOTMETER_CHROMIUM says; its own download is never used.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from botmeter.sources.demo import DEMO_ACCOUNT

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DEMO_EVENTS = 60_000
WIDE, NARROW = (1400, 900), (390, 844)


def chromium_path() -> str | None:
    """Where Chromium is installed; None if it is not."""
    named = os.environ.get("BOTMETER_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; where none is installed the test says how to get it, and in CI it fails."""
    path = chromium_path()
    if path is None:
        sentence = "Chromium is not installed: apt-get install chromium, or name one in BOTMETER_CHROMIUM."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: Without a slash at its end.
        link: The link that its start printed: it signs in, or lets the owner begin.
        folder: Its data.
    """

    url: str
    link: str
    folder: Path

    def at(self, path: str) -> str:
        """The address of a path."""
        return f"{self.url}{path}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str, folder: Path) -> Iterator[Server]:
    """`botmeter ARGUMENTS` as a process of its own, until the end of the `with`; it has printed its link."""
    port = free_port()
    command = [sys.executable, "-m", "botmeter", *arguments, "--data", str(folder), "--port", str(port)]
    log = (folder.parent / f"{folder.name}.log").open("wb")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        link = next((line.strip() for line in process.stdout if line.startswith("http")), "")
        if not link:
            process.wait()
            pytest.fail(f"the server did not start: {Path(log.name).read_text()}")
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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, served."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with running("demo", "--events", str(DEMO_EVENTS), folder=folder) as server:
        yield server


@pytest.fixture
def report_path() -> str:
    """Where the demo's report is."""
    return f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption"


class Watched:
    """A context of the browser that remembers what its pages complain about."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))

    def page(self) -> Page:
        """A new tab."""
        return self.context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        # A breach of the content security policy is told on the console too.
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")


MakeVisitor = Callable[..., Watched]


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[MakeVisitor]:
    """`visitor()`: a browser of nobody yet. At the end no page may have complained on its console."""
    made: list[Watched] = []

    def make(*, size: tuple[int, int] = WIDE, dark: bool = False, script: bool = True) -> Watched:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(30_000)
        made.append(Watched(context))
        return made[-1]

    yield make
    complaints = [complaint for one in made for complaint in one.complaints]
    for one in made:
        one.context.close()
    assert not complaints


@pytest.fixture
def signed_in(visitor: MakeVisitor, demo: Server) -> Callable[..., Page]:
    """`signed_in()`: a tab of the demo's owner."""

    def make(**look: object) -> Page:
        page = visitor(**look).page()
        page.goto(demo.link)
        return page

    return make
