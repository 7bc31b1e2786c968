"""Age of an account's numbers: its first and latest events, and the time of the last import."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botmeter.ledger.statements import statements_of
from botmeter.reports.snapshot import Snapshot, snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Recency:
    """Age of the numbers of one moment; all in µs UTC.

    Attributes:
        first_event_us: The first instant of any event; None: no event.
        latest_event_us: The latest; an event can come late, so this is not when it came.
        taken_in_us: When events that are in the numbers last came, from a file or live; None: never.
        live_us: When they last came live; None: never.
    """

    first_event_us: int | None
    latest_event_us: int | None
    taken_in_us: int | None
    live_us: int | None


def recency(ledger: "ReadableLedger") -> Recency:
    """Read the age of the numbers now."""
    with snapshot(ledger) as moment:
        return recency_of(moment)


def recency_of(moment: Snapshot) -> Recency:
    """Read the age of the numbers of a moment."""
    first_event_us, latest_event_us, taken_in_us, live_us = moment.rows(sql("recency"), {})[0]
    return Recency(
        first_event_us=first_event_us, latest_event_us=latest_event_us, taken_in_us=taken_in_us, live_us=live_us
    )
