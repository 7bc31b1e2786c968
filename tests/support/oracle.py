"""Rules of metering in plain Python, written for clarity alone: the meter is proven against them.

Shares only policy fields and session naming with the meter. Slow on purpose: one event after the other, a list per
customer, dates as dates. Every paragraph of `docs/concepts/sessions.md` has its lines here.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from botmeter.domain.session import session_id
from botmeter.metering.policy import ALWAYS_US, Policy

# An event as a dict: source, event_id, occurred_at (µs UTC), conversation_id, customer_id, actor and
# kind by name, bot_id, bot_version, channel, preview, attributes (a dict or None).
Event = dict[str, Any]
Key = tuple[str | None, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENDS = ("customer_end", "resolved", "handoff")
_FIELD_OF_SCOPE = {
    "customer": "customer_id",
    "bot": "bot_id",
    "channel": "channel",
    "conversation": "conversation_id",
}


@dataclass
class OracleSession:
    """Session as it grows; `counted` is the expected result."""

    policy: Policy
    position: int
    key: Key
    opening: Event
    members: list[Event] = field(default_factory=list)
    turns: int = 0
    waiting: bool = False
    agent_messages: int = 0
    end_us: int | None = None
    closed_by: str = "open"
    closing: Event | None = None

    @property
    def session_id(self) -> str:
        opening = self.opening
        return session_id(self.policy.label, source=opening["source"], opening_event_id=opening["event_id"])

    @property
    def start_us(self) -> int:
        return int(self.opening["occurred_at"])

    @property
    def last_event_us(self) -> int:
        return max(event["occurred_at"] for event in self.members)

    @property
    def event_ids(self) -> list[tuple[str, str]]:
        """(source, event_id) of every member, in order."""
        return [(event["source"], event["event_id"]) for event in self.members]

    @property
    def preview(self) -> bool:
        return self.opening["preview"] is True

    @property
    def participations(self) -> Counter[tuple[str, tuple[str | None, str | None, str]]]:
        """Member count of each (conversation, touchpoint)."""
        return Counter(
            (event["conversation_id"], (event["bot_id"], event["bot_version"], event["channel"]))
            for event in self.members
        )

    def close(self, end_us: int | None, closed_by: str, *, closing: Event | None = None) -> None:
        self.end_us, self.closed_by, self.closing = end_us, closed_by, closing

    def messages_of(self, actor: str) -> list[Event]:
        return [event for event in self.members if _is_message(event) and event["actor"] == actor]

    def is_counted(self) -> bool:
        """True if the policy's requirements are met."""
        require = self.policy.require
        return (
            len(self.messages_of("customer")) >= require.min_customer
            and len(self.messages_of("bot")) >= require.min_bot
            and (require.max_agent is None or self.agent_messages <= require.max_agent)
        )


def sessions(events: Iterable[Event], schedule: Policy | list[tuple[Policy, int]]) -> list[OracleSession]:
    """Sessions of `events`, in the order of their opening events.

    Args:
        schedule: One policy, or several in ascending order, each with the µs from which it opens sessions.
    """
    if isinstance(schedule, Policy):
        schedule = [(schedule, ALWAYS_US)]
    later = sorted(events, key=event_order)
    sessions_found: list[OracleSession] = []
    for position, (policy, from_us) in enumerate(schedule):
        until_us = schedule[position + 1][1] if position + 1 < len(schedule) else None
        opened = _sessions_of_policy(later, policy, from_us=from_us, until_us=until_us)
        for session in opened:
            session.position = position
        # Later policies ignore a session's events, counted or not.
        participating = {event_id for session in opened for event_id in session.event_ids}
        later = [event for event in later if (event["source"], event["event_id"]) not in participating]
        sessions_found += [session for session in opened if session.is_counted()]
    return sorted(sessions_found, key=lambda session: event_order(session.opening))


def event_order(event: Event) -> tuple[int, int, str, str]:
    """Place of an event among all others."""
    rank = 0 if event["kind"] == "restart" else 2 if event["kind"] in _ENDS else 1
    return event["occurred_at"], rank, event["event_id"], event["source"]


def _sessions_of_policy(
    events: list[Event], policy: Policy, *, from_us: int, until_us: int | None
) -> list[OracleSession]:
    by_key: dict[Key, list[Event]] = {}
    for event in events:
        if _matches(event, policy):
            key = tuple(event[_FIELD_OF_SCOPE[name]] for name in policy.scope)
            by_key.setdefault(key, []).append(event)
    return [
        session
        for key, own in by_key.items()
        for session in _sessions_of_key(own, policy, key=key, from_us=from_us, until_us=until_us)
    ]


def _matches(event: Event, policy: Policy) -> bool:
    attributes = event["attributes"] or {}
    flags = {name for name in policy.exclude if name != "preview" and attributes.get(name) is True}
    if "preview" in policy.exclude and event["preview"] is True:
        flags.add("preview")
    match = policy.match
    return (
        not flags
        and (not match.bot or event["bot_id"] in match.bot)
        and (not match.bot_version or event["bot_version"] in match.bot_version)
        and (not match.channel or event["channel"] in match.channel)
    )


def _sessions_of_key(
    events: list[Event], policy: Policy, *, key: Key, from_us: int, until_us: int | None
) -> list[OracleSession]:
    made: list[OracleSession] = []
    current: OracleSession | None = None
    pending_side: str | None = None

    for event in events:
        now_us = event["occurred_at"]
        takes_part = _takes_part(event, policy)

        if current is not None and is_beyond(current, now_us):
            current.close(*_clock_end(current))
            current = None

        if event["kind"] in policy.ends_on:
            if current is not None:
                current.members += [event] if takes_part else []
                current.close(now_us, "end", closing=event)
                current = None
            continue

        if not takes_part:
            if current is not None:
                current.agent_messages += _is_message(event) and event["actor"] == "agent"
            continue

        if current is not None and _would_overflow(current, event):
            current.close(now_us, "turns", closing=event)
            current = None

        if current is not None:
            _join(current, event)
        elif _is_message(event):
            in_force = from_us <= now_us and (until_us is None or now_us < until_us)
            if in_force and _may_open(event, policy, pending_side=pending_side):
                current = OracleSession(policy=policy, position=0, key=key, opening=event)
                made.append(current)
                _join(current, event)
                pending_side = None
            else:
                pending_side = _side(event)

    if current is not None:
        current.close(*_clock_end(current))
    return made


def _is_message(event: Event) -> bool:
    return bool(event["kind"] == "message")


def _side(event: Event) -> str:
    return "customer" if event["actor"] == "customer" else "other"


def _takes_part(event: Event, policy: Policy) -> bool:
    if policy.participants == "bot":
        return event["actor"] in ("customer", "bot") and event["bot_id"] is not None
    return event["actor"] in ("customer", "bot", "agent")


def _may_open(event: Event, policy: Policy, *, pending_side: str | None) -> bool:
    match policy.opens_on:
        case "customer":
            return _side(event) == "customer"
        case "outbound":
            return _side(event) == "other"
        case "exchange":
            return pending_side is not None and pending_side != _side(event)
        case "any":
            return True


def _would_overflow(session: OracleSession, event: Event) -> bool:
    if not _is_message(event) or session.turns != session.policy.max_turns:
        return False
    match session.policy.turn_of:
        case "customer":
            return bool(event["actor"] == "customer")
        case "bot":
            return bool(event["actor"] == "bot")
        case "exchange":
            return event["actor"] == "customer" and not session.waiting
        case "any":
            return True


def _join(session: OracleSession, event: Event) -> None:
    session.members.append(event)
    if not _is_message(event):
        return
    actor, turn_of = event["actor"], session.policy.turn_of
    if actor == "agent":
        session.agent_messages += 1
    if turn_of in ("any", actor):
        session.turns += 1
    elif turn_of == "exchange" and actor == "customer":
        session.waiting = True
    elif turn_of == "exchange" and session.waiting:
        session.turns += 1
        session.waiting = False


def _clock_ends(session: OracleSession) -> list[tuple[int, str]]:
    """End by each time limit set; equal ones keep this order."""
    policy = session.policy
    ends: list[tuple[int, str]] = []
    if policy.max_duration_us is not None:
        ends.append((session.start_us + policy.max_duration_us, "duration"))
    if policy.idle_timeout_us is not None:
        messages = [event for event in session.members if _is_message(event)]
        if policy.idle_clock == "customer":
            messages = session.messages_of("customer")
        last_us = max((event["occurred_at"] for event in messages), default=session.start_us)
        ends.append((last_us + policy.idle_timeout_us, "idle"))
    if policy.calendar is not None:
        ends.append((_next_calendar_edge_us(session.start_us, policy), "calendar"))
    return ends


def _clock_end(session: OracleSession) -> tuple[int | None, str]:
    """Earliest of those ends, and its limit; None without limits."""
    return min(_clock_ends(session), key=lambda end: end[0], default=(None, "open"))


def is_beyond(session: OracleSession, now_us: int) -> bool:
    """True if the session is over at that instant."""
    for end_us, limit in _clock_ends(session):
        still_inside_at_end = session.policy.inclusive_end and limit != "calendar"
        if now_us > end_us or (now_us == end_us and not still_inside_at_end):
            return True
    return False


def _next_calendar_edge_us(start_us: int, policy: Policy) -> int:
    """First local midnight after the start that begins a day, or a month."""
    zone = ZoneInfo(policy.timezone)
    day_on = (_EPOCH + timedelta(microseconds=start_us)).astimezone(zone).date()
    while True:
        day_on += timedelta(days=1)
        if policy.calendar == "month" and day_on.day != 1:
            continue
        midnight = datetime(day_on.year, day_on.month, day_on.day, tzinfo=zone)
        edge_us = (midnight.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
        if edge_us > start_us:
            return edge_us
