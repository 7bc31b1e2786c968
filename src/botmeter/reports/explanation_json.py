"""An explanation as JSON, for API and CLI."""

from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from botmeter.domain.instant import INSTANT_END_US, text_from_us
from botmeter.ledger import restatements
from botmeter.metering.policy_text import policy_as_mapping
from botmeter.reports import explanation as explained
from botmeter.reports.explanation_text import explanation_as_text
from botmeter.reports.report_json import WORD_ORDER, Count, Day, Instant

JsonType = TypeVar("JsonType", bound=Struct)

_ACTORS = ["customer", "bot", "agent", "system"]
ActorName = Annotated[Literal["customer", "bot", "agent", "system"], Meta(extra_json_schema={WORD_ORDER: _ACTORS})]


_CHARGES = ["charged", "void", "test", "stopped", "preview_free"]
ChargeName = Annotated[
    Literal["charged", "void", "test", "stopped", "preview_free"], Meta(extra_json_schema={WORD_ORDER: _CHARGES})
]


class ExplainedEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """One event, and whether it belongs to the session."""

    source: str
    event_id: str
    occurred_at: Instant
    actor: ActorName
    kind: str
    conversation_id: str
    bot_id: str | None
    bot_name: str | None
    bot_version: str | None
    channel: str
    ticket_id: str | None
    takes_part: bool


class NextEvent(ExplainedEvent, frozen=True, forbid_unknown_fields=True):
    """The first message after the end, and whether it opened the next session."""

    opened_next: bool


class ExplainedTicket(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket of a conversation."""

    ticket_id: str
    ticket_type: str


class ExplainedConversation(Struct, frozen=True, forbid_unknown_fields=True):
    """The part of one conversation in the session."""

    conversation_id: str
    events: Count
    bots: list[str]
    channels: list[str]
    tickets: list[ExplainedTicket]


class NeighbourSession(Struct, frozen=True, forbid_unknown_fields=True):
    """The session before or after."""

    session_id: str
    started_at: Instant
    ended_at: Instant | None
    closed_by: str


class Arrival(Struct, frozen=True, forbid_unknown_fields=True):
    """A submission that brought events of the session."""

    append_no: int
    recorded_at: Instant
    source: str
    label: str
    events: Count


class Restatement(Struct, frozen=True, forbid_unknown_fields=True):
    """A reported number that changed because of this session."""

    append_no: int
    recorded_at: Instant
    day: Day
    before: Count
    after: Count
    added: bool
    because: list[str]
    because_count: Count


class SessionCharge(Struct, frozen=True, forbid_unknown_fields=True):
    """Funding of the session under the account's plan; `statement` is null until its cycle is closed."""

    cycle: Day
    statement: str | None
    charge: ChargeName
    funding: Annotated[
        str, Meta(description="As in session lists of statements: allowance, pack 3, beyond 2 …; empty: none yet.")
    ]
    text: str


class Explanation(Struct, frozen=True, forbid_unknown_fields=True):
    """The reasons for which a session was charged; `text` is for people."""

    account: str
    session_id: str
    customer_id: str
    policy: str
    policy_definition: dict[str, Any]
    started_at: Instant
    ended_at: Instant | None
    closed_by: str
    running: bool
    preview: bool
    opening_event: ExplainedEvent
    events: list[ExplainedEvent]
    conversations: list[ExplainedConversation]
    previous_session: NeighbourSession | None
    next_event: NextEvent | None
    next_session: NeighbourSession | None
    arrivals: list[Arrival]
    restatements: list[Restatement]
    text: str
    charges: Annotated[
        list[SessionCharge] | UnsetType,
        Meta(description="By each meter of the plan that counts the session; only for who may read costs."),
    ] = UNSET

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON values."""
        return cast(dict[str, Any], msgspec.to_builtins(self))


def explanation_json(
    explanation: explained.Explanation, *, charges: list[SessionCharge] | UnsetType = UNSET
) -> Explanation:
    """Explanation with all its events."""
    policy, following = explanation.policy, explanation.next_event
    return _json(
        explanation,
        Explanation,
        policy=policy.label,
        policy_definition={"name": policy.name, "version": policy.version, **policy_as_mapping(policy)},
        started_at=text_from_us(explanation.started_at_us),
        ended_at=_end(explanation.ended_at_us),
        closed_by=explanation.closed_by.name.lower(),
        running=explanation.is_running,
        preview=explanation.is_preview,
        opening_event=_event(explanation.opening, ExplainedEvent),
        events=[_event(event, ExplainedEvent) for event in explanation.events],
        conversations=[_conversation(part) for part in explanation.conversations],
        previous_session=_neighbour(explanation.before),
        next_event=None if following is None else _event(following, NextEvent, opened_next=explanation.opened_next),
        next_session=_neighbour(explanation.after),
        arrivals=[_arrival(arrival) for arrival in explanation.arrivals],
        restatements=[_restatement(each, session_id=explanation.session_id) for each in explanation.restatements],
        text=text_with_charges(explanation, charges),
        charges=charges,
    )


def explanation_as_mapping(
    explanation: explained.Explanation, *, charges: list[SessionCharge] | UnsetType = UNSET
) -> dict[str, Any]:
    """Explanation as JSON values."""
    return explanation_json(explanation, charges=charges).to_dict()


def text_with_charges(explanation: explained.Explanation, charges: list[SessionCharge] | UnsetType) -> str:
    """Explanation as text, with the sentences of its charges."""
    if charges is UNSET:
        return explanation_as_text(explanation)
    is_charged = any(each.charge == "charged" for each in charges)
    return explanation_as_text(explanation, charges=[each.text for each in charges], is_charged=is_charged)


def _json(value: object, to: type[JsonType], /, **changed: object) -> JsonType:
    same = {name: getattr(value, name) for name in to.__struct_fields__ if name not in changed}
    return to(**same, **changed)


def _event(event: explained.ExplainedEvent, to: type[JsonType], /, **more: object) -> JsonType:
    actor, kind = event.actor.name.lower(), event.kind.name.lower()
    return _json(event, to, occurred_at=text_from_us(event.at_us), actor=actor, kind=kind, **more)


def _conversation(part: explained.ConversationPart) -> ExplainedConversation:
    return _json(
        part,
        ExplainedConversation,
        events=part.event_count,
        bots=list(part.bots),
        channels=list(part.channels),
        tickets=[ExplainedTicket(ticket_id=ticket, ticket_type=kind) for ticket, kind in part.tickets],
    )


def _neighbour(session: explained.Neighbour | None) -> NeighbourSession | None:
    if session is None:
        return None
    return _json(
        session,
        NeighbourSession,
        started_at=text_from_us(session.started_at_us),
        ended_at=_end(session.ended_at_us),
        closed_by=session.closed_by.name.lower(),
    )


def _arrival(arrival: explained.Arrival) -> Arrival:
    return _json(arrival, Arrival, recorded_at=text_from_us(arrival.recorded_at_us), events=arrival.event_count)


def _restatement(each: restatements.Restatement, *, session_id: str) -> Restatement:
    return _json(
        each,
        Restatement,
        recorded_at=text_from_us(each.recorded_at),
        day=each.day.isoformat(),
        before=each.before_count,
        after=each.after_count,
        added=session_id in each.added,
        because=list(each.because),
    )


def _end(at_us: int | None) -> str | None:
    return None if at_us is None or at_us >= INSTANT_END_US else text_from_us(at_us)
