from datetime import date
from typing import Any

import msgspec
import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger import partitions
from botmeter.metering.policy import FRESHCHAT, Policy, Require
from botmeter.metering.preset import preset
from botmeter.reports.filters import Filters
from botmeter.reports.query import UsageQuery
from botmeter.reports.simulate import Simulation, simulate
from support.facts import event, filled_ledger

HOUR_US = 3_600_000_000
EVERYTHING = Filters()
NOVEMBER = Period(first_on=date(2026, 11, 1), last_on=date(2026, 11, 30))


def at(text: str) -> int:
    return us_from_text(f"2026-11-{text}Z")


def simulated(events: list[Any], *policies: Policy, filters: Filters = EVERYTHING) -> Simulation:
    ledger = filled_ledger(events)
    answer = simulate(ledger, UsageQuery(period=NOVEMBER, filters=filters), policies=policies)
    ledger.connection.close()
    return answer


# One customer on one day: three messages an hour apart, two of them to another bot, then an hour of silence.
MORNING = [
    event("1", at("20T08:00:00")),
    event("2", at("20T09:00:00"), bot_id="b2"),
    event("3", at("20T11:00:00"), bot_id="b2"),
]


@pytest.mark.parametrize(
    ("policy", "sessions", "more"),
    [
        (Policy(max_duration_us=HOUR_US), 3, {"duration": 2}),
        (Policy(idle_timeout_us=HOUR_US + 1), 2, {"idle": 1}),
        (Policy(max_turns=2), 2, {"turns": 1}),
        (Policy(scope=("customer", "bot"), max_duration_us=24 * HOUR_US), 2, {"scope": 1}),
        (Policy(scope=("customer", "bot"), max_turns=1), 3, {"scope": 1, "turns": 1}),
        (FRESHCHAT, 1, {}),
    ],
)
def test_more_sessions_are_explained_by_the_limit_that_closed_the_one_before(policy, sessions, more) -> None:
    answer = simulated(MORNING, FRESHCHAT, policy)
    assert [outcome.session_count for outcome in answer.outcomes] == [1, sessions]
    assert answer.differences[0].more == more
    assert answer.differences[0].fewer == {}


def test_sessions_of_one_instant_are_explained_in_the_order_of_their_events() -> None:
    together = [event(f"{n}", at("20T08:00:00")) for n in range(9)]
    answer = simulated(together, FRESHCHAT, preset("lex.request").policy)
    assert [outcome.session_count for outcome in answer.outcomes] == [1, 9]
    assert (answer.differences[0].more, answer.differences[0].fewer) == ({"turns": 8}, {})


def test_fewer_sessions_are_explained_by_the_limit_of_the_first_policy() -> None:
    difference = simulated(MORNING, Policy(max_duration_us=HOUR_US), FRESHCHAT).differences[0]
    assert (difference.session_count, difference.more, difference.fewer) == (-2, {}, {"duration": 2})


@pytest.mark.parametrize(
    "stricter",
    [
        Policy(exclude=frozenset({"preview"}), max_duration_us=24 * HOUR_US),
        Policy(require=Require(min_bot=1), max_duration_us=24 * HOUR_US),
        Policy(opens_on="outbound", max_duration_us=24 * HOUR_US),
    ],
)
def test_sessions_that_a_policy_excludes_are_explained_as_such(stricter: Policy) -> None:
    difference = simulated([event("1", at("20T08:00:00"), preview=True)], FRESHCHAT, stricter).differences[0]
    assert (difference.session_count, difference.fewer) == (-1, {"taking_part": 1})


def test_a_flag_in_the_attributes_excludes_an_event() -> None:
    flagged = [event("1", at("20T08:00:00"), attributes={"test": True}), event("2", at("20T09:00:00"))]
    without = Policy(exclude=frozenset({"test"}), max_duration_us=24 * HOUR_US)
    answer = simulated(
        [*flagged, event("3", at("20T09:30:00"), customer_id="c2", attributes={"test": True})], FRESHCHAT, without
    )
    assert [outcome.session_count for outcome in answer.outcomes] == [2, 1]


def test_a_session_that_began_before_the_period_covers_its_first_hours() -> None:
    events = [
        event("1", us_from_text("2026-10-31T20:00:00Z")),
        event("2", at("01T08:00:00")),
        event("3", at("01T21:00:00")),
    ]
    assert simulated(events, FRESHCHAT).outcomes[0].session_count == 1


def test_what_a_policy_requires_may_come_after_the_period() -> None:
    late = us_from_text("2026-12-01T00:10:00Z")
    events = [event("1", at("30T23:50:00")), event("2", late, actor="bot")]
    answered = Policy(require=Require(min_bot=1), max_duration_us=24 * HOUR_US)
    assert simulated(events, answered).outcomes[0].session_count == 1


def test_filters_apply_to_the_sessions_of_every_policy() -> None:
    answer = simulated(MORNING, FRESHCHAT, Policy(max_turns=1), filters=Filters(bot=("b2",)))
    assert [outcome.session_count for outcome in answer.outcomes] == [1, 2]
    assert answer.differences[0].more == {"turns": 2}
    assert answer.differences[0].fewer == {"filters": 1}


@pytest.mark.parametrize("filters", [Filters(opened_by=("b1",)), Filters(hour=("fri-08",))])
def test_a_filter_that_simulations_lack_is_refused(filters: Filters) -> None:
    with pytest.raises(Refused, match="can.t be filtered by") as refusal:
        simulated(MORNING, FRESHCHAT, filters=filters)
    assert refusal.value.code == "filter_not_simulated"


@pytest.mark.slow
def test_metering_the_events_in_partitions_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [event(f"{n}", at("20T08:00:00") + n * HOUR_US, customer_id=f"c{n % 7}") for n in range(60)]
    policies = (FRESHCHAT, Policy(max_duration_us=2 * HOUR_US))
    whole = simulated(events, *policies)
    monkeypatch.setattr(partitions, "PARTITION_EVENTS_MAX", 7)
    assert simulated(events, *policies) == whole
    by_conversation = Policy(scope=("conversation",))
    assert simulated(events, by_conversation, FRESHCHAT).outcomes[0].session_count == 1


def test_the_simulation_as_json_has_units_side_by_side() -> None:
    answer = msgspec.to_builtins(simulated(MORNING, FRESHCHAT, Policy(name="short", max_duration_us=HOUR_US)))
    assert answer["policies"][1] == {
        "policy": "short@1",
        "sessions": 3,
        "by_month": [{"month": "2026-11", "sessions": 3}],
        "by_bot": [
            {"bot_id": "b2", "bot_name": "b2", "opened": 2},
            {"bot_id": "b1", "bot_name": "b1", "opened": 1},
        ],
        "by_channel": [{"channel": "web", "opened": 3}],
        "closed_by": {"open": 0, "duration": 3, "idle": 0, "calendar": 0, "turns": 0, "end": 0},
    }
    assert answer["differences"] == [
        {"policy": "short@1", "against": "freshchat.session@1", "sessions": 2, "more": {"duration": 2}, "fewer": {}}
    ]
