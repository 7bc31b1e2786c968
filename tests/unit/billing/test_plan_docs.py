"""The pages about plans name every key and value, and their worked tables are true."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import get_args

from botmeter.billing.beyond import BeyondCount
from botmeter.billing.cycle import cycle_first_on
from botmeter.billing.plan import AllowancePer, Beyond, BeyondKind, Charged, Confidence, CycleRule, Every, Tier
from botmeter.billing.plan_text import PLAN_KEYS, plan_from_text

DOCS = Path(__file__).parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "plan.md").read_text("utf-8")
CONCEPTS = (DOCS / "concepts" / "plans.md").read_text("utf-8")
ROWS = re.findall(r"^\| (`.+?) \| .+ \| (.+) \|$", REFERENCE, re.MULTILINE)


def test_the_reference_has_each_key_in_their_order() -> None:
    listed = [key for keys, _ in ROWS for key in re.findall(r"`([\w.]+)`", keys)]
    tables = {"meter.allowance", "meter.pack", "meter.recharge", "meter.beyond", "cycle", "meter", "fixed", "tax"}
    assert [key for key in PLAN_KEYS if key not in tables] == listed


def test_the_reference_names_every_allowed_value() -> None:
    allowed = {key.strip("`"): text for key, text in ROWS}
    names = {
        "cycle.every": Every,
        "meter.previews": Charged,
        "meter.test": Charged,
        "meter.allowance.per": AllowancePer,
        "meter.beyond.kind": BeyondKind,
        "confidence": Confidence,
    }
    for key, values in names.items():
        assert [value for value in get_args(values) if f"`{value}`" not in allowed[key]] == [], key


def test_the_example_of_the_reference_is_a_plan() -> None:
    assert plan_from_text(REFERENCE.split("```toml")[1].split("```")[0]).label == "example.graduated@1"


def test_the_page_explains_every_kind_of_price_beyond_the_grants() -> None:
    assert [kind for kind in get_args(BeyondKind) if f"| `{kind}` |" not in CONCEPTS] == []


def test_the_worked_table_of_both_tier_modes_is_true() -> None:
    tiers = (
        Tier(up_to=50, price=Decimal("0.95")),
        Tier(up_to=100, price=Decimal("0.90")),
        Tier(price=Decimal("0.85")),
    )
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", CONCEPTS, re.MULTILINE)
    assert len(rows) == 8
    for units, *amounts in rows:
        for kind, amount in zip(("graduated", "volume"), amounts, strict=True):
            count = BeyondCount()
            count.add(Beyond(kind=kind, tiers=tiers), Decimal(units))
            assert sum(charge.amount for charge in count.charges()) == Decimal(amount), f"{units} {kind}"


def test_the_worked_table_of_anchors_is_true() -> None:
    table = dict(re.findall(r"^\| (\d+ \w+ 20\d\d), .+? \| (.+) \|$", CONCEPTS, re.MULTILINE))
    assert set(table) == {"31 January 2026", "31 August 2026", "29 February 2028"}
    for text, every, anchor in (
        ("31 January 2026", "month", date(2026, 1, 31)),
        ("31 August 2026", "quarter", date(2026, 8, 31)),
        ("29 February 2028", "year", date(2028, 2, 29)),
    ):
        days = table[text].split(", ")
        first_days = [cycle_first_on(CycleRule(every=every), anchor, number=number) for number in range(len(days))]
        assert [f"{on.day} {on:%b}" for on in first_days] == [" ".join(day.split()[:2]) for day in days]
