"""The reasons why one session was charged, as values."""

from dataclasses import dataclass

from botmeter.domain.event import Actor, Kind
from botmeter.domain.session import ClosedBy
from botmeter.ledger.restatements import Restatement
from botmeter.metering.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEvent:
    """One event of the session, or one of its scope key that happened while it ran.

    Attributes:
        at_us: µs UTC.
        bot_name: The bot's latest name, else its id; None where no bot took part.
        takes_part: It belongs to the session.
    """

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
    """The part of a session in one conversation.

    Attributes:
        bots: Their names, in order of first sight.
        channels: In the same order.
        tickets: (ticket, type).
    """

    conversation_id: str
    event_count: int
    bots: tuple[str, ...]
    channels: tuple[str, ...]
    tickets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """The session before or after, of the same scope key. Instants in µs UTC, `ended_at_us` None while open."""

    session_id: str
    started_at_us: int
    ended_at_us: int | None
    closed_by: ClosedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A submission that brought events of the session.

    Attributes:
        recorded_at_us: When it was recorded, µs UTC.
        label: What people call it: a file's name, a request.
    """

    append_no: int
    recorded_at_us: int
    source: str
    label: str
    event_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One session, with all that decided its start and end.

    Attributes:
        ended_at_us: µs UTC; None while no limit ends it.
        is_running: It had not ended yet.
        events: Those that take part, and those of its scope key that happened meanwhile, in order; the first opened it.
        conversations: In order of first sight.
        before: The session before; None if it is the first of its scope key.
        next_event: The first message of the scope key at or after the end; None if there is none.
        after: The session that `next_event` opened, else the next one of the scope key.
        opened_next: `next_event` opened `after`.
        arrivals: The submissions that brought its events, in order.
        restatements: Those that added this session to a day already shown, or removed it.
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
    def members(self) -> tuple[ExplainedEvent, ...]:
        """The events that belong to the session."""
        return tuple(event for event in self.events if event.takes_part)
