"""(d) A thousand live events into a large ledger: committed, metered and counted.

Events are like a running service's: continued conversations, new customers, duplicates. Each append is later than the
one before. In turns, its new rows are inserted into the events of another copy, and committed.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from bench.figure import Figure, quantile
from bench.fresh import fresh
from bench.importing import ACCOUNT
from bench.ledgers import copied, filled
from bench.traffic import typical
from botmeter.domain.event import Actor, Kind
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.folder_files import account_file
from botmeter.ledger.ledger import Ledger
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch

LEDGER_EVENTS = 10_000_000
APPENDS = 100
EVENTS = 1_000
_DUPLICATES = 50
_OF_NEW_CUSTOMERS = 150
# Time between appends, as from a queue emptied once a minute.
_APART_US = 60_000_000
# The first appends read the file's pages and plan statements; the promise is about a running service.
_WARMUPS = 3

_NEWEST = "FROM event WHERE rowid > (SELECT max(rowid) FROM event) - ?"
_RECENT = """
SELECT event_id, occurred_at, conversation_id, customer_id, actor, kind, bot_id, bot_name, bot_version, channel,
    ticket_id, ticket_type, preview, attributes
FROM (SELECT * FROM event ORDER BY occurred_at DESC LIMIT 5000) JOIN touchpoint USING (touchpoint)
WHERE kind = 0
ORDER BY occurred_at, event_id
"""


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    filled_folder = filled(typical(round(LEDGER_EVENTS * scale)))
    folders = [copied(filled_folder, name) for name in ("append", "insert")]
    run = fresh(appended, folder=str(folders[0]), bare_folder=str(folders[1]))
    for folder in folders:
        shutil.rmtree(folder)
    times_ms, bare_ms = run.answer["times_ms"], run.answer["bare_ms"]
    count = f"{run.answer['event_count']:,}"
    yield Figure(
        subject=f"(d) append of 1,000 live events to {count}, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=60,
        detail=f"{len(times_ms)} appends, p50 {quantile(times_ms, 0.5):.0f} ms, p99 {quantile(times_ms, 0.99):.0f} ms, "
        f"first {run.answer['first_ms']:.0f} ms; CPU {run.answer['cpu_ms']:.0f} ms each; load {run.load:.1f}",
    )
    yield Figure(
        subject="(d) the same ÷ a bare insert of the same rows, p95",
        value=quantile(times_ms, 0.95) / quantile(bare_ms, 0.95),
        unit="×",
        promise=2,
        detail=f"insert and commit p95 {quantile(bare_ms, 0.95):.1f} ms, median {quantile(bare_ms, 0.5):.1f} ms; "
        f"medians {quantile(times_ms, 0.5) / quantile(bare_ms, 0.5):.1f} ×",
    )


def appended(folder: str, bare_folder: str) -> dict[str, Any]:
    """Times of a hundred appends, and of bare inserts of the same rows, in ms, after warm-up."""
    with (
        Folder.owned(Path(folder), purpose="bench") as owned,
        owned.ledger(ACCOUNT) as ledger,
        duckdb.connect(str(account_file(Path(bare_folder), ACCOUNT))) as bare,
    ):
        batches = live_batches(ledger, count=_WARMUPS + APPENDS)
        event_count = sum(ledger.connection.execute("SELECT count(*) FROM event").fetchone() or ())
        times_ms: list[float] = []
        bare_ms: list[float] = []
        cpu_s = 0.0
        for number, batch in enumerate(batches):
            submission = Submission(source="default", batches=[batch], label="live")
            now_us = int(batch.events["occurred_at"][-1].as_py()) + 1_000_000
            started, cpu_started = time.perf_counter(), time.process_time()
            [receipt] = append(ledger, [submission], now_us=now_us)
            times_ms.append((time.perf_counter() - started) * 1e3)
            cpu_s += (time.process_time() - cpu_started) * (number >= _WARMUPS)
            bare_ms.append(_inserted(bare, ledger.connection.sql(_NEWEST, params=[receipt.accepted]).to_arrow_table()))
            if receipt.accepted != EVENTS - _DUPLICATES or receipt.duplicates != _DUPLICATES:
                raise RuntimeError(f"Expected {_DUPLICATES} duplicates and all others new: {receipt}.")
        return {
            "times_ms": times_ms[_WARMUPS:],
            "bare_ms": bare_ms[_WARMUPS:],
            "first_ms": times_ms[0],
            "event_count": event_count,
            "cpu_ms": cpu_s * 1e3 / APPENDS,
        }


def _inserted(bare: duckdb.DuckDBPyConnection, input_rows: pa.Table) -> float:  # noqa: ARG001 - the statement reads it
    started = time.perf_counter()
    bare.begin()
    bare.execute("INSERT INTO event FROM input_rows")
    bare.commit()
    return (time.perf_counter() - started) * 1e3


def live_batches(ledger: Ledger, *, count: int) -> list[EventBatch]:
    """Batches of a thousand events that follow the ledger's, in order of time."""
    recent = ledger.connection.sql(_RECENT).to_arrow_table().cast(EVENTS_SCHEMA)
    known = len(recent)
    latest_us = int(recent["occurred_at"][-1].as_py())
    dice = np.random.default_rng(20_260_930)
    batches = []
    for number in range(count):
        like = recent.take(pa.array(dice.integers(0, known, EVENTS - _DUPLICATES)))
        later = _later(like, after_us=latest_us + number * _APART_US, number=number)
        duplicates = recent.take(pa.array(np.sort(dice.choice(known, _DUPLICATES, replace=False))))
        events = pa.concat_tables([duplicates, later]).unify_dictionaries().combine_chunks()
        batches.append(EventBatch(events=events, positions=pa.array(np.arange(EVENTS))))
    return batches


def _later(like: pa.Table, *, after_us: int, number: int) -> pa.Table:
    """New events in the conversations of `like`, in the minute after `after_us`, some of new customers."""
    size, new = len(like), range(_OF_NEW_CUSTOMERS)
    events = like.to_pydict()
    events["event_id"] = [f"live-{number}-{row}" for row in range(size)]
    events["occurred_at"] = (after_us + np.arange(1, size + 1) * (_APART_US // (size + 1))).tolist()
    events["customer_id"][: len(new)] = [f"new-customer-{number}-{row // 3}" for row in new]
    events["conversation_id"][: len(new)] = [f"new-conversation-{number}-{row // 3}" for row in new]
    events["actor"] = [int(Actor.CUSTOMER if row % 2 == 0 else Actor.BOT) for row in range(size)]
    events["kind"] = [int(Kind.MESSAGE)] * size
    columns = [pa.array(events[field.name], field.type) for field in EVENTS_SCHEMA]
    return pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
