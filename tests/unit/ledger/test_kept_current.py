"""Sessions and usage kept current: late events, tickets, names, restatements, and changes of policy."""

from datetime import date

import pytest
from tests.support.facts import filled_ledger
from tests.support.ledgers import NOW_US, Event, append_events, event, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import Conflict, Refused
from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.domain.period import day_of_us, day_start_us
from botmeter.domain.session import session_id
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.policies import set_policy
from botmeter.ledger.restatements import restated_days, restatements
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy, Require

HOURLY = Policy(name="hourly", max_duration_us=3_600_000_000)
TICKET_DAY = date(2026, 3, 1)


def id_of(opening: Event, policy: Policy = FRESHCHAT) -> str:
    return session_id(policy.label, source="s", opening_event_id=opening["event_id"])


def days(ledger: Ledger) -> dict[str, int]:
    rows = ledger.connection.execute("SELECT day, sum(session_count) FROM session_usage GROUP BY day ORDER BY day")
    return {str(day): int(count) for day, count in rows.fetchall()}


def openers(ledger: Ledger) -> list[str]:
    rows = ledger.connection.execute("SELECT opening_event_id FROM session ORDER BY started_at").fetchall()
    return [name for (name,) in rows]


def test_a_bot_bears_the_name_of_its_latest_event() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("2", "2026-03-02T10:00", bot_name="New name"))
    append_events(ledger, event("1", "2026-03-01T10:00", bot_name="Old name"), event("3", "2026-03-03T10:00"))
    assert ledger.connection.execute("SELECT bot_id, bot_name FROM bot").fetchall() == [("b1", "New name")]


@pytest.mark.slow
def test_a_ticket_linked_later_counts_in_the_earlier_session_of_its_conversation() -> None:
    ledger = ledger_in_memory()
    first = event("1", "2026-03-01T10:00")
    append_events(ledger, first)
    linked = event("2", "2026-03-09T10:00", actor="agent", bot_id=None, kind="ticket_linked", ticket_id="T1")
    append_events(ledger, linked)
    rows = ledger.connection.execute("SELECT day, session_id::VARCHAR, ticket_id, ticket_type FROM session_ticket")
    assert rows.fetchall() == [(TICKET_DAY, id_of(first), "T1", "unknown")]
    append_events(
        ledger, event("3", "2026-03-09T11:00", actor="system", bot_id=None, ticket_id="T1", ticket_type="refund")
    )
    rows = ledger.connection.execute("SELECT ticket_id, ticket_type FROM session_ticket")
    assert rows.fetchall() == [("T1", "refund")]
    assert verify(ledger).is_clean


@pytest.mark.slow
def test_a_conversation_that_spans_days_is_marked_on_each_of_them() -> None:
    ledger = ledger_in_memory()
    events = [event("1", "2026-03-01T10:00"), event("2", "2026-03-03T10:00"), event("3", "2026-03-05T10:00")]
    for each in events:
        append_events(ledger, each)
    rows = ledger.connection.execute(
        "SELECT day::VARCHAR, has_other_rows FROM conversation_day ORDER BY day"
    ).fetchall()
    assert rows == [("2026-03-01", True), ("2026-03-03", True), ("2026-03-05", True)]
    assert ledger.connection.execute("SELECT * FROM conversation_usage").fetchall() == []
    assert table_meaning(ledger) == table_meaning(filled_ledger(events))


def test_a_late_event_re_anchors_the_customer_s_sessions_from_there_on() -> None:
    ledger = ledger_in_memory()
    events = [
        event("1", "2026-03-01T10:00"),
        event("2", "2026-03-02T11:00"),
        event("3", "2026-03-03T12:00"),
        event("other", "2026-03-02T11:00", customer_id="c2", conversation_id="v2"),
    ]
    append_events(ledger, *events)
    assert openers(ledger).count("2") == 1
    late = event("late", "2026-02-28T20:00")
    append_events(ledger, late)
    assert openers(ledger) == ["late", "2", "other", "3"] or openers(ledger) == ["late", "other", "2", "3"]
    assert table_meaning(ledger) == table_meaning(filled_ledger([*events, late]))


def test_a_late_event_that_changes_a_day_is_restated_with_what_when_before_after_and_because() -> None:
    ledger = ledger_in_memory()
    first, second = event("1", "2026-03-01T10:00"), event("2", "2026-03-02T09:00")
    append_events(ledger, first, second, event("today", "2026-03-04T09:00"))
    assert days(ledger) == {"2026-03-01": 1, "2026-03-04": 1}
    late = event("late", "2026-02-28T10:00")
    append_events(ledger, late, now_us=NOW_US, label="late.ndjson")
    assert days(ledger) == {"2026-02-28": 1, "2026-03-01": 1, "2026-03-04": 1}
    assert [restated.day.isoformat() for restated in restatements(ledger)] == ["2026-02-28"]
    later = event("later", "2026-02-28T23:00", customer_id="c2")
    earliest = event("0", "2026-02-28T09:59")
    append_events(ledger, later, earliest, label="more.ndjson")
    [_, restated] = restatements(ledger)
    assert (restated.append_no, restated.label, restated.recorded_at) == (3, "more.ndjson", NOW_US)
    assert (restated.day, restated.before_count, restated.after_count) == (date(2026, 2, 28), 1, 2)
    assert restated.removed == (id_of(late),)
    assert set(restated.added) == {id_of(earliest), id_of(later)}
    assert restated.because == ("0", "later")
    assert restated.because_count == 2
    assert restatements(ledger, session_id=id_of(late)) == [restatements(ledger)[0], restated]


def test_events_of_two_sources_with_one_id_are_two_causes_of_a_restatement_with_one_id() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("today", "2026-03-04T09:00"))
    append_events(
        ledger,
        event("same", "2026-02-28T10:00", source="web"),
        event("same", "2026-02-28T11:00", source="phone", customer_id="c2"),
    )
    [restated] = restatements(ledger)
    assert (restated.because, restated.because_count) == (("same",), 2)


def test_a_session_replaced_on_its_day_is_a_restatement_of_the_session_and_of_no_number() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-01T10:00"), event("2", "2026-03-05T10:00"))
    late = event("late", "2026-03-01T09:00")
    append_events(ledger, late, now_us=NOW_US)
    assert restated_days(ledger) == []
    [replaced] = restatements(ledger, session_id=id_of(late))
    assert (replaced.before_count, replaced.after_count) == (1, 1)


def test_a_late_event_that_changes_no_session_restates_nothing() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-01T10:00"), event("2", "2026-03-05T10:00"))
    append_events(ledger, event("late", "2026-03-01T11:00"))
    assert restatements(ledger) == []


def test_the_growth_of_the_current_day_is_no_restatement() -> None:
    ledger = ledger_in_memory()
    now_us = us_from_text("2026-03-05T18:00:00Z")
    append_events(ledger, event("1", "2026-03-05T10:00"), now_us=now_us)
    append_events(ledger, event("2", "2026-03-05T09:00", customer_id="c2"), now_us=now_us)
    append_events(ledger, event("3", "2026-03-05T08:00"), now_us=now_us)
    assert days(ledger) == {"2026-03-05": 2}
    assert restatements(ledger) == []


def test_an_event_for_the_latest_day_after_it_is_over_is_a_restatement() -> None:
    """Friday's numbers were looked at on Saturday; Friday's last hours arrive on Monday."""
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-06T10:00"), now_us=us_from_text("2026-03-06T11:00:00Z"))
    late = event("2", "2026-03-06T20:00", customer_id="c2")
    append_events(ledger, late, now_us=us_from_text("2026-03-09T08:00:00Z"))
    assert [(each.day.isoformat(), each.before_count, each.after_count) for each in restatements(ledger)] == [
        ("2026-03-06", 1, 2)
    ]


def test_an_event_that_voids_a_session_of_a_day_that_is_over_is_a_restatement() -> None:
    """An agent's answer of today ends the right to charge a session that began yesterday."""
    policy = Policy(name="unaided", participants="bot+agent", max_duration_us=DAY_US, require=Require(max_agent=0))
    ledger = ledger_in_memory(policy)
    others = [event(f"o{number}", f"2026-03-0{1 + number % 5}T08:00", customer_id=f"o{number}") for number in range(40)]
    append_events(ledger, event("1", "2026-03-06T22:00"), *others, now_us=us_from_text("2026-03-06T23:00:00Z"))
    assert days(ledger)["2026-03-06"] == 1
    agent = event("2", "2026-03-07T10:00", actor="agent", bot_id=None)
    append_events(ledger, agent, now_us=us_from_text("2026-03-07T10:01:00Z"))
    assert "2026-03-06" not in days(ledger)
    assert [(each.day.isoformat(), each.before_count, each.after_count) for each in restatements(ledger)] == [
        ("2026-03-06", 1, 0)
    ]


def test_a_first_import_restates_nothing() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *(event(f"e{day}", f"2026-03-{day:02}T10:00") for day in range(1, 29)))
    assert restatements(ledger) == []


@pytest.mark.slow
def test_a_policy_for_a_future_midnight_leaves_open_sessions_under_their_own() -> None:
    ledger = ledger_in_memory()
    before, inside = event("1", "2026-06-09T20:00"), event("2", "2026-06-10T10:00")
    append_events(ledger, before, now_us=us_from_text("2026-06-09T21:00:00Z"))
    set_policy(ledger, HOURLY, from_on=date(2026, 6, 10), now_us=us_from_text("2026-06-09T22:00:00Z"))
    after, later = event("3", "2026-06-10T21:00"), event("4", "2026-06-10T22:30")
    append_events(ledger, inside, after, later, now_us=us_from_text("2026-06-11T00:00:00Z"))
    rows = ledger.connection.execute("SELECT policy, opening_event_id, event_count FROM session ORDER BY started_at")
    assert rows.fetchall() == [(0, "1", 2), (1, "3", 1), (1, "4", 1)]
    assert restatements(ledger) == []
    schedule = [(FRESHCHAT, ALWAYS_US), (HOURLY, day_start_us(date(2026, 6, 10)))]
    assert table_meaning(ledger) == table_meaning(filled_ledger([before, inside, after, later], schedule))
    assert verify(ledger).is_clean


def test_a_policy_for_the_past_is_a_re_metering_recorded_as_a_restatement() -> None:
    ledger = ledger_in_memory()
    events = [event(f"{hour}", f"2026-03-01T{hour}:00") for hour in range(10, 14)]
    append_events(ledger, *events)
    set_policy(ledger, HOURLY, from_on=date(2026, 3, 1), now_us=NOW_US)
    [restated] = restatements(ledger)
    assert (restated.append_no, restated.day, restated.before_count, restated.after_count) == (
        0,
        date(2026, 3, 1),
        1,
        4,
    )
    assert restated.removed == (id_of(events[0]),)
    assert set(restated.added) == {id_of(each, HOURLY) for each in events}
    assert (restated.because, restated.because_count) == ((), 0)
    assert verify(ledger).is_clean


def test_a_policy_from_always_on_replaces_the_whole_schedule() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, event("1", "2026-03-01T10:00"), event("2", "2026-03-01T12:00"))
    set_policy(ledger, HOURLY, from_on=None, now_us=NOW_US)
    assert [(term.policy, term.from_us) for term in ledger.schedule] == [(HOURLY, ALWAYS_US)]
    assert days(ledger) == {"2026-03-01": 2}


def test_a_policy_set_before_a_scheduled_one_is_in_force_until_that_one_is() -> None:
    ledger = ledger_in_memory()
    scheduled, first, second = date(2026, 8, 1), date(2026, 7, 1), date(2026, 7, 15)
    for policy, from_on in ((HOURLY, scheduled), (FRESHCHAT, first), (HOURLY, second), (FRESHCHAT, second)):
        set_policy(ledger, policy, from_on=from_on, now_us=NOW_US)
    terms = [(term.policy, day_of_us(term.from_us)) for term in ledger.schedule[1:]]
    assert terms == [(FRESHCHAT, first), (FRESHCHAT, second), (HOURLY, scheduled)]
    positions = ledger.connection.execute("SELECT position FROM policy_term ORDER BY from_at").fetchall()
    assert [position for (position,) in positions] == [0, 1, 2, 3]


def test_a_later_policy_of_the_same_name_needs_a_new_version() -> None:
    ledger = ledger_in_memory()
    other = Policy(name="freshchat.session", max_duration_us=HOURLY.max_duration_us)
    with pytest.raises(Conflict, match="give this one a new version") as refused:
        set_policy(ledger, other, from_on=date(2026, 7, 1), now_us=NOW_US)
    assert refused.value.code == "policy_label_taken"
    assert [term.policy for term in ledger.schedule] == [FRESHCHAT]


def test_a_policy_for_a_day_before_1970_is_refused() -> None:
    ledger = ledger_in_memory()
    with pytest.raises(Refused, match="The earliest day is 1970-01-01") as refused:
        set_policy(ledger, HOURLY, from_on=date(1969, 12, 31), now_us=NOW_US)
    assert refused.value.code == "policy_day_invalid"
