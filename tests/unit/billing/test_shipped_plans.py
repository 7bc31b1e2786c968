"""Every shipped plan is worded as a published price of a day; plans of other vendors can be written, too."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from botmeter.billing.plan_text import plan_as_toml, plan_from_text
from botmeter.billing.shipped_plans import shipped_plan, shipped_plans
from botmeter.domain.errors import Missing
from botmeter.metering.preset import preset

SHIPPED = {each.plan.name: each.plan for each in shipped_plans()}
OTHERS = sorted((Path(__file__).parent / "plans").glob("*.toml"))
TEMPLATE = "session.price"


def test_shipped_plans_are_in_the_order_of_their_names() -> None:
    folder = files("botmeter.billing") / "plans"
    assert list(SHIPPED) == sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - {TEMPLATE}))
def test_a_shipped_plan_is_worded_as_a_published_price_of_a_day(name: str) -> None:
    plan = SHIPPED[name]
    assert plan.published is not None
    assert re.fullmatch(rf".+(’s|'s|s') published price for .+, as of {plan.published.seen_on}", plan.title), (
        "never what a vendor would bill"
    )
    assert ("secondary source" in plan.title) == (plan.published.confidence == "secondary")
    assert re.match(r"https://.+\..+", plan.published.source)
    for meter in plan.meters:
        assert [preset(policy).name for policy in meter.policies] == list(meter.policies)


def test_the_template_is_no_published_price_and_counts_by_the_policy_of_the_account() -> None:
    plan = SHIPPED[TEMPLATE]
    assert (plan.published, plan.meters[0].policies) == (None, ())


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_prices_of_other_vendors_can_be_written(path: Path) -> None:
    plan = plan_from_text(path.read_text("utf-8"))
    assert plan.name == path.stem
    assert plan_from_text(plan_as_toml(plan)) == plan


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_plan_reads_back_the_same(name: str) -> None:
    plan = SHIPPED[name]
    assert plan_from_text(plan_as_toml(plan)) == plan


def test_an_unknown_plan_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(Missing, match=r"Did you mean freshworks\.new") as missing:
        shipped_plan("freshworks.neww")
    assert missing.value.code == "plan_unknown"
    with pytest.raises(Missing, match="plan list"):
        shipped_plan("%%%")
