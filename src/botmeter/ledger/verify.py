"""Verification: events are metered again, compared with the tables, and rolled back."""

from dataclasses import dataclass

from botmeter.ledger.complete_read import read_everything
from botmeter.ledger.conversation_spans import insert_spans
from botmeter.ledger.damage import damage_refused
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.remeter import remeter_everything
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import replace_views
from botmeter.ledger.usage_tables import insert_tickets, upsert_bot_names

# As many as a person can read; the count covers the others.
DIFFERENCES_LISTED_MAX = 100

# The tables that follow from the events, with their columns. The numbers of footprints depend on the order in which
# events came, so their members are compared.
_DERIVED = {
    "session": "session_id, policy, customer_id, conversation_id, source, opening_event_id, opening_touchpoint, "
    "started_at, ended_at, last_event_at, event_count, closed_by, preview, {members}",
    "plan_session": "policy, session_id, customer_id, conversation_id, source, opening_event_id, opening_touchpoint, "
    "started_at, ended_at, last_event_at, event_count, closed_by, preview",
    "participation": "session_id, started_at, customer_id, conversation_id, touchpoint, event_count, preview",
    "conversation_day": "day, conversation_id, preview, {members}, has_other_rows",
    "session_ticket": "day, session_id, conversation_id, ticket_id, ticket_type, {members}, preview",
    "session_usage": "day, {members}, opening_touchpoint, preview, session_count",
    "conversation_usage": "day, {members}, preview, conversation_count",
    "conversation_span": "conversation_id, created_at, first_event_at, last_event_at",
    "conversation_ticket": "conversation_id, ticket_id, ticket_type",
    "bot_name_sent": "bot_id, bot_name, named_at",
}

sql = statements_of(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Stored row (`is_stored`) that does not follow from the events, or a missing one."""

    table: str
    row: str
    is_stored: bool

    def __str__(self) -> str:
        if self.is_stored:
            return f"{self.table}: {self.row} is stored, but does not follow from the events."
        return f"{self.table}: {self.row} follows from the events, but is not stored."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Result of a verification.

    Attributes:
        duplicate_count: Events stored twice, or not found by their key.
        difference_count: Rows that differ; `differences` has the first hundred.
    """

    event_count: int
    session_count: int
    duplicate_count: int
    difference_count: int
    differences: tuple[Difference, ...]

    @property
    def is_clean(self) -> bool:
        return self.difference_count == 0 and self.duplicate_count == 0


def _columns(table: str) -> str:
    return _DERIVED[table].format(members=f"({sql('members')}) AS members")


def read_and_verify(ledger: Ledger) -> Verification:
    """Read the whole file, which metering does not, and `verify`; raises Unavailable `ledger_corrupt`."""
    with damage_refused(ledger.account.name):
        read_everything(ledger.connection)
    return verify(ledger)


def verify(ledger: Ledger) -> Verification:
    """Meter everything again and compare; nothing changes."""
    # The contents in memory would hide rows that are missing in the file.
    ledger.reload()
    with ledger.dry_run() as connection:
        for table in _DERIVED:
            # A conversation can have several spans, so they are merged before they are compared.
            name = "stored_spans" if table == "conversation_span" else "stored_copy"
            connection.execute(sql(name, table=table, columns=_columns(table)))
        if ledger.lake is not None:
            replace_views(connection, tables=_DERIVED)
        _derive_again(ledger)
        return _compare(ledger)


def _derive_again(ledger: Ledger) -> None:
    connection = ledger.connection
    for step in ("delete_bot_names", "delete_spans", "delete_tickets"):
        connection.execute(sql(step))
    upsert_bot_names(connection, append_no=0)
    insert_spans(connection, append_no=0)
    insert_tickets(connection, append_no=0)
    remeter_everything(ledger)


def _compare(ledger: Ledger) -> Verification:
    connection = ledger.connection
    differences: list[Difference] = []
    count = 0
    for table in _DERIVED:
        query = sql("different_rows", table=table, columns=_columns(table))
        rows = connection.execute(query, {"limit": DIFFERENCES_LISTED_MAX}).fetchall()
        count += rows[0][2] if rows else 0
        for row, surplus, _ in rows:
            differences += [Difference(table=table, row=row, is_stored=surplus > 0)] * abs(surplus)
    misnamed = connection.execute(sql("misnamed"), {"limit": DIFFERENCES_LISTED_MAX}).fetchall()
    count += misnamed[0][1] if misnamed else 0
    differences += [Difference(table="event", row=row, is_stored=True) for row, _ in misnamed]
    event_count, session_count = row_of(connection, sql("content_counts"))
    return Verification(
        event_count=event_count,
        session_count=session_count,
        duplicate_count=row_of(connection, sql("doubled_events"))[0],
        difference_count=count,
        differences=tuple(differences[:DIFFERENCES_LISTED_MAX]),
    )
