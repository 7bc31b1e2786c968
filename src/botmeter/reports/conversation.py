"""One conversation: its customers, sessions, bots, tickets and events."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botmeter.domain.errors import Missing
from botmeter.domain.event import Actor
from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.domain.period import day_start_us
from botmeter.domain.session import ClosedBy
from botmeter.ledger.statements import statements_of
from botmeter.reports.bot_names import bot_names
from botmeter.reports.conditions import text_in_ledger
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSession:
    """Session of the conversation. Instants in µs UTC; `ended_us` is None while no limit ends it.

    `event_count` covers this conversation; `opened_it`: the session opened in it.
    """

    session_id: str
    started_us: int
    ended_us: int | None
    closed_by: ClosedBy
    is_preview: bool
    event_count: int
    opened_it: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationOverview:
    """One conversation. Instants in µs UTC.

    Attributes:
        customer_ids: Most events first; usually one.
        created_us: `conversation_created` event, else the first event.
        bots: (id, name).
        tickets: (ticket, type).
        event_counts: By actor, all actors.
    """

    conversation_id: str
    customer_ids: tuple[str, ...]
    created_us: int
    updated_us: int
    sessions: tuple[ConversationSession, ...]
    bots: tuple[tuple[str, str], ...]
    channels: tuple[str, ...]
    tickets: tuple[tuple[str, str | None], ...]
    event_counts: dict[str, int]


def conversation(ledger: "ReadableLedger", conversation_id: str) -> ConversationOverview:
    """Find a conversation.

    Raises:
        Missing: `conversation_unknown`.
    """
    parameters: Parameters = {"conversation": text_in_ledger(conversation_id)}
    with open_snapshot(ledger) as snapshot:
        created_us, first_us, last_us = snapshot.rows(sql("span_of_conversation"), parameters)[0]
        if first_us is None:
            raise Missing("conversation_unknown", f"No event names a conversation {conversation_id[:100]!r}.")
        events = snapshot.rows(
            sql("events_of_conversation"), {**parameters, "start_us": first_us, "end_us": last_us + 1}
        )
        sessions = _sessions(snapshot, parameters)
        tickets = snapshot.rows(sql("tickets_of_conversation"), parameters)
        names = bot_names(snapshot)
    customers, actors = Counter[str](), Counter[str]()
    for customer_id, actor, _, event_count in events:
        customers[customer_id] += event_count
        actors[Actor(actor).name.lower()] += event_count
    own = [snapshot.touchpoints[number] for number in sorted({number for _, _, number, _ in events})]
    bots = {each.bot_id: names[each.bot_id] for each in own if each.bot_id is not None}
    return ConversationOverview(
        conversation_id=conversation_id,
        customer_ids=tuple(sorted(customers, key=lambda one: (-customers[one], one))),
        created_us=first_us if created_us is None else created_us,
        updated_us=last_us,
        sessions=sessions,
        bots=tuple(sorted(bots.items(), key=lambda bot: (bot[1], bot[0]))),
        channels=tuple(sorted({each.channel for each in own})),
        tickets=tuple(tickets),
        event_counts={actor.name.lower(): actors[actor.name.lower()] for actor in Actor},
    )


def _sessions(snapshot: Snapshot, parameters: Parameters) -> tuple[ConversationSession, ...]:
    first_on, last_on = snapshot.rows(sql("days_of_conversation"), parameters)[0]
    if first_on is None:
        return ()
    between = {"start_us": day_start_us(first_on), "end_us": day_start_us(last_on) + DAY_US}
    return tuple(_session(row) for row in snapshot.rows(sql("sessions_of_conversation"), {**parameters, **between}))


def _session(row: tuple[Any, ...]) -> ConversationSession:
    session_id, started_us, ended_us, closed_by, is_preview, event_count, opened_it = row
    return ConversationSession(
        session_id=session_id,
        started_us=started_us,
        ended_us=None if ended_us == NEVER_US else ended_us,
        closed_by=ClosedBy(closed_by),
        is_preview=is_preview,
        event_count=event_count,
        opened_it=opened_it,
    )
