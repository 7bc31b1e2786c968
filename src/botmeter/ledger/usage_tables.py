"""Additive tables: sessions, conversations and tickets by day and footprint."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.ledger.conversation_days import conversation_days
from botmeter.ledger.duckdb_calls import events_table, execute_with, parsed, row_of, table_from
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.recent_memory import ConversationKeys, Kept
from botmeter.ledger.restatements import NO_APPEND
from botmeter.ledger.row_groups import ROW_GROUP_ROWS
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

PARTICIPATIONS_MAX: Final = 3_000_000
"""Of more, about 130 bytes each in memory, DuckDB groups the conversations by day."""

_ALL = "true"
_BOT_NAMES: Final = pa.schema(
    [("touchpoint", pa.int32()), ("bot_name", pa.string()), ("append_no", pa.int32()), ("occurred_at", pa.int64())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountScope:
    """Scope of a recount: everything, or that of old_session and fresh_session; with `loses_tickets` of all these."""

    append_no: int = NO_APPEND
    everything: bool = True
    has_tickets: bool = True
    loses_tickets: bool = True
    restates: bool = True

    @property
    def days(self) -> str:
        return _ALL if self.everything else f"day IN ({sql('days_to_count')})"

    @property
    def conversations(self) -> str:
        return _ALL if self.everything else f"conversation_id IN ({sql('conversations_to_count')})"

    @property
    def both(self) -> str:
        return _ALL if self.everything else f"{self.days} AND {self.conversations}"


def refresh_usage(ledger: Ledger, touched: RecountScope) -> None:
    """Make the additive tables equal to the sessions."""
    connection = ledger.connection
    bounds = {"start": 0, "end": NEVER_US}
    if touched.everything:
        connection.execute(parsed(sql("touched_rows_none")))
    else:
        connection.execute(parsed(sql("touched_days")))
        values = {"append_no": touched.append_no, "all": touched.loses_tickets}
        connection.execute(parsed(sql("touched_conversations")), values)
        connection.execute(parsed(sql("touched_rows")))
        if touched.has_tickets:
            connection.execute(parsed(sql("touched_ticket_days")), {"append_no": touched.append_no})
        start, end = row_of(connection, sql("touched_bounds"))
        if touched.restates:
            count_days_before(connection, days=touched.days)
        if start is None:
            return
        bounds = {"start": start, "end": end}
    connection.execute(parsed(sql("delete_session_usage", touched=touched.days)))
    connection.execute(parsed(sql("insert_session_usage", touched=touched.days)), bounds)
    # Before the conversations, which can touch days outside the bounds.
    _refresh_tickets(ledger, touched, bounds=bounds)
    if touched.everything and 0 < row_of(connection, sql("participation_count"))[0] <= PARTICIPATIONS_MAX:
        _replace_conversations(ledger)
    else:
        _refresh_conversations(ledger, touched, bounds=bounds)
    connection.execute(parsed(sql("delete_conversation_usage", touched=touched.days)))
    connection.execute(parsed(sql("insert_conversation_usage", touched=touched.days)))


def _replace_conversations(ledger: Ledger) -> None:
    connection = ledger.connection
    connection.execute(parsed(sql("delete_conversation_days", touched=_ALL)))
    participations = connection.sql(parsed(sql("all_participations"))).to_arrow_table()
    rows = conversation_days(participations, footprints=ledger.footprints)
    ledger.insert_numbers()
    # Pieces of whole row groups, so that two threads insert them.
    pieces = pa.Table.from_batches(rows.combine_chunks().to_batches(max_chunksize=ROW_GROUP_ROWS))
    execute_with(connection, sql("insert_conversation_rows"), input_rows=pieces)


def _refresh_conversations(ledger: Ledger, touched: RecountScope, *, bounds: dict[str, int]) -> None:
    connection = ledger.connection
    connection.execute(parsed(sql("delete_conversation_days", touched=touched.both)))
    connection.execute(parsed(sql("conversation_sets", touched=touched.both)), bounds)
    sets = _with_members(connection.sql(parsed(sql("conversation_sets_several")), params=bounds).to_arrow_table())
    untouched = f"NOT {touched.days}"
    connection.execute(parsed(sql("conversation_row_counts", untouched=untouched)))
    execute_with(connection, sql("insert_conversation_days"), input_rows=_with_footprints(ledger, sets))
    if not touched.everything:
        _update_other_days(ledger)


def _update_other_days(ledger: Ledger) -> None:
    connection = ledger.connection
    connection.execute(parsed(sql("row_changes")))
    first, last = row_of(connection, sql("row_change_bounds"))
    if first is not None:
        connection.execute(parsed(sql("update_other_rows")), {"first": first, "last": last})
        connection.execute(parsed(sql("row_change_days")))


def _refresh_tickets(ledger: Ledger, touched: RecountScope, *, bounds: dict[str, int]) -> None:
    connection = ledger.connection
    if not touched.everything and row_of(connection, sql("ticket_count"))[0] == 0:
        return
    connection.execute(parsed(sql("delete_session_tickets", touched=touched.both)))
    query = sql("session_ticket_sets", touched=touched.both, conversations=touched.conversations)
    _insert_ticket_sets(ledger, connection.sql(query, params=bounds).to_arrow_table())


def refresh_tickets_of(ledger: Ledger, conversations: Sequence[str], *, bounds: dict[str, int]) -> None:
    """Make `session_ticket` equal to the sessions of some conversations, all of which started within the bounds."""
    input_rows = pa.table({"conversation_id": pa.array(conversations, pa.string())})
    chosen = f"conversation_id IN ({sql('input_conversations')})"
    execute_with(ledger.connection, sql("delete_session_tickets", touched=chosen), input_rows=input_rows)
    query = sql("session_ticket_sets", touched=chosen, conversations=chosen)
    _insert_ticket_sets(ledger, table_from(ledger.connection, query, input_rows=input_rows, values=bounds))


def _insert_ticket_sets(ledger: Ledger, sets: pa.Table) -> None:
    if len(sets):
        execute_with(ledger.connection, sql("insert_session_tickets"), input_rows=_with_footprints(ledger, sets))


def count_days_before(connection: duckdb.DuckDBPyConnection, *, days: str = _ALL) -> None:
    """Store session counts in `old_day_count` before a recount; `days` is an SQL condition. In a transaction."""
    connection.execute(parsed(sql("day_counts", touched=days)))


def insert_tickets(
    connection: duckdb.DuckDBPyConnection, *, append_no: int, new_events: pa.Table | None = None
) -> None:
    """Add the tickets of events from that append on to `conversation_ticket`."""
    statement = sql("insert_tickets", events=events_table(new_events))
    execute_with(connection, statement, input_rows=new_events, values={"append_no": append_no})


def upsert_bot_names(
    connection: duckdb.DuckDBPyConnection, *, append_no: int, new_events: pa.Table | None = None
) -> None:
    """Add bot names from that append on."""
    if new_events is not None and new_events["bot_name"].null_count == len(new_events):
        return
    statement = sql("upsert_bot_names", events=events_table(new_events))
    execute_with(connection, statement, input_rows=new_events, values={"append_no": append_no})


class LatestBotNames:
    """Latest instant of each name of a bot."""

    def __init__(self) -> None:
        self._batches = [_BOT_NAMES.empty_table()]

    def add(self, rows: pa.Table) -> None:
        """Take accepted `event_rows`."""
        named = rows.select(_BOT_NAMES.names)
        if named["bot_name"].null_count == len(named):
            return
        # In one piece, so that its names have one dictionary.
        named = named.combine_chunks().unify_dictionaries().drop_null()
        # Two threads take longer for a batch.
        latest = named.group_by(_BOT_NAMES.names[:-1], use_threads=False).aggregate([("occurred_at", "max")])
        self._batches.append(latest.rename_columns(_BOT_NAMES.names).cast(_BOT_NAMES))

    def rows(self) -> pa.Table:
        """Stand-ins of all events: the latest with each name."""
        return pa.concat_tables(self._batches)


class CountStatements(NamedTuple):
    """Statements of a table of counts by day: the day, from 1970-01-01, then its other columns."""

    read: str
    delete: str
    insert: str


SESSION_COUNTS: Final = CountStatements("session_counts", "delete_session_counts", "insert_session_counts")
CONVERSATION_COUNTS: Final = CountStatements(
    "conversation_counts", "delete_conversation_counts", "insert_conversation_counts"
)


def stored_counts(
    connection: duckdb.DuckDBPyConnection, table: CountStatements, *, days: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Read the counts of these days."""
    return connection.execute(parsed(sql(table.read)), {"days": list(days)}).fetchall()


def replace_counts(
    connection: duckdb.DuckDBPyConnection,
    table: CountStatements,
    *,
    counts: Mapping[int, Mapping[tuple[Any, ...], int]],
) -> None:
    """Replace the counts of days, by day and by the columns before the count."""
    for day in counts:
        connection.execute(parsed(sql(table.delete)), {"day": day})
    groups = [group for of_day in counts.values() for group in of_day]
    if groups:
        columns = [*zip(*groups, strict=True), [count for of_day in counts.values() for count in of_day.values()]]
        input_rows = pa.table({f"column_{number}": pa.array(column) for number, column in enumerate(columns)})
        execute_with(connection, sql(table.insert), input_rows=input_rows)


def conversation_rows(connection: duckdb.DuckDBPyConnection, chosen: pa.Table) -> list[tuple[Any, ...]]:
    """Read the rows of `conversation_day` of conversations, given with their keys."""
    return execute_with(connection, sql("conversation_rows"), input_rows=chosen).fetchall()


def insert_conversation_rows(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Add rows to `conversation_day`, ascending by day."""
    execute_with(connection, sql("insert_conversation_rows"), input_rows=rows.sort_by("day"))


def update_conversation_rows(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Change the footprint and `has_other_rows` of rows of `conversation_day`."""
    bounds = pc.min_max(rows["day"]).as_py()
    values = {"first": bounds["min"], "last": bounds["max"]}
    execute_with(connection, sql("update_conversation_rows"), input_rows=rows, values=values)


def delete_conversation_rows(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Delete rows of `conversation_day`, given by day, conversation and preview."""
    bounds = pc.min_max(rows["day"]).as_py()
    values = {"first": bounds["min"], "last": bounds["max"]}
    execute_with(connection, sql("delete_conversation_rows"), input_rows=rows, values=values)


def usage_parts(
    connection: duckdb.DuckDBPyConnection, conversations: Iterable[str], *, first_day: int, last_day: int
) -> list[tuple[Any, ...]]:
    """Read the distinct parts of conversations in sessions that started on days from 1970-01-01, both included."""
    input_rows = pa.table({"conversation_id": pa.array(conversations, pa.string())})
    values = {"start": first_day * DAY_US, "end": (last_day + 1) * DAY_US}
    return execute_with(connection, sql("usage_parts"), input_rows=input_rows, values=values).fetchall()


def conversation_keys(connection: duckdb.DuckDBPyConnection) -> ConversationKeys:
    """Read the keys of all conversations with rows or tickets."""
    return ConversationKeys(
        with_rows=connection.execute(parsed(sql("conversation_keys"))).fetchnumpy()["conversation_key"],
        with_tickets=connection.execute(parsed(sql("ticket_keys"))).fetchnumpy()["conversation_key"],
    )


def keep_conversation_keys(ledger: Ledger, new_events: pa.Table) -> None:
    """Add the conversations of new events and sessions to those in memory, and keep them. In a transaction."""
    known = ledger.memory.conversations
    if known is not None:
        fresh = ledger.connection.execute(parsed(sql("fresh_keys"))).fetchnumpy()["conversation_key"]
        linked = new_events.filter(new_events["ticket_id"].is_valid())["conversation_key"].to_numpy()
        known.add(with_rows=fresh, with_tickets=linked)
        ledger.memory.keep(Kept.CONVERSATIONS)


def bot_names(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Read each bot's id, instant of the latest event with a name, and that name."""
    return connection.execute(parsed(sql("bot_names"))).fetchall()


def replace_bot_names(connection: duckdb.DuckDBPyConnection, names: pa.Table, *, is_known: bool) -> None:
    """Set the names of bots that all are known, or all are not."""
    execute_with(connection, sql("update_bot_names" if is_known else "insert_bot_names"), input_rows=names)


def _with_members(rows: pa.Table) -> pa.Table:
    """Join the touchpoints of each set, whose rows are adjacent."""
    keys = [rows[name] for name in rows.column_names if name != "touchpoint"]
    is_next = reduce(pc.or_, (pc.not_equal(key[1:], key[:-1]) for key in keys))
    firsts = pa.array([0] * min(1, len(rows)) + [at + 1 for at in pc.indices_nonzero(is_next).to_pylist()], pa.int32())
    ends = pa.concat_arrays([firsts, pa.array([len(rows)], pa.int32())])
    members = pa.ListArray.from_arrays(ends, rows["touchpoint"].combine_chunks())
    return rows.take(firsts).drop_columns(["touchpoint"]).append_column("members", members)


def _with_footprints(ledger: Ledger, sets: pa.Table) -> pa.Table:
    numbers = [ledger.footprints.number(tuple(members)) for members in sets["members"].to_pylist()]
    ledger.insert_numbers()
    return sets.drop_columns(["members"]).append_column("footprint", pa.array(numbers, pa.int32()))
