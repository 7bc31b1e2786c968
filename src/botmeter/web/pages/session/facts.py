"""Summary and facts of a session."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from botmeter.domain import text
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import INSTANT_END_US
from botmeter.domain.period import day_of_us
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.reports.explanation_sentences import arrival_words
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.rich_text import Word, Words, id_word, linked, listed, name_word, plain, with_detail

_LINES_MAX: Final = 8


Facts = tuple[tuple[str, tuple[Words, ...]], ...]
"""Labels of facts with their lines."""


def answer(explanation: Explanation, urls: ReportUrls) -> Words:
    """Explain the charge in two or three sentences."""
    opening = explanation.opening
    return (
        *_opened(opening, urls),
        plain(f", {text.instant_text(opening.at_us, seconds=False)} UTC. "),
        plain(_covers(explanation)),
        *_afterwards(explanation, urls),
    )


def _opened(opening: ExplainedEvent, urls: ReportUrls) -> Words:
    bot: Words = ()
    if opening.bot_name is not None and opening.bot_id is not None:
        bot = (name_word(opening.bot_name, urls.bot(opening.bot_id)),)
    customer = id_word(opening.customer_id, urls.customer(opening.customer_id))
    channel: Words = (plain(" on "), name_word(opening.channel))
    if opening.actor is Actor.CUSTOMER:
        to_bot = (plain(" to "), *bot) if bot else ()
        return plain("Opened by a message from customer "), customer, *to_bot, *channel
    sender = bot if opening.actor is Actor.BOT and bot else (plain("an agent"),)
    return plain("Opened by a message from "), *sender, plain(" to customer "), customer, *channel


def _covers(explanation: Explanation) -> str:
    bots = {event.bot_id for event in explanation.members if event.bot_id is not None}
    conversations = text.counted(len(explanation.conversations), "conversation")
    covered = f"covers {conversations} with {text.counted(len(bots), 'bot')}"
    end_us = explanation.ended_at_us
    if end_us is None or end_us >= INSTANT_END_US:
        return f"It {covered} so far and is still open. "
    end = f"{text.instant_text(end_us, seconds=False)} UTC"
    return f"It {covered} so far and ends at {end}. " if explanation.is_running else f"It {covered} until {end}. "


def _afterwards(explanation: Explanation, urls: ReportUrls) -> Words:
    event, after, end_us = explanation.next_event, explanation.after, explanation.ended_at_us
    if event is None or end_us is None:
        return () if explanation.is_running else (plain("The customer has sent no message since."),)
    is_same_day = day_of_us(event.at_us) == day_of_us(end_us)
    at = f"at {text.clock_text(event.at_us)}" if is_same_day else f"on {text.day_text(day_of_us(event.at_us))}"
    if after is None or not explanation.opened_next:
        return (plain(f"The next message, {at}, did not open a session."),)
    return (
        plain(f"The next message, {at}, opened "),
        linked("another session", urls.session(after.session_id)),
        plain("."),
    )


def facts(explanation: Explanation, urls: ReportUrls) -> Facts:
    """Session's facts."""
    on = day_of_us(explanation.started_at_us)
    entries: list[tuple[str, Iterable[Words]]] = [
        ("Policy", [(linked(explanation.policy.label, "#policy"),)]),
        ("Counts on", [(linked(text.day_text(on), urls.rows_of_day(on)), plain(" (UTC)"))]),
        ("Window", _window(explanation)),
        ("Customer", [(id_word(explanation.customer_id, urls.customer(explanation.customer_id)),)]),
        ("Bots", _bots(explanation, urls)),
        ("Channels", [listed(_channels(explanation), most=_LINES_MAX)]),
        ("Conversations", _conversations(explanation, urls)),
        ("Messages", [(plain(_messages(explanation)),)]),
        ("Tickets", _tickets(explanation)),
        ("Preview", _preview(explanation)),
        ("Adjacent sessions", _neighbours(explanation, urls)),
    ]
    return tuple((label, _cut(lines)) for label, lines in entries if lines)


def arrivals(explanation: Explanation) -> tuple[Words, ...]:
    """Describe deliveries of the session's events."""
    return _cut([(plain(arrival_words(arrival)),) for arrival in explanation.arrivals])


def _window(explanation: Explanation) -> list[Words]:
    start, end_us = text.instant_text(explanation.started_at_us), explanation.ended_at_us
    if end_us is not None and end_us < INSTANT_END_US:
        return [(plain(f"{start} {text.DASH}"),), (plain(f"{text.instant_text(end_us)} UTC"),)]
    return [(plain(f"{start} UTC {text.DASH}"),), (plain("open" if end_us is None else "after 9998"),)]


def _bots(explanation: Explanation, urls: ReportUrls) -> list[Words]:
    versions = dict.fromkeys(
        (event.bot_id, event.bot_name, event.bot_version) for event in explanation.members if event.bot_id is not None
    )
    return [with_detail(name_word(name or bot_id, urls.bot(bot_id)), version) for bot_id, name, version in versions]


def _channels(explanation: Explanation) -> list[Word]:
    return [name_word(channel) for channel in dict.fromkeys(event.channel for event in explanation.members)]


def _conversations(explanation: Explanation, urls: ReportUrls) -> list[Words]:
    return [
        (
            id_word(part.conversation_id, urls.conversation(part.conversation_id)),
            plain(f" {text.counted(part.event_count, 'event')}"),
        )
        for part in explanation.conversations
    ]


def _messages(explanation: Explanation) -> str:
    counts = Counter(event.actor for event in explanation.members if event.kind is Kind.MESSAGE)
    entries = [f"{text.count_text(counts[actor])} {actor.name.lower()}" for actor in Actor if counts[actor]]
    return ", ".join(entries) or "none"


def _tickets(explanation: Explanation) -> list[Words]:
    tickets = dict.fromkeys(ticket for part in explanation.conversations for ticket in part.tickets)
    return [with_detail(id_word(ticket), kind) for ticket, kind in tickets]


def _preview(explanation: Explanation) -> list[Words]:
    return [(plain("Opened from a preview, which counts under this policy"),)] if explanation.is_preview else []


def _neighbours(explanation: Explanation, urls: ReportUrls) -> list[Words]:
    pairs = (("Previous session", explanation.before), ("Next session", explanation.after))
    return [
        (
            linked(label, urls.session(one.session_id)),
            plain(f", {text.instant_text(one.started_at_us, seconds=False)}"),
        )
        for label, one in pairs
        if one is not None
    ]


def _cut(lines: Iterable[Words]) -> tuple[Words, ...]:
    every = list(lines)
    hidden = len(every) - _LINES_MAX
    return (*every[:_LINES_MAX], (plain(f"and {hidden:,} more"),)) if hidden > 0 else tuple(every)
