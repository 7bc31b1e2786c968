"""Recency of an account's numbers: first and latest events, last import."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot, snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Recency:
    """Recency of the numbers, all in µs UTC; None for no such event.

    Attributes:
        latest_event_us: By `occurred_at`; an event can come late.
        taken_in_us: Last time that counted events came, from a file or live.
        live_us: Last time that they came live.
    """

    first_event_us: int | None
    latest_event_us: int | None
    taken_in_us: int | None
    live_us: int | None


def recency(ledger: "ReadableLedger") -> Recency:
    """Read the recency of the numbers now."""
    with snapshot(ledger) as moment:
        return recency_of(moment)


def recency_of(moment: Snapshot) -> Recency:
    """Read the recency of a snapshot."""
    first_event_us, latest_event_us, taken_in_us, live_us = moment.rows(sql("recency"), {})[0]
    return Recency(
        first_event_us=first_event_us, latest_event_us=latest_event_us, taken_in_us=taken_in_us, live_us=live_us
    )
