"""Summary of a commit's events."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

_TICKET = ["conversation_id", "ticket_id", "ticket_type"]


@dataclass(slots=True, kw_only=True)
class CommitSummary:
    """Accepted events of one commit, from `first_us` to `last_us` (µs UTC).

    Attributes:
        append_no: The commit's first append.
        tickets: Per batch, distinct conversation_id, ticket_id and ticket_type.
    """

    append_no: int
    event_count: int = 0
    first_us: int = 2**62
    last_us: int = -(2**62)
    tickets: list[pa.Table] = field(default_factory=list)
    has_bot_names: bool = False

    def note(self, events: pa.Table) -> None:
        bounds = pc.min_max(events["occurred_at"])
        self.event_count += len(events)
        self.first_us = min(self.first_us, bounds["min"].as_py())
        self.last_us = max(self.last_us, bounds["max"].as_py())
        if events["ticket_id"].null_count < len(events):
            linked = events.select(_TICKET).filter(pc.is_valid(events["ticket_id"]))
            self.tickets.append(linked.group_by(_TICKET).aggregate([]))
        self.has_bot_names |= events["bot_name"].null_count < len(events)
