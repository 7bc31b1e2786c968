"""Re-metering of what an append touches.

Keys with new events are metered from the start of the session open then, or more where that is not possible.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import DAY_US
from botmeter.ledger.commit_summary import CommitSummary
from botmeter.ledger.conversation_spans import keep_spans
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import Cause, ShownDays
from botmeter.ledger.rows import execute_with, row_of
from botmeter.ledger.statements import statements_of
from botmeter.ledger.usage import (
    RecountScope,
    count_days_before,
    keep_bot_names,
    keep_restatements,
    keep_tickets,
    midnight_shown_before_us,
    refresh_usage,
)
from botmeter.metering.meter import Metered, sessions_from_events
from botmeter.metering.policy import Policy, Require, Schedule

sql = statements_of(__name__)

# Events metered at once: two and a half million take half a gigabyte in the meter, and each share scans all events.
SHARE_EVENTS_MAX = 2_500_000
# From this part of the ledger on, metering all of it is cheaper than finding the part that was touched.
EVERYTHING_FROM = 0.2

# The scope key in SQL: x is a row of event or session, with bot and channel where the key needs them.
_KEY_PART = {
    "customer": "x.customer_id",
    "conversation": "x.conversation_id",
    "bot": "coalesce(x.bot_id, '')",
    "channel": "x.channel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Plan to meter a schedule, whose `texts` are placeholders of the statements.

    Attributes:
        is_anchored: Metering can start at the running session.
    """

    texts: dict[str, str]
    is_keyed: bool
    is_anchored: bool

    def statement(self, name: str, **more: str) -> str:
        return sql(name, **self.texts, **more)


def remeter_after(ledger: Ledger, arrivals: CommitSummary, *, now_us: int, shown_us: int | None) -> None:
    """Update sessions and usage after a commit with at least one event. In a transaction.

    Args:
        shown_us: End of the numbers shown, µs UTC; None: none.
    """
    connection = ledger.connection
    if row_of(connection, sql("has_aliases"))[0]:
        connection.execute(sql("name_arrived"), {"append_no": arrivals.append_no})
    keep_spans(ledger, append_no=arrivals.append_no)
    if arrivals.has_bot_names:
        keep_bot_names(connection, append_no=arrivals.append_no)
    if arrivals.tickets:
        linked = pa.concat_tables(arrivals.tickets, promote_options="permissive")
        keep_tickets(connection, linked)
    total = row_of(connection, sql("event_count"))[0]
    plan = _plan(ledger.schedule)
    shown = None
    if shown_us is not None:
        before_us = midnight_shown_before_us(shown_us, now_us=now_us)
        shown = ShownDays(cause=Cause.APPEND, cause_no=arrivals.append_no, now_us=now_us, before_us=before_us)
    if not plan.is_keyed or arrivals.event_count > total * EVERYTHING_FROM:
        remeter_everything(ledger, shown=shown)
    else:
        # Nothing changes before the first new event, so neither does a day that was over by then.
        restates = shown is not None and arrivals.first_us < shown.before_us
        _remeter_affected(ledger, plan, arrivals=arrivals, restates=restates)
        if shown is not None and restates:
            keep_restatements(ledger, plan.texts | {"new_session": plan.texts["fresh_session"]}, shown=shown)


def remeter_everything(ledger: Ledger, *, shown: ShownDays | None = None) -> None:
    """Meter all events again and restate days that were `shown`. In a transaction."""
    connection, plan = ledger.connection, _plan(ledger.schedule)
    if shown is not None:
        connection.execute(sql("old_sessions_all"))
        count_days_before(connection)
    connection.execute(sql("drop_all_sessions"))
    connection.execute(sql("drop_all_participations"))
    event_count = row_of(connection, sql("event_count"))[0]
    shares = max(1, -(-event_count // SHARE_EVENTS_MAX)) if plan.is_keyed else 1
    session_count = _meter_in_shares(ledger, plan.statement("events_of_share"), shares=shares)
    refresh_usage(ledger, RecountScope())
    _check_balance(ledger, session_count=session_count)
    if shown is not None:
        keep_restatements(ledger, plan.texts | {"new_session": plan.texts["session"]}, shown=shown)


def _remeter_affected(ledger: Ledger, plan: _Plan, *, arrivals: CommitSummary, restates: bool) -> None:
    connection = ledger.connection
    connection.execute(plan.statement("affected"), {"append_no": arrivals.append_no})
    if plan.is_anchored:
        connection.execute(plan.statement("restart"), {"since": arrivals.first_us, "until": arrivals.last_us + 1})
    else:
        connection.execute(sql("restart_whole"))
    _remeter_from_restart(
        ledger,
        plan,
        touched=RecountScope(
            append_no=arrivals.append_no, everything=False, has_tickets=bool(arrivals.tickets), restates=restates
        ),
    )


def remeter_customers(ledger: Ledger, *, change_no: int, now_us: int) -> int:
    """Apply the temporary table `customer_move`; return the number of moved events. In a transaction."""
    connection, plan = ledger.connection, _plan(ledger.schedule)
    shown = ShownDays(
        cause=Cause.CUSTOMER_CHANGE, cause_no=change_no, now_us=now_us, before_us=now_us // DAY_US * DAY_US
    )
    connection.execute(plan.statement("affected_before"))
    event_count = int(row_of(connection, sql("rename"))[0])
    connection.execute(plan.statement("affected_after"))
    total = row_of(connection, sql("event_count"))[0]
    if event_count == 0:
        return 0
    if not plan.is_keyed or row_of(connection, plan.statement("affected_count"))[0] > total * EVERYTHING_FROM:
        remeter_everything(ledger, shown=shown)
        return event_count
    # Events of one customer move between those of another, so earlier sessions change too.
    connection.execute(sql("restart_whole"))
    _remeter_from_restart(ledger, plan, touched=RecountScope(everything=False, has_tickets=False))
    texts = plan.texts | {"new_session": plan.texts["fresh_session"]}
    keep_restatements(ledger, texts, shown=shown)
    return event_count


def _remeter_from_restart(ledger: Ledger, plan: _Plan, *, touched: RecountScope) -> None:
    connection = ledger.connection
    restart = {"restart": row_of(connection, sql("restart_bound"))[0]}
    connection.execute(plan.statement("old_sessions"), restart)
    connection.execute(sql("old_participations"), restart)
    connection.execute(sql("drop_sessions"), restart)
    connection.execute(sql("drop_participations"), restart)
    events = connection.sql(plan.statement("events_to_meter"), params=restart).to_arrow_table()
    metered = _metered(ledger, events)
    sessions, participations = _keep(ledger, metered)
    # The statements up to the commit read them by name.
    connection.register("fresh_session", sessions)
    connection.register("fresh_participation", participations)
    refresh_usage(ledger, touched)
    _check_balance(ledger)


def _check_balance(ledger: Ledger, *, session_count: int | None = None) -> None:
    """Raise if stored and expected numbers differ: an invoice must not rest on them."""
    stored, counted = row_of(ledger.connection, sql("balance"))
    if stored != counted or session_count not in (None, stored):
        metered = stored if session_count is None else session_count
        raise Unavailable(
            "ledger_unbalanced",
            f"{metered:,} sessions were metered, {stored:,} stored and {counted:,} counted as usage; the numbers "
            "must be equal. Nothing was changed. Please report this.",
        )


def _meter_in_shares(ledger: Ledger, query: str, *, shares: int) -> int:
    """Read ahead; a share has some keys at all times, so the result is sorted at the end."""
    connection, session_count = ledger.connection, 0
    for step in ("stage_sessions", "stage_participations"):
        connection.execute(sql(step))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="meter") as meter:
        waiting: Future[Metered] | None = None
        for share in range(shares + 1):
            events = _share(ledger, query, share=share, shares=shares) if share < shares else None
            metered = waiting.result() if waiting else None
            waiting = meter.submit(_metered, ledger, events) if events is not None else None
            if metered is not None:
                session_count += len(metered.sessions)
                _keep(ledger, metered, prefix="staged_")
            pa.default_memory_pool().release_unused()
    for step in (
        "keep_staged_sessions",
        "keep_staged_participations",
        "drop_staged_sessions",
        "drop_staged_participations",
    ):
        connection.execute(sql(step))
    return session_count


def _share(ledger: Ledger, query: str, *, share: int, shares: int) -> pa.Table:
    return ledger.connection.sql(query, params={"share": share, "shares": shares}).to_arrow_table()


def _metered(ledger: Ledger, events: pa.Table) -> Metered:
    return sessions_from_events(events, schedule=ledger.schedule, touchpoints=ledger.touchpoints)


def _keep(ledger: Ledger, metered: Metered, *, prefix: str = "") -> tuple[pa.Table, pa.Table]:
    sessions, participations = _sessions(ledger, metered), _participations(metered)
    execute_with(ledger.connection, sql("keep_sessions", table=f"{prefix}session"), input_rows=sessions)
    execute_with(
        ledger.connection, sql("keep_participations", table=f"{prefix}participation"), input_rows=participations
    )
    return sessions, participations


def _sessions(ledger: Ledger, metered: Metered) -> pa.Table:
    sessions = metered.sessions.append_column("footprint", pa.array(_footprints(ledger, metered)))
    ledger.keep_numbers()
    return sessions


def _participations(metered: Metered) -> pa.Table:
    parts = metered.participations
    repeated = metered.sessions.select(["session_id", "started_at", "customer_id", "preview"])
    table = repeated.take(parts["session_row"])
    for name in ("conversation_id", "touchpoint", "event_count"):
        table = table.append_column(name, parts[name])
    return table


def _footprints(ledger: Ledger, metered: Metered) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
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
    placed = "bot" in shared or "channel" in shared
    named = any(policy.exclude - {"preview"} for policy in policies)
    texts = {
        "key": " || chr(0) || ".join(_KEY_PART[name] for name in shared) or "''",
        "event": _placed("event", "touchpoint") if placed else "event",
        "session": _placed("session", "opening_touchpoint") if placed else "session",
        "old_session": _placed("old_session", "opening_touchpoint") if placed else "old_session",
        "fresh_session": _placed("fresh_session", "opening_touchpoint") if placed else "fresh_session",
        "attributes": "x.attributes" if named else "NULL",
    }
    # Under policies with different events, sessions of one key can overlap.
    event_choices = {(policy.match, policy.exclude, policy.participants) for policy in policies}
    same_scope = all(set(policy.scope) == set(shared) for policy in policies)
    return _Plan(
        texts=texts,
        is_keyed=bool(shared),
        is_anchored=same_scope and len(event_choices) == 1 and all(_starts_afresh(policy) for policy in policies),
    )


def _placed(table: str, touchpoint: str) -> str:
    return f"({sql('placed', table=table, touchpoint=touchpoint)})"


def _starts_afresh(policy: Policy) -> bool:
    """Return whether no earlier event affects a session.

    An `exchange` opens on an answer to an earlier message; with `require` an uncounted session may have been running; a
    session full of turns can end, and the next open, at the same instant.
    """
    return policy.opens_on != "exchange" and policy.require == Require() and policy.max_turns is None
