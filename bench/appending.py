"""(d) A thousand live events into a large ledger: committed, metered and counted.

Events are like a running service's: continued conversations, new customers, duplicates. Each append is later than the
one before. The ledger is open as in a server, which brings its log into the file after commits. In turns, the new rows
are inserted into another copy: those of events alone, and those of all tables, which no append can do without.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
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
from botmeter.ledger.open_ledgers import OpenLedgers
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

_TABLES = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT has_primary_key ORDER BY table_name"
_LAST_ROW = "SELECT coalesce(max(rowid), -1) FROM {table}"
_ADDED = "FROM {table} WHERE rowid > ?"
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
    times_ms, bare_ms, all_ms = (run.answer[name] for name in ("times_ms", "bare_ms", "all_ms"))
    count, after_ms = f"{run.answer['event_count']:,}", run.answer["after_ms"]
    yield Figure(
        subject=f"(d) append of 1,000 live events to {count}, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=60,
        detail=f"{len(times_ms)} appends, p50 {quantile(times_ms, 0.5):.0f} ms, p99 {quantile(times_ms, 0.99):.0f} ms, "
        f"first {run.answer['first_ms']:.0f} ms; CPU {run.answer['cpu_ms']:.0f} ms each; then, for the log, "
        f"{max(after_ms):.0f} ms at most; load {run.load:.1f}",
    )
    yield Figure(
        subject="(d) the same ÷ a bare insert of the same rows, p95",
        value=quantile(times_ms, 0.95) / quantile(bare_ms, 0.95),
        unit="×",
        promise=2,
        detail=f"insert and commit p95 {quantile(bare_ms, 0.95):.1f} ms, median {quantile(bare_ms, 0.5):.1f} ms; "
        f"medians {quantile(times_ms, 0.5) / quantile(bare_ms, 0.5):.1f} ×",
    )
    yield Figure(
        subject="(d) the same ÷ a bare insert of all rows it stores, p95",
        value=quantile(times_ms, 0.95) / quantile(all_ms, 0.95),
        unit="×",
        detail=f"{run.answer['row_count']:,} rows in {run.answer['table_count']} tables: p95 "
        f"{quantile(all_ms, 0.95):.1f} ms, median {quantile(all_ms, 0.5):.1f} ms, "
        f"CPU {run.answer['all_cpu_ms']:.0f} ms; medians {quantile(times_ms, 0.5) / quantile(all_ms, 0.5):.1f} ×",
    )


def appended(folder: str, bare_folder: str) -> dict[str, Any]:
    """Times of a hundred appends, and of bare inserts of their rows, in ms, after warm-up."""
    times = _Times()
    with (
        Folder.owned(Path(folder), purpose="bench") as owned,
        closing(OpenLedgers(owned)) as ledgers,
        duckdb.connect(str(account_file(Path(bare_folder), ACCOUNT))) as bare,
    ):
        # As in a server, no commit brings the log into the file.
        bare.execute("SET checkpoint_threshold = '1GB'")
        with ledgers.writing(ACCOUNT) as ledger:
            batches = live_batches(ledger, count=_WARMUPS + APPENDS)
            event_count = sum(ledger.connection.execute("SELECT count(*) FROM event").fetchone() or ())
        for batch in batches:
            with ledgers.writing(ACCOUNT) as ledger:
                added = times.append(ledger, batch)
                ended = time.perf_counter()
            times.after_ms.append((time.perf_counter() - ended) * 1e3)
            times.insert(bare, added)
    cpu_s, all_cpu_s = (sum(each[_WARMUPS:]) for each in (times.cpu_s, times.all_cpu_s))
    return {
        "times_ms": times.times_ms[_WARMUPS:],
        "after_ms": times.after_ms[_WARMUPS:],
        "bare_ms": times.bare_ms[_WARMUPS:],
        "all_ms": times.all_ms[_WARMUPS:],
        "first_ms": times.times_ms[0],
        "event_count": event_count,
        "row_count": sum(times.row_counts) // len(times.row_counts),
        "table_count": times.table_count,
        "cpu_ms": cpu_s * 1e3 / APPENDS,
        "all_cpu_ms": all_cpu_s * 1e3 / APPENDS,
    }


@dataclass(slots=True, kw_only=True)
class _Times:
    """Times of appends and of the inserts of their rows, in order."""

    times_ms: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    after_ms: list[float] = field(default_factory=list)
    bare_ms: list[float] = field(default_factory=list)
    all_ms: list[float] = field(default_factory=list)
    all_cpu_s: list[float] = field(default_factory=list)
    row_counts: list[int] = field(default_factory=list)
    table_count: int = 0

    def append(self, ledger: Ledger, batch: EventBatch) -> dict[str, pa.Table]:
        """Append; return the added rows by table."""
        submission = Submission(source="default", batches=[batch], label="live")
        now_us = int(batch.events["occurred_at"][-1].as_py()) + 1_000_000
        connection = ledger.connection
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
        last = {name: _value(connection, _LAST_ROW.format(table=name)) for name in tables}
        started, cpu_started = time.perf_counter(), time.process_time()
        [receipt] = append(ledger, [submission], now_us=now_us)
        self.times_ms.append((time.perf_counter() - started) * 1e3)
        self.cpu_s.append(time.process_time() - cpu_started)
        if receipt.accepted != EVENTS - _DUPLICATES or receipt.duplicates != _DUPLICATES:
            raise RuntimeError(f"Expected {_DUPLICATES} duplicates and all others new: {receipt}.")
        rows = {
            name: connection.sql(_ADDED.format(table=name), params=[row]).to_arrow_table() for name, row in last.items()
        }
        return {name: added for name, added in rows.items() if len(added)}

    def insert(self, bare: duckdb.DuckDBPyConnection, added: Mapping[str, pa.Table]) -> None:
        self.bare_ms.append(_inserted(bare, {"event": added["event"]}))
        cpu_started = time.process_time()
        self.all_ms.append(_inserted(bare, added))
        self.all_cpu_s.append(time.process_time() - cpu_started)
        self.row_counts.append(sum(map(len, added.values())))
        self.table_count = max(self.table_count, len(added))


def _value(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def _inserted(bare: duckdb.DuckDBPyConnection, rows: Mapping[str, pa.Table]) -> float:
    started = time.perf_counter()
    bare.begin()
    for table in rows:
        input_rows = rows[table]  # noqa: F841 - the statement finds it by its name
        bare.execute(f"INSERT INTO {table} FROM input_rows")
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
