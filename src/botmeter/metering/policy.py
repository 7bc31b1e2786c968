"""Policies: self-checking rules that turn events into sessions.

A policy is a set of optional limits; the earliest one reached closes a session.
Source: DESIGN.md §2; `docs/concepts/sessions.md` has the edge cases.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from botmeter.domain.errors import Refused
from botmeter.domain.time_zone import is_timezone

Scope = Literal["customer", "bot", "channel", "conversation"]
OpensOn = Literal["customer", "any", "outbound", "exchange"]
TurnOf = Literal["customer", "bot", "any", "exchange"]
EndsOn = Literal["customer_end", "resolved", "handoff", "restart"]
IdleClock = Literal["customer", "any"]
Calendar = Literal["day", "month"]
Participants = Literal["bot", "bot+agent"]

# The names that each parameter accepts.
NAMES_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "scope": get_args(Scope),
    "opens_on": get_args(OpensOn),
    "idle_clock": get_args(IdleClock),
    "calendar": get_args(Calendar),
    "turn_of": get_args(TurnOf),
    "ends_on": get_args(EndsOn),
    "participants": get_args(Participants),
}

# A century: longer than any data, and far from the end of int64 when an instant is added.
DURATION_US_MAX = 36_525 * 86_400_000_000
COUNT_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """Messages that a counted session must or must not have."""

    min_customer: int = 0
    min_bot: int = 0
    max_agent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Events that take part; no values mean all events."""

    bot: frozenset[str] = frozenset()
    bot_version: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Named, versioned rule. Durations are elapsed µs.

    Raises:
        Refused: `policy_invalid`.
    """

    name: str = "custom"
    version: int = 1
    scope: tuple[Scope, ...] = ("customer",)
    opens_on: OpensOn = "customer"
    max_duration_us: int | None = None
    idle_timeout_us: int | None = None
    idle_clock: IdleClock = "any"
    calendar: Calendar | None = None
    timezone: str = "UTC"
    max_turns: int | None = None
    turn_of: TurnOf = "customer"
    ends_on: frozenset[EndsOn] = frozenset()
    inclusive_end: bool = False
    match: Match = field(default_factory=Match)
    exclude: frozenset[str] = frozenset()
    participants: Participants = "bot"
    require: Require = field(default_factory=Require)

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise Refused("policy_invalid", f"Policy {self.label}: {problem}")

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Policy and the UTC midnight from which it opens sessions."""

    policy: Policy
    from_us: int


# Ascending by `from_us`. A session keeps the policy under which it opened.
Schedule = tuple[InForce, ...]

# Before the instant of any event.
ALWAYS_US = -(2**62)


def schedule_of(policy: Policy) -> Schedule:
    """Schedule of one policy, always in force."""
    return (InForce(policy=policy, from_us=ALWAYS_US),)


def in_force(schedule: Schedule, *, at_us: int) -> InForce:
    """Policy in force at an instant (µs UTC), or the first if the schedule begins later."""
    until_then = [term for term in schedule if term.from_us <= at_us]
    return until_then[-1] if until_then else schedule[0]


def ignores_order(policy: Policy) -> bool:
    """Test whether only its opening event affects a session."""
    return (
        policy.idle_timeout_us is None
        and policy.max_turns is None
        and not policy.ends_on
        and policy.opens_on != "exchange"
        and policy.require == Require()
    )


def _problems(policy: Policy) -> list[str]:
    return [*_wrong_names(policy), *_wrong_numbers(policy), *_contradictions(policy)]


def _wrong_names(policy: Policy) -> list[str]:
    scope, ends_on = policy.scope, tuple(sorted(policy.ends_on))
    names = {"scope": scope, "ends_on": ends_on, "calendar": (policy.calendar,) if policy.calendar is not None else ()}
    names |= {key: (getattr(policy, key),) for key in NAMES_ALLOWED if key not in names}
    texts = policy.match.bot | policy.match.bot_version | policy.match.channel | policy.exclude
    unknown = [
        f"{key} has the invalid value {name!r}. Use {', '.join(allowed)}."
        for key, allowed in NAMES_ALLOWED.items()
        for name in names[key]
        if name not in allowed
    ]
    checks = (
        (0 < len(policy.name) <= 64, "the name must have 1 to 64 characters."),
        # The label is name@version, and it goes into session ids and tables as it is.
        (policy.name.isprintable() and "@" not in policy.name, "the name can't contain @ or unprintable characters."),
        (bool(scope), "scope must name at least one of customer, bot, channel, conversation."),
        (len(set(scope)) == len(scope), "scope contains a name twice."),
        (all(policy.exclude), "exclude contains an empty name."),
        (all(map(_is_unicode, texts)), "match and exclude must be Unicode text, without lone surrogates."),
        (is_timezone(policy.timezone), f"timezone {policy.timezone!r} is not in the IANA time zone database."),
    )
    return [*unknown, *(sentence for holds, sentence in checks if not holds)]


def _wrong_numbers(policy: Policy) -> list[str]:
    checks = (
        (1 <= policy.version <= COUNT_MAX, f"version must be from 1 to {COUNT_MAX}, not {policy.version}."),
        (_within(policy.max_duration_us, DURATION_US_MAX), "max_duration must be above 0 and at most 36525d."),
        (_within(policy.idle_timeout_us, DURATION_US_MAX), "idle_timeout must be above 0 and at most 36525d."),
        (_within(policy.max_turns, COUNT_MAX), f"max_turns must be from 1 to {COUNT_MAX}, not {policy.max_turns}."),
        *(
            (count is None or 0 <= count <= COUNT_MAX, f"require.{key} must be from 0 to {COUNT_MAX}, not {count}.")
            for key in ("min_customer", "min_bot", "max_agent")
            for count in (getattr(policy.require, key),)
        ),
    )
    return [sentence for holds, sentence in checks if not holds]


def _contradictions(policy: Policy) -> list[str]:
    require = policy.require
    needed = {"customer": require.min_customer, "bot": require.min_bot, "any": require.min_customer + require.min_bot}
    limited_us = policy.max_duration_us is not None or policy.idle_timeout_us is not None
    checks = (
        (
            policy.calendar is not None or policy.timezone == "UTC",
            "timezone needs calendar, because no other limit depends on local time.",
        ),
        (
            not policy.inclusive_end or limited_us,
            "inclusive_end needs max_duration or idle_timeout: it includes an event at exactly that limit.",
        ),
        (
            policy.max_turns is None or needed.get(policy.turn_of, 0) <= policy.max_turns,
            f"require needs {needed.get(policy.turn_of)} messages, and max_turns = {policy.max_turns} allows fewer.",
        ),
    )
    return [sentence for holds, sentence in checks if not holds]


def _within(limit: int | None, most: int) -> bool:
    return limit is None or 0 < limit <= most


def _is_unicode(text: str) -> bool:
    # Return whether Arrow can store the text: JSON can contain half of a surrogate pair.
    return not any("\ud800" <= character <= "\udfff" for character in text)


FRESHCHAT = Policy(name="freshchat.session", max_duration_us=86_400_000_000)
"""The default policy. Source: crmsupport.freshworks.com, "What are Freddy sessions" (23:59 to 23:58)."""
