"""Databases of a PostgreSQL server of the tests' own, and servers of Botmeter on them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.live_server import LiveServer, serving
from support.postgres import PostgresServer, running_postgres

Serve = Callable[[str], LiveServer]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def serve(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Serve]:
    """`serve("data")`: a ready server of that folder, with the users of the database."""
    monkeypatch.setenv("DATABASE_URL", postgres.url)
    monkeypatch.setenv("BOTMETER_SECRET_KEY", "shared by both servers, fifty characters or more of it")
    assert os.environ["DATABASE_URL"] == postgres.url
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(serving(tmp_path / name))
