"""An explanation for programs, as JSON can hold it; instants in RFC 3339."""

from typing import Any

from botmeter.domain.instant import INSTANT_END_US, text_from_us
from botmeter.ledger.restatements import Restatement
from botmeter.metering.policy_text import policy_as_mapping
from botmeter.reports.explanation import Arrival, ConversationPart, ExplainedEvent, Explanation, Neighbour
from botmeter.reports.explanation_text import explanation_as_text


def explanation_as_mapping(explanation: Explanation) -> dict[str, Any]:
    """The explanation with all its events; `text` is what a person reads."""
    policy, following = explanation.policy, explanation.next_event
    return {
        "account": explanation.account,
        "session_id": explanation.session_id,
        "customer_id": explanation.customer_id,
        "policy": policy.label,
        "policy_definition": {"name": policy.name, "version": policy.version, **policy_as_mapping(policy)},
        "started_at": _instant(explanation.started_at_us),
        "ended_at": _instant(explanation.ended_at_us),
        "closed_by": explanation.closed_by.name.lower(),
        "running": explanation.is_running,
        "preview": explanation.is_preview,
        "opening_event": _event(explanation.opening),
        "events": [_event(event) for event in explanation.events],
        "conversations": [_conversation(part) for part in explanation.conversations],
        "previous_session": _neighbour(explanation.before),
        "next_event": None if following is None else {**_event(following), "opened_next": explanation.opened_next},
        "next_session": _neighbour(explanation.after),
        "arrivals": [_arrival(arrival) for arrival in explanation.arrivals],
        "restatements": [_restatement(each, session_id=explanation.session_id) for each in explanation.restatements],
        "text": explanation_as_text(explanation),
    }


def _event(event: ExplainedEvent) -> dict[str, Any]:
    return {
        "source": event.source,
        "event_id": event.event_id,
        "occurred_at": _instant(event.at_us),
        "actor": event.actor.name.lower(),
        "kind": event.kind.name.lower(),
        "conversation_id": event.conversation_id,
        "bot_id": event.bot_id,
        "bot_name": event.bot_name,
        "bot_version": event.bot_version,
        "channel": event.channel,
        "ticket_id": event.ticket_id,
        "takes_part": event.takes_part,
    }


def _conversation(part: ConversationPart) -> dict[str, Any]:
    return {
        "conversation_id": part.conversation_id,
        "events": part.event_count,
        "bots": list(part.bots),
        "channels": list(part.channels),
        "tickets": [{"ticket_id": ticket, "ticket_type": kind} for ticket, kind in part.tickets],
    }


def _neighbour(session: Neighbour | None) -> dict[str, Any] | None:
    if session is None:
        return None
    return {
        "session_id": session.session_id,
        "started_at": _instant(session.started_at_us),
        "ended_at": _instant(session.ended_at_us),
        "closed_by": session.closed_by.name.lower(),
    }


def _arrival(arrival: Arrival) -> dict[str, Any]:
    return {
        "append_no": arrival.append_no,
        "recorded_at": _instant(arrival.recorded_at_us),
        "source": arrival.source,
        "label": arrival.label,
        "events": arrival.event_count,
    }


def _restatement(each: Restatement, *, session_id: str) -> dict[str, Any]:
    return {
        "append_no": each.append_no,
        "recorded_at": _instant(each.recorded_at),
        "day": each.day.isoformat(),
        "before": each.before_count,
        "after": each.after_count,
        "added": session_id in each.added,
        "because": list(each.because),
        "because_count": each.because_count,
    }


def _instant(at_us: int | None) -> str | None:
    """RFC 3339; None for no end, and for one in a year that RFC 3339 can't say."""
    return None if at_us is None or at_us >= INSTANT_END_US else text_from_us(at_us)
