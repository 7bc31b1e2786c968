"""Shared by the tests of sources: an event, and reading bytes as a file."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from botmeter.domain.receipt import Rejection
from botmeter.sources.reader import SourceFile, batches


@dataclass
class Outcome:
    """All that a file gave: events as dicts, in order, with what was refused and said."""

    events: list[dict[str, Any]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bytes_read: list[int] = field(default_factory=list)
    batch_sizes: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [event["event_id"] for event in self.events]

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(rejection.index, rejection.code) for rejection in self.rejections]


Read = Callable[..., Outcome]


def event(event_id: object = "e1", **fields: object) -> dict[str, Any]:
    """An event as JSON would hold it; `fields` replace or add to the required ones."""
    required = {
        "occurred_at": "2026-11-22T10:00:00Z",
        "conversation_id": "c1",
        "customer_id": "u1",
        "actor": "customer",
    }
    return {"event_id": event_id, **required, **fields}


def ndjson(*records: object) -> bytes:
    """One line for each record; bytes stand for themselves."""
    return (
        b"\n".join(record if isinstance(record, bytes) else json.dumps(record).encode() for record in records) + b"\n"
    )


def outcome_of(path: str, **options: Any) -> Outcome:
    """Everything that reading the file gives."""
    outcome = Outcome()
    for batch in batches(SourceFile(path=path, **options)):
        batch.events.validate(full=True)
        outcome.events += batch.events.to_pylist()
        outcome.positions += batch.positions.to_pylist()
        outcome.rejections += batch.rejections
        outcome.notes += batch.notes
        outcome.bytes_read.append(batch.bytes_read)
        outcome.batch_sizes.append(len(batch.events))
    return outcome


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Reads bytes as a file whose name says nothing about its format."""
    folder: Path = tmp_path_factory.mktemp("sources")
    path = folder / "events"

    def read_bytes(content: bytes, **options: Any) -> Outcome:
        path.write_bytes(content)
        return outcome_of(str(path), **options)

    return read_bytes
