"""The demo's events as a whole: the same for a seed, stable over days, well formed."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.unit.demo.demo_account import NOW_US, Demo, demo_events

from botmeter.demo import DEMO_ACCOUNT, DEMO_SEED, DEMO_TITLE, demo_batches
from botmeter.domain.account import AVAILABLE_FROM_DEFAULT, Account
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import DAY_US, text_from_us, us_from_text
from botmeter.domain.period import day_start_us
from botmeter.metering.schema import EVENTS_SCHEMA
from botmeter.sources.times.clock import Clock
from botmeter.sources.validation import event_from_record

FEW = 30_000


def rows_by_id(events: pa.Table) -> dict[str, dict[str, object]]:
    return {row["event_id"]: row for row in events.to_pylist()}


def test_the_account_has_a_name_that_an_account_can_have() -> None:
    assert Account(name=DEMO_ACCOUNT, title=DEMO_TITLE).name == DEMO_ACCOUNT


def test_the_same_seed_gives_the_same_events() -> None:
    now = "2024-05-07T15:30:00Z"
    assert demo_events(now, events=FEW).equals(demo_events(now, events=FEW))


def test_another_seed_gives_other_events() -> None:
    now = "2023-05-07T15:30:00Z"
    one, other = (set(demo_events(now, events=FEW, seed=seed)["event_id"].to_pylist()) for seed in (1, 2))
    assert not one & other


@pytest.mark.slow
def test_the_demo_of_a_later_day_of_the_month_has_the_same_history() -> None:
    early = demo_events("2025-07-05T10:00:00Z", events=FEW)
    late = demo_events("2025-07-30T23:59:59Z", events=FEW)
    assert len(late) > len(early)
    assert late.slice(0, len(early)).equals(early)


@pytest.mark.slow
def test_the_demo_of_a_later_hour_has_the_same_morning() -> None:
    early = demo_events("2025-07-05T10:00:00Z", events=FEW)
    late = demo_events("2025-07-05T22:00:00Z", events=FEW)
    assert late.slice(0, len(early)).equals(early)


@pytest.mark.slow
def test_in_a_later_month_what_remains_of_history_is_the_same() -> None:
    earlier_at = "2025-07-30T23:59:59Z"
    before, after = rows_by_id(demo_events(earlier_at, events=FEW)), demo_events("2025-08-02T10:00:00Z", events=FEW)
    past = rows_by_id(after.filter(pc.less_equal(after["occurred_at"], us_from_text(earlier_at))))
    assert 0.9 * len(before) < len(past) < len(before)
    assert all(before[event_id] == row for event_id, row in past.items())


@pytest.mark.slow
def test_batches_are_event_tables_of_a_quarter_million_with_positions_running_on() -> None:
    batches = list(demo_batches(seed=DEMO_SEED, now_us=us_from_text("2023-01-15T12:00:00Z"), events=600_000))
    assert [len(batch.events) for batch in batches[:-1]] == [250_000] * (len(batches) - 1)
    assert all(batch.events.schema == EVENTS_SCHEMA for batch in batches)
    assert all(batch.rejections == () for batch in batches)
    position = 0
    for batch in batches:
        assert batch.positions.equals(pa.array(range(position, position + len(batch.events)), pa.int64()))
        position += len(batch.events)


@pytest.mark.slow
def test_events_come_in_order_of_time(demo: Demo) -> None:
    at = demo.events["occurred_at"].to_numpy()
    assert (at[1:] >= at[:-1]).all()


@pytest.mark.slow
def test_there_are_about_a_million_events(demo: Demo) -> None:
    assert 950_000 <= len(demo.events) <= 1_050_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "now", ["2025-02-28T23:59:59Z", "2025-12-31T23:59:59Z", "2026-12-01T00:30:00Z", "2028-07-15T12:00:00Z"]
)
def test_there_are_about_as_many_events_on_any_day(now: str) -> None:
    assert 95_000 <= len(demo_events(now, events=100_000)) <= 105_000


@pytest.mark.slow
def test_nothing_happens_after_now(demo: Demo) -> None:
    last_us = pc.max(demo.events["occurred_at"]).as_py()
    assert NOW_US - DAY_US / 24 < last_us <= NOW_US


def test_nothing_happens_before_the_first_day_of_data(demo: Demo) -> None:
    first_us = pc.min(demo.events["occurred_at"]).as_py()
    assert day_start_us(AVAILABLE_FROM_DEFAULT) <= first_us < day_start_us(AVAILABLE_FROM_DEFAULT) + DAY_US


def test_before_the_first_day_of_data_there_is_nothing() -> None:
    assert list(demo_batches(seed=DEMO_SEED, now_us=us_from_text("2022-02-03T23:59:59Z"))) == []


def test_on_the_first_day_the_demo_has_already_begun() -> None:
    assert len(demo_events("2022-02-04T18:00:00Z", events=FEW)) > 0


@pytest.mark.slow
def test_no_two_events_share_an_id(demo: Demo) -> None:
    assert pc.count_distinct(demo.events["event_id"]).as_py() == len(demo.events)


@pytest.mark.parametrize(
    ("column", "prefix"),
    [("event_id", "evt_"), ("conversation_id", "conv_"), ("customer_id", "cus_"), ("ticket_id", "HD-")],
)
def test_ids_say_what_they_name_and_are_short(demo: Demo, column: str, prefix: str) -> None:
    ids = demo.events[column].drop_null()
    assert pc.all(pc.starts_with(ids, prefix)).as_py()
    assert pc.max(pc.binary_length(ids)).as_py() <= 20


def test_a_conversation_has_one_customer_and_one_channel(demo: Demo) -> None:
    grouped = pa.table(
        {name: demo.events[name].cast(pa.string()) for name in ("conversation_id", "customer_id", "channel")}
    ).group_by(["conversation_id"])
    counts = grouped.aggregate([("customer_id", "count_distinct"), ("channel", "count_distinct")])
    assert pc.max(counts["customer_id_count_distinct"]).as_py() == 1
    assert pc.max(counts["channel_count_distinct"]).as_py() == 1


def test_a_ticket_has_one_type(demo: Demo) -> None:
    tickets = pa.table({name: demo.events[name].cast(pa.string()) for name in ("ticket_id", "ticket_type")})
    counts = tickets.group_by(["ticket_id"]).aggregate([("ticket_type", "count_distinct")])
    assert pc.max(counts["ticket_type_count_distinct"]).as_py() == 1


def test_an_event_names_a_bot_wholly_or_not_at_all(demo: Demo) -> None:
    named = [demo.events[name].is_valid() for name in ("bot_id", "bot_name", "bot_version")]
    assert named[0].equals(named[1])
    assert named[0].equals(named[2])


def test_every_event_would_pass_the_rule_of_sources(demo: Demo) -> None:
    for row in demo.events.take(pa.array(range(0, len(demo.events), 211))).to_pylist():
        sent = {
            **row,
            "occurred_at": text_from_us(row["occurred_at"]),
            "actor": Actor(row["actor"]).name.lower(),
            "kind": Kind(row["kind"]).name.lower(),
        }
        assert event_from_record(sent, clock=Clock(), default_channel="unknown") == (row, [])
