"""What an event is made of: its fields, its actors and kinds, and the limits on its text.

An event is one thing that happened in a conversation at one instant. This module fixes the
vocabulary; how events travel in bulk (Arrow columns) is `botmeter.metering.schema`.
"""

from enum import IntEnum

# Long enough for every id format seen in the field (the longest is 80 bytes),
# short enough that a file of ids stays small.
ID_BYTES_MAX = 512
# Attributes are kept, never metered; one event must not fill the ledger.
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
    """Who did it. The number is how tables and files of Botmeter store it; it never changes."""

    CUSTOMER = 0
    BOT = 1
    AGENT = 2
    SYSTEM = 3


class Kind(IntEnum):
    """What happened. The number is how tables and files of Botmeter store it; it never changes."""

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

# Kinds that a policy can name in `ends_on`.
END_KINDS = (Kind.CUSTOMER_END, Kind.RESOLVED, Kind.HANDOFF, Kind.RESTART)

# At one instant a restart comes first (it ends what was before), then what happened, then the
# ends (they end what happened at that instant too). Indexed by Kind.
KIND_RANK = tuple(0 if kind is Kind.RESTART else 2 if kind in END_KINDS else 1 for kind in Kind)
