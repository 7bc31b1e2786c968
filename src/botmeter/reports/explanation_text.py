"""Explanation as text of at most 80 columns."""

from collections.abc import Sequence
from textwrap import fill

from botmeter.domain.instant import datetime_from_us
from botmeter.domain.text import counted
from botmeter.metering.policy_text import policy_as_toml
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.reports.explanation_sentences import (
    afterwards_sentence,
    arrival_sentence,
    bot_words,
    charged_sentence,
    content_sentence,
    day_words,
    end_sentence,
    escaped_text,
    opening_sentence,
    restatement_sentences,
    rule_sentence,
)

_WIDTH = 80
# Of more events, only the first and last few are listed.
_EVENTS_LISTED_MAX = 16
_EVENTS_LAST = 4


def explanation_as_text(explanation: Explanation, *, charges: Sequence[str] = (), is_charged: bool = True) -> str:
    """Explanation as text with a final line break; `charges` are sentences on what pays for the session."""
    paragraphs = [
        charged_sentence(explanation, is_charged=is_charged),
        opening_sentence(explanation),
        rule_sentence(explanation.policy),
        end_sentence(explanation),
        content_sentence(explanation, is_charged=is_charged),
        *charges,
    ]
    text = "\n\n".join(_wrapped(paragraph) for paragraph in paragraphs)
    lists = [_listed_events(explanation), _listed_conversations(explanation)]
    further = [afterwards_sentence(explanation), arrival_sentence(explanation), *restatement_sentences(explanation)]
    text += "".join(f"\n\n{part}" for part in [*lists, *map(_wrapped, further)])
    rule = "".join(f"  {line}\n" for line in policy_as_toml(explanation.policy).splitlines())
    return f"{text}\n\nThe policy, with everything else at its default:\n{rule}"


def _listed_events(explanation: Explanation) -> str:
    events, hidden, last = explanation.events, len(explanation.events) - _EVENTS_LISTED_MAX, []
    if hidden > 0:
        last = [f"  … {counted(hidden, 'event')} more …"]
        last += [_event_line(event, explanation) for event in events[-_EVENTS_LAST:]]
        events = events[: _EVENTS_LISTED_MAX - _EVENTS_LAST]
    return "\n".join(["What happened (UTC):", *(_event_line(event, explanation) for event in events), *last])


def _event_line(event: ExplainedEvent, explanation: Explanation) -> str:
    moment, day = datetime_from_us(event.at_us), day_words(event.at_us).rpartition(" ")[0]
    effect = "" if event.takes_part else "  does not count"
    if event == explanation.opening:
        effect = "  opened it"
    where = "" if event.bot_name is None else f"{bot_words(event)} · "
    kind = event.kind.name.lower().replace("_", " ")
    ticket = f" · ticket {escaped_text(event.ticket_id)}" if event.ticket_id is not None else ""
    text = f"  {day:>6} {moment:%H:%M:%S}  {event.actor.name.lower():8}  {kind}"
    text += f"  {where}{escaped_text(event.channel)}{ticket}"
    room = _WIDTH - len(effect)
    return (text if len(text) <= room else text[: room - 1] + "…") + effect


def _listed_conversations(explanation: Explanation) -> str:
    lines = []
    for part in explanation.conversations[:_EVENTS_LISTED_MAX]:
        facts = [counted(part.event_count, "event"), ", ".join(map(escaped_text, part.bots)) or "no bot"]
        facts.append(", ".join(map(escaped_text, part.channels)))
        facts += [f"ticket {escaped_text(ticket)} ({escaped_text(kind)})" for ticket, kind in part.tickets]
        lines.append(_wrapped(f"{escaped_text(part.conversation_id)}: {' · '.join(facts)}", indent="  "))
    hidden = len(explanation.conversations) - len(lines)
    more = [f"  … {counted(hidden, 'conversation')} more …"] if hidden else []
    return "\n".join(["What each conversation added:", *lines, *more])


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
