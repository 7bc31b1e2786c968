"""Shared by the fault tests: an account in a folder, and the program that imports into it."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import importing_process
from tests.support.ledgers import NOW_US

import botmeter
from botmeter.domain.account import Account
from botmeter.ledger.folder import Folder
from botmeter.metering.policy import FRESHCHAT

Started = subprocess.Popen[str]
EVENTS_EACH = 2_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that nobody owns, with an empty account."""
    with Folder.owned(tmp_path / "data", purpose="a test") as folder:
        folder.create(Account(name=importing_process.ACCOUNT), policy=FRESHCHAT, now_us=NOW_US)
    return tmp_path / "data"


@pytest.fixture
def importing(data: Path) -> Callable[..., Started]:
    """`importing(first, count, file_bytes_max=None)`: the program, started; it has said that it is ready."""

    def started(first: int, count: int, *, file_bytes_max: int | None = None) -> Started:
        def limited() -> None:
            if file_bytes_max is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

        source = Path(botmeter.__file__).parents[1]
        process = subprocess.Popen(
            [sys.executable, importing_process.__file__, str(data), str(first), str(count), str(EVENTS_EACH)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(source)},
            preexec_fn=limited,  # noqa: PLW1509 - the child does nothing but set its limit
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    return started
