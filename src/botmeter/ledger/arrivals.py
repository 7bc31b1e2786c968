"""What a commit brought, noted on the way in, so that nothing has to be read again to know it."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(slots=True, kw_only=True)
class Arrivals:
    """The accepted events of one commit, summed up batch by batch.

    Attributes:
        append_no: The commit's first submission.
        event_count: How many were accepted.
        first_us: The earliest instant, µs UTC.
        last_us: The latest.
        has_tickets: Whether any names a ticket.
        has_bot_names: Whether any names a bot's name.
    """

    append_no: int
    event_count: int = 0
    first_us: int = 2**62
    last_us: int = -(2**62)
    has_tickets: bool = False
    has_bot_names: bool = False

    def note(self, events: pa.Table) -> None:
        """Adds accepted events, of which there is at least one."""
        bounds = pc.min_max(events["occurred_at"])
        self.event_count += len(events)
        self.first_us = min(self.first_us, bounds["min"].as_py())
        self.last_us = max(self.last_us, bounds["max"].as_py())
        self.has_tickets |= events["ticket_id"].null_count < len(events)
        self.has_bot_names |= events["bot_name"].null_count < len(events)
