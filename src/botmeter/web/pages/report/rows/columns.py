"""Columns of the underlying data, by grain."""

from collections.abc import Mapping
from typing import Final

from botmeter.reports.row_options import Grain, SortKey
from botmeter.reports.rows import COLUMNS

# Columns of a line, in menu order.
GRAIN_COLUMNS: Final[Mapping[Grain, tuple[str, ...]]] = {
    Grain.SESSION: (
        "session_id",
        "session_start",
        "session_end",
        "customer",
        "bots",
        "channels",
        "conversations",
        "tickets",
        "events",
        "closed_by",
    ),
    Grain.CONVERSATION: (
        "conversation_id",
        "conversation_created_at",
        "conversation_updated_at",
        "last_session_start",
        "customer_ids",
        "bots",
        "channels",
        "ticket_ids",
        "tickets",
        "sessions",
        "events",
    ),
    Grain.TICKET: (
        "ticket_id",
        "ticket_types",
        "last_session_start",
        "conversation_ids",
        "conversations",
        "customer_ids",
        "bots",
        "channels",
        "sessions",
    ),
    Grain.ROW: COLUMNS,
}
HIDDEN_COLUMNS: Final[Mapping[Grain, frozenset[str]]] = {
    Grain.SESSION: frozenset({"session_end", "events"}),
    Grain.CONVERSATION: frozenset({"conversation_created_at", "conversation_updated_at", "tickets"}),
    Grain.TICKET: frozenset({"conversations"}),
    Grain.ROW: frozenset(
        {"session_end", "bot_id", "conversation_created_at", "conversation_updated_at", "ticket_types", "preview"}
    ),
}
# Of columns whose label is not their name.
_LABELS: Final = {
    "session_id": "Session",
    "session_start": "Started",
    "session_end": "Ends",
    "customer_id": "Customer",
    "conversation_id": "Conversation",
    "bot_name": "Bot",
    "bot_version": "Version",
    "conversation_created_at": "Created",
    "conversation_updated_at": "Updated",
    "ticket_ids": "Ticket IDs",
    "customer_ids": "Customer",
    "conversation_ids": "Conversation",
    "ticket_id": "Ticket",
    "ticket_types": "Ticket type",
    "last_session_start": "Latest session",
}
NUMBERS: Final = frozenset({"conversations", "tickets", "sessions", "events"})
_SESSION_SORTS: Final = {"session_start": SortKey.SESSION_START, "session_end": SortKey.SESSION_END}
_GROUPED_SORTS: Final = {"last_session_start": SortKey.SESSION_START, "customer_ids": SortKey.CUSTOMER}
SORTED_COLUMNS: Final[Mapping[Grain, Mapping[str, SortKey]]] = {
    Grain.SESSION: {
        **_SESSION_SORTS,
        "customer": SortKey.CUSTOMER,
        "conversations": SortKey.CONVERSATIONS,
        "tickets": SortKey.TICKETS,
        "events": SortKey.EVENTS,
    },
    Grain.CONVERSATION: {
        **_GROUPED_SORTS,
        "ticket_ids": SortKey.TICKETS,
        "tickets": SortKey.TICKETS,
        "events": SortKey.EVENTS,
    },
    Grain.TICKET: {
        **_GROUPED_SORTS,
        "conversation_ids": SortKey.CONVERSATIONS,
        "conversations": SortKey.CONVERSATIONS,
    },
    # Rows have counts of their own, but sessions are sorted.
    Grain.ROW: {**_SESSION_SORTS, "customer_id": SortKey.CUSTOMER},
}
"""Sort keys by grain and column."""


def column_label(name: str) -> str:
    """Label of a column of any grain."""
    return _LABELS.get(name) or name.replace("_", " ").capitalize()
