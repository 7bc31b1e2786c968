"""Sessions and participations from metered events, and their rows in a ledger."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Unavailable
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.partitions import insert_participations, insert_sessions
from botmeter.metering.schema import PARTICIPATIONS_SCHEMA

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


def with_earlier_events(metered: "Metered", *, counts: pa.Table, parts: pa.Table) -> "Metered":
    """Add the earlier events of sessions that were metered from their openings and new events alone.

    Args:
        counts: `session_id`, `last_event_at` and `event_count` of these sessions, openings included.
        parts: `session_id`, `conversation_id`, `touchpoint` and `event_count`, without the openings.
    """
    sessions = metered.sessions
    ids = sessions["session_id"].combine_chunks()
    rows = pc.index_in(counts["session_id"], value_set=ids)
    if rows.null_count:
        raise Unavailable(
            "ledger_unbalanced",
            f"{rows.null_count:,} of {len(rows):,} sessions with new events would not begin as they are stored; all "
            "must. Nothing was changed. Please report this.",
        )
    at = rows.to_numpy()
    event_counts, lasts = (sessions[name].to_numpy().copy() for name in ("event_count", "last_event_at"))
    event_counts[at] += counts["event_count"].to_numpy() - 1
    lasts[at] = np.maximum(lasts[at], counts["last_event_at"].to_numpy())
    for name, values in (("event_count", event_counts), ("last_event_at", lasts)):
        sessions = sessions.set_column(sessions.schema.get_field_index(name), name, pa.array(values))
    named = parts.append_column("session_row", pc.index_in(parts["session_id"], value_set=ids))
    earlier = named.select(PARTICIPATIONS_SCHEMA.names).cast(PARTICIPATIONS_SCHEMA)
    each = pa.concat_tables([metered.participations.cast(PARTICIPATIONS_SCHEMA), earlier])
    summed = each.group_by(PARTICIPATIONS_SCHEMA.names[:-1]).aggregate([("event_count", "sum")])
    participations = summed.rename_columns(PARTICIPATIONS_SCHEMA.names).sort_by("session_row")
    return replace(metered, sessions=sessions, participations=participations.cast(PARTICIPATIONS_SCHEMA))


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
