"""Sessions and participations from metered events, and their rows in a ledger."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.partitions import insert_participations, insert_sessions

if TYPE_CHECKING:
    from botmeter.metering.meter import Metered


def meter_events(ledger: Ledger, events: pa.Table) -> "Metered":
    """Meter events in the columns of `METER_SCHEMA`, in any order."""
    # Imported here because it loads the compiler, which a report that opens the ledger does not need.
    from botmeter.metering.meter import sessions_from_events

    return sessions_from_events(events, schedule=ledger.schedule, touchpoints=ledger.touchpoints)


def insert_metered(ledger: Ledger, metered: "Metered", *, prefix: str = "") -> tuple[pa.Table, pa.Table]:
    """Store sessions and participations; return the stored rows. In a transaction."""
    sessions, participations = metered_rows(ledger, metered)
    insert_sessions(ledger.connection, sessions, table=f"{prefix}session")
    insert_participations(ledger.connection, participations, table=f"{prefix}participation")
    return sessions, participations


def metered_rows(ledger: Ledger, metered: "Metered") -> tuple[pa.Table, pa.Table]:
    """Rows of `session` and `participation`; their new footprints are stored. In a transaction."""
    return _sessions(ledger, metered), _participations(metered)


def _sessions(ledger: Ledger, metered: "Metered") -> pa.Table:
    sessions = metered.sessions.append_column("footprint", pa.array(_footprints(ledger, metered)))
    ledger.insert_numbers()
    return sessions


def _participations(metered: "Metered") -> pa.Table:
    parts = metered.participations
    repeated = metered.sessions.select(["session_id", "started_at", "customer_id", "preview"])
    table = repeated.take(parts["session_row"])
    for name in ("conversation_id", "touchpoint", "event_count"):
        table = table.append_column(name, parts[name])
    return table


def _footprints(ledger: Ledger, metered: "Metered") -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    parts = metered.participations
    firsts = np.flatnonzero(np.diff(parts["session_row"].to_numpy(), prepend=-1))
    return ledger.footprints.numbers(firsts, parts["touchpoint"].to_numpy())
