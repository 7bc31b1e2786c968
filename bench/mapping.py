"""(j) Files that need a mapping, read beside the same events in Botmeter's own columns.

Columns have other names, actors other words, a constant names the channel, and the ids are nested in JSON. Each file is
read and checked in a fresh process, without metering, which costs the same for both.
"""

import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure
from bench.fresh import Run, fresh
from bench.traffic import CACHE, typical, warmed, written
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.reader import SourceFile, batches

EVENTS = 2_000_000

_NAMES: Final = "event_id, occurred_at, conversation_id, customer_id, bot_id, bot_name, bot_version"
_OWN: Final = f"SELECT {_NAMES}, actor, 'web' AS channel FROM '{{path}}'"
_WHO: Final = "CASE actor WHEN 'customer' THEN 'visitor' ELSE actor END AS who"
_RENAMED: Final = f"""
SELECT
    event_id AS "Message ID", occurred_at AS sent, conversation_id AS thread, customer_id AS "user", bot_id AS bot,
    bot_name AS "Bot name", bot_version AS release, {_WHO}
FROM '{{path}}'
"""
_NESTED: Final = f"""
SELECT
    event_id AS id, occurred_at AS sent, {{{{'id': conversation_id, 'user': {{{{'id': customer_id}}}}}}}} AS chat,
    {{{{'id': bot_id, 'name': bot_name, 'release': bot_version}}}} AS bot, {_WHO}
FROM '{{path}}'
"""
_ACTOR: Final = {"column": "who", "values": {"visitor": "customer"}}
_CHANNEL: Final = {"constant": "web"}
RENAMED: Final = {
    "event_id": {"column": "Message ID"},
    "occurred_at": {"column": "sent"},
    "conversation_id": {"column": "thread"},
    "customer_id": {"column": "user"},
    "bot_id": {"column": "bot"},
    "bot_name": {"column": "Bot name"},
    "bot_version": {"column": "release"},
    "actor": _ACTOR,
    "channel": _CHANNEL,
}
NESTED: Final = {
    "event_id": {"column": "id"},
    "occurred_at": {"column": "sent"},
    "conversation_id": {"pointer": "/chat/id"},
    "customer_id": {"pointer": "/chat/user/id"},
    "bot_id": {"pointer": "/bot/id"},
    "bot_name": {"pointer": "/bot/name"},
    "bot_version": {"pointer": "/bot/release"},
    "actor": _ACTOR,
    "channel": _CHANNEL,
}
GENERATED: Final = {**RENAMED, "event_id": {"generated": True}}


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    count = round(EVENTS * scale)
    for ending in ("ndjson", "csv", "parquet"):
        own = fresh(read, path=str(_file(count, "own", ending=ending)), mapping=None)
        yield _beside(own, _file(count, "renamed", ending=ending), mapping=RENAMED)
        if ending != "csv":
            yield _beside(own, _file(count, "nested", ending=ending), mapping=NESTED, subject="nested ")
        ids = _beside(own, _file(count, "renamed", ending=ending), mapping=GENERATED, subject="generated ids, ")
        yield Figure(subject=ids.subject, value=ids.value, unit=ids.unit, detail=ids.detail)


def _beside(own: Run, path: Path, *, mapping: dict[str, Any], subject: str = "") -> Figure:
    mapped = fresh(read, path=str(path), mapping=mapping)
    if mapped.answer["event_count"] != own.answer["event_count"]:
        raise RuntimeError(f"{mapped.answer['event_count']} of {own.answer['event_count']} events of {path} were read.")
    return Figure(
        subject=f"(j) {subject}{path.suffix[1:]} by a mapping ÷ own columns",
        value=mapped.answer["cpu_seconds"] / own.answer["cpu_seconds"],
        unit="×",
        promise=1.5,
        detail=f"CPU {mapped.answer['cpu_seconds']:.2f} s to {own.answer['cpu_seconds']:.2f} s for "
        f"{own.answer['event_count']:,} events; memory {mapped.peak_mb / 1e3:.2f} GB to {own.peak_mb / 1e3:.2f} GB",
    )


def _file(event_count: int, shape: str, *, ending: str) -> Path:
    path = CACHE / f"mapping-{event_count}-{shape}.{ending}"
    if not path.exists():
        query = {"own": _OWN, "renamed": _RENAMED, "nested": _NESTED}[shape].format(path=typical(event_count).parquet())
        column = "occurred_at" if shape == "own" else "sent"
        text = f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"
        query = query if ending == "parquet" else f"FROM ({query}) SELECT * REPLACE ({text})"
        form = {"ndjson": "FORMAT json", "csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet, COMPRESSION zstd"}
        draft = path.with_suffix(".draft")
        fresh(written, statement=f"COPY ({query}) TO '{draft}' ({form[ending]})")
        draft.rename(path)
    return warmed(path)


def read(path: str, mapping: dict[str, Any] | None) -> dict[str, Any]:
    """Processor time and events of a file, without the first use of what reads it."""
    file = SourceFile(path=path, mapping=None if mapping is None else mapping_from_document(mapping))
    next(batches(file))
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    event_count = sum(len(batch.events) for batch in batches(file))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"event_count": event_count, "cpu_seconds": cpu_seconds, "seconds": time.perf_counter() - started}
