"""A plan is written and read back the same, and whatever a plan file says is a plan or a refusal."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from botmeter.billing.plan import Plan
from botmeter.billing.plan_terms import PlanTerm
from botmeter.billing.plan_text import PLAN_KEYS, plan_as_json, plan_as_toml, plan_from_mapping, plan_from_text
from botmeter.domain.errors import Refused
from support.rating_cases import plan_terms

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.sampled_from(("USD", "1", "-1", "0.000000001", "1e9", "graduated", "never", "90d", "account", "month")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([key.rpartition(".")[2] for key in PLAN_KEYS]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(terms=plan_terms())
def test_a_plan_reads_back_the_same(terms: list[PlanTerm]) -> None:
    for term in terms:
        plan = term.plan
        assert plan_from_text(plan_as_toml(plan)) == plan_from_text(plan_as_json(plan)) == plan


@pytest.mark.slow
@given(data=st.dictionaries(st.sampled_from([key for key in PLAN_KEYS if "." not in key]), VALUES))
@example(data={"currency": "USD", "meter": [{"beyond": {"kind": "volume", "tiers": [{"price": "1"}] * 101}}]})
@example(data={"currency": "USD", "name": "\ud800", "source": "\ud800", "seen_on": date(2026, 1, 1)})
def test_a_plan_file_is_a_plan_or_refused_with_its_code(data: dict[str, object]) -> None:
    plan = read(lambda: plan_from_mapping({"currency": "EUR", **data}))
    if isinstance(plan, Plan):
        assert plan_from_text(plan_as_json(plan)) == plan


@given(text=st.text(max_size=200))
def test_any_text_is_a_plan_or_refused(text: str) -> None:
    read(lambda: plan_from_text(text))


def read(reader: Callable[[], Plan]) -> Plan | str:
    """Plan, or the message of its refusal."""
    refusal = None
    try:
        return reader()
    except Refused as refused:
        refusal = refused
    assert refusal.code == "plan_invalid"
    return refusal.message
