"""What a commit brought, noted on the way in, so that nothing has to be read again to know it."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

_TICKET = ["conversation_id", "ticket_id", "ticket_type"]


@dataclass(slots=True, kw_only=True)
class CommitSummary:
    """The accepted events of one commit, summed up batch by batch.

    Attributes:
        append_no: The commit's first submission.
        event_count: How many were accepted.
        first_us: The earliest instant, µs UTC.
        last_us: The latest.
        tickets: conversation_id, ticket_id, ticket_type of those that name a ticket, batch by batch.
        has_bot_names: Whether any names a bot's name.
    """

    append_no: int
    event_count: int = 0
    first_us: int = 2**62
    last_us: int = -(2**62)
    tickets: list[pa.Table] = field(default_factory=list)
    has_bot_names: bool = False

    def note(self, events: pa.Table) -> None:
        """Adds accepted events, of which there is at least one."""
        bounds = pc.min_max(events["occurred_at"])
        self.event_count += len(events)
        self.first_us = min(self.first_us, bounds["min"].as_py())
        self.last_us = max(self.last_us, bounds["max"].as_py())
        if events["ticket_id"].null_count < len(events):
            linked = events.select(_TICKET).filter(pc.is_valid(events["ticket_id"]))
            self.tickets.append(linked.group_by(_TICKET).aggregate([]))
        self.has_bot_names |= events["bot_name"].null_count < len(events)
