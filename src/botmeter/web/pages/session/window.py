"""Timeline of a session's window."""

from typing import Final

from botmeter.charts.timeline import Lane, MarkKind, Timeline, TimelineMark
from botmeter.domain import text
from botmeter.domain.event import Actor
from botmeter.domain.instant import INSTANT_END_US, MICROSECONDS_PER_SECOND
from botmeter.domain.session import ClosedBy
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.reports.explanation_sentences import escaped_text, instant_words
from botmeter.web.components import Key
from botmeter.web.pages.session.lines import MARKS, limit_words

# About a hundred marks of a lane are distinguishable; beyond, only every nth event is drawn.
_MARKS_A_LANE_MAX: Final = 600


def window_title(explanation: Explanation) -> str:
    """Title, which names the session's limit."""
    limit = limit_words(explanation)
    is_instant = explanation.closed_by not in (ClosedBy.OPEN, ClosedBy.DURATION, ClosedBy.TURNS)
    return f"Until {limit[0].lower()}{limit[1:]}" if is_instant else limit


def legend_of(explanation: Explanation) -> tuple[Key, ...]:
    """Legend of the marks present."""
    members = explanation.members
    keys = (
        (True, "Opening message", "m-opening"),
        (any(event.actor is Actor.CUSTOMER for event in members[1:]), "Customer", "m-customer"),
        (any(event.actor is Actor.BOT for event in members), "Bot", "m-bot"),
        (any(event.actor in (Actor.AGENT, Actor.SYSTEM) for event in explanation.events), "Agent or system", "m-agent"),
        (bool(explanation.tickets), "Ticket", "m-ticket"),
        (explanation.opened_next, "Next session", "m-next"),
    )
    return tuple(Key(label=label, kind=kind) for is_present, label, kind in keys if is_present)


def window_of(explanation: Explanation) -> Timeline:
    """Chart's values."""
    started_us, end_us = explanation.started_at_us, explanation.ended_at_us
    end_label = "Still open"
    if end_us is None or end_us >= INSTANT_END_US:
        # An open session is drawn to its last event.
        end_us = explanation.events[-1].at_us
    else:
        end_label = f"{'Ends' if explanation.is_running else 'Ended'} {text.clock_text(end_us)}"
    until = "on" if explanation.ended_at_us is None else f"to {instant_words(explanation.ended_at_us)}"
    next_us = explanation.next_event.at_us if explanation.next_event and explanation.opened_next else None
    return Timeline(
        name=f"The session from {instant_words(started_us)} {until}, its conversations one below the other.",
        started_us=started_us,
        # At least a second long.
        ended_us=max(end_us, started_us + MICROSECONDS_PER_SECOND),
        lanes=_lanes(explanation),
        start_label=f"Opened {text.clock_text(started_us)}",
        end_label=end_label,
        next_us=next_us,
        next_label="" if next_us is None else f"{text.clock_text(next_us)} next",
    )


def _lanes(explanation: Explanation) -> tuple[Lane, ...]:
    lanes: dict[tuple[str, str, str], list[ExplainedEvent]] = {}
    lane_of: dict[str, tuple[str, str, str]] = {}
    for event in explanation.events:
        # An agent's message has no bot: it goes to the bot of its conversation.
        if event.bot_name is not None and event.takes_part:
            lane_of[event.conversation_id] = (event.bot_name, event.channel, event.conversation_id)
        if event.conversation_id in lane_of:
            lanes.setdefault(lane_of[event.conversation_id], []).append(event)
    return tuple(
        Lane(
            title=escaped_text(bot),
            subtitle=f"{escaped_text(channel)} · {escaped_text(conversation)}",
            marks=_marks(events, explanation),
        )
        for (bot, channel, conversation), events in lanes.items()
    )


def _marks(events: list[ExplainedEvent], explanation: Explanation) -> tuple[TimelineMark, ...]:
    step = -(-len(events) // _MARKS_A_LANE_MAX)
    marked = [event for position, event in enumerate(events) if position % step == 0 or event.ticket_id is not None]
    if marked[-1] is not events[-1]:
        marked.append(events[-1])
    tickets, marks = explanation.tickets, []
    for event in marked:
        kind = MARKS[event.actor]
        if event is explanation.opening:
            kind = "opening"
        elif event.ticket_id in tickets:
            kind = "ticket"
        marks.append(TimelineMark(at_us=event.at_us, kind=kind, title=_title(event, kind)))
    return tuple(marks)


def _title(event: ExplainedEvent, kind: MarkKind) -> str:
    words = f"{event.actor.name.lower()}: {event.kind.name.lower().replace('_', ' ')}"
    first = {"opening": "opening message, ", "ticket": f"ticket {escaped_text(event.ticket_id)}, "}.get(kind, "")
    return f"{text.clock_text(event.at_us, seconds=True)} {first}{words}"
