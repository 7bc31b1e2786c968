"""View of the underlying data; it never changes a report's numbers."""

from dataclasses import dataclass
from enum import StrEnum

from botmeter.domain.errors import Refused, TooMuch

LIMIT_MAX = 1_000
# Longer than any platform's ids; limited since it is compared with every row.
SEARCH_LENGTH_MAX = 200


class Grouping(StrEnum):
    """Meaning of one line."""

    SESSION = "session"
    CONVERSATION = "conversation"


class SortKey(StrEnum):
    """Order of the sessions, then by id; open sessions sort after all ends."""

    SESSION_START = "session_start"
    SESSION_END = "session_end"
    CUSTOMER = "customer"
    CONVERSATIONS = "conversations"
    TICKETS = "tickets"
    EVENTS = "events"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """View of the underlying data; flat rows follow the sessions' order.

    Attributes:
        search: A session id, or the start of a customer, conversation or ticket id.
        limit: Lines per page, 1 to 1,000.

    Raises:
        Refused: `limit_invalid`.
        TooMuch: `search_too_long` past 200 characters.
    """

    grouping: Grouping = Grouping.SESSION
    sort: SortKey = SortKey.SESSION_START
    descending: bool = True
    search: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LIMIT_MAX:
            raise Refused("limit_invalid", f"A page has 1 to {LIMIT_MAX:,} lines, not {self.limit}.")
        if len(self.search) > SEARCH_LENGTH_MAX:
            raise TooMuch(
                "search_too_long",
                f"The search text has {len(self.search)} characters; the limit is {SEARCH_LENGTH_MAX}.",
            )
