"""Set-up of every test: an environment of its own, Hypothesis profiles, lanes and golden files."""

import atexit
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.bucket_server import BucketServer, bucket_server
from support.examples import load_profile

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
# Run only when they are named: the data beside the repository may not be there, browsers and proxies take long, and the
# contract is part of `make check`.
LANES_OF_THEIR_OWN = tuple(
    TESTS / lane for lane in ("shared", "browser", "proxy", "contract", "faults", "postgres", "spark", "matrix")
)

load_profile()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files anew instead of comparing")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect tests without collecting garbage."""
    # Five thousand tests are millions of objects that stay: searching them for garbage took half of the time to collect
    # them, and some of the time of each test.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


def pytest_sessionfinish(exitstatus: int) -> None:
    """Make the result the last lines of the output."""
    atexit.register(_end_process, int(exitstatus))


def _end_process(exit_status: int) -> None:
    """End the process without taking the interpreter's modules apart."""
    # Hypothesis caches our modules and outlives them, so DuckDB's binding would find its types alive at the end and
    # print 40 lines about leaks for each process.
    atexit.unregister(_end_process)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_status)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A lane of its own runs only when it, or something in it, is named."""
    if collection_path not in LANES_OF_THEIR_OWN:
        return None
    named = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(collection_path) for path in named) else True


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees or touches what the person who runs it has: home, ledger, colours, terminal, zone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BOTMETER_DATA", raising=False)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("NO_COLOR", "1")
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "dumb")
        # A machine in a zone that is no whole number of hours from UTC shows every forgotten UTC.
        patch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        # A shell starts background jobs with SIGINT ignored, and the commands that tests start would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    time.tzset()


def _keep_connections(**_: object) -> None:
    """Do nothing when a request begins or ends."""


@pytest.fixture(scope="session", autouse=True)
def _kept_connections() -> Iterator[None]:
    """Requests leave the database's connection open, which the test's transaction needs."""
    from django.core import signals
    from django.db import close_old_connections  # noqa: TID251 - to take it away
    from django.test import client

    for signal_of_request in (signals.request_started, signals.request_finished):
        signal_of_request.disconnect(close_old_connections)
    with pytest.MonkeyPatch.context() as patch:
        # Its requests take the receiver away and put it back.
        patch.setattr(client, "close_old_connections", _keep_connections)
        yield


@pytest.fixture(scope="session")
def bucket_store() -> Iterator[BucketServer]:
    """A server of buckets, for all tests."""
    pytest.importorskip("moto", reason="moto is not installed")
    with bucket_server() as server:
        yield server


@pytest.fixture
def buckets(bucket_store: BucketServer, monkeypatch: pytest.MonkeyPatch) -> BucketServer:
    """The server of buckets, which the usual variables name."""
    for name, value in bucket_store.variables.items():
        monkeypatch.setenv(name, value)
    bucket_store.requests()
    return bucket_store


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares `text` with the file `tests/golden/<name>`; `pytest --golden` writes it."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        assert path.exists(), f"There is no golden file {name}; `make golden` writes it."
        assert text == path.read_bytes().decode(), f"{name} differs; if it should, `make golden` writes it anew."

    return compare
