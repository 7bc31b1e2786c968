"""The demo, served; browsers of nobody and of its owner; what a page may not complain about."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from botmeter.demo import DEMO_ACCOUNT
from support.browsing import HOW_TO_GET_CHROMIUM, Server, Watched, chromium_path, launched, running, watched

DEMO_EVENTS = 60_000

MakeVisitor = Callable[..., Watched]
SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; where none is installed the test says how to get it, and in CI it fails."""
    path = chromium_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_GET_CHROMIUM)
        pytest.skip(HOW_TO_GET_CHROMIUM)
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, served."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with running("demo", "--events", str(DEMO_EVENTS), folder=folder, variables={"BOTMETER_GALLERY": "1"}) as server:
        yield server


@pytest.fixture
def report_path() -> str:
    """Path of the demo's report."""
    return f"/a/{DEMO_ACCOUNT}/reports/bot-session-consumption"


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[MakeVisitor]:
    """`visitor(size=…, dark=…, script=…)`: a browser of nobody yet. At the end no page may have complained."""
    made: list[Watched] = []

    def make(**look: Any) -> Watched:
        made.append(watched(chromium, **look))
        return made[-1]

    yield make
    complaints = [complaint for one in made for complaint in one.complaints]
    for one in made:
        one.context.close()
    assert not complaints


@pytest.fixture
def signed_in(visitor: MakeVisitor, demo: Server) -> SignIn:
    """`signed_in()`: a tab of the demo's owner."""

    def make(**look: Any) -> Page:
        page = visitor(**look).page()
        page.goto(demo.link)
        return page

    return make
