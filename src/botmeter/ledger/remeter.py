"""Sessions kept current: what an append touches is metered again, and nothing else.

Scope keys that got a new event are metered from the start of the session that was open at that
event; what came before stays as it is, and so do all other keys. Where that can't be said (a first
import, a policy that looks further back), more is metered: the same code, a wider net.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import row_of
from botmeter.ledger.tables import sql
from botmeter.ledger.usage import Touched, keep_restatements, refresh_usage
from botmeter.metering.meter import Metered, sessions_from_events
from botmeter.metering.policy import Policy, Schedule

POLICY_CHANGE = 0
"""The append number of a restatement that no append caused."""

# Events metered at once: 2.5 million take half a gigabyte in the meter.
SHARE_EVENTS_MAX = 2_500_000
# From this part of the ledger on, metering all of it is cheaper than finding out what was touched.
EVERYTHING_FROM = 0.2

# The scope key in SQL: x is a row of event or session, p the row of its touchpoint.
_KEY_PART = {
    "customer": "x.customer_id",
    "conversation": "x.conversation_id",
    "bot": "coalesce(p.bot_id, '')",
    "channel": "p.channel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How a schedule is metered: by which key, and whether a running session is enough to start from."""

    key: str | None
    anchored: bool
    attributes: str


def remeter_after(ledger: Ledger, *, append_no: int, now_us: int) -> None:
    """Brings sessions and usage up to date with the events of the submissions from `append_no` on."""
    connection = ledger.connection
    for step in ("keep_bot_names", "keep_spans", "keep_tickets"):
        connection.execute(sql(step), {"append_no": append_no})
    connection.execute(sql("drop_bot_names"))
    plan = _plan(ledger.schedule)
    appended, total, shown_us = row_of(connection, sql("append_size"), {"append_no": append_no})
    if plan.key is None or appended > total * EVERYTHING_FROM:
        remeter_everything(ledger, append_no=append_no, now_us=now_us, shown_us=shown_us)
    else:
        _remeter_affected(ledger, plan, append_no=append_no, stamp=(now_us, shown_us))


def remeter_everything(ledger: Ledger, *, append_no: int, now_us: int, shown_us: int | None = None) -> None:
    """Meters every event of the ledger again.

    Args:
        ledger: In a transaction.
        append_no: The first submission of this commit, or POLICY_CHANGE.
        now_us: The present instant.
        shown_us: Up to where numbers had been shown, µs UTC; None: nothing had been.
    """
    connection, plan = ledger.connection, _plan(ledger.schedule)
    if append_no == POLICY_CHANGE:
        shown_us = now_us
    if shown_us is not None:
        connection.execute(sql("old_sessions_all"))
        connection.execute(sql("day_counts").format(touched="true"))
    connection.execute("DELETE FROM session")
    connection.execute("DELETE FROM participation")
    event_count = row_of(connection, "SELECT count(*) FROM event")[0]
    shares = max(1, -(-event_count // SHARE_EVENTS_MAX)) if plan.key else 1
    query = sql("events_of_share").format(key=plan.key or "''", attributes=plan.attributes)
    for share in range(shares):
        _metered_and_kept(ledger, query, {"share": share, "shares": shares})
    refresh_usage(ledger, Touched(append_no=append_no))
    if shown_us is not None:
        keep_restatements(ledger, key=plan.key or "''", fresh="session", stamp=(append_no, now_us, shown_us))


def _remeter_affected(ledger: Ledger, plan: _Plan, *, append_no: int, stamp: tuple[int, int | None]) -> None:
    connection, (now_us, shown_us) = ledger.connection, stamp
    key = plan.key or "''"
    connection.execute(sql("affected").format(key=key), {"append_no": append_no})
    if plan.anchored:
        since, until = row_of(connection, sql("affected_bounds"))
        connection.execute(sql("restart").format(key=key), {"since": since, "until": until})
    else:
        connection.execute(sql("restart_whole"))
    restart = {"restart": row_of(connection, sql("restart_bound"))[0]}
    connection.execute(sql("old_sessions").format(key=key), restart)
    connection.execute(sql("old_participations"), restart)
    connection.execute(sql("drop_sessions"), restart)
    connection.execute(sql("drop_participations"), restart)
    _metered_and_kept(ledger, sql("events_to_meter").format(key=key, attributes=plan.attributes), restart)
    refresh_usage(ledger, Touched(append_no=append_no, everything=False))
    if shown_us is not None:
        keep_restatements(ledger, key=key, fresh="fresh_session", stamp=(append_no, now_us, shown_us))


def _metered_and_kept(ledger: Ledger, query: str, values: dict[str, int]) -> None:
    """Meters the events that `query` gives and keeps what comes out, also as fresh_session and fresh_participation."""
    connection = ledger.connection
    events = connection.sql(query, params=values).to_arrow_table()
    metered = sessions_from_events(events, schedule=ledger.schedule, touchpoints=ledger.touchpoints)
    sessions = metered.sessions.append_column("footprint", pa.array(_footprints(ledger, metered)))
    parts = metered.participations
    rows = parts["session_row"]
    participations = pa.table(
        {
            "session_id": sessions["session_id"].take(rows),
            "started_at": sessions["started_at"].take(rows),
            "customer_id": sessions["customer_id"].take(rows),
            "conversation_id": parts["conversation_id"],
            "touchpoint": parts["touchpoint"],
            "event_count": parts["event_count"],
            "preview": sessions["preview"].take(rows),
        }
    )
    ledger.keep_numbers()
    connection.register("fresh_session", sessions)
    connection.register("fresh_participation", participations)
    connection.execute(sql("keep_sessions"))
    connection.execute(sql("keep_participations"))


def _footprints(ledger: Ledger, metered: Metered) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The footprint of each session."""
    session_of = metered.participations["session_row"].to_numpy()
    touchpoint = metered.participations["touchpoint"].to_numpy()
    if len(session_of) == 0:
        return np.empty(0, np.int32)
    firsts = np.flatnonzero(np.diff(session_of, prepend=-1))
    footprint = np.minimum.reduceat(touchpoint, firsts)
    several = np.flatnonzero(footprint != np.maximum.reduceat(touchpoint, firsts))
    ends = np.append(firsts[1:], len(touchpoint))
    for row in several.tolist():
        members = np.unique(touchpoint[firsts[row] : ends[row]]).tolist()
        footprint[row] = ledger.footprints.number(tuple(members))
    return footprint.astype(np.int32)


def _plan(schedule: Schedule) -> _Plan:
    policies = [term.policy for term in schedule]
    shared = [name for name in _KEY_PART if all(name in policy.scope for policy in policies)]
    key = " || chr(0) || ".join(_KEY_PART[name] for name in shared) or None
    same_scope = all(set(policy.scope) == set(shared) for policy in policies)
    # Policies that see other events can have sessions of one key that run side by side.
    seen = {(policy.match, policy.exclude, policy.participants) for policy in policies}
    named = any(policy.exclude - {"preview"} for policy in policies)
    return _Plan(
        key=key,
        anchored=same_scope and all(_starts_afresh(policy) for policy in policies) and len(seen) == 1,
        attributes="x.attributes" if named else "NULL",
    )


def _starts_afresh(policy: Policy) -> bool:
    """Whether nothing before a session's opening event bears on the session.

    An `exchange` opens on the answer to an earlier message, and with `require` a session that was
    not counted, and so is not stored, may have been running. A session full of turns can end at the
    very instant of its last event, and the next one opens at that instant too.
    """
    return policy.opens_on != "exchange" and policy.require == type(policy.require)() and policy.max_turns is None
