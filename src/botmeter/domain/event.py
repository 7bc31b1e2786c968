"""Vocabulary of events: fields, actors, kinds, limits on text."""

from enum import IntEnum

# Long enough for every id format seen in the field (the longest is 80 bytes),
# short enough that a file of ids stays small.
ID_BYTES_MAX = 512
# Only a policy's `exclude` reads attributes; one event must not fill the ledger.
ATTRIBUTES_BYTES_MAX = 65_536

FIELDS = (
    "event_id",
    "occurred_at",
    "conversation_id",
    "customer_id",
    "actor",
    "kind",
    "bot_id",
    "bot_name",
    "bot_version",
    "channel",
    "ticket_id",
    "ticket_type",
    "preview",
    "attributes",
)
REQUIRED_FIELDS = ("event_id", "occurred_at", "conversation_id", "customer_id", "actor")
CHANNEL_UNKNOWN = "unknown"


class Actor(IntEnum):
    """Author of an event, stored as a number that never changes."""

    CUSTOMER = 0
    BOT = 1
    AGENT = 2
    SYSTEM = 3


class Kind(IntEnum):
    """Kind of an event, stored as a number that never changes."""

    MESSAGE = 0
    CONVERSATION_CREATED = 1
    CONVERSATION_UPDATED = 2
    RESOLVED = 3
    HANDOFF = 4
    RESTART = 5
    CUSTOMER_END = 6
    TICKET_LINKED = 7


ACTOR_BY_NAME = {actor.name.lower(): actor for actor in Actor}
KIND_BY_NAME = {kind.name.lower(): kind for kind in Kind}

# The kinds that `ends_on` of a policy accepts.
END_KINDS = (Kind.CUSTOMER_END, Kind.RESOLVED, Kind.HANDOFF, Kind.RESTART)

# Order of events at the same instant: a restart comes first, because it ends the session before it; the other ends
# come last, because they end a session that has the other events of that instant too. Indexed by Kind.
KIND_RANK = tuple(0 if kind is Kind.RESTART else 2 if kind in END_KINDS else 1 for kind in Kind)
