"""The admission rule by itself: identity, content field by field, pulled and erased events, atomic deliveries."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.support.ledgers import Event, batch, event

from botmeter.domain.event import FIELDS
from botmeter.metering.admission import (
    CONTENT_FIELDS,
    PULLED_FIELDS,
    EventDeliveries,
    Outcome,
    admission,
    rows_outside_time,
)
from botmeter.metering.columns import repeated_text

AT = "2026-03-01T10:00"
FIRST = event(
    "1",
    f"{AT}:00Z",
    bot_name="Order bot",
    bot_version="3",
    ticket_id="t1",
    ticket_type="refund",
    preview=False,
    attributes={"a": 1},
)
OTHER_VALUES: dict[str, Any] = {
    "occurred_at": FIRST["occurred_at"] + 1,
    "conversation_id": "v2",
    "customer_id": "c2",
    "actor": "bot",
    "kind": "resolved",
    "bot_id": "b2",
    "bot_name": "Another name",
    "bot_version": "4",
    "channel": "sms",
    "ticket_id": "t2",
    "ticket_type": "delivery",
    "preview": True,
    "attributes": {"a": 2},
}
OPTIONAL_FIELDS = ("bot_id", "bot_name", "bot_version", "ticket_id", "ticket_type", "preview", "attributes")


def table(events: Sequence[Event], **flags: Sequence[bool]) -> pa.Table:
    """The events as `admission` takes them."""
    made = batch(events).events
    sources = pa.array([each["source"] for each in events], pa.string())
    made = made.append_column("source", sources.dictionary_encode())
    for name, values in flags.items():
        made = made.append_column(name, pa.array(values))
    return made


def stored(*events: Event, rows: Sequence[int] = (0,), **flags: Sequence[bool]) -> pa.Table:
    """The events as the stored ones that have the identities of those rows."""
    return table(events, **flags).append_column("row", pa.array(rows, pa.int64()))


def outcomes(events: Sequence[Event], **more: Any) -> list[str]:
    return [Outcome(number).name.lower() for number in admission(table(events), **more).outcomes.tolist()]


def deliveries(*counts: int, atomic: Sequence[int] = (), withdrawn: Sequence[int] = ()) -> EventDeliveries:
    """Deliveries of so many events each."""
    numbers = np.repeat(np.arange(len(counts)), counts)
    return EventDeliveries(
        numbers=numbers,
        is_atomic=np.isin(np.arange(len(counts)), atomic),
        is_withdrawn=np.isin(np.arange(len(counts)), withdrawn),
    )


def test_events_with_ids_of_their_own_are_accepted() -> None:
    assert outcomes([FIRST, {**FIRST, "event_id": "2"}, {**FIRST, "source": "other"}]) == ["accepted"] * 3


def test_a_batch_without_events_has_no_outcomes() -> None:
    assert outcomes([]) == []
    assert outcomes([], stored=stored(rows=())) == []


def test_the_content_is_every_field_of_the_contract_but_the_id() -> None:
    assert set(CONTENT_FIELDS) == set(OTHER_VALUES) == set(FIELDS) - {"event_id"}


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "in the same batch"])
@pytest.mark.parametrize("name", CONTENT_FIELDS)
def test_another_value_of_any_field_is_a_conflict(name: str, is_stored: bool) -> None:
    values = [OTHER_VALUES[name]] + ([None] if name in OPTIONAL_FIELDS else [])
    for value in values:
        for first, second in ((FIRST, {**FIRST, name: value}), ({**FIRST, name: value}, FIRST)):
            if is_stored:
                assert outcomes([second], stored=stored(first)) == ["conflict"]
            else:
                assert outcomes([first, second]) == ["accepted", "conflict"]


@pytest.mark.parametrize("empty", [(), OPTIONAL_FIELDS], ids=["all fields", "required fields alone"])
def test_the_same_content_is_a_duplicate_of_a_stored_event_or_of_an_earlier_row(empty: Sequence[str]) -> None:
    same = {**FIRST, **dict.fromkeys(empty)}
    assert outcomes([same, same, same]) == ["accepted", "duplicate", "duplicate"]
    assert outcomes([same, same], stored=stored(same, same, rows=(0, 1))) == ["duplicate", "duplicate"]


def test_later_events_are_compared_with_the_first_and_not_with_each_other() -> None:
    other = {**FIRST, "channel": "sms"}
    assert outcomes([FIRST, other, other, FIRST]) == ["accepted", "conflict", "conflict", "duplicate"]


def test_a_stored_event_comes_before_the_batch() -> None:
    other = {**FIRST, "channel": "sms"}
    assert outcomes([other, FIRST], stored=stored(FIRST, FIRST, rows=(1, 0))) == ["conflict", "duplicate"]


def test_an_event_that_equals_one_of_several_stored_events_is_a_duplicate() -> None:
    """A key of 64 bits can belong to an erased event and to another one."""
    other = {**FIRST, "channel": "sms"}
    both = stored(FIRST, other, rows=(0, 0))
    assert outcomes([FIRST], stored=both) == outcomes([other], stored=both) == ["duplicate"]


def test_the_ids_of_two_sources_are_apart_within_a_batch() -> None:
    web = {**FIRST, "source": "web", "channel": "sms"}
    assert outcomes([FIRST, web, FIRST, {**web, "channel": "fax"}]) == ["accepted", "accepted", "duplicate", "conflict"]


def test_a_rejected_event_stays_rejected_and_makes_no_later_one_a_duplicate() -> None:
    rejected = np.array([True, False, False])
    assert outcomes([FIRST] * 3, rejected=rejected) == ["rejected", "accepted", "duplicate"]
    assert outcomes([FIRST] * 3, rejected=rejected, stored=stored(FIRST)) == ["rejected", "accepted", "duplicate"]


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "in the same batch"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "duplicate"),
        ({"occurred_at": FIRST["occurred_at"] + 999_999}, "duplicate"),
        ({"occurred_at": FIRST["occurred_at"] - 999_999}, "duplicate"),
        ({"occurred_at": FIRST["occurred_at"] + 1_000_000}, "conflict"),
        *(
            ({name: value}, "conflict" if name in PULLED_FIELDS else "duplicate")
            for name, value in OTHER_VALUES.items()
            if name != "occurred_at"
        ),
    ],
    ids=str,
)
def test_what_follows_a_pulled_event_may_differ_in_what_a_platform_s_api_does_not_tell(
    changes: Event, expected: str, is_stored: bool
) -> None:
    second = {**FIRST, **changes}
    if is_stored:
        assert outcomes([second], stored=stored(FIRST, is_pulled=[True])) == [expected]
    else:
        events = table([FIRST, second], is_pulled=[True, False])
        assert admission(events).outcomes.tolist() == [Outcome.ACCEPTED, Outcome[expected.upper()]]


def test_a_pulled_event_that_comes_after_the_sent_one_must_have_its_content() -> None:
    events = table([{**FIRST, "channel": "sms"}], is_pulled=[True])
    assert admission(events, stored=stored(FIRST, is_pulled=[False])).outcomes.tolist() == [Outcome.CONFLICT]


def test_an_erased_event_is_a_duplicate_whatever_is_in_it() -> None:
    anything = {"event_id": "1", "source": "s", **OTHER_VALUES}
    erased = event("erased:1", AT, conversation_id="erased-1", customer_id="erased-2")
    assert outcomes([anything], stored=stored(erased, is_erased=[True])) == ["duplicate"]


def test_an_event_whose_conversation_was_erased_may_come_from_any_conversation() -> None:
    pseudonym = {**FIRST, "conversation_id": "erased-1"}
    assert outcomes([FIRST], stored=stored(pseudonym, is_conversation_erased=[True])) == ["duplicate"]
    other = {**FIRST, "channel": "sms"}
    assert outcomes([other], stored=stored(pseudonym, is_conversation_erased=[True])) == ["conflict"]


def test_an_atomic_delivery_with_a_conflict_is_withdrawn_and_compared_with_nothing() -> None:
    """The first conflicts with itself, so the second, which differs from it, is accepted."""
    a, b, c, d = ({**FIRST, "event_id": name} for name in "abcd")
    sms = {"channel": "sms"}
    events = [a, b, {**b, **sms}, {**a, **sms}, c, a, d, d]
    admitted = admission(table(events), deliveries=deliveries(3, 2, 2, 1, atomic=[0, 1, 2]))
    names = [Outcome(number).name.lower() for number in admitted.outcomes.tolist()]
    assert names[:3] == ["withdrawn", "withdrawn", "conflict"]
    assert names[3:5] == ["accepted", "accepted"]
    assert names[5:7] == ["conflict", "withdrawn"]
    assert names[7:] == ["accepted"]
    assert admitted.is_withdrawn.tolist() == [True, False, True, False]


def test_an_atomic_delivery_in_conflict_with_a_stored_event_is_withdrawn() -> None:
    second = {**FIRST, "event_id": "2"}
    admitted = admission(
        table([FIRST, second, second]),
        stored=stored({**FIRST, "channel": "sms"}),
        deliveries=deliveries(2, 1, atomic=[0]),
    )
    assert admitted.outcomes.tolist() == [Outcome.CONFLICT, Outcome.WITHDRAWN, Outcome.ACCEPTED]


def test_a_delivery_that_was_withdrawn_before_makes_no_later_event_a_duplicate() -> None:
    admitted = admission(table([FIRST, FIRST, FIRST]), deliveries=deliveries(1, 2, atomic=[0], withdrawn=[0]))
    assert admitted.outcomes.tolist() == [Outcome.WITHDRAWN, Outcome.ACCEPTED, Outcome.DUPLICATE]


def test_events_known_not_to_be_repeated_are_not_compared() -> None:
    assert outcomes([FIRST, FIRST], repeated=np.zeros(2, np.bool_)) == ["accepted", "accepted"]


def test_dictionaries_of_other_batches_do_not_matter() -> None:
    one, other = table([FIRST]), table([{**FIRST, "event_id": "0", "channel": "sms", "bot_id": "b9"}, FIRST])
    joined = pa.concat_tables([one, other])
    assert admission(joined).outcomes.tolist() == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DUPLICATE]
    texts = pa.concat_tables([one.set_column(14, "source", repeated_text("s", 1)), other])
    assert admission(texts).outcomes.tolist() == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DUPLICATE]


def test_events_before_the_data_start_or_a_day_ahead_of_the_clock_are_outside_the_time_of_an_account() -> None:
    day_us, now_us = 86_400_000_000, FIRST["occurred_at"]
    at = [now_us - 2, now_us - 1, now_us, now_us + day_us, now_us + day_us + 1]
    events = table([{**FIRST, "occurred_at": each} for each in at])
    early, ahead = rows_outside_time(events, data_start_us=now_us - 1, now_us=now_us)
    assert (early.tolist(), ahead.tolist()) == ([0], [4])
