"""Events of a session by day, runs of messages summarized."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from typing import Final

from botmeter.domain import text
from botmeter.domain.event import Actor, Kind
from botmeter.reports.explanation import ExplainedEvent, Explanation
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.pages.session.lines import Line, Step, effect_of, ending_lines, line_of, steps
from botmeter.web.rich_text import Word, Words, name_word, plain

LINES_MAX: Final = 60
EVENTS_A_PAGE: Final = 500
_SENDERS_MAX: Final = 3
_SENDERS: Final = {
    Actor.CUSTOMER: "the customer",
    Actor.BOT: "a bot",
    Actor.AGENT: "agents",
    Actor.SYSTEM: "the system",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventList:
    """Session's events by UTC day; `cut` notes hidden ones."""

    days: tuple[tuple[str, tuple[Line, ...]], ...]
    cut: str

    @property
    def is_summarized(self) -> bool:
        return bool(self.cut) or any(line.is_run for _, lines in self.days for line in lines)


def summarized_events(explanation: Explanation, *, urls: ReportUrls) -> EventList:
    """List events, with runs summarized."""
    lines = list(_summary_lines(explanation, urls))
    hidden = len(lines) - LINES_MAX
    cut = f"The first {LINES_MAX} lines are shown; {hidden:,} more are hidden before the end." if hidden > 0 else ""
    return EventList(days=_days([*lines[:LINES_MAX], *ending_lines(explanation, urls)]), cut=cut)


def all_events(explanation: Explanation, *, urls: ReportUrls, first: int) -> EventList:
    """List a page of events, after the `first` ones."""
    page = [*islice(steps(explanation), first, first + EVENTS_A_PAGE)]
    lines = [line_of(step, explanation, urls=urls) for step in page]
    count = len(explanation.events)
    is_last = first + len(lines) >= count
    if is_last:
        lines += ending_lines(explanation, urls)
    cut = "" if count <= EVENTS_A_PAGE else f"Events {first + 1:,} to {first + len(page):,} of {count:,}."
    return EventList(days=_days(lines), cut=cut)


def _days(lines: list[Line]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    return tuple((text.day_text(on), tuple(own)) for on, own in groupby(lines, key=lambda line: line.on))


def _summary_lines(explanation: Explanation, urls: ReportUrls) -> Iterator[Line]:
    run: list[Step] = []
    for step in steps(explanation):
        if run and (step.has_own_row or _run_key(run[0].event) != _run_key(step.event)):
            yield _run(run, explanation, urls=urls)
            run = []
        if step.has_own_row:
            yield line_of(step, explanation, urls=urls)
        else:
            run.append(step)
    if run:
        yield _run(run, explanation, urls=urls)


def _run_key(event: ExplainedEvent) -> tuple[date, bool, bool]:
    """Key of a run; consecutive equal keys share a row."""
    return text.in_zone(event.at_us, "UTC").date(), event.takes_part, event.kind is Kind.MESSAGE


def _run(run: list[Step], explanation: Explanation, *, urls: ReportUrls) -> Line:
    if len(run) == 1:
        return line_of(run[0], explanation, urls=urls)
    events = [step.event for step in run]
    noun = "message" if events[0].kind is Kind.MESSAGE else "note"
    first, last = (text.clock_text(event.at_us) for event in (events[0], events[-1]))
    return Line(
        on=text.in_zone(events[0].at_us, "UTC").date(),
        at=first if first == last else f"{first} {text.DASH} {last}",
        mark="bot" if events[0].takes_part else "agent",
        who=(plain(text.counted(len(events), noun)),),
        what=_senders(events),
        effect=effect_of(run[0], explanation),
        is_run=True,
    )


def _senders(events: list[ExplainedEvent]) -> Words:
    counts = Counter((event.actor, event.bot_name if event.actor is Actor.BOT else None) for event in events)
    # The customer first, then by message count.
    order = sorted(counts.items(), key=lambda entry: (entry[0][0] is not Actor.CUSTOMER, -entry[1]))
    words: list[Word] = []
    for (actor, bot_name), count in order[:_SENDERS_MAX]:
        words.append(plain(f"{', ' if words else ''}{text.count_text(count)} from "))
        words.append(plain(_SENDERS[actor]) if bot_name is None else name_word(bot_name))
    others = sum(count for _, count in order[_SENDERS_MAX:])
    return (*words, plain(f", {text.count_text(others)} from others")) if others else tuple(words)
