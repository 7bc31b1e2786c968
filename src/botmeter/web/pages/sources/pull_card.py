"""The part of a source's page that says how the platform is asked for what it did not deliver, and what came of it."""

from dataclasses import dataclass

from django import forms

from botmeter.domain import text
from botmeter.domain.source import Source
from botmeter.live.pulls.run import last_result, running_since_us
from botmeter.live.pulls.schedule import PullSchedule
from botmeter.people.models import EventSource
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.pull_window import PullResult
from botmeter.web.notices import Notice
from botmeter.web.pages.sources.forms import PullForm


@dataclass(frozen=True, slots=True, kw_only=True)
class PullCard:
    """How the platform is asked for what it did not deliver.

    Attributes:
        why: Why one would, and where the token is found.
        is_set: It is asked.
        state: What is going on now; empty: nothing.
        last: What came of it last: what, and how many or when.
        fault: What cut the last time off; None: nothing.
        unknown: What asking can't find.
    """

    why: str
    is_set: bool
    state: str
    last: tuple[tuple[str, str], ...]
    fault: Notice | None
    unknown: str
    form: forms.Form


def pull_card(
    source: Source, address: EventSource | None, *, pulls: PullSchedule, form: forms.Form | None, zone: str
) -> PullCard | None:
    """The part; None: the platform is not asked.

    Args:
        pulls: The schedule, in which the source may wait for its turn.
        form: The form that was refused; None: a fresh one.
        zone: Of times.
    """
    api = connector_of(source.platform).pull
    if api is None or address is None:
        return None
    result = last_result(address.account, source.name)
    return PullCard(
        why=api.help,
        is_set=bool(address.pull_url),
        state=_state(address, pulls=pulls, zone=zone),
        last=_lines(result, zone=zone),
        fault=_fault(result),
        unknown=api.limits,
        form=form or PullForm(address=address, api=api),
    )


def _state(address: EventSource, *, pulls: PullSchedule, zone: str) -> str:
    since_us = running_since_us(address.account, address.name)
    if since_us is not None:
        return f"It is being asked since {text.clock_text(since_us, zone=zone, seconds=True)}."
    if pulls.is_waiting(address.account, address.name):
        return "It is asked as soon as others are done."
    return ""


def _lines(result: PullResult | None, *, zone: str) -> tuple[tuple[str, str], ...]:
    if result is None:
        return ()
    counts = {
        "Conversations looked at": result.conversation_count,
        "Messages and beginnings seen": result.seen,
        "Known already": result.known,
        "Missing, and there now": result.accepted,
    }
    seldom = {"Refused": result.refused, "Never count": result.ignored, "Older or younger": result.outside}
    counts |= {what: count for what, count in seldom.items() if count}
    return (
        ("Asked last", text.instant_text(result.began_us, zone=zone)),
        ("For messages since", text.instant_text(result.since_us, zone=zone)),
        *((what, text.count_text(count)) for what, count in counts.items()),
    )


def _fault(result: PullResult | None) -> Notice | None:
    if result is None or result.is_whole:
        return None
    kept = "What it gave until then is kept, and the next time goes on from there."
    return Notice(fact="The last time was cut off.", consequence=f"{result.fault} {kept}", kind="warn")
