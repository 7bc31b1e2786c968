"""Laws of what a ledger keeps in memory of its latest events and sessions: the tables are as if it had none."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import START_US, STEP_US, dense_event_lists
from tests.support.facts import filled_ledger
from tests.support.ledgers import Schedule, append_events, ledger_in_memory
from tests.support.live_batches import append_live, live_batch
from tests.support.table_meaning import table_meaning, whole_meaning

from botmeter.ledger import late_keys
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from support.examples import examples

Event = dict[str, Any]

FEW = examples(cost=30, shrinks=False)
SCHEDULES: dict[str, Schedule] = {
    "the default": [(FRESHCHAT, ALWAYS_US)],
    "a short window": [(Policy(max_duration_us=8 * STEP_US, inclusive_end=True), ALWAYS_US)],
    "a calendar": [(Policy(calendar="day", timezone="Asia/Kathmandu"), ALWAYS_US)],
    "no limit": [(Policy(participants="bot+agent", exclude=frozenset(["test"])), ALWAYS_US)],
    "conversations": [(Policy(scope=("conversation",), max_duration_us=4 * STEP_US), ALWAYS_US)],
    "bots": [(Policy(scope=("bot",), max_duration_us=4 * STEP_US, opens_on="any"), ALWAYS_US)],
    "channels": [(Policy(scope=("channel", "customer"), max_duration_us=12 * STEP_US), ALWAYS_US)],
    "another window": [
        (FRESHCHAT, ALWAYS_US),
        (Policy(name="later", max_duration_us=4 * STEP_US), START_US + 20 * STEP_US),
    ],
    "idle": [(Policy(idle_timeout_us=3 * STEP_US), ALWAYS_US)],
}


@st.composite
def nearly_in_order(draw: st.DrawFn) -> list[list[Event]]:
    """Events in pieces as a running service sends them: some late, some twice, some with a ticket."""
    random = Random(draw(st.integers(0, 2**32)))
    events = draw(dense_event_lists())
    for each in events:
        each["ticket_id"] = random.choice([*[None] * 8, "t1", "t2"])
        each["ticket_type"] = random.choice(["refund", None]) if each["ticket_id"] else None
        each["bot_name"] = random.choice([None, "Anna", "Berta"]) if each["bot_id"] is not None else None
        each["attributes"] = random.choice([None, None, {"test": True}])
    late_us = random.choice([0, 2, 40, 200]) * STEP_US
    ordered = sorted(
        events, key=lambda each: each["occurred_at"] + (random.randint(0, late_us) if random.random() < 0.1 else 0)
    )
    pieces, start = [], 0
    while start < len(ordered):
        end = start + random.choice([1, 2, 5, 20])
        again = random.choices(ordered[:end], k=random.choice([0, 0, 2]))
        pieces.append([*ordered[start:end], *again])
        start = end
    return pieces


def send(ledger: Ledger, piece: list[Event], *, is_live: bool, now_us: int) -> None:
    if not is_live:
        append_events(ledger, *piece, now_us=now_us)
        return
    sources = sorted({each["source"] for each in piece})
    append_live(ledger, *(live_batch([each for each in piece if each["source"] == source]) for source in sources))
    settle(ledger, now_us=now_us)


def filled(pieces: list[list[Event]], schedule: Schedule, *, is_live: bool, forgets: set[int]) -> Ledger:
    ledger, now_us = ledger_in_memory(schedule), 0
    for number, piece in enumerate(pieces):
        now_us = max(now_us, *(each["occurred_at"] for each in piece))
        send(ledger, piece, is_live=is_live, now_us=now_us)
        if number in forgets:
            ledger.reload()
    return ledger


def assert_memory_changes_nothing(
    pieces: list[list[Event]], schedule: Schedule, *, is_live: bool, forgets: set[int]
) -> None:
    ledger = filled(pieces, schedule, is_live=is_live, forgets=forgets)
    result = verify(ledger)
    assert result.is_clean, "\n".join(str(difference) for difference in result.differences)
    events = {(each["source"], each["event_id"]): each for piece in pieces for each in piece}
    assert table_meaning(ledger) == table_meaning(filled_ledger(events.values(), schedule))
    with pytest.MonkeyPatch.context() as patch:
        # Any late event has its keys metered from the tables.
        patch.setattr(late_keys, "LATE_KEYS_MAX", 0)
        assert whole_meaning(ledger) == whole_meaning(filled(pieces, schedule, is_live=is_live, forgets=forgets))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "the default" else pytest.mark.slow) for name in SCHEDULES]
)
@FEW
@given(nearly_in_order(), st.booleans(), st.sets(st.integers(0, 12), max_size=3))
def test_events_nearly_in_order_give_what_the_oracle_says(
    name: str, pieces: list[list[Event]], is_live: bool, forgets: set[int]
) -> None:
    assert_memory_changes_nothing(pieces, SCHEDULES[name], is_live=is_live, forgets=forgets)
