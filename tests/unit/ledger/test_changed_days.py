"""The days from which on commits changed sessions."""

from tests.support.ledgers import append_events, event, ledger_in_memory

from botmeter.domain.instant import DAY_US, INSTANT_FIRST_US, NEVER_US, us_from_text
from botmeter.ledger.changed_days import ChangedDays
from botmeter.ledger.policies import set_policy
from botmeter.metering.policy import Policy

MAY_1, MAY_2, MAY_3 = (us_from_text(f"2026-05-0{day}T00:00:00Z") for day in (1, 2, 3))


def test_the_first_changed_day_after_a_version_is_the_earliest_of_all_later_commits() -> None:
    days = ChangedDays(since_version=7)
    for version, from_us in enumerate((MAY_2, MAY_3 + 5, MAY_1 + DAY_US - 1, MAY_2 + 1), start=8):
        days = days.with_commit(version, from_us=from_us)
    assert [days.first_us(version) for version in (7, 8, 9, 10, 11)] == [MAY_1, MAY_1, MAY_1, MAY_2, NEVER_US]


def test_versions_before_an_unknown_change_are_changed_from_the_first_instant_on() -> None:
    days = ChangedDays(since_version=7).with_commit(8, from_us=MAY_1).with_commit(9, from_us=None)
    assert [days.first_us(version) for version in (6, 8, 9)] == [INSTANT_FIRST_US, INSTANT_FIRST_US, NEVER_US]
    assert len(days.days) == 0


def test_an_append_changes_sessions_from_the_day_of_the_session_that_it_continues() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *(event(f"e{number}", f"2026-05-0{1 + number}T23:30") for number in range(8)))
    before = ledger.version
    append_events(ledger, event("later", "2026-05-03T00:10"))
    assert ledger.changed_days.first_us(before) == MAY_2
    assert ledger.changed_days.first_us(ledger.version) == NEVER_US
    set_policy(ledger, Policy(name="by_event", max_duration_us=1), from_on=None, now_us=MAY_3)
    assert ledger.changed_days.first_us(before) <= INSTANT_FIRST_US
