"""A data folder of its own for every test, and in it the account acme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.ledgers import made_account

from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.open_ledgers import OpenLedgers
from support.meanwhile import STUCK_SECONDS


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as owned:
        yield owned


@pytest.fixture
def acme(folder: Folder) -> str:
    return made_account(folder)


@pytest.fixture
def ledger(folder: Folder, acme: str) -> Iterator[Ledger]:
    with folder.ledger(acme) as opened:
        yield opened


@pytest.fixture
def ledgers(folder: Folder, acme: str) -> Iterator[OpenLedgers]:
    opened = OpenLedgers(folder, wait_seconds=STUCK_SECONDS)
    yield opened
    opened.close()


@pytest.fixture
def hurried(folder: Folder, acme: str) -> Iterator[OpenLedgers]:
    """Ledgers whose callers wait for nobody."""
    opened = OpenLedgers(folder, wait_seconds=0)
    yield opened
    opened.close()
