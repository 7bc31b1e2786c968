"""Explanation of one session, as values."""

from dataclasses import dataclass

from botmeter.domain.event import Actor, Kind
from botmeter.domain.session import ClosedBy
from botmeter.ledger.restatements import Restatement
from botmeter.metering.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """Event of the session (`takes_part`), or one of its scope key meanwhile. `at_us` is µs UTC."""

    source: str
    event_id: str
    at_us: int
    actor: Actor
    kind: Kind
    customer_id: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    ticket_id: str | None
    append_no: int
    takes_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPart:
    """Part of a session in one conversation, in order of appearance; `tickets` has (ticket, type)."""

    conversation_id: str
    event_count: int
    bots: tuple[str, ...]
    channels: tuple[str, ...]
    tickets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Previous or next session of the scope key, µs UTC; `ended_at_us` is None while open."""

    session_id: str
    started_at_us: int
    ended_at_us: int | None
    closed_by: ClosedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Submission with events of the session; `label` is a file name or request."""

    append_no: int
    recorded_at_us: int
    source: str
    label: str
    event_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One session, with all that decided its start and end. Instants in µs UTC.

    Attributes:
        ended_at_us: None while no limit ends it.
        events: With others of its scope key meanwhile; the first opened it.
        next_event: First message of the scope key at or after the end.
        after: The session that `next_event` opened (`opened_next`), else the next one.
    """

    account: str
    session_id: str
    policy: Policy
    customer_id: str
    started_at_us: int
    ended_at_us: int | None
    closed_by: ClosedBy
    is_preview: bool
    is_running: bool
    events: tuple[ExplainedEvent, ...]
    conversations: tuple[ConversationPart, ...]
    before: Neighbour | None
    next_event: ExplainedEvent | None
    after: Neighbour | None
    opened_next: bool
    arrivals: tuple[Arrival, ...]
    restatements: tuple[Restatement, ...]

    @property
    def opening(self) -> ExplainedEvent:
        return self.events[0]

    @property
    def tickets(self) -> dict[str, str]:
        return {ticket: kind for part in self.conversations for ticket, kind in part.tickets}

    @property
    def members(self) -> tuple[ExplainedEvent, ...]:
        return tuple(event for event in self.events if event.takes_part)
