"""Pulls on a source's page."""

from dataclasses import dataclass

from botmeter.domain import text
from botmeter.live.pulls.schedule import PullSchedule
from botmeter.people.models import EventSource
from botmeter.sources.payloads.crawlers import PullApi
from botmeter.sources.payloads.pull_window import PullResult
from botmeter.web.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class PullCard:
    """Settings and last result of pulls; `state` is empty unless one runs or is requested."""

    api: PullApi
    is_set: bool
    state: str
    last: tuple[tuple[str, str], ...]
    fault: Notice | None


def pull_card(address: EventSource, api: PullApi, *, pulls: PullSchedule, zone: str) -> PullCard:
    """Build the card."""
    result = PullResult.from_mapping(address.pull_result)
    return PullCard(
        api=api,
        is_set=bool(address.pull_url),
        state=_state(address, pulls=pulls, zone=zone),
        last=_lines(result, zone=zone),
        fault=_fault(result),
    )


def _state(address: EventSource, *, pulls: PullSchedule, zone: str) -> str:
    since_us = pulls.running.since_us(address.account, address.name)
    if since_us is not None:
        return f"A pull has been running since {text.clock_text(since_us, zone=zone, seconds=True)}."
    if pulls.is_waiting(address.account, address.name):
        return "A pull is waiting for other sources to finish."
    return ""


def _lines(result: PullResult | None, *, zone: str) -> tuple[tuple[str, str], ...]:
    if result is None:
        return ()
    counts = {
        "Conversations read": result.conversation_count,
        "Messages and conversation starts received": result.seen,
        "Received before": result.known,
        "Added": result.accepted,
    }
    rare = {"Quarantined": result.refused, "Ignored": result.ignored, "Outside the period": result.outside}
    counts |= {what: count for what, count in rare.items() if count}
    return (
        ("Last pull", text.instant_text(result.began_us, zone=zone)),
        ("Messages since", text.instant_text(result.since_us, zone=zone)),
        *((what, text.count_text(count)) for what, count in counts.items()),
    )


def _fault(result: PullResult | None) -> Notice | None:
    if result is None or result.is_whole:
        return None
    consequence = f"{result.fault} Events pulled before are kept, and the next pull continues from there."
    return Notice(fact="The last pull was interrupted.", consequence=consequence, kind="warn")
