"""Random events, policies and schedules close to the limits of rules.

Times lie on a grid whose step divides every limit, so that events fall exactly on, just before and just after ends, and
often together. Few names, so that keys collide.
"""

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from botmeter.domain.instant import us_from_text
from botmeter.metering.policy import ALWAYS_US, COUNT_MAX, Match, Policy, Require

Event = dict[str, Any]

SECOND_US = 1_000_000
# Shortly before a local midnight, and a UTC midnight, of every zone drawn; DST begins in New York.
START_US = us_from_text("2026-03-07T21:00:00Z")
STEP_US = 15 * 60 * SECOND_US
LIMITS_US = [STEP_US, 3 * STEP_US, 4 * STEP_US, 8 * STEP_US, 12 * STEP_US, 96 * STEP_US]
FIXED_WINDOW = Policy(name="fixed", max_duration_us=8 * STEP_US)

_KINDS = ["message"] * 9 + [
    "conversation_created",
    "conversation_updated",
    "resolved",
    "handoff",
    "restart",
    "customer_end",
    "ticket_linked",
]
_ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo"]


def instants_us() -> st.SearchStrategy[int]:
    """Instants mostly close together, some days away; on the grid or a microsecond beside it."""
    steps = st.one_of(st.integers(0, 16), st.integers(0, 16), st.integers(0, 16), st.integers(0, 300))
    return st.builds(lambda step, off: START_US + step * STEP_US + off, steps, st.sampled_from([0, 0, 0, 0, -1, 1]))


# Values of each field, repeated by weight.
_VALUES: dict[str, list[Any]] = {
    "conversation_id": ["v1", "v2", "v3"],
    "customer_id": ["c1", "c1", "c1", "c2"],
    "actor": ["customer"] * 5 + ["bot"] * 4 + ["agent", "system"],
    "kind": _KINDS,
    "bot_id": ["b1", "b1", "b1", "b2", "b2", None],
    "bot_version": [None, "1", "2"],
    "channel": ["web", "web", "sms", "unknown"],
    "preview": [None, None, False, True],
    "attributes": [None, None, {}, {"test": True}, {"test": "true", "x": 1}, {"note": '"test": true', "test": False}],
}


def events() -> st.SearchStrategy[Event]:
    """Event without an id."""
    fields = {name: st.sampled_from(values) for name, values in _VALUES.items()}
    return st.fixed_dictionaries({"occurred_at": instants_us(), **fields})


@st.composite
def dense_event_lists(draw: st.DrawFn) -> list[Event]:
    """Many events in few hours, so that sessions are long; seeded, since Hypothesis draws short lists."""
    random = Random(draw(st.integers(0, 2**32)))
    span, count = random.choice([4, 12, 48, 192]), random.randint(10, 80)
    steps = [random.randint(0, span) for _ in range(count)]
    return _events_at([START_US + step * STEP_US + random.choice([0, 0, 0, 0, -1, 1]) for step in steps], random)


@st.composite
def crowded_event_lists(draw: st.DrawFn) -> list[Event]:
    """Many events at one to four instants, so that several sessions start at the same microsecond."""
    random = Random(draw(st.integers(0, 2**32)))
    instants = [START_US + random.randint(0, 12) * STEP_US for _ in range(random.randint(1, 4))]
    return _events_at(random.choices(instants, k=random.randint(4, 30)), random)


def _events_at(instants: list[int], random: Random) -> list[Event]:
    return [
        {
            "source": random.choice("st"),
            "event_id": f"{random.choice(['', 'é', 'z'])}{number}",
            "occurred_at": instant_us,
            **{name: random.choice(values) for name, values in _VALUES.items()},
        }
        for number, instant_us in zip(random.sample(range(len(instants)), len(instants)), instants, strict=True)
    ]


@st.composite
def event_lists(draw: st.DrawFn, *, max_size: int = 40) -> list[Event]:
    """Events with unique ids whose order is not that of time."""
    # Drawn lists are short, with hardly any session, unless their size is drawn first.
    size = draw(st.sampled_from([1, 8, 16, 24, max_size]))
    drawn = draw(st.lists(events(), min_size=size // 2, max_size=size))
    names = [f"{prefix}{number}" for number in range(len(drawn)) for prefix in ("", "é", "\U0001f600", "\uffff")]
    ids = draw(
        st.lists(
            st.tuples(st.sampled_from(["s", "t"]), st.sampled_from(names or ["0"])),
            min_size=len(drawn),
            max_size=len(drawn),
            unique=True,
        )
    )
    return [{**event, "source": source, "event_id": name} for event, (source, name) in zip(drawn, ids, strict=True)]


def _sets(names: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(names), max_size=2)


def _mostly_default(default: object, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda number: other if number == 5 else st.just(default))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any valid policy, with limits on the grid."""
    limits_us = st.sampled_from([None, None, None, *LIMITS_US])
    max_duration_us, idle_timeout_us = draw(limits_us), draw(limits_us)
    calendar = draw(st.sampled_from([None, None, "day", "month"]))
    participants = draw(st.sampled_from(["bot", "bot+agent"]))
    max_turns = draw(st.sampled_from([None, None, 1, 2, 2, 3]))
    most = COUNT_MAX if max_turns is None else max_turns
    return Policy(
        name=draw(st.sampled_from(["p", "q"])),
        scope=tuple(draw(st.sampled_from(_SCOPES))),
        opens_on=draw(st.sampled_from(["customer", "customer", "any", "outbound", "exchange"])),
        max_duration_us=max_duration_us,
        idle_timeout_us=idle_timeout_us,
        idle_clock=draw(st.sampled_from(["customer", "any"])),
        calendar=calendar,
        timezone=draw(st.sampled_from(_ZONES)) if calendar else "UTC",
        max_turns=max_turns,
        turn_of=draw(st.sampled_from(["customer", "bot", "any", "exchange"])),
        ends_on=draw(_mostly_default(frozenset(), _sets(["customer_end", "resolved", "handoff", "restart"]))),
        inclusive_end=draw(st.booleans()) and (max_duration_us or idle_timeout_us) is not None,
        match=Match(
            bot=draw(_mostly_default(frozenset(), _sets(["b1", "b2"]))),
            bot_version=draw(_mostly_default(frozenset(), _sets(["1", "2"]))),
            channel=draw(_mostly_default(frozenset(), _sets(["web", "sms"]))),
        ),
        exclude=draw(_mostly_default(frozenset(), _sets(["preview", "test"]))),
        participants=participants,
        require=Require(
            min_customer=draw(_mostly_default(0, st.integers(0, min(2, most // 2)))),
            min_bot=draw(_mostly_default(0, st.integers(0, min(2, most // 2)))),
            max_agent=draw(_mostly_default(None, st.integers(0, 2))),
        ),
    )


def turn_policies() -> st.SearchStrategy[Policy]:
    """Policies whose sessions can end and start at the same instant."""
    return st.builds(
        lambda policy, most, least: replace(policy, max_turns=most, require=Require(min_customer=min(most, least))),
        policies(),
        st.sampled_from([1, 1, 2, 3]),
        st.sampled_from([0, 0, 0, 1, 2]),
    )


_SCOPES = [
    ["customer"],
    ["customer"],
    ["customer", "bot"],
    ["customer", "channel"],
    ["conversation"],
    ["bot"],
    ["channel", "customer", "bot", "conversation"],
]


@st.composite
def schedules(draw: st.DrawFn, rules: st.SearchStrategy[Policy] | None = None) -> list[tuple[Policy, int]]:
    """One to three policies, ascending; the first mostly from the beginning."""
    rules = policies() if rules is None else rules
    count = draw(st.sampled_from([1, 1, 2, 3]))
    starts_us = sorted(draw(st.lists(instants_us(), min_size=count, max_size=count, unique=True)))
    if draw(st.integers(0, 3)):
        starts_us[0] = ALWAYS_US
    return [(draw(rules), start_us) for start_us in starts_us]
