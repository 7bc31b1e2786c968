"""Sentences of an explanation, for command, API and page."""

from typing import assert_never

from botmeter.domain.event import Actor
from botmeter.domain.instant import INSTANT_END_US, datetime_from_us, text_from_us
from botmeter.domain.session import ClosedBy
from botmeter.domain.text import counted, day_text
from botmeter.ledger.restatements import Cause, Restatement
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import duration_text, policy_as_mapping
from botmeter.reports.explanation import Arrival, ExplainedEvent, Explanation

_UNITS = ((86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"))
# 24 hours, since 1 day would suggest a calendar day.
_HOURS_UP_TO_US = 48 * 3_600_000_000

_OPENERS = {
    "customer": "Only a customer's message opens a session",
    "any": "A message from the customer, a bot or an agent opens a session",
    "outbound": "Only a message from a bot or an agent opens a session",
    "exchange": "The first message that answers the other side opens a session",
}


def charged_sentence(explanation: Explanation, *, is_charged: bool = True) -> str:
    """Name the session, its customer, day and policy; a plan can leave it uncharged."""
    preview = " It was opened from a preview, which this policy counts." if explanation.is_preview else ""
    verb = "charged" if is_charged else "counted"
    return (
        f"Session {explanation.session_id} of customer {escaped_text(explanation.customer_id)} was {verb} once, as 1 "
        f"session on {day_words(explanation.started_at_us)} (UTC), under policy {explanation.policy.label}.{preview}"
    )


def opening_reason(explanation: Explanation) -> str:
    """State briefly why a session could open."""
    before = explanation.before
    who = " and ".join(explanation.policy.scope)
    if before is None:
        return f"No session was open: this is the first one for this {who}."
    if before.ended_at_us is None:
        return "No session that it could join was open."
    return f"No session was open: the one before had ended on {instant_words(before.ended_at_us)}."


def rule_sentence(policy: Policy) -> str:
    """State the opening rule of a policy, and how many sessions run at a time."""
    return (
        f"{_OPENERS[policy.opens_on]} (opens_on = {policy.opens_on}). One session runs at a time for each "
        f"{' and '.join(policy.scope)} (scope)."
    )


def opening_sentence(explanation: Explanation) -> str:
    """State what opened the session and why."""
    opening, before = explanation.opening, explanation.before
    where = f"on {escaped_text(opening.channel)}"
    if opening.actor is Actor.CUSTOMER:
        who = f"the customer's message on {instant_words(opening.at_us)} to {bot_words(opening)} {where}"
    elif opening.actor is Actor.BOT:
        who = f"a message from {bot_words(opening)} {where} on {instant_words(opening.at_us)}"
    else:
        who = f"an agent's message {where} on {instant_words(opening.at_us)}"
    if before is None:
        return f"Opened by {who}, the first message that could open a session: there was none before."
    ended = f", which ran until {instant_words(before.ended_at_us)}" if before.ended_at_us is not None else ""
    return (
        f"Opened by {who}, the first message that could open one after the previous session "
        f"({before.session_id}{ended}; {_reason(before.closed_by)})."
    )


def end_sentence(explanation: Explanation) -> str:
    """State the session's end and the limit."""
    policy, end_us = explanation.policy, explanation.ended_at_us
    if end_us is None:
        return "It is still open: no limit of the policy has ended it."
    until = f"It {'runs' if explanation.is_running else 'ran'} until {instant_words(end_us)}"
    inclusive = " A message at exactly that instant is still inside (inclusive_end)." if policy.inclusive_end else ""
    match explanation.closed_by:
        case ClosedBy.OPEN:
            return f"{until}."
        case ClosedBy.DURATION:
            length = duration_words(policy.max_duration_us or 0)
            return f"{until}: {length} from its first message ({_setting('max_duration', policy)}).{inclusive}"
        case ClosedBy.IDLE:
            silence, whose = (
                duration_words(policy.idle_timeout_us or 0),
                "customer's " if policy.idle_clock == "customer" else "",
            )
            return f"{until}: {silence} after the {whose}last message ({_setting('idle_timeout', policy)}).{inclusive}"
        case ClosedBy.CALENDAR:
            return f"{until}: the {policy.calendar} ended then in {policy.timezone} (calendar = {policy.calendar})."
        case ClosedBy.TURNS:
            return (
                f"{until}: a message then began a turn past the limit of {policy.max_turns} "
                f"(max_turns = {policy.max_turns}, turn_of = {policy.turn_of})."
            )
        case ClosedBy.END:
            return f"{until}: an event ended it (ends_on = {', '.join(sorted(policy.ends_on))})."
        case _:
            assert_never(explanation.closed_by)


def content_sentence(explanation: Explanation, *, is_charged: bool = True) -> str:
    """Count the session's contents."""
    members = explanation.members
    bots = dict.fromkeys(event.bot_name for event in members if event.bot_name is not None)
    channels = dict.fromkeys(event.channel for event in members)
    parts = [
        counted(len(members), "event"),
        counted(len(explanation.conversations), "conversation"),
        counted(len(bots), "bot"),
        counted(len(channels), "channel"),
    ]
    tickets, verb = explanation.tickets, "charged" if is_charged else "counted"
    linked = f" Linked to it: {counted(len(tickets), 'ticket')}." if tickets else ""
    return f"It contains {', '.join(parts)}, all {verb} as this one session.{linked}"


def afterwards_sentence(explanation: Explanation) -> str:
    """State the effect of the first later message."""
    event, after, end_us = explanation.next_event, explanation.after, explanation.ended_at_us
    if event is None or end_us is None:
        return "No message has followed it yet."
    what = f"The next message came on {instant_words(event.at_us)}"
    if event.at_us > end_us:
        what += f", {duration_words(event.at_us - end_us)} after the end"
    elif explanation.closed_by in (ClosedBy.DURATION, ClosedBy.IDLE, ClosedBy.CALENDAR):
        what += ", exactly at the end, which is outside"
    if after is None:
        return f"{what}, and did not open a session."
    if explanation.opened_next:
        return f"{what}, and opened the next session, {after.session_id}."
    started = instant_words(after.started_at_us)
    return f"{what}, and opened none; the next session, {after.session_id}, started on {started}."


def arrival_sentence(explanation: Explanation) -> str:
    """List the submissions with its events."""
    return f"Its events were received as follows: {'; '.join(map(arrival_words, explanation.arrivals))}."


def arrival_words(arrival: Arrival) -> str:
    """State a submission's events and time."""
    return (
        f"{counted(arrival.event_count, 'event')} with {escaped_text(arrival.label)} from source "
        f"{escaped_text(arrival.source)} on {instant_words(arrival.recorded_at_us)}"
    )


def restatement_sentences(explanation: Explanation) -> list[str]:
    """One sentence per restatement."""
    return [
        f"Restated on {instant_words(each.recorded_at)}: {_change(each, session_id=explanation.session_id)}."
        for each in explanation.restatements
    ]


def _change(restatement: Restatement, *, session_id: str) -> str:
    if restatement.cause is not Cause.APPEND:
        return escaped_text(restatement.label) or "the policy was changed for the past"
    is_added, before = session_id in restatement.added, counted(restatement.before_count, "session")
    day, because = day_text(restatement.day), f"because of {counted(restatement.because_count, 'late event')}"
    if restatement.before_count == restatement.after_count:
        change = "replaced another one" if is_added else "was replaced by another one"
        return f"this session {change} {because}; {day} kept its {before}"
    change = "added" if is_added else "removed"
    return f"{day} changed from {before} to {restatement.after_count} {because}; this session was {change}"


def bot_words(event: ExplainedEvent) -> str:
    """Bot with its version."""
    if event.bot_name is None:
        return "no bot"
    version = "" if event.bot_version is None else f" {escaped_text(event.bot_version)}"
    return f"{escaped_text(event.bot_name)}{version}"


def duration_words(duration_us: int) -> str:
    """Format a duration: `24 hours`, `11 minutes 33 seconds`, `3 days 2 hours`."""
    units = _UNITS[1:] if duration_us <= _HOURS_UP_TO_US else _UNITS
    parts: list[str] = []
    remaining_us = duration_us
    for size_us, unit in units:
        amount, remaining_us = divmod(remaining_us, size_us)
        if amount and len(parts) < 2:
            parts.append(counted(amount, unit))
    return " ".join(parts) or duration_text(duration_us)


def instant_words(at_us: int) -> str:
    """Format an instant: `22 Nov 2026 14:05:00 UTC`."""
    if at_us >= INSTANT_END_US:
        return "a day after the year 9998"
    return f"{day_words(at_us)} {text_from_us(at_us)[len('2026-11-22T') : -1]} UTC"


def day_words(at_us: int) -> str:
    """Format the UTC day of an instant: `22 Nov 2026`."""
    return day_text(datetime_from_us(at_us))


def escaped_text(text: str | None) -> str:
    """Escape unprintable and direction-changing characters."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text or "")


def _reason(closed_by: ClosedBy) -> str:
    return {
        ClosedBy.OPEN: "no limit ended it",
        ClosedBy.DURATION: "it had reached its maximum duration",
        ClosedBy.IDLE: "its idle timeout had passed",
        ClosedBy.CALENDAR: "its day or month had ended",
        ClosedBy.TURNS: "it had reached its maximum number of turns",
        ClosedBy.END: "an event ended it",
    }[closed_by]


def _setting(key: str, policy: Policy) -> str:
    return f"{key} = {policy_as_mapping(policy)[key]}"
