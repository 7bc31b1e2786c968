"""Appends without an event in any session, and the reason."""

from collections.abc import Iterable
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from botmeter.domain.event import Actor
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import ALWAYS_US
from botmeter.reports.snapshot import Parameters, open_snapshot

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

sql = statements_of(__name__)

_SPEAKERS: Final = (Actor.CUSTOMER, Actor.BOT)


class Uncounted(Enum):
    """Reason why no event of an append takes part in a session."""

    WAITING = auto()
    """They are metered within a second."""
    NO_BOT = auto()
    NO_MESSAGE = auto()
    """They are of agents or the system, or changes of a conversation."""
    BOTS_ALONE = auto()
    """Bots open no session, and none of the customer was open."""
    POLICY = auto()


class _Appended(NamedTuple):
    append_no: int
    waiting_count: int
    message_count: int
    customer_message_count: int
    bot_message_count: int
    ticket_count: int
    is_counted: bool


def uncounted_appends(ledger: "ReadableLedger", append_nos: Iterable[int]) -> dict[int, Uncounted]:
    """Reason by append, if nothing in it counts; deliveries of one commit share an append."""
    with_agents = any(term.policy.participants == "bot+agent" for term in ledger.schedule)
    actors = (*_SPEAKERS, Actor.AGENT) if with_agents else _SPEAKERS
    parameters: Parameters = {"append_nos": list(append_nos), "actors": [int(actor) for actor in actors]}
    if not parameters["append_nos"]:
        return {}
    with open_snapshot(ledger) as snapshot:
        [(first_us, last_us)] = snapshot.rows(sql("appended_span"), parameters)
        parameters["first_us"] = ALWAYS_US if first_us is None else max(ALWAYS_US, first_us - _reach_us(ledger))
        parameters["last_us"] = ALWAYS_US if last_us is None else last_us
        appended = [_Appended(*row) for row in snapshot.rows(sql("appended_events"), parameters)]
    return {one.append_no: _reason(one) for one in appended if not (one.is_counted or one.ticket_count)}


def _reach_us(ledger: "ReadableLedger") -> int:
    """Longest time from the start of a session to its events."""
    # Without it, an account with 1.6 million sessions is read in 0.6 s instead of 9 ms.
    durations = [term.policy.max_duration_us for term in ledger.schedule]
    return max((-ALWAYS_US if duration is None else duration for duration in durations), default=-ALWAYS_US)


def _reason(one: _Appended) -> Uncounted:
    if one.waiting_count:
        return Uncounted.WAITING
    if not one.message_count:
        return Uncounted.NO_MESSAGE
    if not one.bot_message_count:
        return Uncounted.NO_BOT
    return Uncounted.POLICY if one.customer_message_count else Uncounted.BOTS_ALONE
