"""Generated events of a busy account, in the contract's columns, in order of time.

Six bots in versions released over time, six channels, returning customers, about six events a conversation, some handed
to an agent, some with a ticket. Files depend on their shape alone and are kept in `bench/.cache`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench.fresh import fresh

CACHE = Path(__file__).parent / ".cache"
FIRST_ON = "2022-02-04"
DAYS = 1_700

_EVENTS = (Path(__file__).parent / "traffic.sql").read_text(encoding="utf-8")

# DuckDB writes times into JSON in its own format; senders use RFC 3339.
_IN_JSON = """
FROM ({events}) SELECT * REPLACE (strftime(occurred_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS occurred_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Shape of generated events.

    Attributes:
        event_count: Exact.
        events_a_conversation: On average.
        customer_count: Each conversation has any one of them.
    """

    event_count: int
    events_a_conversation: int = 6
    customer_count: int
    days: int = DAYS

    @property
    def name(self) -> str:
        days = "" if self.days == DAYS else f"-{self.days}"
        return f"events-{self.event_count}-{self.events_a_conversation}-{self.customer_count}{days}"

    def parquet(self) -> Path:
        """Events as Parquet."""
        return self._file(
            "parquet", query="FROM ({events})", form="FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 245760"
        )

    def ndjson(self) -> Path:
        """Events as NDJSON."""
        return self._file("ndjson", query=_IN_JSON, form="FORMAT json")

    def _file(self, ending: str, *, query: str, form: str) -> Path:
        path = CACHE / f"{self.name}.{ending}"
        if path.exists():
            return path
        CACHE.mkdir(exist_ok=True)
        draft = path.with_suffix(".draft")
        events = _EVENTS.format(
            event_count=self.event_count,
            conversation_count=-(-self.event_count // self.events_a_conversation) * 1005 // 1000 + 100,
            mean=self.events_a_conversation,
            customer_count=self.customer_count,
            first_on=FIRST_ON,
            days=self.days,
        )
        # In a child, which gives all its memory back.
        fresh(written, statement=f"COPY ({query.format(events=events)}) TO '{draft}' ({form})")
        draft.rename(path)
        return path


def written(statement: str) -> dict[str, Any]:
    """Run a statement that writes a file."""
    with duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(CACHE / "tmp")}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(statement)
    return {}


def typical(event_count: int) -> Traffic:
    """Customers return every few weeks and talk for some minutes."""
    return Traffic(event_count=event_count, customer_count=max(1, event_count // 150))


def brief(event_count: int, *, days: int = DAYS) -> Traffic:
    """Two events a conversation, few per customer and day: nearly a session for every two events."""
    customer_count = max(1, event_count // 50)
    return Traffic(event_count=event_count, events_a_conversation=2, customer_count=customer_count, days=days)


def warmed(path: Path) -> Path:
    """Read `path` into the page cache, so that no measurement pays for the disk."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    return path
