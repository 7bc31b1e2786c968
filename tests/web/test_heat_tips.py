"""Tips and colours: what a mark of a chart says beside its number."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.web.components import HEAT_STEP_COUNT, heat_ranges, heat_step
from botmeter.web.pages.report.ticket_trend import type_colours

KNOWN = ("refund", "delivery", "billing", "login", "other", "spam", "praise", "bug", "idea", "legal")


@given(st.integers(0, 5_000) | st.integers(0, 10**9))
def test_the_ranges_of_shades_are_those_of_their_counts(most: int) -> None:
    ranges = heat_ranges(most)
    assert len(ranges) == HEAT_STEP_COUNT
    assert ranges[0][0] == 0
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    for step, (least, greatest) in enumerate(ranges):
        if least <= min(greatest, most):
            assert heat_step(least, most=most) == heat_step(min(greatest, most), most=most) == step


@given(st.sets(st.sampled_from(KNOWN[:7])), st.sets(st.sampled_from(KNOWN[:7])))
def test_a_type_keeps_its_colour_whatever_is_shown_beside_it(one: set[str], other: set[str]) -> None:
    colours = type_colours(one, known=KNOWN), type_colours(other, known=KNOWN)
    assert all(colours[0][name] == colours[1][name] for name in one & other)


@given(st.sets(st.sampled_from(KNOWN), max_size=8))
def test_shown_types_have_different_colours_in_the_order_of_their_first_use(shown: set[str]) -> None:
    colours = type_colours(shown, known=KNOWN)
    assert list(colours) == [name for name in KNOWN if name in shown]
    assert len(set(colours.values())) == len(shown)
    # The last colour is that of the other types.
    assert len(shown) == 8 or 8 not in colours.values()


@pytest.mark.parametrize("most", [0, 1, 2])
def test_few_counts_leave_shades_without_any(most: int) -> None:
    assert [first for first, last in heat_ranges(most) if first <= last] == sorted({0, *range(1, most + 1)})
