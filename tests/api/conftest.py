"""The API over two accounts, asked with keys."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.web.people.keys import KeyDraft, Scope, new_key
from support.served import EVENTS, in_use, served

ALL_SCOPES = tuple(Scope)


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
    return new_key("acme", KeyDraft(name="for tests", scopes=ALL_SCOPES), created_by=None).secret


@pytest.fixture
def ask(client: Client, secret: str) -> Iterator[Callable[..., Any]]:
    """`ask("sessions", customer="c1")`: the answer to a request about acme, with a key that may."""
    answers = []

    def asked(path: str, *, key: str | None = secret, method: str = "get", **query: Any) -> Any:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        address = path if path.startswith("/") else f"/api/v1/accounts/acme/{path}"
        words = {name.rstrip("_"): value for name, value in query.items()}
        answers.append(getattr(client, method)(address, words, headers=headers))
        return answers[-1]

    yield asked
    # What is streamed and not read keeps its place among the exports until it is closed, as a server closes it.
    for answer in answers:
        answer.close()
