"""Rows of a session's event list."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from botmeter.charts.timeline import MarkKind
from botmeter.domain import text
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import INSTANT_END_US
from botmeter.domain.session import ClosedBy
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.reports.explanation_sentences import duration_words, end_sentence, opening_reason
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.rich_text import Word, Words, id_word, linked, name_word, plain

QUIET: Final = frozenset({Kind.MESSAGE, Kind.CONVERSATION_CREATED, Kind.CONVERSATION_UPDATED})
_ACTIONS: Final = {
    Kind.CONVERSATION_CREATED: "Conversation created",
    Kind.CONVERSATION_UPDATED: "Conversation updated",
    Kind.RESOLVED: "Resolved the conversation",
    Kind.HANDOFF: "Handed the conversation over",
    Kind.RESTART: "Restarted the conversation",
    Kind.CUSTOMER_END: "Ended the conversation",
    Kind.TICKET_LINKED: "Linked a ticket",
}
MARKS: Final[dict[Actor, MarkKind]] = {
    Actor.CUSTOMER: "customer",
    Actor.BOT: "bot",
    Actor.AGENT: "agent",
    Actor.SYSTEM: "agent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Event, or a run of messages.

    Attributes:
        at: Time of day in UTC.
        weight: Empty for events that decided nothing.
    """

    on: date
    at: str
    mark: MarkKind | Literal["end", "next"]
    who: Words
    what: Words
    effect: str
    why: Words = ()
    weight: Literal["", "open", "close", "next"] = ""
    is_run: bool = False


@dataclass(slots=True, kw_only=True)
class _Participants:
    bots: set[str | None] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    conversations: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Event with its effect: `joining` names new participants, `ticket` is counted from here on."""

    event: ExplainedEvent
    is_opening: bool = False
    joining: str = ""
    ticket: str = ""
    closes: bool = False

    @property
    def has_own_row(self) -> bool:
        decided = self.is_opening or self.joining or self.ticket or self.closes
        return bool(decided) or self.event.kind not in QUIET


def steps(explanation: Explanation) -> Iterator[Step]:
    """Session's events in order."""
    participants, uncounted = _Participants(), set(explanation.tickets)
    for event in explanation.events:
        is_opening, ticket = event is explanation.opening, ""
        if event.ticket_id in uncounted:
            ticket = event.ticket_id
            uncounted.remove(ticket)
        joining = ""
        if event.takes_part:
            joining = "" if is_opening else _joining(event, participants, explanation=explanation)
            participants.bots.add(event.bot_id)
            participants.channels.add(event.channel)
            participants.conversations.add(event.conversation_id)
        yield Step(
            event=event, is_opening=is_opening, joining=joining, ticket=ticket, closes=_closes(event, explanation)
        )


def _joining(event: ExplainedEvent, participants: _Participants, *, explanation: Explanation) -> str:
    is_new_bot = event.bot_id is not None and event.bot_id not in participants.bots
    is_new_channel = event.channel not in participants.channels
    if is_new_bot:
        joining = "Another bot on another channel" if is_new_channel else "Another bot"
    elif is_new_channel:
        joining = "Another channel"
    elif event.conversation_id not in participants.conversations:
        joining = "Another conversation"
    else:
        return ""
    scope = " and ".join(explanation.policy.scope)
    return f"{joining} joins the same session, as there is one session at a time for each {scope}."


def _closes(event: ExplainedEvent, explanation: Explanation) -> bool:
    return (
        explanation.closed_by is ClosedBy.END
        and event.at_us == explanation.ended_at_us
        and event.kind.name.lower() in explanation.policy.ends_on
    )


def line_of(step: Step, explanation: Explanation, *, urls: ReportUrls) -> Line:
    """Format one event."""
    event = step.event
    return Line(
        on=text.in_zone(event.at_us, "UTC").date(),
        at=text.clock_text(event.at_us, seconds=True),
        mark="opening" if step.is_opening else "ticket" if step.ticket else MARKS[event.actor],
        who=_who(event, urls),
        what=_what(step, explanation),
        effect=effect_of(step, explanation),
        why=_why(step, explanation, urls=urls),
        weight="open" if step.is_opening else "close" if step.closes else "",
    )


def _who(event: ExplainedEvent, urls: ReportUrls) -> Words:
    if event.actor is Actor.CUSTOMER:
        return plain("Customer "), id_word(event.customer_id, urls.customer(event.customer_id))
    if event.actor is Actor.BOT and event.bot_name is not None and event.bot_id is not None:
        return (name_word(event.bot_name, urls.bot(event.bot_id)),)
    return (plain(event.actor.name.capitalize()),)


def _what(step: Step, explanation: Explanation) -> Words:
    event = step.event
    words: list[Word] = [plain("Message" if event.kind is Kind.MESSAGE else _ACTIONS[event.kind])]
    if event.actor is not Actor.BOT and event.bot_name is not None:
        words += [plain(" to " if event.kind is Kind.MESSAGE else " with "), name_word(event.bot_name)]
    words += [plain(" on "), name_word(event.channel)]
    if event.ticket_id is not None:
        ticket_type = explanation.tickets.get(event.ticket_id)
        words += [plain(", ticket "), id_word(event.ticket_id)]
        words += [plain(", "), name_word(ticket_type)] if ticket_type else []
    return tuple(words)


def effect_of(step: Step, explanation: Explanation) -> str:
    """Describe the event's effect on the session."""
    if step.is_opening:
        return "Opened this session"
    if step.closes:
        return "Closed this session"
    if step.ticket:
        return "Ticket counted"
    if not step.event.takes_part:
        return "No effect"
    return "Part of this session" if explanation.ended_at_us is None else "Inside the window"


def _why(step: Step, explanation: Explanation, *, urls: ReportUrls) -> Words:
    event = step.event
    if step.is_opening:
        return plain(opening_reason(explanation)), *_conversation(event, urls)
    if step.closes:
        return (plain(end_sentence(explanation)),)
    if step.joining:
        return plain(step.joining), *_conversation(event, urls)
    if event.takes_part or step.ticket:
        return ()
    return (plain(_exclusion(event, explanation)),)


def _conversation(event: ExplainedEvent, urls: ReportUrls) -> Words:
    return plain(" Conversation "), id_word(event.conversation_id, urls.conversation(event.conversation_id))


def _exclusion(event: ExplainedEvent, explanation: Explanation) -> str:
    if event.kind not in QUIET and event.kind is not Kind.TICKET_LINKED:
        return "Under this policy, it does not end a session."
    if event.actor is Actor.AGENT and explanation.policy.participants == "bot":
        return "Under this policy, messages from agents do not count."
    if event.actor is Actor.SYSTEM or event.bot_id is None:
        return "It involves no bot."
    return "This policy excludes it."


def ending_lines(explanation: Explanation, urls: ReportUrls) -> Iterator[Line]:
    """Closing limit and next message."""
    end_us, following = explanation.ended_at_us, explanation.next_event
    if end_us is None or end_us >= INSTANT_END_US:
        return
    if not any(_closes(event, explanation) for event in explanation.events):
        yield Line(
            on=text.in_zone(end_us, "UTC").date(),
            at=text.clock_text(end_us, seconds=True),
            mark="end",
            who=(plain("Policy"),),
            what=(plain(limit_words(explanation)),),
            effect="Will close this session" if explanation.is_running else "Closed this session",
            why=(plain(end_sentence(explanation)),),
            weight="close",
        )
    if following is not None:
        yield _following(following, explanation, end_us=end_us, urls=urls)


def _following(event: ExplainedEvent, explanation: Explanation, *, end_us: int, urls: ReportUrls) -> Line:
    after = explanation.after
    has_opened = explanation.opened_next and after is not None
    delay = f"{duration_words(event.at_us - end_us)} after the end. " if event.at_us > end_us else "At the end. "
    link = () if after is None else (linked("The next session", urls.session(after.session_id)),)
    return Line(
        on=text.in_zone(event.at_us, "UTC").date(),
        at=text.clock_text(event.at_us, seconds=True),
        mark="next" if has_opened else MARKS[event.actor],
        who=_who(event, urls),
        what=_what(Step(event=event), explanation),
        effect="Opened another session" if has_opened else "Opened no session",
        why=(plain(delay), *link),
        weight="next",
    )


def limit_words(explanation: Explanation) -> str:
    """Closing limit in words."""
    policy = explanation.policy
    return {
        ClosedBy.OPEN: "No limit from the first message",
        ClosedBy.DURATION: f"{duration_words(policy.max_duration_us or 0)} from the first message",
        ClosedBy.IDLE: f"{duration_words(policy.idle_timeout_us or 0)} of inactivity",
        ClosedBy.CALENDAR: f"The {policy.calendar} ends in {policy.timezone}",
        ClosedBy.TURNS: f"At most {text.counted(policy.max_turns or 0, 'turn')}",
        ClosedBy.END: "An end event",
    }[explanation.closed_by]
