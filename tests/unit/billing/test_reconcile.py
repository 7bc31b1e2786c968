"""A vendor's list of sessions against ours, row by row."""

from decimal import Decimal
from typing import Any

import pytest
from tests.support.vendor_lists import at, compared, found, listed, ours, received_at, theirs

from botmeter.billing.reconcile.differences import Kind
from botmeter.billing.reconcile.result import Terms
from botmeter.domain.errors import Refused

IDS = ("customer_id", "conversation_id")
THREE = ours({"at": "10-03 10:00"}, {"at": "10-03 18:30:07"}, {"at": "10-12 23:59:59"})
# Rows of their list, our sessions, and the differences: kind, reason, row and session.
CASES: dict[str, tuple[Any, Any, list[tuple[str, str, int | None, str | None]]]] = {
    "the same": (listed(THREE, *IDS), THREE, []),
    "the same, without ids": (listed(THREE), THREE, []),
    "nothing on both sides": (theirs(), ours(), []),
    "an empty list": (theirs(), ours({"at": "10-03 10:00"}), [("only_ours", "none", None, "s0000001")]),
    "none of ours": (theirs({"at": "10-03 10:00"}), ours(), [("only_theirs", "none", 1, None)]),
    "none of ours, with ids": (
        theirs({"at": "10-03 10:00", "customer_id": "c1", "conversation_id": "v1", "bot_id": "b1", "channel": "web"}),
        ours(),
        [("only_theirs", "none", 1, None)],
    ),
    "seconds cut off": (theirs({"at": "10-03 18:30"}), ours({"at": "10-03 18:30:59"}), []),
    "a second past the tolerance": (
        theirs({"at": "10-03 18:30"}),
        ours({"at": "10-03 18:31:01"}),
        [("only_theirs", "none", 1, None), ("only_ours", "none", None, "s0000001")],
    ),
    "one missing of two in a minute": (
        theirs({"at": "10-03 18:30:40"}),
        ours({"at": "10-03 18:30:02"}, {"at": "10-03 18:30:38"}),
        [("only_ours", "none", None, "s0000001")],
    ),
    "a second around midnight": (theirs({"at": "10-04 00:00:01"}), ours({"at": "10-03 23:59:59"}), []),
    "a second around the end of the period": (
        theirs({"at": "10-31 23:59:59", "customer_id": "c1"}),
        ours({"at": "11-01 00:00:01"}),
        [("other_day", "window", 1, "s0000001")],
    ),
    "another time on the same day": (
        theirs({"at": "10-03 08:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00"}),
        [],
    ),
    "started by an earlier message": (
        theirs({"at": "10-02 22:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00"}),
        [("other_day", "window", 1, "s0000001")],
    ),
    "two of theirs in one of our sessions": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-03 22:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00"}),
        [("only_theirs", "window", 2, "s0000001")],
    ),
    "each conversation charged": (
        theirs(
            {"at": "10-03 10:00", "customer_id": "c1", "conversation_id": "v1"},
            {"at": "10-03 22:00", "customer_id": "c1", "conversation_id": "v9"},
        ),
        ours({"at": "10-03 10:00"}),
        [("only_theirs", "scope", 2, "s0000001")],
    ),
    "two of ours in one of theirs": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-03 22:00", "customer_id": "c1"}),
        [("only_ours", "window", 1, "s0000002")],
    ),
    "a preview": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00"}, {"at": "10-04 10:00", "preview": True}),
        [("only_ours", "preview", None, "s0000002")],
    ),
    "a channel that is not on the bill": (
        theirs({"at": "10-03 10:00", "channel": "web"}),
        ours({"at": "10-03 10:00"}, {"at": "10-04 10:00", "channel": "whatsapp"}),
        [("only_ours", "scope", None, "s0000002")],
    ),
    "a bot that is not ours": (
        theirs({"at": "10-03 10:00", "bot_id": "b1"}, {"at": "10-05 10:00", "bot_id": "b9"}),
        ours({"at": "10-03 10:00"}),
        [("only_theirs", "scope", 2, None)],
    ),
    "a row twice": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-03 10:00", "customer_id": "c1"}),
        ours({"at": "10-03 10:00"}),
        [("only_theirs", "duplicate", 2, None)],
    ),
    "a row outside the period": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "11-02 10:00", "customer_id": "c2"}),
        ours({"at": "10-03 10:00"}, {"at": "11-02 10:00"}),
        [("only_theirs", "period", 2, "s0000002")],
    ),
    "another customer at the same time": (
        theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-04 10:00", "customer_id": "c9"}),
        ours({"at": "10-03 10:00"}, {"at": "10-04 10:00"}),
        [("only_ours", "none", None, "s0000002"), ("only_theirs", "none", 2, None)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_difference_has_its_kind_and_likely_reason(name: str) -> None:
    their_list, sessions, differences = CASES[name]
    result = compared(their_list, sessions)
    assert sorted(map(str, found(result))) == sorted(map(str, differences))
    assert result.is_same is (not differences)
    counts = {kind: result.count(kind) for kind in Kind}
    assert (
        counts[Kind.SAME] + counts[Kind.OTHER_DAY] + counts[Kind.ONLY_THEIRS] == result.their_count == len(their_list)
    )


def test_ids_of_another_system_are_not_compared() -> None:
    sessions = ours({"at": "10-03 10:00"}, {"at": "10-04 10:00"}, {"at": "10-05 10:00"})
    rows = [{"at": day, "customer_id": f"crm-{day}"} for day in ("10-03 10:00", "10-04 10:00", "10-05 10:00")]
    result = compared(theirs(*rows), sessions)
    assert result.is_same
    assert result.notes[0] == "Of their 3 customer ids, 0 are among ours, so that they were not compared."


def test_a_merged_customer_is_found_by_the_other_id() -> None:
    sessions = ours({"at": "10-03 10:00"}, {"at": "10-05 10:00"})
    rows = theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-05 10:20", "customer_id": "old"})
    result = compared(rows, sessions, aliases={"old": "c2"})
    assert result.is_same
    assert result.moved_count == 1


def test_a_late_session_is_only_ours_and_its_reason_says_so() -> None:
    sessions = ours(*({"at": f"10-{day:02} 10:00"} for day in range(1, 10)))
    rows = listed(sessions.slice(1), *IDS)
    result = compared(rows, sessions, receipt_times=received_at({"s0000001": "11-03 09:00"}))
    assert found(result) == [("only_ours", "late", None, "s0000001")]
    imported = compared(rows, sessions, receipt_times=received_at({}, otherwise="11-20 09:00"))
    assert found(imported) == [("only_ours", "none", None, "s0000001")]


def test_a_session_charged_when_it_was_received_is_late() -> None:
    sessions = ours({"at": "10-03 10:00"}, {"at": "10-05 10:00"})
    rows = theirs({"at": "10-03 10:00", "customer_id": "c1"}, {"at": "10-06 15:00", "customer_id": "c2"})
    result = compared(rows, sessions, receipt_times=received_at({"s0000002": "10-06 15:00"}))
    assert found(result) == [("other_day", "late", 2, "s0000002")]


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        (330, "Their times are 5 h 30 min ahead of ours: Asia/Kolkata?"),
        (345, "Their times are 5 h 45 min ahead of ours: Asia/Kathmandu?"),
        (-240, "Their times are 4 h behind ours: America/New_York?"),
        (120, "Their times are 2 h ahead of ours: Africa/Johannesburg?"),
        (30, "Their times are 30 min ahead of ours."),
        (20, None),
        (0, None),
    ],
)
@pytest.mark.parametrize("columns", [(), IDS], ids=["without ids", "with ids"])
def test_a_constant_shift_is_named_and_never_applied(
    minutes: int, sentence: str | None, columns: tuple[str, ...]
) -> None:
    sessions = ours(*({"at": f"10-{day:02} {(day * 7) % 24:02}:{(day * 13) % 60:02}:11"} for day in range(2, 29)))
    rows = [
        {"at": row["started_at"] + minutes * 60_000_000, **{name: row[name] for name in columns}}
        for row in sessions.to_pylist()
    ]
    result = compared(theirs(*rows), sessions)
    assert (result.shift.sentence if result.shift else None) == sentence
    if sentence and columns:
        assert {reason for kind, reason, *_ in found(result)} <= {"zone"}
        assert result.count(Kind.OTHER_DAY) + result.same_count == len(sessions)
    elif sentence:
        assert [reason for _, reason, *_ in found(result)] == ["zone"] * 2 * len(sessions)


def test_the_zone_of_the_plan_is_the_first_guess() -> None:
    sessions = ours(*({"at": f"10-{day:02} 10:{day:02}:11"} for day in range(2, 29)))
    rows = theirs(*({"at": row["started_at"] + 7_200_000_000} for row in sessions.to_pylist()))
    result = compared(rows, sessions, zones=("UTC", "Europe/Madrid"))
    assert result.shift is not None
    assert result.shift.zone == "Europe/Madrid"


def test_money_is_summed_by_kind_and_reason() -> None:
    rows = theirs(
        {"at": "10-03 10:00", "customer_id": "c1", "amount": "0.10"},
        {"at": "10-03 22:00", "customer_id": "c1", "amount": "0.1000000001"},
        {"at": "10-04 01:00", "customer_id": "c1", "amount": "0.20"},
        {"at": "10-04 09:00", "customer_id": "c1"},
    )
    result = compared(rows, ours({"at": "10-03 10:00"}, {"at": "10-09 10:00"}))
    assert result.amount == Decimal("0.4000000001")
    assert [(each.kind, each.reason, each.count, each.amount) for each in result.totals] == [
        ("only_theirs", "window", 3, Decimal("0.3000000001")),
        ("only_ours", "none", 1, None),
    ]


def test_days_are_those_of_the_zone() -> None:
    sessions = ours({"at": "10-03 20:00"}, {"at": "10-04 10:00"})
    rows = listed(sessions.slice(0, 1), *IDS)
    for timezone, expected in {
        "UTC": [("2026-10-03", 1, 1), ("2026-10-04", 0, 1)],
        "Asia/Kolkata": [("2026-10-04", 1, 2)],
    }.items():
        days = compared(rows, sessions, timezone=timezone).days
        assert [(str(day.day_on), day.their_count, day.our_count) for day in days] == expected


@pytest.mark.parametrize("tolerance_us", [-1, 3_600_000_001])
def test_a_tolerance_that_hides_differences_is_refused(tolerance_us: int) -> None:
    with pytest.raises(Refused, match="it must be from 0 s to 1 h") as refusal:
        Terms(start_us=at("10-01 00:00"), end_us=at("11-01 00:00"), tolerance_us=tolerance_us)
    assert refusal.value.code == "tolerance_invalid"
