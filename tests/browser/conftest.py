"""The demo server, and browsers of visitors and of its owner, whose pages may not report errors."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import (
    CHROMIUM_HINT,
    RecordingContext,
    Server,
    chromium_path,
    launch_browser,
    recording_context,
    running_server,
)
from support.smtp_server import SmtpServer, smtp_server

DEMO_EVENTS = 60_000

MakeVisitor = Callable[..., RecordingContext]
SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; without one the test is skipped with a hint, and fails in CI."""
    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(CHROMIUM_HINT)
        pytest.skip(CHROMIUM_HINT)
    with launch_browser(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, served."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with running_server(
        "demo", "--events", str(DEMO_EVENTS), folder=folder, variables={"BOTMETER_GALLERY": "1"}
    ) as server:
        yield server


@pytest.fixture
def report_path() -> str:
    """Path of the demo's report."""
    return f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption"


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[MakeVisitor]:
    """`visitor(size=…, dark=…, script=…)`: a signed-out browser context, checked for errors at the end."""
    contexts: list[RecordingContext] = []

    def make(**options: Any) -> RecordingContext:
        contexts.append(recording_context(chromium, **options))
        return contexts[-1]

    yield make
    errors = [error for context in contexts for error in context.errors]
    for context in contexts:
        context.context.close()
    assert not errors


@pytest.fixture
def signed_in(visitor: MakeVisitor, demo: Server) -> SignIn:
    """`signed_in()`: a tab of the demo's owner."""

    def make(**options: Any) -> Page:
        page = visitor(**options).page()
        page.goto(demo.link)
        return page

    return make


@pytest.fixture(scope="module")
def mailbox() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def mailing_demo(tmp_path_factory: pytest.TempPathFactory, mailbox: SmtpServer) -> Iterator[Server]:
    """The demo with a mail server."""
    folder: Path = tmp_path_factory.mktemp("mailing") / "data"
    variables = {
        "BOTMETER_MAIL": f"smtp://127.0.0.1:{mailbox.port}?encryption=none",
        "BOTMETER_MAIL_FROM": "botmeter@example.org",
    }
    with running_server("demo", "--events", str(DEMO_EVENTS), folder=folder, variables=variables) as server:
        yield server
