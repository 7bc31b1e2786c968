"""Recency of an account's numbers."""

from dataclasses import dataclass

from botmeter.ledger.lake_account import served_record
from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recency:
    """Recency of the numbers, in µs UTC; None for no such event.

    Attributes:
        latest_event_us: By `occurred_at`, not by arrival.
        received_us: Last arrival of counted events, from a file or live.
        live_received_us: Last live arrival.
    """

    first_event_us: int | None
    latest_event_us: int | None
    received_us: int | None
    live_received_us: int | None


def first_event_us(snapshot: Snapshot) -> int | None:
    """Account's first event, if any."""
    lake = served_record(snapshot.connection)
    if lake is not None and lake.first_event_at is not None:
        return lake.first_event_at
    some = snapshot.rows(sql("some_event"), {})
    if not some:
        return None
    first_us: int = snapshot.rows(sql("first_event"), {"before_us": some[0][0]})[0][0]
    return first_us


def recency_of(snapshot: Snapshot) -> Recency:
    """Read a snapshot's recency."""
    received_us, live_received_us = snapshot.rows(sql("recency"), {})[0]
    return Recency(
        first_event_us=first_event_us(snapshot),
        latest_event_us=_latest_event_us(snapshot),
        received_us=received_us,
        live_received_us=live_received_us,
    )


def _latest_event_us(snapshot: Snapshot) -> int | None:
    lake = served_record(snapshot.connection)
    if lake is not None and lake.last_event_at is not None:
        return lake.last_event_at
    latest_us: int | None = snapshot.rows(sql("latest_event"), {})[0][0]
    return latest_us
