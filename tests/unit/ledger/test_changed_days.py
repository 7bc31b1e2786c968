"""The days whose sessions commits changed."""

from tests.support.ledgers import append_events, event, ledger_in_memory

from botmeter.domain.instant import DAY_US, us_from_text
from botmeter.ledger.changed_days import EVERYTHING, NOTHING, ChangedDays, ChangedSpan
from botmeter.ledger.policies import set_policy
from botmeter.metering.policy import Policy

MAY = tuple(us_from_text(f"2026-05-{day:02}T00:00:00Z") for day in range(1, 20))


def days(first: int, end: int) -> ChangedSpan:
    """Days of May from one to before another."""
    return ChangedSpan(start_us=MAY[first - 1], end_us=MAY[end - 1])


def test_the_days_changed_after_a_version_are_those_of_all_later_commits() -> None:
    changed = ChangedDays(since_version=7)
    for version, (first_us, last_us) in enumerate(
        ((MAY[1], MAY[1]), (MAY[2] + 5, MAY[3]), (MAY[0] + DAY_US - 1, MAY[0] + DAY_US - 1), (MAY[1] + 1, MAY[1] + 1)),
        start=8,
    ):
        changed = changed.with_commit(version, ChangedSpan.between(first_us, last_us))
    spans = [changed.since(version) for version in (7, 8, 9, 10, 11)]
    assert spans == [days(1, 5), days(1, 5), days(1, 3), days(2, 3), NOTHING]
    assert not spans[-1].touches(EVERYTHING.start_us, EVERYTHING.end_us)


def test_versions_before_an_unknown_change_are_changed_everywhere() -> None:
    changed = ChangedDays(since_version=7).with_commit(8, days(1, 2)).with_commit(9, None)
    assert [changed.since(version) for version in (6, 8, 9)] == [EVERYTHING, EVERYTHING, NOTHING]
    assert len(changed.spans) == 0


def test_many_commits_of_different_days_are_joined_from_the_oldest_on() -> None:
    changed = ChangedDays(since_version=0)
    for version in range(1, 200):
        changed = changed.with_commit(version, ChangedSpan.between(version * DAY_US, version * DAY_US))
    assert len(changed.spans) < 100
    assert changed.since(0) == ChangedSpan.between(DAY_US, 199 * DAY_US)
    assert changed.since(198) == ChangedSpan.between(199 * DAY_US, 199 * DAY_US)


def test_an_append_changes_the_days_of_the_sessions_that_it_touches() -> None:
    ledger = ledger_in_memory()
    append_events(ledger, *(event(f"e{number}", f"2026-05-0{1 + number}T23:30") for number in range(8)))
    before = ledger.version
    append_events(ledger, event("other", "2026-05-03T00:10", customer_id="zoe"))
    assert ledger.changed_days.since(before) == days(3, 4)
    append_events(ledger, event("later", "2026-05-03T00:10"))
    assert ledger.changed_days.since(before).start_us == MAY[1]
    assert ledger.changed_days.since(ledger.version) == NOTHING
    set_policy(ledger, Policy(name="by_event", max_duration_us=1), from_on=None, now_us=MAY[2])
    assert ledger.changed_days.since(before) == EVERYTHING
