"""Contents of a ledger's tables without internal numbers, order, and origin of events."""

from dataclasses import astuple, replace
from typing import Any

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements

Rows = list[tuple[Any, ...]]

_NAMED = "(SELECT (p.bot_id, p.bot_version, p.channel)::VARCHAR FROM touchpoint AS p WHERE p.touchpoint = {})"
_MEMBERS = (
    "(SELECT list_sort(list((p.bot_id, p.bot_version, p.channel)::VARCHAR)) FROM footprint_member AS m "
    "JOIN touchpoint AS p USING (touchpoint) WHERE m.footprint = x.footprint)"
)
_QUERIES = {
    "event": "SELECT source, event_id, occurred_at, conversation_id, customer_id, actor, kind, "
    f"{_NAMED.format('x.touchpoint')}, bot_name, ticket_id, ticket_type, preview, attributes FROM event AS x",
    "session": "SELECT session_id::VARCHAR, policy, customer_id, conversation_id, source, opening_event_id, "
    f"{_NAMED.format('x.opening_touchpoint')}, started_at, ended_at, last_event_at, event_count, closed_by, preview, "
    f"{_MEMBERS} FROM session AS x",
    "participation": "SELECT session_id::VARCHAR, started_at, customer_id, conversation_id, "
    f"{_NAMED.format('x.touchpoint')}, event_count, preview FROM participation AS x",
    "conversation_span": "SELECT conversation_id, min(created_at), min(first_event_at), max(last_event_at) "
    "FROM conversation_span GROUP BY 1",
    "conversation_ticket": "SELECT * FROM conversation_ticket",
    "conversation_day": f"SELECT day, conversation_id, preview, {_MEMBERS}, has_other_rows FROM conversation_day AS x",
    "session_ticket": f"SELECT day, session_id::VARCHAR, conversation_id, ticket_id, ticket_type, {_MEMBERS}, preview "
    "FROM session_ticket AS x",
    "session_usage": f"SELECT day, {_MEMBERS}, {_NAMED.format('x.opening_touchpoint')}, preview, session_count "
    "FROM session_usage AS x",
    "conversation_usage": f"SELECT day, {_MEMBERS}, preview, conversation_count FROM conversation_usage AS x",
    "bot_name_sent": "SELECT * FROM bot_name_sent",
}


def table_meaning(ledger: Ledger) -> dict[str, Rows]:
    """Rows of each derived table, with bots and channels for their numbers."""
    return {table: sorted(ledger.connection.execute(query).fetchall(), key=repr) for table, query in _QUERIES.items()}


def whole_meaning(ledger: Ledger) -> dict[str, Rows]:
    """Rows as `table_meaning` has them, and all restatements without their times: equal after the same imports."""
    recorded = [astuple(replace(each, recorded_at=0)) for each in restatements(ledger)]
    return {**table_meaning(ledger), "restatement": recorded}
