"""Program for fault tests: imports generated events in chunks and prints each receipt.

Run as `python importing_process.py FOLDER FIRST_CHUNK CHUNKS EVENTS_EACH`. Prints each committed chunk's number and its
accepted events.
"""

import random
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from botmeter.domain.errors import BotmeterError
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, us_from_text
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch

NOW_US = us_from_text("2026-06-01T12:00:00Z")
START_US = us_from_text("2026-01-01T00:00:00Z")
ACCOUNT = "acme"
BATCH_EVENTS = 1_000
SPAN_SECONDS = 120 * 86_400


def chunk_rows(chunk: int, event_count: int) -> dict[str, list[Any]]:
    """Columns of a chunk, determined by its number, over the whole span."""
    drawn = random.Random(chunk)
    customers = [drawn.randrange(2_000) for _ in range(event_count)]
    return {
        "event_id": [f"{chunk}-{number}" for number in range(event_count)],
        "occurred_at": [START_US + drawn.randrange(SPAN_SECONDS) * MICROSECONDS_PER_SECOND for _ in customers],
        "conversation_id": [f"v{customer}-{drawn.randrange(3)}" for customer in customers],
        "customer_id": [f"c{customer}" for customer in customers],
        "actor": [drawn.choice((Actor.CUSTOMER, Actor.BOT)) for _ in customers],
        "kind": [Kind.MESSAGE] * event_count,
        "bot_id": [f"b{drawn.randrange(4)}" for _ in customers],
        "bot_name": [None] * event_count,
        "bot_version": [drawn.choice((None, "1", "2")) for _ in customers],
        "channel": [drawn.choice(("web", "sms")) for _ in customers],
        "ticket_id": [f"t{customer}" if customer % 50 == 0 else None for customer in customers],
        "ticket_type": ["refund" if customer % 100 == 0 else None for customer in customers],
        "preview": [None] * event_count,
        "attributes": [None] * event_count,
    }


def submission(chunk: int, event_count: int) -> Submission:
    """Submission in batches of a thousand events, so that much can be cut off."""
    rows = chunk_rows(chunk, event_count)
    columns = []
    for field in EVENTS_SCHEMA:
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns.append(pa.array(rows[field.name], plain).cast(field.type))
    table = pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA)
    batches = [
        EventBatch(
            events=table.slice(start, BATCH_EVENTS),
            positions=pa.array(range(start, min(start + BATCH_EVENTS, event_count)), pa.int64()),
        )
        for start in range(0, event_count, BATCH_EVENTS)
    ]
    return Submission(source="chunks", batches=batches, label=f"chunk {chunk}")


def main() -> None:
    """Import chunks, one commit each."""
    path, first, count, event_count = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with Folder.owned(path, purpose="a test's import") as folder, folder.ledger(ACCOUNT) as ledger:
        for chunk in range(first, first + count):
            [receipt] = append(ledger, [submission(chunk, event_count)], now_us=NOW_US)
            sys.stdout.write(f"{chunk} {receipt.accepted} {receipt.duplicates}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except BotmeterError as error:
        sys.exit(f"{error.code}: {error.message}")
