"""Restatements: numbers that changed after they had been shown."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US
from botmeter.ledger.duckdb_calls import execute_with, parsed, records_of
from botmeter.ledger.statements import statements_of

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.partitions import SharedKey
    from botmeter.ledger.readable import ReadableLedger

sql = statements_of(__name__)

NO_APPEND = 2**31 - 1
"""An append number that no event reaches."""

_IDS_MAX = 100
_RESTATED = pa.schema(
    [
        ("day", pa.date32()),
        ("removed", pa.list_(pa.string())),
        ("added", pa.list_(pa.string())),
        ("event_ids", pa.list_(pa.string())),
        ("event_count", pa.int64()),
    ]
)


class DayOfKey(NamedTuple):
    """Day of a session's start, and its scope key."""

    day: date
    key: str


class Cause(IntEnum):
    """Cause of a restatement, stored as a number that never changes."""

    APPEND = 0
    POLICY_CHANGE = 1
    CUSTOMER_CHANGE = 2
    IMPORT_UNDONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDays:
    """Days that ended before `before_us`, and the cause of their restatement."""

    cause: Cause
    cause_no: int
    now_us: int
    before_us: int

    @classmethod
    def of_append(cls, append_no: int, *, latest_us: int, now_us: int) -> Self:
        """Days over by the latest event before that append, or by the clock if it has no later day."""
        before_us = max(latest_us, min(latest_us + DAY_US, now_us)) // DAY_US * DAY_US
        return cls(cause=Cause.APPEND, cause_no=append_no, now_us=now_us, before_us=before_us)

    @classmethod
    def of_change(cls, cause: Cause, cause_no: int, *, now_us: int) -> Self:
        """Days over by the clock."""
        return cls(cause=cause, cause_no=cause_no, now_us=now_us, before_us=now_us // DAY_US * DAY_US)

    @property
    def days(self) -> dict[str, int]:
        """Values of `restated_days`."""
        # Other causes append nothing, so they have no events as a cause.
        first_append_no = self.cause_no if self.cause is Cause.APPEND else NO_APPEND
        return {"first_append_no": first_append_no, "shown_before": self.before_us}

    @property
    def cause_values(self) -> dict[str, int]:
        """Values of `restatements_of_days`."""
        return {"cause": int(self.cause), "cause_no": self.cause_no, "now": self.now_us}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """UTC day whose sessions changed after it was over.

    Attributes:
        cause_no: First append of the commit, append of the undone import, or number of the customer change; else 0.
        label: Of the append, or a description of the change; empty for a policy.
        recorded_at: µs UTC.
        removed, added: Session ids, at most 100.
        because: Ids of causing events, at most 100.
    """

    cause: Cause
    cause_no: int
    label: str
    recorded_at: int
    day: date
    before_count: int
    after_count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    because: tuple[str, ...]
    because_count: int

    @property
    def append_no(self) -> int:
        """Cause in exports: an append or undone import, 0 for a policy, minus a customer change."""
        return -self.cause_no if self.cause is Cause.CUSTOMER_CHANGE else self.cause_no


def restatements(ledger: "ReadableLedger", *, session_id: str | None = None) -> list[Restatement]:
    """Return restatements as recorded."""
    # A cursor, since others may be reading the same ledger.
    with closing(ledger.connection.cursor()) as connection:
        rows = connection.execute(sql("restatements"), {"session": session_id}).fetchall()
    return records_of(Restatement, rows)


def restated_days(ledger: "ReadableLedger") -> list[Restatement]:
    """Restatements that changed a day's number of sessions, not only the sessions themselves."""
    return [each for each in restatements(ledger) if each.before_count != each.after_count]


def restated_days_query(key: "SharedKey", *, new_session: str, event: str = "event") -> str:
    """Statement `restated_days` of these tables, whose values are `PastDays.days`."""
    tables = {"new_session": key.fragments[new_session], "event": key.fragments[event]}
    return sql("restated_days", **{**key.fragments, **tables})


def restated_rows(
    before: Mapping[str, DayOfKey], after: Mapping[str, DayOfKey], *, new_events: pa.Table
) -> list[dict[str, object]]:
    """Rows as `restated_days` gives them, from the sessions of past days by id."""
    removed = {each: before[each] for each in before.keys() - after.keys()}
    added = {each: after[each] for each in after.keys() - before.keys()}
    rows: list[dict[str, object]] = []
    for day in sorted({place.day for place in (*removed.values(), *added.values())}):
        ids = [sorted(each for each, place in own.items() if place.day == day) for own in (removed, added)]
        keys = {place.key for place in (*removed.values(), *added.values()) if place.day == day}
        is_cause = pc.is_in(new_events["key"], value_set=pa.array(sorted(keys), pa.string()))
        causes = sorted(new_events["event_id"].filter(is_cause).to_pylist())
        lists = (*(each[:_IDS_MAX] for each in ids), causes[:_IDS_MAX])
        rows.append(dict(zip(_RESTATED.names, (day, *lists, len(causes)), strict=True)))
    return rows


def insert_restatements(ledger: "Ledger", key: "SharedKey", *, new_session: str, past_days: PastDays) -> None:
    """Record past days whose sessions changed; `new_session` is the table of the present ones."""
    restated = f"({restated_days_query(key, new_session=new_session)})"
    query = sql("insert_restatements", restatements=sql("restatements_of_days", restated=restated))
    ledger.connection.execute(parsed(query), {**past_days.days, **past_days.cause_values})


def insert_restated_rows(ledger: "Ledger", rows: Sequence[Mapping[str, object]], *, past_days: PastDays) -> None:
    """As `insert_restatements`, from rows of `restated_rows`."""
    query = sql("insert_restatements", restatements=sql("restatements_of_days", restated="input_rows"))
    restated = pa.Table.from_pylist([*rows], schema=_RESTATED)
    execute_with(ledger.connection, query, input_rows=restated, values=past_days.cause_values)
