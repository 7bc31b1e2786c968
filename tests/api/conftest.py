"""The API over two accounts, requested with keys."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.live import store
from botmeter.people.keys import ACCOUNT_SCOPES, KeyDraft, new_key
from botmeter.server import events, webhooks
from support.live import Live
from support.live import live as live_over
from support.served import EVENTS, served
from support.server_state import in_use


@dataclass
class Clock:
    """Clock of the tests, µs UTC."""

    now_us: int


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedgers]:
    """Two accounts, acme with events, globex with one of its own."""
    with served(tmp_path_factory.mktemp("served") / "data", {"acme": EVENTS, "globex": EVENTS[:1]}) as ledgers:
        yield ledgers


@pytest.fixture(autouse=True)
def _served(opened: OpenLedgers, db: None) -> Iterator[None]:
    """Ledgers and the people's database; nothing counted yet for the rate of requests."""
    with in_use(opened):
        yield


@pytest.fixture
def secret() -> str:
    """The secret of a key of acme with every scope."""
    return new_key("acme", KeyDraft(name="for tests", scopes=ACCOUNT_SCOPES), created_by=None).secret


@pytest.fixture
def ask(client: Client, secret: str) -> Iterator[Callable[..., Any]]:
    """`ask("sessions", customer="c1")`: the answer to a request about acme, with a key that may."""
    answers = []

    def ask_account(path: str, *, key: str | None = secret, method: str = "get", **query: Any) -> Any:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        address = path if path.startswith("/") else f"/api/v1/accounts/acme/{path}"
        words = {name.rstrip("_"): value for name, value in query.items()}
        answers.append(getattr(client, method)(address, words, headers=headers))
        return answers[-1]

    yield ask_account
    # A streamed answer holds an export slot until it is closed, as a server does.
    for answer in answers:
        answer.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of whoever takes live events in; it stands still, at an hour after the platforms' payloads."""
    made = Clock(1_790_003_600_000_000)
    for module in (store, events, webhooks):
        monkeypatch.setattr(module, "now_us", lambda: made.now_us)
    return made


@pytest.fixture
def live(tmp_path: Path, clock: Clock) -> Iterator[Live]:
    """The live road over a new folder without accounts."""
    with live_over(tmp_path / "live") as made:
        yield made


@pytest.fixture
def key(live: Live) -> str:
    """A key of acme, a new account, that may send events."""
    return live.create("acme")
