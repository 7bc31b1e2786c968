"""An explanation as a billing admin would tell it: sentences of at most 80 columns."""

from datetime import date
from textwrap import fill
from typing import assert_never

from botmeter.domain.event import Actor
from botmeter.domain.instant import INSTANT_END_US, datetime_from_us, text_from_us
from botmeter.domain.session import ClosedBy
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import duration_text, policy_as_mapping, policy_as_toml
from botmeter.reports.explanation import ExplainedEvent, Explanation

_WIDTH = 80
# More than this many events, and only the first and the last are listed.
_EVENTS_LISTED_MAX = 16
_EVENTS_LAST = 4

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = ((86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"))
# 24 hours say more than 1 day: a session's day is no day of the calendar.
_HOURS_UP_TO_US = 48 * 3_600_000_000

_OPENERS = {
    "customer": "Only a customer's message opens a session",
    "any": "A message of the customer, a bot or an agent opens a session",
    "outbound": "Only a message of a bot or an agent opens a session",
    "exchange": "The first message that answers one of the other side opens a session",
}


def explanation_as_text(explanation: Explanation) -> str:
    """Why the session was charged, as a billing admin would tell it; ends with a line break."""
    policy = explanation.policy
    preview = " It was opened from a preview, which this policy counts." if explanation.is_preview else ""
    charged = (
        f"Session {explanation.session_id} of customer {_shown(explanation.customer_id)}: charged once, as 1 session "
        f"on {_day(explanation.started_at_us)} (UTC), under policy {policy.label}.{preview}"
    )
    rule_of_opening = (
        f"{_OPENERS[policy.opens_on]} (opens_on = {policy.opens_on}), and one session runs at a time for each "
        f"{' and '.join(policy.scope)} (scope)."
    )
    paragraphs = [charged, _opening(explanation), rule_of_opening, _end(explanation), _content(explanation)]
    text = "\n\n".join(_wrapped(paragraph) for paragraph in paragraphs)
    lists = [_listed_events(explanation), _listed_conversations(explanation)]
    rest = [_afterwards(explanation), _arrived(explanation), *_restated(explanation)]
    text += "".join(f"\n\n{part}" for part in [*lists, *map(_wrapped, rest)])
    rule = "".join(f"  {line}\n" for line in policy_as_toml(policy).splitlines())
    return f"{text}\n\nThe policy, all else at its default:\n{rule}"


def _opening(explanation: Explanation) -> str:
    opening, before = explanation.opening, explanation.before
    place = f"on {_shown(opening.channel)}"
    if opening.actor is Actor.CUSTOMER:
        who = f"the customer's message on {_instant(opening.at_us)} to {_bot(opening)} {place}"
    elif opening.actor is Actor.BOT:
        who = f"a message of {_bot(opening)} {place} on {_instant(opening.at_us)}"
    else:
        who = f"an agent's message {place} on {_instant(opening.at_us)}"
    if before is None:
        return f"Opened by {who}: the first one that could open a session, as none was before it."
    ended = f", which ran until {_instant(before.ended_at_us)}" if before.ended_at_us is not None else ""
    return (
        f"Opened by {who}: the first one at or after the end of the session before "
        f"({before.session_id}{ended}; {_reason(before.closed_by)})."
    )


def _reason(closed_by: ClosedBy) -> str:
    return {
        ClosedBy.OPEN: "no limit ended it",
        ClosedBy.DURATION: "it had reached its longest duration",
        ClosedBy.IDLE: "it had been silent for too long",
        ClosedBy.CALENDAR: "its day or month was over",
        ClosedBy.TURNS: "it had all the turns that it may have",
        ClosedBy.END: "an event ended it",
    }[closed_by]


def _end(explanation: Explanation) -> str:
    policy, end_us = explanation.policy, explanation.ended_at_us
    if end_us is None:
        return "It is still open: no limit of the policy has ended it."
    until = f"It {'runs' if explanation.is_running else 'ran'} until {_instant(end_us)}"
    inclusive = " A message at exactly that instant is still inside (inclusive_end)." if policy.inclusive_end else ""
    match explanation.closed_by:
        case ClosedBy.OPEN:
            return f"{until}."
        case ClosedBy.DURATION:
            length = _spelled(policy.max_duration_us or 0)
            return f"{until}: {length} from its first message ({_setting('max_duration', policy)}).{inclusive}"
        case ClosedBy.IDLE:
            silence, whose = (
                _spelled(policy.idle_timeout_us or 0),
                "customer's " if policy.idle_clock == "customer" else "",
            )
            return f"{until}: {silence} after the {whose}last message ({_setting('idle_timeout', policy)}).{inclusive}"
        case ClosedBy.CALENDAR:
            return f"{until}: the {policy.calendar} was over then in {policy.timezone} (calendar = {policy.calendar})."
        case ClosedBy.TURNS:
            return (
                f"{until}: a message then began one turn more than the {policy.max_turns} that a session may have "
                f"(max_turns = {policy.max_turns}, turn_of = {policy.turn_of})."
            )
        case ClosedBy.END:
            return f"{until}: an event ended it then (ends_on = {', '.join(sorted(policy.ends_on))})."
        case _:
            assert_never(explanation.closed_by)


def _content(explanation: Explanation) -> str:
    members = explanation.members
    bots = dict.fromkeys(event.bot_name for event in members if event.bot_name is not None)
    channels = dict.fromkeys(event.channel for event in members)
    parts = [
        _counted(len(members), "event"),
        _counted(len(explanation.conversations), "conversation"),
        _counted(len(bots), "bot"),
        _counted(len(channels), "channel"),
    ]
    tickets = {ticket for part in explanation.conversations for ticket, _ in part.tickets}
    linked = f" {_counted(len(tickets), 'ticket')} linked to it." if tickets else ""
    return f"In it: {', '.join(parts)}. All of it is this one session.{linked}"


def _listed_events(explanation: Explanation) -> str:
    events = explanation.events
    lines = [_event_line(event, explanation) for event in events]
    if len(lines) > _EVENTS_LISTED_MAX:
        first = _EVENTS_LISTED_MAX - _EVENTS_LAST
        hidden = len(lines) - _EVENTS_LISTED_MAX
        lines = [*lines[:first], f"  … {_counted(hidden, 'event')} more …", *lines[-_EVENTS_LAST:]]
    return "\n".join(["What happened (UTC):", *lines])


def _event_line(event: ExplainedEvent, explanation: Explanation) -> str:
    moment = datetime_from_us(event.at_us)
    effect = "" if event.takes_part else "  takes no part"
    if event == explanation.opening:
        effect = "  opened it"
    where = "" if event.bot_name is None else f"{_bot(event)} · "
    kind = event.kind.name.lower().replace("_", " ")
    ticket = f" · ticket {_shown(event.ticket_id)}" if event.ticket_id is not None else ""
    text = f"  {_short_day(event.at_us)} {moment:%H:%M:%S}  {event.actor.name.lower():8}  {kind}"
    text += f"  {where}{_shown(event.channel)}{ticket}"
    room = _WIDTH - len(effect)
    return (text if len(text) <= room else text[: room - 1] + "…") + effect


def _listed_conversations(explanation: Explanation) -> str:
    lines = []
    for part in explanation.conversations[:_EVENTS_LISTED_MAX]:
        told = [_counted(part.event_count, "event"), ", ".join(map(_shown, part.bots)) or "no bot"]
        told.append(", ".join(map(_shown, part.channels)))
        told += [f"ticket {_shown(ticket)} ({_shown(kind)})" for ticket, kind in part.tickets]
        lines.append(_wrapped(f"{_shown(part.conversation_id)}: {' · '.join(told)}", indent="  "))
    hidden = len(explanation.conversations) - len(lines)
    more = [f"  … {_counted(hidden, 'conversation')} more …"] if hidden else []
    return "\n".join(["What each conversation added:", *lines, *more])


def _afterwards(explanation: Explanation) -> str:
    event, after, end_us = explanation.next_event, explanation.after, explanation.ended_at_us
    if event is None or end_us is None:
        return "Nothing came after it so far."
    what = f"The next message came on {_instant(event.at_us)}"
    if event.at_us > end_us:
        what += f", {_spelled(event.at_us - end_us)} after the end"
    elif explanation.closed_by in (ClosedBy.DURATION, ClosedBy.IDLE, ClosedBy.CALENDAR):
        what += ", at the very end, which is outside"
    if after is None:
        return f"{what}, and opened no session."
    if explanation.opened_next:
        return f"{what}, and opened the next session, {after.session_id}."
    return f"{what}, and opened none; the next session, {after.session_id}, began on {_instant(after.started_at_us)}."


def _arrived(explanation: Explanation) -> str:
    told = [
        f"{_counted(arrival.event_count, 'event')} with {_shown(arrival.label)} of source {_shown(arrival.source)} "
        f"on {_instant(arrival.recorded_at_us)}"
        for arrival in explanation.arrivals
    ]
    return f"Its events arrived: {'; '.join(told)}."


def _restated(explanation: Explanation) -> list[str]:
    return [
        f"Restated on {_instant(each.recorded_at)}: {_day_text(each.day)} went from "
        f"{_counted(each.before_count, 'session')} to {each.after_count}, and this session "
        f"{'came in' if explanation.session_id in each.added else 'went out'}, because of "
        f"{_counted(each.because_count, 'late event')}."
        if each.append_no
        else f"Restated on {_instant(each.recorded_at)}: the policy was changed for the past."
        for each in explanation.restatements
    ]


def _bot(event: ExplainedEvent) -> str:
    if event.bot_name is None:
        return "no bot"
    version = "" if event.bot_version is None else f" {_shown(event.bot_version)}"
    return f"{_shown(event.bot_name)}{version}"


def _setting(key: str, policy: Policy) -> str:
    return f"{key} = {policy_as_mapping(policy)[key]}"


def _spelled(duration_us: int) -> str:
    """A duration in words: 24 hours, 11 minutes 33 seconds, 3 days 2 hours."""
    units = _UNITS[1:] if duration_us <= _HOURS_UP_TO_US else _UNITS
    parts: list[str] = []
    rest_us = duration_us
    for size_us, unit in units:
        amount, rest_us = divmod(rest_us, size_us)
        if amount and len(parts) < 2:
            parts.append(_counted(amount, unit))
    return " ".join(parts) or duration_text(duration_us)


def _instant(at_us: int) -> str:
    if at_us >= INSTANT_END_US:
        return "a day after the year 9998"
    return f"{_day(at_us)} {text_from_us(at_us)[len('2026-11-22T') : -1]} UTC"


def _day(at_us: int) -> str:
    return _day_text(datetime_from_us(at_us))


def _day_text(on: date) -> str:
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def _short_day(at_us: int) -> str:
    moment = datetime_from_us(at_us)
    return f"{moment.day:2} {_MONTHS[moment.month - 1]}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _shown(text: str | None) -> str:
    """The text with what does not print, or turns the line around, as a code."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text or "")


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
