from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import us_from_text
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import Cause
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from botmeter.reports.explain import explain
from botmeter.reports.explanation import Explanation
from botmeter.reports.explanation_json import explanation_as_mapping
from botmeter.reports.explanation_text import explanation_as_text
from support.facts import event, filled_ledger

MINUTE_US = 60_000_000
NOW = us_from_text("2026-11-22T12:00:00Z")


def at(text: str) -> int:
    return us_from_text(f"2026-11-{text}Z")


@contextmanager
def ledger_with(events: list[Any], schedule: Any = FRESHCHAT) -> Iterator[Ledger]:
    ledger = filled_ledger(events, schedule)
    try:
        yield ledger
    finally:
        ledger.connection.close()


def explained(events: list[Any], schedule: Any = FRESHCHAT, *, opened_by: str) -> Explanation:
    """The explanation of the session that the event `opened_by` opened, as of NOW."""
    with ledger_with(events, schedule) as ledger:
        query = "SELECT session_id::VARCHAR FROM session WHERE opening_event_id = ?"
        row = ledger.connection.execute(query, [opened_by]).fetchone()
        assert row is not None
        return explain(ledger, row[0], now_us=NOW)


def text_of(explanation: Explanation) -> str:
    """The text in one line, so that sentences can be searched for."""
    return " ".join(explanation_as_text(explanation).split())


DAY = [
    event("0", at("20T10:00:00")),
    event("1", at("21T22:30:05"), bot_name="Order bot", bot_version="3.2", channel="whatsapp"),
    event("a", at("21T22:40:00"), actor="agent", bot_id=None),
    event("2", at("21T23:00:00"), bot_id="b2", conversation_id="v2", ticket_id="T1", ticket_type="refund"),
    event("3", at("22T22:41:38")),
]


def test_an_explanation_names_the_opening_and_its_reason() -> None:
    explanation = explained(DAY, opened_by="1")
    assert explanation.before is not None
    assert (
        "Opened by the customer's message on 21 Nov 2026 22:30:05 UTC to Order bot 3.2 on whatsapp, the first message "
        f"that could open one after the previous session ({explanation.before.session_id}, which ran until "
        "21 Nov 2026 10:00:00 UTC; it had reached its maximum duration)." in text_of(explanation)
    )


def test_a_running_session_runs_until_its_end_and_an_ended_one_ran_until_it() -> None:
    assert "It runs until 22 Nov 2026 22:30:05 UTC: 24 hours from its first message" in text_of(
        explained(DAY, opened_by="1")
    )
    assert "It ran until 21 Nov 2026 10:00:00 UTC" in text_of(explained(DAY, opened_by="0"))


def test_the_next_message_is_named_with_the_session_that_it_opened() -> None:
    explanation = explained(DAY, opened_by="1")
    assert explanation.after is not None
    assert explanation.opened_next
    sentence = "22:41:38 UTC, 11 minutes 33 seconds after the end, and opened the next session, "
    assert sentence + explanation.after.session_id in text_of(explanation)
    assert "No message has followed it yet." in text_of(explained(DAY, opened_by="3"))


def test_events_that_take_no_part_are_marked() -> None:
    explanation = explained(DAY, opened_by="1")
    assert [(each.event_id, each.takes_part) for each in explanation.events] == [("1", True), ("a", False), ("2", True)]
    assert "21 Nov 22:40:00 agent message web does not count" in text_of(explanation)


def test_each_conversation_is_listed_with_its_part() -> None:
    parts = explained(DAY, opened_by="1").conversations
    assert [(part.conversation_id, part.event_count, part.bots, part.tickets) for part in parts] == [
        ("v1", 1, ("Order bot",), ()),
        ("v2", 1, ("b2",), (("T1", "refund"),)),
    ]


def test_an_event_exactly_at_the_end_opens_the_next_session() -> None:
    events = [event("1", at("20T10:00:00")), event("2", at("21T10:00:00"))]
    sentence = "The next message came on 21 Nov 2026 10:00:00 UTC, exactly at the end, which is outside, and opened"
    assert sentence in text_of(explained(events, opened_by="1"))


def test_sessions_of_one_instant_name_each_other_in_the_order_of_their_events() -> None:
    with ledger_with([event(f"{n}", at("20T10:00:00")) for n in range(9)], Policy(max_turns=1)) as ledger:
        query = "SELECT session_id::VARCHAR FROM session ORDER BY opening_event_id"
        explanations = [explain(ledger, name, now_us=NOW) for (name,) in ledger.connection.execute(query).fetchall()]
    assert [one.next_event and one.next_event.event_id for one in explanations] == [*"12345678", None]
    for first, second in pairwise(explanations):
        assert first.after is not None
        assert second.before is not None
        assert (first.after.session_id, second.before.session_id) == (second.session_id, first.session_id)


def test_the_event_that_ended_a_session_is_listed_although_it_takes_no_part() -> None:
    events = [event("1", at("20T10:00:00")), event("2", at("20T16:00:00"), kind="resolved", actor="agent", bot_id=None)]
    explanation = explained(events, Policy(ends_on=frozenset({"resolved"})), opened_by="1")
    assert [(each.event_id, each.takes_part) for each in explanation.events] == [("1", True), ("2", False)]


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (Policy(idle_timeout_us=30 * MINUTE_US), "30 minutes after the last message (idle_timeout = 30m)."),
        (
            Policy(idle_timeout_us=90 * MINUTE_US, idle_clock="customer", inclusive_end=True),
            "1 hour 30 minutes after the customer's last message (idle_timeout = 90m). A message at exactly that",
        ),
        (
            Policy(calendar="day", timezone="Asia/Kolkata"),
            "until 20 Nov 2026 18:30:00 UTC: the day ended then in Asia/Kolkata (calendar = day).",
        ),
        (Policy(max_turns=1), "a message then began a turn past the limit of 1 (max_turns = 1,"),
        (Policy(ends_on=frozenset({"resolved"})), "an event ended it (ends_on = resolved)."),
        (Policy(), "It is still open: no limit of the policy has ended it."),
    ],
)
def test_each_limit_is_named_with_its_setting(policy: Policy, sentence: str) -> None:
    events = [
        event("1", at("20T10:00:00")),
        event("2", at("20T16:00:00"), kind="resolved", actor="agent"),
        event("3", at("21T10:00:00")),
    ]
    assert sentence in text_of(explained(events, policy, opened_by="1"))


@pytest.mark.parametrize(
    ("policy", "opener", "sentence"),
    [
        (Policy(opens_on="any"), {"actor": "bot"}, "Opened by a message from b1 on web on 20 Nov 2026 10:00:00 UTC"),
        (
            Policy(opens_on="outbound", participants="bot+agent"),
            {"actor": "agent", "bot_id": None},
            "Opened by an agent's message on web on 20 Nov 2026 10:00:00 UTC",
        ),
    ],
)
def test_a_bot_or_an_agent_can_open_a_session(policy: Policy, opener: dict[str, Any], sentence: str) -> None:
    assert sentence in text_of(explained([event("1", at("20T10:00:00"), **opener)], policy, opened_by="1"))


def test_a_session_of_an_earlier_policy_names_the_one_that_the_next_message_opened_under_a_later_one() -> None:
    later = Policy(name="later", scope=("conversation",), calendar="day")
    schedule = [(FRESHCHAT, ALWAYS_US), (later, us_from_text("2026-11-21T00:00:00Z"))]
    explanation = explained(DAY, schedule, opened_by="0")
    assert explanation.opened_next
    assert explained(DAY, schedule, opened_by="1").policy.label == "later@1"


def test_unprintable_and_bidirectional_characters_are_escaped() -> None:
    events = [event("1", at("20T10:00:00"), customer_id="c\u202e\n1", bot_name="bot\x1b[31m")]
    text = explanation_as_text(explained(events, opened_by="1"))
    assert "c\\u202e\\u000a1" in text
    assert "\x1b" not in text


def test_a_long_session_lists_its_first_and_last_events() -> None:
    events = [event(f"{number:03}", at("20T10:00:00") + number) for number in range(100)]
    text = explanation_as_text(explained(events, opened_by="000"))
    assert "… 84 events more …" in text
    assert len(text.splitlines()) < 60


def test_an_end_past_the_year_9998_has_words() -> None:
    century = Policy(max_duration_us=36_525 * 86_400_000_000)
    explanation = explained([event("1", us_from_text("9998-06-01T00:00:00Z"))], century, opened_by="1")
    assert "It runs until a day after the year 9998" in text_of(explanation)
    assert explanation_as_mapping(explanation)["ended_at"] is None


@pytest.mark.parametrize(
    ("after_count", "sentence"),
    [
        (4, "21 Nov 2026 changed from 3 sessions to 4 because of 1 late event; this session was added."),
        (3, "this session replaced another one because of 1 late event; 21 Nov 2026 kept its 3 sessions."),
    ],
)
def test_a_restatement_that_added_the_session_is_listed(after_count: int, sentence: str) -> None:
    with ledger_with(DAY) as ledger:
        session = ledger.connection.execute("SELECT session_id::VARCHAR FROM session ORDER BY started_at").fetchall()[
            1
        ][0]
        row = [int(Cause.APPEND), 1, NOW, date(2026, 11, 21), 3, after_count, [], [session], ["1"], 1]
        ledger.connection.execute("INSERT INTO restatement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        explanation = explain(ledger, session, now_us=NOW)
    assert sentence in text_of(explanation)
    assert explanation_as_mapping(explanation)["restatements"][0]["added"] is True


def test_the_mapping_has_the_opening_the_neighbours_and_the_arrivals() -> None:
    answer = explanation_as_mapping(explained(DAY, opened_by="1"))
    assert answer["opening_event"]["event_id"] == "1"
    assert answer["previous_session"]["closed_by"] == "duration"
    assert answer["next_event"]["opened_next"] is True
    assert answer["running"] is True
    assert [(each["label"], each["events"]) for each in answer["arrivals"]] == [("events.ndjson", 2)]
    assert answer["policy_definition"] == {"name": "freshchat.session", "version": 1, "max_duration": "1d"}


@pytest.mark.parametrize("name", ["7f3c0000-0000-8000-8000-000000000000", "not-an-id", "", "' OR 1=1", "\ud800"])
def test_an_unknown_session_is_missing(name: str) -> None:
    with ledger_with(DAY) as ledger, pytest.raises(Missing) as refusal:
        explain(ledger, name)
    assert refusal.value.code == "session_unknown"


def test_a_session_that_the_stored_events_no_longer_give_is_refused() -> None:
    with ledger_with(DAY) as ledger:
        session = ledger.connection.execute("SELECT session_id::VARCHAR FROM session ORDER BY started_at").fetchall()[
            1
        ][0]
        ledger.connection.execute("DELETE FROM event WHERE event_id = '1'")
        with pytest.raises(Refused, match="no longer give session .* `botmeter verify` shows") as refusal:
            explain(ledger, session)
    assert refusal.value.code == "ledger_differs"
