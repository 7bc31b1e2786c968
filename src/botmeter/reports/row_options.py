"""View of the underlying data; it never changes a report's numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from botmeter.domain.errors import Refused, TooMuch

LIMIT_MAX = 1_000
# Longer than any platform's ids; limited since it is compared with every row.
SEARCH_LENGTH_MAX = 200


class Grain(StrEnum):
    """Meaning of one line; each number of a report has the grain of what it counts."""

    SESSION = "session"
    CONVERSATION = "conversation"
    TICKET = "ticket"
    ROW = "row"
    """A session with one conversation, bot, version and channel."""


class SortKey(StrEnum):
    """Order of the lines, then by id; open sessions sort after all ends."""

    SESSION_START = "session_start"
    """Of conversations and tickets: the start of their latest session."""
    SESSION_END = "session_end"
    CUSTOMER = "customer"
    CONVERSATIONS = "conversations"
    TICKETS = "tickets"
    EVENTS = "events"


class ChargeFilter(StrEnum):
    """Choice of sessions by what they cost, where the account has a plan; none before its first one begins."""

    CHARGED = "charged"
    NOT_CHARGED = "not_charged"
    """Any of the following."""
    VOID = "void"
    TEST = "test"
    STOPPED = "stopped"
    PREVIEW_FREE = "preview_free"


SORT_KEYS: Final[Mapping[Grain, tuple[SortKey, ...]]] = {
    Grain.SESSION: tuple(SortKey),
    Grain.CONVERSATION: (SortKey.SESSION_START, SortKey.CUSTOMER, SortKey.TICKETS, SortKey.EVENTS),
    Grain.TICKET: (SortKey.SESSION_START, SortKey.CUSTOMER, SortKey.CONVERSATIONS),
    # Rows follow the order of their sessions.
    Grain.ROW: tuple(SortKey),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """View of the underlying data; rows follow the sessions' order.

    Attributes:
        search: A session id, or the start of a customer, conversation or ticket id.
        charge: None for all sessions.
        limit: Lines per page, 1 to 1,000.

    Raises:
        Refused: `limit_invalid`, `parameter_invalid` for an order that the grain lacks.
        TooMuch: `search_too_long` past 200 characters.
    """

    grain: Grain = Grain.SESSION
    sort: SortKey = SortKey.SESSION_START
    descending: bool = True
    search: str = ""
    charge: ChargeFilter | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        keys = SORT_KEYS[self.grain]
        if self.sort not in keys:
            raise Refused(
                "parameter_invalid",
                f"A list of {self.grain}s can't be sorted by {self.sort}. Use {', '.join(keys)}.",
            )
        if not 1 <= self.limit <= LIMIT_MAX:
            raise Refused("limit_invalid", f"A page has 1 to {LIMIT_MAX:,} lines, not {self.limit}.")
        if len(self.search) > SEARCH_LENGTH_MAX:
            raise TooMuch(
                "search_too_long",
                f"The search text has {len(self.search)} characters; the limit is {SEARCH_LENGTH_MAX}.",
            )
