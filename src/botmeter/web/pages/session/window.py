"""Timeline of a session's window."""

from typing import Final

from botmeter.charts.timeline import Lane, MarkKind, Timeline, TimelineMark
from botmeter.domain import text
from botmeter.domain.event import Actor
from botmeter.domain.instant import INSTANT_END_US, MICROSECONDS_PER_SECOND
from botmeter.domain.session import ClosedBy
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.reports.explanation_sentences import duration_words, escaped_text, instant_words
from botmeter.web.components import Key

_KINDS: Final[dict[Actor, MarkKind]] = {
    Actor.CUSTOMER: "customer",
    Actor.BOT: "bot",
    Actor.AGENT: "agent",
    Actor.SYSTEM: "agent",
}
# About a hundred marks of a lane are distinguishable; beyond, only every nth is drawn.
_MARKS_A_LANE_MAX: Final = 600


def window_title(explanation: Explanation) -> str:
    """Return the title, which names the session's limit."""
    policy = explanation.policy
    return {
        ClosedBy.OPEN: "No limit from the first message",
        ClosedBy.DURATION: f"{duration_words(policy.max_duration_us or 0)} from the first message",
        ClosedBy.IDLE: f"Until {duration_words(policy.idle_timeout_us or 0)} of inactivity",
        ClosedBy.CALENDAR: f"Until the {policy.calendar} ends in {policy.timezone}",
        ClosedBy.TURNS: f"At most {text.counted(policy.max_turns or 0, 'turn')}",
        ClosedBy.END: "Until an end event",
    }[explanation.closed_by]


def legend_of(explanation: Explanation) -> tuple[Key, ...]:
    """Return a legend of the marks present."""
    members = explanation.members
    tickets = any(part.tickets for part in explanation.conversations)
    keys = (
        (True, "Opening message", "m-o"),
        (any(event.actor is Actor.CUSTOMER for event in members[1:]), "Customer", "m-c"),
        (any(event.actor is Actor.BOT for event in members), "Bot", "m-b"),
        (any(event.actor in (Actor.AGENT, Actor.SYSTEM) for event in explanation.events), "Agent or system", "m-a"),
        (tickets, "Ticket", "m-t"),
        (explanation.opened_next, "Next session", "m-n"),
    )
    return tuple(Key(label=label, kind=kind) for is_there, label, kind in keys if is_there)


def window_of(explanation: Explanation) -> Timeline:
    """Return the chart's values."""
    started_us, last_us = explanation.started_at_us, explanation.events[-1].at_us
    end_us, following = explanation.ended_at_us, explanation.next_event
    has_end = end_us is not None and end_us < INSTANT_END_US
    # An open session is drawn to its last event, at least a second long.
    drawn_end_us = end_us if has_end and end_us is not None else max(last_us, started_us)
    drawn_end_us = max(drawn_end_us, started_us + MICROSECONDS_PER_SECOND)
    name = f"The session from {instant_words(started_us)} {_until(explanation)}, its conversations one below the other."
    opens_next = following is not None and explanation.opened_next
    return Timeline(
        name=name,
        started_us=started_us,
        ended_us=drawn_end_us,
        lanes=_lanes(explanation),
        start_label=f"Opened {text.clock_text(started_us)}",
        end_label=_end_label(explanation, drawn_end_us) if has_end else "Still open",
        next_us=following.at_us if following is not None and opens_next else None,
        next_label=f"{text.clock_text(following.at_us)} next" if following is not None and opens_next else "",
    )


def _until(explanation: Explanation) -> str:
    return "on" if explanation.ended_at_us is None else f"to {instant_words(explanation.ended_at_us)}"


def _end_label(explanation: Explanation, end_us: int) -> str:
    return f"{'Ends' if explanation.is_running else 'Ended'} {text.clock_text(end_us)}"


def _lanes(explanation: Explanation) -> tuple[Lane, ...]:
    """List a lane per bot, channel and conversation, by first appearance."""
    lanes: dict[tuple[str, str, str], list[ExplainedEvent]] = {}
    lane_of: dict[str, tuple[str, str, str]] = {}
    for event in explanation.events:
        # An agent's message has no bot: it goes to the bot of its conversation.
        if event.bot_name is not None and event.takes_part:
            lane_of[event.conversation_id] = (event.bot_name, event.channel, event.conversation_id)
        if event.conversation_id in lane_of:
            lanes.setdefault(lane_of[event.conversation_id], []).append(event)
    tickets = {ticket for part in explanation.conversations for ticket, _ in part.tickets}
    return tuple(
        Lane(
            title=escaped_text(bot),
            subtitle=f"{escaped_text(channel)} · {escaped_text(conversation)}",
            marks=_marks(events, explanation, tickets=tickets),
        )
        for (bot, channel, conversation), events in lanes.items()
    )


def _marks(events: list[ExplainedEvent], explanation: Explanation, *, tickets: set[str]) -> tuple[TimelineMark, ...]:
    step = -(-len(events) // _MARKS_A_LANE_MAX)
    kept = [event for place, event in enumerate(events) if place % step == 0 or event.ticket_id is not None]
    if kept[-1] is not events[-1]:
        kept.append(events[-1])
    return tuple(
        TimelineMark(at_us=event.at_us, kind=kind, title=_title(event, kind))
        for event in kept
        for kind in [_kind(event, explanation, tickets=tickets)]
    )


def _kind(event: ExplainedEvent, explanation: Explanation, *, tickets: set[str]) -> MarkKind:
    if event is explanation.opening:
        return "opening"
    if event.ticket_id is not None and event.ticket_id in tickets:
        return "ticket"
    return _KINDS[event.actor]


def _title(event: ExplainedEvent, kind: MarkKind) -> str:
    words = f"{event.actor.name.lower()}: {event.kind.name.lower().replace('_', ' ')}"
    first = {"opening": "opening message, ", "ticket": f"ticket {escaped_text(event.ticket_id)}, "}.get(kind, "")
    return f"{text.clock_text(event.at_us, seconds=True)} {first}{words}"
