"""Reasons for a charged session, from running the ledger's meter again on its scope key."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import KIND_RANK, Actor, Kind
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import calendar_edges_us, day_of_us
from botmeter.domain.session import ClosedBy
from botmeter.ledger.restatements import restatements
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Policy
from botmeter.metering.touchpoints import Touchpoint
from botmeter.reports.bot_names import BotNames, bot_names
from botmeter.reports.explanation import (
    Arrival,
    ConversationPart,
    ExplainedEvent,
    Explanation,
    Neighbour,
)
from botmeter.reports.snapshot import Parameters, Snapshot, open_snapshot
from botmeter.reports.stored_session import StoredSession, stored_session

sql = statements_of(__name__)

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Read from Arrow in batches: one by one takes fifty times as long, and often only the first few are used.
_EVENTS_A_TIME = 1_000


def explain(ledger: "ReadableLedger", session_id: str, *, now_us: int | None = None) -> Explanation:
    """Explain why a session was charged, as of `now_us` or the present.

    Raises:
        Missing: `session_unknown`.
        Refused: `ledger_differs` if the stored events no longer give it.
    """
    with open_snapshot(ledger) as snapshot:
        session = stored_session(snapshot, session_id, account=ledger.account.name)
        events = snapshot.table(sql("events_of_key"), _key_parameters(ledger, session))
        key = _MeteredKey(events, ledger=ledger, names=bot_names(snapshot))
        row = key.row_of(session.session_id)
        if row is None:
            raise Refused(
                "ledger_differs",
                f"The stored events no longer give session {session.session_id}: `botmeter verify` shows what differs.",
            )
        return _explanation_of(key, row, snapshot=snapshot, now_us=present_us() if now_us is None else now_us)


def _key_parameters(ledger: "ReadableLedger", session: StoredSession) -> Parameters:
    shared = set.intersection(*(set(term.policy.scope) for term in ledger.schedule))
    known = ledger.touchpoints.all()
    opening = known[session.opening_touchpoint]
    touchpoints = [
        number
        for number, touchpoint in enumerate(known)
        if ("bot" not in shared or touchpoint.bot_id == opening.bot_id)
        and ("channel" not in shared or touchpoint.channel == opening.channel)
    ]
    return {
        "customer": session.customer_id if "customer" in shared else None,
        "conversation": session.conversation_id if "conversation" in shared else None,
        "touchpoints": touchpoints if len(touchpoints) < len(known) else None,
        "kind_ranks": list(KIND_RANK),
    }


class _MeteredKey:
    def __init__(self, events: pa.Table, *, ledger: "ReadableLedger", names: BotNames) -> None:
        # Imported here because the meter brings the compiler, which other reports do not need.
        from botmeter.metering.meter import sessions_with_members

        self.ledger = ledger
        self.names = names
        self.events = events
        self.touchpoints: list[Touchpoint] = ledger.touchpoints.all()
        metered, session_of_event = sessions_with_members(
            events, schedule=ledger.schedule, touchpoints=ledger.touchpoints
        )
        self.sessions: pa.Table = metered.sessions
        self.session_of_event = session_of_event.fill_null(-1).to_numpy()
        self.closing_event = metered.closing_event

    def row_of(self, session_id: str) -> int | None:
        row: int = self.sessions["session_id"].index(session_id).as_py()
        return None if row < 0 else row

    def session(self, row: int) -> dict[str, Any]:
        columns: dict[str, Any] = self.sessions.slice(row, 1).to_pylist()[0]
        return columns

    def span(self, row: int) -> tuple[int, int]:
        """Rows of the session's events and all between: first, and past the last."""
        session = self.session(row)
        first, end_us = int(np.argmax(self.session_of_event == row)), session["ended_at"]
        closing = self.closing_event[row].as_py()
        if closing is not None:
            # A message past the turns is outside; an event that ends the session belongs to its story.
            return first, closing + (ClosedBy(session["closed_by"]) is ClosedBy.END)
        occurred_at = self.events["occurred_at"].to_numpy()
        if end_us is None:
            return first, len(occurred_at)
        side: Literal["left", "right"] = "right" if _includes(self.policy_of(session), end_us) else "left"
        return first, int(np.searchsorted(occurred_at, end_us, side=side))

    def explained_events(self, rows: range, *, row: int) -> Iterator[ExplainedEvent]:
        own = self.scope_key(self.session(row))
        for first in range(rows.start, rows.stop, _EVENTS_A_TIME):
            batch = self.events.slice(first, min(_EVENTS_A_TIME, rows.stop - first)).to_pylist()
            for index, columns in enumerate(batch, start=first):
                event = self._event(columns, takes_part=bool(self.session_of_event[index] == row))
                if event.takes_part or all(getattr(event, name) == value for name, value in own.items()):
                    yield event

    def neighbour(self, row: int, *, step: int) -> Neighbour | None:
        """Session before (-1) or after (+1)."""
        own = self.scope_key(self.session(row))
        other = row + step
        while 0 <= other < len(self.sessions):
            if self.scope_key(self.session(other)) == own:
                return self._neighbour(other)
            other += step
        return None

    def opened_by(self, event: ExplainedEvent) -> Neighbour | None:
        for row in np.flatnonzero(self.sessions["started_at"].to_numpy() == event.at_us).tolist():
            columns = self.session(row)
            if (columns["source"], columns["opening_event_id"]) == (event.source, event.event_id):
                return self._neighbour(row)
        return None

    def scope_key(self, session: dict[str, Any]) -> dict[str, object]:
        touchpoint = self.touchpoints[session["opening_touchpoint"]]
        values = {
            "customer": ("customer_id", session["customer_id"]),
            "conversation": ("conversation_id", session["conversation_id"]),
            "bot": ("bot_id", touchpoint.bot_id),
            "channel": ("channel", touchpoint.channel),
        }
        return dict(values[name] for name in self.policy_of(session).scope)

    def policy_of(self, session: dict[str, Any]) -> Policy:
        return self.ledger.schedule[session["policy"]].policy

    def _neighbour(self, row: int) -> Neighbour:
        columns = self.session(row)
        return Neighbour(
            session_id=columns["session_id"],
            started_at_us=columns["started_at"],
            ended_at_us=columns["ended_at"],
            closed_by=ClosedBy(columns["closed_by"]),
        )

    def _event(self, columns: dict[str, Any], *, takes_part: bool) -> ExplainedEvent:
        touchpoint = self.touchpoints[columns["touchpoint"]]
        return ExplainedEvent(
            source=columns["source"],
            event_id=columns["event_id"],
            at_us=columns["occurred_at"],
            actor=Actor(columns["actor"]),
            kind=Kind(columns["kind"]),
            customer_id=columns["customer_id"],
            conversation_id=columns["conversation_id"],
            bot_id=touchpoint.bot_id,
            bot_name=None if touchpoint.bot_id is None else self.names[touchpoint.bot_id],
            bot_version=touchpoint.bot_version,
            channel=touchpoint.channel,
            ticket_id=columns["ticket_id"],
            append_no=columns["append_no"],
            takes_part=takes_part,
        )


def _includes(policy: Policy, end_us: int) -> bool:
    # The edge of a calendar is outside, also where another limit ends there.
    if policy.calendar is None or not policy.inclusive_end:
        return policy.inclusive_end
    return end_us not in calendar_edges_us(policy.calendar, timezone=policy.timezone, start_us=end_us, end_us=end_us)


def _explanation_of(key: _MeteredKey, row: int, *, snapshot: Snapshot, now_us: int) -> Explanation:
    session = key.session(row)
    end_us, (first, stop) = session["ended_at"], key.span(row)
    events = tuple(key.explained_events(range(first, stop), row=row))
    members = [event for event in events if event.takes_part]
    following = key.explained_events(range(stop, len(key.events)), row=row)
    next_event = next((event for event in following if event.kind is Kind.MESSAGE), None)
    opened = None if next_event is None else key.opened_by(next_event)
    after = key.neighbour(row, step=1) if opened is None else opened
    of_session = {"session_id": session["session_id"], "day_on": day_of_us(session["started_at"])}
    return Explanation(
        account=key.ledger.account.name,
        session_id=session["session_id"],
        policy=key.policy_of(session),
        customer_id=session["customer_id"],
        started_at_us=session["started_at"],
        ended_at_us=end_us,
        closed_by=ClosedBy(session["closed_by"]),
        is_preview=session["preview"],
        is_running=end_us is None or end_us > now_us,
        events=events,
        conversations=_conversations(members, snapshot.rows(sql("tickets_of_session"), of_session)),
        before=key.neighbour(row, step=-1),
        next_event=next_event,
        after=after,
        opened_next=opened is not None,
        arrivals=_arrivals(members, snapshot),
        restatements=tuple(restatements(key.ledger, session_id=session["session_id"])),
    )


def _conversations(members: list[ExplainedEvent], tickets: list[tuple[Any, ...]]) -> tuple[ConversationPart, ...]:
    events_of: dict[str, list[ExplainedEvent]] = {}
    for event in members:
        events_of.setdefault(event.conversation_id, []).append(event)
    tickets_of: dict[str, list[tuple[str, str]]] = {}
    for conversation_id, ticket, kind in tickets:
        tickets_of.setdefault(conversation_id, []).append((ticket, kind))
    return tuple(
        ConversationPart(
            conversation_id=conversation_id,
            event_count=len(own),
            bots=tuple(dict.fromkeys(event.bot_name for event in own if event.bot_name is not None)),
            channels=tuple(dict.fromkeys(event.channel for event in own)),
            tickets=tuple(tickets_of.get(conversation_id, ())),
        )
        for conversation_id, own in events_of.items()
    )


def _arrivals(members: list[ExplainedEvent], snapshot: Snapshot) -> tuple[Arrival, ...]:
    event_count = Counter(event.append_no for event in members)
    receipts = snapshot.rows(sql("receipts_of"), {"append_nos": list(event_count)})
    return tuple(
        Arrival(
            append_no=append_no,
            recorded_at_us=recorded_at_us,
            source=source,
            label=label,
            event_count=event_count[append_no],
        )
        for append_no, recorded_at_us, source, label in receipts
    )
