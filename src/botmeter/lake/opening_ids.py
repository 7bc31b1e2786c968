"""Ids of stored events that are metered again, which are half of the work to read and of which few matter.

An id decides the order of events at one instant, and names the session that its event opens. So stored events are read
without ids, those at an instant with another event a second time. The openings of sessions are named afterwards: their
instants tell them apart.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import NEVER_US
from botmeter.metering.policy import Schedule


def tied_instants(new: pa.Table, stored: pa.Table) -> pa.Table:
    """Instants (`occurred_at`) of stored events at which there is another event, of whichever key."""
    of_new, of_stored = (np.sort(events["occurred_at"].to_numpy()) for events in (new, stored))
    repeated = of_stored[1:][of_stored[1:] == of_stored[:-1]]
    # Not by set functions of NumPy, which hash each instant: 0.25 s for 300,000.
    nearest = np.searchsorted(of_stored, of_new[of_new <= of_stored.max(initial=-NEVER_US)])
    shared = of_new[: len(nearest)][of_stored[nearest] == of_new[: len(nearest)]]
    return pa.table({"occurred_at": np.unique(np.concatenate([repeated, shared]))})


def without_instants(events: pa.Table, instants: pa.Table) -> pa.Table:
    """Leave out the events at these instants."""
    return events.filter(pc.invert(pc.is_in(events["occurred_at"], value_set=instants["occurred_at"])))


def unnamed_instants(sessions: pa.Table, named: pa.Table) -> pa.Table:
    """Starts of sessions without the id of their opening, as `occurred_at`, but for those in `named`."""
    started_at = sessions["started_at"].filter(pc.equal(sessions["opening_event_id"], ""))
    return without_instants(pa.table({"occurred_at": started_at}), named)


def with_opening_ids(sessions: pa.Table, named: pa.Table, *, schedule: Schedule) -> pa.Table:
    """Name the openings of sessions without their ids, and these sessions.

    Args:
        sessions: Metered ones.
        named: `occurred_at` and `event_id` of these openings, and of others.
    """
    # Imported here because it loads the compiler, which a driver does not need.
    from botmeter.metering.session_ids import session_ids

    is_unnamed = pc.equal(sessions["opening_event_id"], "").combine_chunks()
    own = sessions.filter(is_unnamed).combine_chunks()
    at = pc.index_in(own["started_at"], value_set=named["occurred_at"].combine_chunks())
    event_ids = named["event_id"].take(at).combine_chunks()
    ids = pa.nulls(len(own), pa.string())
    for position, term in enumerate(schedule):
        is_under = pc.equal(own["policy"], position).combine_chunks()
        sources = own["source"].combine_chunks().filter(is_under)
        under = session_ids(term.policy.label, sources=sources, opening_event_ids=event_ids.filter(is_under))
        ids = pc.replace_with_mask(ids, is_under, under.combine_chunks())
    for name, values in (("opening_event_id", event_ids), ("session_id", ids)):
        column = pc.replace_with_mask(sessions[name].combine_chunks(), is_unnamed, values)
        sessions = sessions.set_column(sessions.schema.get_field_index(name), sessions.schema.field(name), column)
    return sessions
