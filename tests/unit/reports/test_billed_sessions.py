"""Sessions in rating order, with the corrections that apply to them."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.support.ledgers import (
    NOW_US,
    append_events,
    batch,
    event,
    ledger_in_memory,
    ledger_with,
    made_account,
)

from botmeter.domain.errors import Conflict, Missing
from botmeter.domain.instant import us_from_text
from botmeter.domain.period import Period
from botmeter.ledger.append import Submission, append
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session, corrections, undo_correction
from botmeter.ledger.billing.plan_terms import PlanChange, add_plan_term, withdraw_plan_term
from botmeter.ledger.erase import erase
from botmeter.ledger.folder import Folder
from botmeter.ledger.import_undo import undo_import
from botmeter.ledger.imports import ImportedFile
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.verify import verify
from botmeter.metering.policy import Policy
from botmeter.metering.policy_text import policy_as_mapping
from botmeter.reports.billed_sessions import (
    TEST,
    VOID,
    billed_sessions,
    corrections_without_session,
    session_count,
    sessions_by_day,
)

MARCH_US, APRIL_US = us_from_text("2026-03-01T00:00:00Z"), us_from_text("2026-04-01T00:00:00Z")
WHY: dict[str, Any] = {"reason": "a mistake", "now_us": NOW_US, "by": "ann@example.com"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    with Folder.owned(tmp_path / "data", purpose="a test") as owned:
        made_account(owned)
        yield owned


def rows(ledger: Ledger, start_us: int = MARCH_US, *, end_us: int = APRIL_US) -> list[dict[str, Any]]:
    return billed_sessions(ledger, start_us, end_us=end_us).to_pylist()


def charges(ledger: Ledger) -> list[int]:
    return [row["charge"] for row in rows(ledger)]


def opening_keys(ledger: Ledger) -> list[int]:
    """Keys of the opening events as `event` has them, found by their ids."""
    return [
        key
        for (key,) in ledger.connection.execute(
            "SELECT event_key FROM session JOIN event ON event.source = session.source AND event_id = opening_event_id "
            "ORDER BY started_at, event_key"
        ).fetchall()
    ]


def test_sessions_have_bot_and_channel_of_the_event_that_opened_them_in_rating_order() -> None:
    ledger = ledger_with(
        event("before", "2026-02-28T23:59", customer_id="c0"),
        event("1", "2026-03-01T00:00", bot_version="v2"),
        event("2", "2026-03-01T00:01", bot_id="b2", channel="sms"),
        *(event(f"same {n}", "2026-03-05T10:00", customer_id=f"c{n}", preview=n == 4) for n in range(2, 9)),
        event("after", "2026-04-01T00:00", customer_id="c10"),
    )
    found = rows(ledger)
    assert [key for key in found[0] if key != "session_id"] == [
        *(
            "opening_key",
            "started_at",
            "ended_at",
            "opening_touchpoint",
            "bot_id",
            "bot_version",
            "channel",
            "preview",
            "charge",
        )
    ]
    order = [(row["started_at"], row["opening_key"]) for row in found]
    assert order == sorted(order)
    assert [key for _, key in order] == opening_keys(ledger)[1:-1]
    first = found[0]
    assert (first["bot_id"], first["bot_version"], first["channel"]) == ("b1", "v2", "web")
    assert [row["preview"] for row in found].count(True) == 1
    ids = dict(ledger.connection.execute("SELECT session_id::VARCHAR, ended_at FROM session").fetchall())
    assert all(ids[row["session_id"]] == row["ended_at"] for row in found)


def test_a_session_can_be_opened_without_a_bot() -> None:
    ledger = ledger_in_memory(Policy(name="any", participants="bot+agent"))
    append_events(ledger, event("1", "2026-03-01T10:00", bot_id=None, channel="sms"))
    (row,) = rows(ledger)
    assert (row["bot_id"], row["bot_version"], row["channel"]) == (None, None, "sms")


@pytest.mark.slow
def test_the_keys_stay_when_customers_are_erased(folder: Folder) -> None:
    with folder.ledger("acme") as ledger:
        append_events(
            ledger,
            *(event(f"e{n}", "2026-03-05T10:00", customer_id=f"c{n % 4}", conversation_id=f"v{n}") for n in range(12)),
            # An id of the form that an erased one has, and an event that names an erased customer.
            event("erased:000000000001:1BEDE6FA7599A582", "2026-03-06T10:00", customer_id="c7", conversation_id="x"),
            event("n", "2026-03-06T10:00", customer_id="c8", conversation_id="y", attributes={"by": "c2"}),
        )
        before = [(row["opening_key"], row["started_at"], row["channel"]) for row in rows(ledger)]
        correct_session(ledger, rows(ledger)[0]["session_id"], kind=CorrectionKind.VOID, **WHY)
        assert [key for key, *_ in before] == opening_keys(ledger)
    for customer in ("c2", "c1"):
        erase(folder, "acme", customer_id=customer)
    with folder.ledger("acme") as ledger:
        assert [(row["opening_key"], row["started_at"], row["channel"]) for row in rows(ledger)] == before
        assert [key for key, *_ in before] == opening_keys(ledger)
        assert charges(ledger) == [1, *[0] * (len(before) - 1)]


def test_a_correction_applies_until_it_is_undone() -> None:
    ledger = ledger_with(*(event(f"e{n}", f"2026-03-0{n}T10:00", conversation_id=f"v{n}") for n in range(1, 5)))
    ids = [row["session_id"] for row in rows(ledger)]
    assert correct_session(ledger, ids[1], kind=CorrectionKind.VOID, **WHY) == 1
    assert correct_session(ledger, ids[2], kind=CorrectionKind.TEST, **WHY) == 2
    assert charges(ledger) == [0, 1, 2, 0]
    assert undo_correction(ledger, 1, **WHY) == 3
    assert charges(ledger) == [0, 0, 2, 0]
    assert correct_session(ledger, ids[1], kind=CorrectionKind.TEST, **WHY) == 4
    assert charges(ledger) == [0, 2, 2, 0]
    assert [each.number for each in corrections(ledger)] == [2, 4]
    assert [(each.undoes, each.reason) for each in corrections(ledger, with_undone=True)][2] == (1, "a mistake")
    assert verify(ledger).is_clean
    assert not corrections_without_session(ledger)
    # They are billed as before where no correction is.
    assert [row["charge"] for row in rows(ledger, us_from_text("2026-03-04T00:00:00Z"))] == [0]


def test_a_correction_that_cant_be_is_refused() -> None:
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    (row,) = rows(ledger)
    for unknown in ("00000000-0000-0000-0000-000000000000", "no id"):
        with pytest.raises(Missing, match="has no session") as missing:
            correct_session(ledger, unknown, kind=CorrectionKind.VOID, **WHY)
        assert missing.value.code == "session_unknown"
    correct_session(ledger, row["session_id"], kind=CorrectionKind.VOID, **WHY)
    with pytest.raises(
        Conflict, match="Correction 1 already marks the session of 2026-03-01T10:00:00Z as void"
    ) as again:
        correct_session(ledger, row["session_id"], kind=CorrectionKind.TEST, **WHY)
    assert again.value.code == "session_corrected"
    undo_correction(ledger, 1, **WHY)
    with pytest.raises(Conflict) as undone:
        undo_correction(ledger, 1, **WHY)
    assert undone.value.code == "correction_undone"
    for number in (2, 3):
        with pytest.raises(Missing) as unknown_number:
            undo_correction(ledger, number, **WHY)
        assert unknown_number.value.code == "correction_unknown"
    assert len(corrections(ledger, with_undone=True)) == 2


@pytest.mark.slow
def test_a_correction_applies_to_the_session_that_has_its_event_after_an_earlier_one_came_late() -> None:
    ledger = ledger_with(
        event("1", "2026-03-01T10:00"),
        event("2", "2026-03-02T11:00"),
        event("3", "2026-03-02T10:00", customer_id="c2", conversation_id="v1"),
    )
    assert charges(ledger) == [0, 0, 0]
    correct_session(ledger, rows(ledger)[2]["session_id"], kind=CorrectionKind.VOID, **WHY)
    # Now the first session ends at 9:00 of the next day, and the next one has the event of 11:00.
    append_events(ledger, event("late", "2026-03-01T09:00"), event("later", "2026-03-02T09:30"))
    found = [(row["started_at"], row["charge"]) for row in rows(ledger, 0)]
    assert found[1] == (us_from_text("2026-03-02T09:30:00Z"), 1)
    assert [charge for _, charge in found] == [0, 1, 0]
    assert not corrections_without_session(ledger)
    # In a cycle that begins between the two, the event opens nothing.
    assert [row["charge"] for row in rows(ledger, us_from_text("2026-03-02T09:45:00Z"))] == [0]


@pytest.mark.slow
def test_of_sessions_at_one_instant_a_correction_applies_to_the_one_that_has_its_event() -> None:
    ledger = ledger_in_memory(Policy(max_turns=2, turn_of="any"))
    append_events(ledger, *(event(name, "2026-03-01T10:00") for name in ("b", "bc", "c")))
    opened = dict(ledger.connection.execute("SELECT opening_event_id, session_id::VARCHAR FROM session").fetchall())
    correct_session(ledger, opened["b"], kind=CorrectionKind.VOID, **WHY)
    correct_session(ledger, opened["c"], kind=CorrectionKind.TEST, **WHY)
    # From now on b is in the session that a opens, and c in that of bc.
    append_events(ledger, event("a", "2026-03-01T10:00"))
    opened = dict(ledger.connection.execute("SELECT opening_event_id, session_id::VARCHAR FROM session").fetchall())
    charged = {row["session_id"]: row["charge"] for row in rows(ledger)}
    assert charged == {opened["a"]: VOID, opened["bc"]: TEST}


@pytest.mark.slow
def test_a_correction_is_not_taken_for_one_of_another_customer_in_the_same_conversation() -> None:
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    import_events(ledger, event("2", "2026-03-01T11:00", customer_id="c2"))
    import_events(ledger, event("3", "2026-03-01T12:00", customer_id="c2", actor="bot"))
    correct_session(ledger, rows(ledger)[1]["session_id"], kind=CorrectionKind.VOID, **WHY)
    undo_import(ledger, 1, reason="twice", now_us=NOW_US)
    assert charges(ledger) == [0]
    assert [each.number for each in corrections_without_session(ledger)] == [1]


@pytest.mark.slow
def test_a_correction_whose_event_left_with_its_import_is_listed_until_it_is_undone() -> None:
    ledger = ledger_with(event("1", "2026-03-01T10:00"))
    import_events(ledger, event("2", "2026-03-03T10:00"))
    correct_session(ledger, rows(ledger)[1]["session_id"], kind=CorrectionKind.TEST, **WHY)
    undo_import(ledger, 1, reason="twice", now_us=NOW_US)
    assert charges(ledger) == [0]
    assert [each.number for each in corrections_without_session(ledger)] == [1]
    # Sent again, it opens the session that was corrected.
    append_events(ledger, event("2", "2026-03-03T10:00"))
    assert charges(ledger) == [0, 2]
    assert not corrections_without_session(ledger)
    undo_correction(ledger, 1, **WHY)
    assert not corrections_without_session(ledger)


@pytest.mark.slow
def test_the_last_of_two_corrections_of_one_session_applies() -> None:
    ledger = ledger_in_memory(Policy(name="idle", idle_timeout_us=90 * 60 * 1_000_000))
    append_events(ledger, event("1", "2026-03-02T10:00"), event("2", "2026-03-02T12:00"))
    append_events(ledger, event("8", "2026-03-08T10:00"), event("9", "2026-03-08T12:00"))
    for index, kind in ((1, "void"), (0, "test"), (2, "void"), (3, "test")):
        correct_session(ledger, rows(ledger)[index]["session_id"], kind=CorrectionKind(kind), **WHY)
    assert charges(ledger) == [2, 1, 1, 2]
    append_events(ledger, event("late", "2026-03-02T11:00"), event("late too", "2026-03-08T11:00"))
    assert charges(ledger) == [2, 2]
    undo_correction(ledger, 2, **WHY)
    assert charges(ledger) == [1, 2]


@pytest.mark.slow
def test_sessions_under_the_policy_of_a_plan_have_their_corrections_too() -> None:
    hourly = Policy(name="hourly", max_duration_us=3_600_000_000)
    ledger = ledger_in_memory(Policy(name="daily", max_duration_us=86_400_000_000, exclude=frozenset({"preview"})))
    append_events(ledger, *(event(f"e{hour}", f"2026-03-02T{hour}:00") for hour in (10, 12, 14)))
    pinned = {hourly.label: {"name": "hourly", "version": 1, **policy_as_mapping(hourly)}}
    plan = PlanChange(from_at=MARCH_US, label="plain@1", definition="{}", policies=json.dumps(pinned))
    term = add_plan_term(ledger, plan, now_us=NOW_US)

    def hourly_rows() -> list[dict[str, Any]]:
        return billed_sessions(ledger, MARCH_US, end_us=APRIL_US, policy=hourly.label).to_pylist()

    assert (len(rows(ledger)), len(hourly_rows())) == (1, 3)
    correct_session(ledger, hourly_rows()[1]["session_id"], kind=CorrectionKind.TEST, **WHY)
    assert [row["charge"] for row in hourly_rows()] == [0, 2, 0]
    # The report's one session has that message too.
    assert charges(ledger) == [2]
    append_events(ledger, event("late", "2026-03-02T11:30"))
    assert [(row["started_at"], row["charge"]) for row in hourly_rows()][1] == (
        us_from_text("2026-03-02T11:30:00Z"),
        2,
    )
    assert not corrections_without_session(ledger)
    # Only the plan's policy counts previews, so that a correction of one is not without a session.
    append_events(ledger, event("preview", "2026-03-09T10:00", preview=True))
    correct_session(ledger, hourly_rows()[3]["session_id"], kind=CorrectionKind.TEST, **WHY)
    assert (charges(ledger), [row["charge"] for row in hourly_rows()]) == ([2], [0, 2, 0, 2])
    assert not corrections_without_session(ledger)
    withdraw_plan_term(ledger, term, reason="typed wrongly", now_us=NOW_US)
    assert [each.number for each in corrections_without_session(ledger)] == [2]
    assert ledger.connection.execute("SELECT count(*) FROM plan_session").fetchall() == [(0,)]


def import_events(ledger: Ledger, *events: dict[str, Any]) -> None:
    file = ImportedFile(name="a.csv")
    append(ledger, [Submission(source="s", batches=[batch(events)], label="a.csv", file=file)], now_us=NOW_US)


def test_sessions_are_counted_by_the_days_of_a_zone() -> None:
    ledger = ledger_with(
        *(
            event(f"e{n}", at, customer_id=f"c{n}", conversation_id=f"v{n}")
            for n, at in enumerate(
                ["2026-02-28T18:29", "2026-02-28T18:30", "2026-03-01T18:29", "2026-03-03T00:00", "2026-03-03T18:30"]
            )
        )
    )
    period = Period(first_on=date(2026, 3, 1), last_on=date(2026, 3, 3), timezone="Asia/Kolkata")
    assert sessions_by_day(ledger, period) == [2, 0, 1]
    assert session_count(ledger, period.start_us, end_us=period.end_us) == 3
    assert session_count(ledger, MARCH_US, end_us=APRIL_US) == 3
    utc = Period(first_on=date(2026, 2, 28), last_on=date(2026, 3, 3))
    assert sessions_by_day(ledger, utc) == [2, 1, 0, 2]
    assert session_count(ledger, utc.start_us, end_us=utc.end_us) == 5
