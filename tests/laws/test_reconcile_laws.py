"""A list made from our own sessions is all the same, and each change to it is found as what it is."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.support.vendor_lists import OCTOBER, SECOND_US, compared, found, listed, ours, theirs

from botmeter.billing.reconcile.differences import Kind
from botmeter.billing.reconcile.pairing import Points, paired
from botmeter.domain.instant import DAY_US

START_US, END_US = OCTOBER
COLUMNS = (
    (),
    ("channel",),
    ("customer_id",),
    ("conversation_id",),
    ("customer_id", "conversation_id", "bot_id", "channel"),
)

# Dense enough that sessions of the same second and the same customer occur.
sessions = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.one_of(
                st.integers(START_US, END_US - 1),
                st.integers(0, 200).map(lambda step: START_US + step * 20 * SECOND_US),
            ),
            "customer_id": st.sampled_from([f"c{number}" for number in range(8)]),
            "conversation_id": st.sampled_from([f"v{number}" for number in range(12)]),
            "channel": st.sampled_from(["web", "whatsapp"]),
            "preview": st.booleans(),
        }
    ),
    min_size=1,
    max_size=30,
).map(lambda rows: ours(*rows))
columns = st.sampled_from(COLUMNS)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    return [{**row, "at": row["started_at"]} for row in table.to_pylist()]


@given(own=sessions, names=columns, random=st.randoms(use_true_random=False))
def test_a_list_of_our_own_sessions_is_all_the_same_in_any_order(own: pa.Table, names: Any, random: Any) -> None:
    rows = rows_of(listed(own, *names))
    random.shuffle(rows)
    result = compared(theirs(*rows), own)
    assert (result.is_same, result.same_count, result.moved_count) == (True, len(own), 0)


@given(own=sessions, names=columns, data=st.data())
def test_removed_rows_are_as_many_sessions_that_only_we_have(own: pa.Table, names: Any, data: Any) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(own), max_size=len(own)))
    rows = [row for row, is_kept in zip(rows_of(listed(own, *names)), kept, strict=True) if is_kept]
    result = compared(theirs(*rows), own)
    removed_count = len(own) - len(rows)
    assert (result.count(Kind.ONLY_OURS), result.same_count) == (removed_count, len(rows))
    assert result.count(Kind.ONLY_THEIRS) == result.count(Kind.OTHER_DAY) == 0


def changed_lists(own: pa.Table, names: Any, *, data: Any) -> list[dict[str, Any]]:
    """Our sessions as a list with rows removed, moved, repeated and made up."""
    rows = []
    for row in rows_of(listed(own, *names)):
        change = data.draw(st.sampled_from(["keep", "keep", "remove", "move", "repeat", "rename"]))
        if change == "remove":
            continue
        if change == "move":
            row["at"] += data.draw(st.integers(-3 * DAY_US, 3 * DAY_US))
        if change == "rename":
            row[names[-1] if names else "channel"] = "nobody"
        rows += [row, row] if change == "repeat" else [row]
    return rows


@given(own=sessions, names=columns, data=st.data(), random=st.randoms(use_true_random=False))
def test_every_row_and_session_has_one_outcome_whatever_the_order(
    own: pa.Table, names: Any, data: Any, random: Any
) -> None:
    rows = changed_lists(own, names, data=data)
    result = compared(theirs(*rows), own)
    differences = found(result)
    their_rows = [row for kind, _, row, _ in differences if kind != Kind.ONLY_OURS]
    assert len(set(their_rows)) == len(their_rows)
    assert len(their_rows) + result.same_count == len(rows) == result.their_count
    our_ids = [session for kind, _, _, session in differences if kind in (Kind.ONLY_OURS, Kind.OTHER_DAY)]
    assert len(set(our_ids)) == len(our_ids)
    assert len(our_ids) + result.same_count == result.our_count == len(own)
    assert sum(day.their_count for day in result.days) == len(rows)
    assert sum(day.our_count for day in result.days) == len(own)
    assert sum(total.count for total in result.totals) == len(differences)

    random.shuffle(rows)
    again = compared(theirs(*rows), own)
    unnumbered = [each.differences.drop_columns("their_row").to_pylist() for each in (result, again)]
    assert Counter(map(str, unnumbered[0])) == Counter(map(str, unnumbered[1]))
    assert (again.totals, again.days, again.shift) == (result.totals, result.days, result.shift)


times = st.lists(st.integers(0, 60), max_size=8)


def most_pairs(one: list[int], other: list[int], *, reach: int) -> int:
    """Size of the largest matching, by trying to make room for each row."""
    taken: dict[int, int] = {}

    def has_room(row: int, tried: set[int]) -> bool:
        for index, time in enumerate(other):
            if abs(one[row] - time) <= reach and index not in tried:
                tried.add(index)
                if index not in taken or has_room(taken[index], tried):
                    taken[index] = row
                    return True
        return False

    return sum(has_room(row, set()) for row in range(len(one)))


def points(values: list[int]) -> Points:
    return Points(rows=np.arange(len(values)), groups=np.zeros(len(values), np.int64), times=np.array(values, np.int64))


@given(one=times, other=times, reach=st.integers(0, 20))
def test_pairs_are_within_reach_one_to_one_and_nearly_as_many_as_can_be(
    one: list[int], other: list[int], reach: int
) -> None:
    left, right = paired(points(one), points(other), reach_us=reach)
    assert len(set(left.tolist())) == len(left) == len(right) == len(set(right.tolist()))
    assert all(abs(one[i] - other[j]) <= reach for i, j in zip(left.tolist(), right.tolist(), strict=True))
    # Equal times are pairs first, which can cost others theirs; what is left is paired as often as it can be.
    equal_count = sum((Counter(one) & Counter(other)).values())
    rest_one, rest_other = ((Counter(one) - Counter(other)), (Counter(other) - Counter(one)))
    rest = most_pairs(sorted(rest_one.elements()), sorted(rest_other.elements()), reach=reach)
    assert len(left) == equal_count + rest
