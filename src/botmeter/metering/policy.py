"""A policy: the rule that turns events into sessions, as a value that checks itself.

A policy is a set of optional limits; a session closes at the earliest that it reaches. What the
parameters do to events is decided in `kernel`; here is only what a policy may be.
Source: DESIGN.md §2; the parameters and their edge cases are in `docs/concepts/sessions.md`.
"""

from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from botmeter.domain.errors import Refused

Scope = Literal["customer", "bot", "channel", "conversation"]
OpensOn = Literal["customer", "any", "outbound", "exchange"]
TurnOf = Literal["customer", "bot", "any", "exchange"]
EndsOn = Literal["customer_end", "resolved", "handoff", "restart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """Messages that a session must, or must not, hold to be counted at all."""

    min_customer: int = 0
    min_bot: int = 0
    max_agent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The events that a policy looks at: all values empty means all events."""

    bot: frozenset[str] = frozenset()
    bot_version: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A named, versioned rule. Durations are µs of elapsed time.

    Raises:
        Refused: `policy_invalid`, with a sentence, for a combination that can't be.
    """

    name: str = "custom"
    version: int = 1
    scope: tuple[Scope, ...] = ("customer",)
    opens_on: OpensOn = "customer"
    max_duration_us: int | None = None
    idle_timeout_us: int | None = None
    idle_clock: Literal["customer", "any"] = "any"
    calendar: Literal["day", "month"] | None = None
    timezone: str = "UTC"
    max_turns: int | None = None
    turn_of: TurnOf = "customer"
    ends_on: frozenset[EndsOn] = frozenset()
    inclusive_end: bool = False
    match: Match = field(default_factory=Match)
    exclude: frozenset[str] = frozenset()
    participants: Literal["bot", "bot+agent"] = "bot"
    require: Require = field(default_factory=Require)

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise Refused("policy_invalid", f"Policy {self.label}: {problem}")

    @property
    def label(self) -> str:
        """`name@version`, as reports and session ids carry it."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A policy and the UTC midnight from which on it opens sessions."""

    policy: Policy
    from_us: int


# Ascending by `from_us`. A session keeps the policy under which it opened.
Schedule = tuple[InForce, ...]

# Before any instant an event can carry.
ALWAYS_US = -(2**62)


def schedule_of(policy: Policy) -> Schedule:
    """The schedule of one policy that was always in force."""
    return (InForce(policy=policy, from_us=ALWAYS_US),)


FRESHCHAT = Policy(name="freshchat.session", max_duration_us=86_400_000_000)
"""The default policy. Source: crmsupport.freshworks.com, "What are Freddy sessions" (23:59 to 23:58)."""


def _problems(policy: Policy) -> list[str]:
    checks = (
        (bool(policy.name) and len(policy.name) <= 64, "its name must have 1 to 64 characters."),
        (policy.version >= 1, f"version must be 1 or more, not {policy.version}."),
        (bool(policy.scope), "scope must name at least one of customer, bot, channel, conversation."),
        (len(set(policy.scope)) == len(policy.scope), "scope names something twice."),
        (_positive(policy.max_duration_us), "max_duration must be longer than nothing."),
        (_positive(policy.idle_timeout_us), "idle_timeout must be longer than nothing."),
        (_positive(policy.max_turns), f"max_turns must be 1 or more, not {policy.max_turns}."),
        (_is_zone(policy.timezone), f"timezone {policy.timezone!r} is not in the IANA time zone database."),
        (policy.calendar is not None or policy.timezone == "UTC", "timezone needs calendar: no other limit looks at a clock on a wall."),
        (
            not policy.inclusive_end or policy.max_duration_us is not None or policy.idle_timeout_us is not None,
            "inclusive_end needs max_duration or idle_timeout: it says whether an event at exactly the limit is inside.",
        ),
        (min(policy.require.min_customer, policy.require.min_bot, policy.require.max_agent or 0) >= 0, "require can't ask for fewer than 0 messages."),
        (
            policy.require.max_agent is None or policy.participants == "bot" or policy.require.max_agent > 0,
            "participants = \"bot+agent\" lets agents in, and require.max_agent = 0 throws each such session out.",
        ),
    )
    return [sentence for holds, sentence in checks if not holds]


def _positive(limit: int | None) -> bool:
    return limit is None or limit > 0


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
