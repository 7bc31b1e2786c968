"""Re-metering of what an append touches.

Keys with new events are metered from the start of the session open then, or more where that is not possible.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Unavailable
from botmeter.ledger.changed_days import EVERYTHING, ChangedSpan
from botmeter.ledger.chunk_metering import ChunkMetering
from botmeter.ledger.conversation_spans import update_spans
from botmeter.ledger.duckdb_calls import parsed, row_of
from botmeter.ledger.event_rows import has_aliases
from botmeter.ledger.extend_sessions import EVENTS_MAX, extend_sessions
from botmeter.ledger.large_appends import raise_memory_limit
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.metered_rows import insert_metered, meter_events
from botmeter.ledger.partitions import (
    EVERYTHING_FROM,
    PARTITION_EVENTS_MAX,
    SharedKey,
    can_stand,
    event_count,
    event_partitions,
    events_since,
    insert_participations,
    insert_sessions,
    is_anchored,
    new_events,
    time_slices,
)
from botmeter.ledger.plan_sessions import (
    meter_plan_sessions,
    meter_plan_sessions_after,
    meter_plan_sessions_of_customers,
)
from botmeter.ledger.restatements import Cause, PastDays, insert_restatements
from botmeter.ledger.statements import statements_of
from botmeter.ledger.usage_tables import (
    RecountScope,
    count_days_before,
    insert_tickets,
    keep_conversation_keys,
    refresh_usage,
    upsert_bot_names,
)
from botmeter.metering.policy import Schedule
from botmeter.metering.schema import METER_SCHEMA

if TYPE_CHECKING:
    from botmeter.metering.meter import Metered

sql = statements_of(__name__)

EVERYTHING_TOUCHED_FROM: Final = 0.8
"""Part of all events, if so many would be metered again: metering all of them takes as long, and less memory."""


class _Commit(NamedTuple):
    event_count: int
    first_us: int
    last_us: int
    ticket_count: int

    @classmethod
    def of(cls, events: pa.Table) -> Self:
        first_us, last_us = pc.min_max(events["occurred_at"]).as_py().values()
        return cls(len(events), first_us, last_us, len(events) - events["ticket_id"].null_count)


def remeter_after(ledger: Ledger, append_no: int, *, now_us: int, chunks: ChunkMetering | None = None) -> int:
    """Update sessions and usage after that append; return the number of its events. In a transaction.

    Args:
        chunks: Meters them already, and there are no others.
    """
    connection, values = ledger.connection, {"append_no": append_no}
    if has_aliases(ledger):
        connection.execute(parsed(sql("resolve_aliases")), values)
    key = _shared_key(ledger.schedule)
    events = None if chunks is not None else new_events(connection, key, append_no=append_no, limit=EVENTS_MAX + 1)
    if events is not None and len(events) > EVENTS_MAX:
        events = None
    commit = _Commit(*row_of(connection, sql("commit"), values=values)) if events is None else _Commit.of(events)
    if commit.event_count == 0:
        return 0
    update_spans(ledger, append_no=append_no, new_events=events)
    if commit.ticket_count:
        insert_tickets(connection, append_no=append_no, new_events=events)
    past_days = _past_days(ledger, append_no, now_us=now_us)
    ledger.note_latest(commit.last_us)
    is_recent = past_days is None or commit.first_us >= past_days.before_us
    can_extend = events is not None and bool(key.scope)
    restated = None if is_recent else past_days
    if can_extend and extend_sessions(ledger, key, events=events, append_no=append_no, past_days=restated):
        meter_plan_sessions_after(ledger, append_no)
        _check_balance(ledger)
        return commit.event_count
    named = events if chunks is None else chunks.bot_names.rows()
    upsert_bot_names(connection, append_no=append_no, new_events=named)
    if is_recent and is_anchored(ledger.schedule, key):
        # Nothing changes before the first new event, so neither does a day that was over by then.
        past_days = None
    if chunks is not None:
        remeter_everything(ledger, past_days=past_days, session_count=chunks.finish())
        return commit.event_count
    touched = RecountScope(
        append_no=append_no,
        everything=False,
        has_tickets=commit.ticket_count > 0,
        loses_tickets=False,
        restates=past_days is not None,
    )
    if not _remeter_touched(ledger, key, commit=commit, touched=touched, past_days=past_days, new=events):
        remeter_everything(ledger, past_days=past_days)
        return commit.event_count
    if events is not None:
        keep_conversation_keys(ledger, events)
    return commit.event_count


def _remeter_touched(
    ledger: Ledger,
    key: SharedKey,
    *,
    commit: _Commit,
    touched: RecountScope,
    past_days: PastDays | None,
    new: pa.Table | None,
) -> bool:
    # Return False, with nothing changed, if metering everything is cheaper.
    connection, anchored, count = ledger.connection, is_anchored(ledger.schedule, key), event_count(ledger.connection)
    is_large = commit.event_count > count * EVERYTHING_FROM
    if not key.scope or (is_large and not anchored):
        return False
    is_sliced = anchored and (is_large or commit.event_count > PARTITION_EVENTS_MAX)
    connection.execute(parsed(sql("affected", **key.fragments)), {"append_no": touched.append_no})
    stands = not is_sliced and can_stand(ledger.schedule, key)
    _find_restarts(ledger, key, first_us=commit.first_us, last_us=commit.last_us, can_stand=stands)
    sliced_count = 0
    if is_sliced:
        since = {"start": row_of(connection, sql("restart_bounds"))[0]}
        sliced_count = int(row_of(connection, sql("restarted_count", restarted=_restarted(key)), values=since)[0])
        if sliced_count > count * EVERYTHING_TOUCHED_FROM:
            return False
    _remeter_from_restart(ledger, key, touched=touched, past_days=past_days, new=new, sliced_count=sliced_count)
    # After these, whose temporary tables have the same names.
    if is_large:
        meter_plan_sessions(ledger)
    else:
        meter_plan_sessions_after(ledger, touched.append_no)
    return True


def remeter_everything(ledger: Ledger, *, past_days: PastDays | None = None, session_count: int | None = None) -> None:
    """Meter all events again and restate `past_days`. In a transaction.

    Args:
        session_count: Number of all sessions, if they are stored already.
    """
    connection, key = ledger.connection, _shared_key(ledger.schedule)
    ledger.note_changed_sessions(EVERYTHING)
    if past_days is not None:
        connection.execute(parsed(sql("old_sessions_all")))
        count_days_before(connection)
    if session_count is None and is_anchored(ledger.schedule, key):
        session_count = _meter_by_time(ledger, key)
    if session_count is None:
        session_count = _meter_partitions(ledger, key)
    raise_memory_limit(connection, session_count=session_count)
    refresh_usage(ledger, RecountScope())
    _check_balance(ledger, session_count=session_count)
    meter_plan_sessions(ledger)
    if past_days is not None:
        insert_restatements(ledger, key, new_session="session", past_days=past_days)


def remeter_customers(ledger: Ledger, *, change_no: int, now_us: int) -> int:
    """Apply the temporary table `customer_move`; return the number of moved events. In a transaction."""
    connection, key = ledger.connection, _shared_key(ledger.schedule)
    past_days = PastDays.of_change(Cause.CUSTOMER_CHANGE, change_no, now_us=now_us)
    connection.execute(parsed(sql("affected_before", **key.fragments)))
    moved_count = int(row_of(connection, sql("move_events"))[0])
    connection.execute(parsed(sql("affected_after", **key.fragments)))
    if moved_count == 0:
        return 0
    affected_count = row_of(connection, sql("affected_count", **key.fragments))[0]
    if not key.scope or affected_count > event_count(connection) * EVERYTHING_FROM:
        remeter_everything(ledger, past_days=past_days)
        return moved_count
    # Events of one customer move between those of another, so earlier sessions change too.
    connection.execute(parsed(sql("restart_whole")))
    _remeter_from_restart(ledger, key, touched=RecountScope(everything=False, has_tickets=False), past_days=past_days)
    meter_plan_sessions_of_customers(ledger)
    return moved_count


def remeter_without(ledger: Ledger, append_nos: Sequence[int], *, past_days: PastDays) -> int:
    """Delete the events of these appends and restate; return their number. In a transaction.

    Reads the temporary table `removed_conversation`.
    """
    connection, key, values = ledger.connection, _shared_key(ledger.schedule), {"append_nos": list(append_nos)}
    removed = _Commit(*row_of(connection, sql("removed"), values=values))
    if removed.event_count == 0:
        return 0
    is_much = removed.event_count > event_count(connection) * EVERYTHING_FROM
    connection.execute(parsed(sql("affected_by_removal", **key.fragments)), values)
    connection.execute(parsed(sql("delete_events")), values)
    if not key.scope or is_much:
        remeter_everything(ledger, past_days=past_days)
        return removed.event_count
    connection.execute(parsed(sql("affected_by_tickets", **key.fragments)))
    _find_restarts(ledger, key, first_us=removed.first_us, last_us=removed.last_us, can_stand=False)
    _remeter_from_restart(ledger, key, touched=RecountScope(everything=False, has_tickets=False), past_days=past_days)
    meter_plan_sessions(ledger)
    return removed.event_count


def _find_restarts(ledger: Ledger, key: SharedKey, *, first_us: int, last_us: int, can_stand: bool) -> None:
    if is_anchored(ledger.schedule, key):
        values = {"since": first_us, "until": last_us + 1, "can_stand": can_stand}
        ledger.connection.execute(parsed(sql("restart", **key.fragments)), values)
    else:
        ledger.connection.execute(parsed(sql("restart_whole")))


def _remeter_from_restart(
    ledger: Ledger,
    key: SharedKey,
    *,
    touched: RecountScope,
    past_days: PastDays | None,
    new: pa.Table | None = None,
    sliced_count: int = 0,
) -> None:
    # `new`: the events of the commit, if they are in memory. `sliced_count`: of events to meter in slices of time.
    connection = ledger.connection
    restart_us, others_us, has_standing = row_of(connection, sql("restart_bounds"))
    restart = {"restart": restart_us}
    connection.execute(parsed(sql("old_sessions", **key.fragments)), restart)
    for step in ("old_participations", "delete_sessions", "delete_participations"):
        connection.execute(parsed(sql(step)), restart)
    sliced = _metered_by_time(ledger, key, count=sliced_count, first_us=restart_us) if sliced_count else None
    if sliced is not None:
        sessions, participations = sliced
        insert_sessions(connection, sessions)
        insert_participations(connection, participations)
    elif has_standing:
        since = {"others": others_us, "append_no": touched.append_no}
        connection.execute(parsed(sql("rows_to_meter", **key.fragments)), since)
        metered = _metered_beside_standing(ledger, key, append_no=touched.append_no, new=new)
        sessions, participations = insert_metered(ledger, metered)
    else:
        events = events_since(connection, key, events=_restarted(key), first_us=others_us)
        sessions, participations = insert_metered(ledger, meter_events(ledger, events))
    old_starts = connection.execute(parsed(sql("old_starts"))).fetchnumpy()["started_at"]
    ledger.note_changed_sessions(ChangedSpan.of(old_starts, sessions["started_at"].to_numpy()))
    # The statements up to the commit read them by name.
    connection.register("fresh_session", sessions)
    connection.register("fresh_participation", participations)
    refresh_usage(ledger, touched)
    _check_balance(ledger)
    if past_days is not None:
        insert_restatements(ledger, key, new_session="fresh_session", past_days=past_days)


def _restarted(key: SharedKey) -> str:
    return f"({sql('restarted', **key.fragments)})"


def _metered_by_time(ledger: Ledger, key: SharedKey, *, count: int, first_us: int) -> tuple[pa.Table, pa.Table] | None:
    # Rows of sessions and participations from the restarts on, not stored yet; None: slices are no cheaper.
    if count <= PARTITION_EVENTS_MAX:
        return None
    sessions: list[pa.Table] = []
    participations: list[pa.Table] = []
    chunks = ChunkMetering(ledger, key, take_sessions=sessions.append, take_participations=participations.append)
    slices = time_slices(ledger.connection, key, count=count, events=_restarted(key), first_us=first_us)
    if chunks.meter(slices) is None:
        return None
    return (
        pa.concat_tables(sessions, promote_options="permissive"),
        pa.concat_tables(participations, promote_options="permissive"),
    )


def _metered_beside_standing(ledger: Ledger, key: SharedKey, *, append_no: int, new: pa.Table | None) -> "Metered":
    # Imported here because it loads the compiler, as in `meter_events`.
    from botmeter.metering.meter import with_earlier_events

    def read(name: str, values: dict[str, int] | None = None, **chosen: str) -> pa.Table:
        return ledger.connection.sql(parsed(sql(name, **key.fragments, **chosen)), params=values).to_arrow_table()

    # Every key is metered from its first new event or before.
    added = read("events_of_commit", {"append_no": append_no}) if new is None else new.select(METER_SCHEMA.names)
    earlier = read("earlier_beside_standing", openings=sql("standing_openings"))
    metered = meter_events(ledger, pa.concat_tables([earlier, added]))
    return with_earlier_events(metered, counts=read("standing_counts"), parts=read("standing_parts"))


def _check_balance(ledger: Ledger, *, session_count: int | None = None) -> None:
    # Raise if stored and expected numbers differ: an invoice must not rest on them.
    stored, counted = row_of(ledger.connection, sql("balance"))
    if stored != counted or session_count not in (None, stored):
        metered = stored if session_count is None else session_count
        raise Unavailable(
            "ledger_unbalanced",
            f"{metered:,} sessions were metered, {stored:,} stored and {counted:,} counted as usage; the numbers "
            "must be equal. Nothing was changed. Please report this.",
        )


def _delete_sessions(ledger: Ledger) -> None:
    # Some may be of a metering that was given up.
    for step in ("delete_all_sessions", "delete_all_participations"):
        ledger.connection.execute(parsed(sql(step)))


def _meter_by_time(ledger: Ledger, key: SharedKey) -> int | None:
    # Partitions read all events once for each of them; slices of time their own events.
    _delete_sessions(ledger)
    chunks = ChunkMetering.storing(ledger, key)
    return chunks.meter(time_slices(ledger.connection, key, count=event_count(ledger.connection)))


def _meter_partitions(ledger: Ledger, key: SharedKey) -> int:
    # Meter each partition while the next is read. Each has some keys at all times, so the result is sorted.
    _delete_sessions(ledger)
    connection, session_count = ledger.connection, 0
    for step in ("stage_sessions", "stage_participations"):
        connection.execute(parsed(sql(step)))
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="meter") as meter:
        running: Future[Metered] | None = None
        for events in chain(event_partitions(connection, key), [None]):
            metered = running.result() if running else None
            running = meter.submit(meter_events, ledger, events) if events is not None else None
            if metered is not None:
                session_count += len(metered.sessions)
                insert_metered(ledger, metered, prefix="staged_")
            pa.default_memory_pool().release_unused()
    for step in (
        "insert_staged_sessions",
        "insert_staged_participations",
        "drop_staged_sessions",
        "drop_staged_participations",
    ):
        connection.execute(parsed(sql(step)))
    return session_count


def _past_days(ledger: Ledger, append_no: int, *, now_us: int) -> PastDays | None:
    """Days that were over before this commit; None: no event."""
    latest_us = ledger.latest_us_before(append_no)
    if latest_us is None:
        return None
    return PastDays.of_append(append_no, latest_us=latest_us, now_us=now_us)


def _shared_key(schedule: Schedule) -> SharedKey:
    return SharedKey.of([term.policy for term in schedule])
