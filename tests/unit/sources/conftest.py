"""An event, and a fixture that reads bytes as a file."""

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
    """Events of a file as dicts, in order, with rejections and notes."""

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
    """Return an event as in JSON; `fields` replace or add to the required ones."""
    required = {
        "occurred_at": "2026-11-22T10:00:00Z",
        "conversation_id": "c1",
        "customer_id": "u1",
        "actor": "customer",
    }
    return {"event_id": event_id, **required, **fields}


def ndjson(*records: object) -> bytes:
    """Return one line for each record; bytes are unchanged."""
    return (
        b"\n".join(record if isinstance(record, bytes) else json.dumps(record).encode() for record in records) + b"\n"
    )


def outcome_of(path: str, **options: Any) -> Outcome:
    """Read a file."""
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
    """Read bytes as a file whose name has no extension."""
    folder: Path = tmp_path_factory.mktemp("sources")
    path = folder / "events"

    def read_bytes(content: bytes, **options: Any) -> Outcome:
        path.write_bytes(content)
        return outcome_of(str(path), **options)

    return read_bytes
