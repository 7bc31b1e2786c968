"""Terms of a plan in plain words."""

from datetime import date
from decimal import Decimal

from botmeter.billing.plan import (
    Allowance,
    Beyond,
    CycleRule,
    Meter,
    Pack,
    Plan,
    Published,
    Recharge,
    Tier,
)
from botmeter.billing.plan_sentences import plan_sentences, source_sentence

PACKS = Plan(
    name="example.packs",
    currency="USD",
    cycle=CycleRule(every="quarter", anchor=date(2026, 1, 31), timezone="Asia/Kolkata", prorate=True),
    meters=(
        Meter(
            allowance=Allowance(sessions=500, per="account", forfeited_on_purchase=True),
            pack=Pack(sessions=100, price=Decimal(49), lapses="90d", recurring=True, least_per_cycle=2),
            recharge=Recharge(below=500, packs=2, most_per_cycle=20),
            previews="free",
        ),
    ),
    fee=Decimal(10),
    minimum=Decimal(50),
    tax_rate=Decimal("0.19"),
    published=Published(source="https://example.com/pricing", seen_on=date(2025, 11, 13)),
)
TIERS = (Tier(price=Decimal("0.95"), up_to=50, flat=Decimal(5)), Tier(price=Decimal("0.0075")))


def test_each_term_of_a_plan_is_a_sentence() -> None:
    assert plan_sentences(PACKS) == (
        "A cycle is 3 months from 31 Jan 2026, with days in Asia/Kolkata. A part of a cycle is charged by its days.",
        "The fee is $10.00 per cycle.",
        "A cycle costs at least $50.00, fee included.",
        "500 sessions included once per account; the rest is forfeited on the first purchase.",
        (
            "A pack of 100 sessions costs $49.00, bought again each cycle until removed, and lapses after 90 days. "
            "At least 2 packs per cycle."
        ),
        "When fewer than 500 sessions are left, 2 packs are bought, at most 20 per cycle.",
        "Sessions beyond that are stopped and not charged.",
        "Previews are free.",
        "Tax of 19\u202f% is added.",
    )


def test_prices_beyond_grants_are_told_apart() -> None:
    def sentence(beyond: Beyond) -> str:
        return plan_sentences(Plan(name="x", currency="EUR", meters=(Meter(beyond=beyond),)))[-1]

    assert sentence(Beyond(kind="price", price=Decimal("0.10"), cap=Decimal(25))) == (
        "Sessions cost €0.10 each. No more than €25.00 per cycle; later ones stop."
    )
    assert sentence(Beyond(kind="package", price=Decimal(40), sessions=100)) == "Sessions cost €40.00 per 100 begun."
    assert sentence(Beyond(kind="graduated", tiers=TIERS)) == (
        "Sessions cost, each tier at its own price: 1 to 50 €0.95 and €5.00 once; from 51 €0.0075."
    )
    assert "all at the price of the tier that is reached" in sentence(Beyond(kind="volume", tiers=TIERS))


def test_a_published_price_names_its_day_and_source() -> None:
    assert source_sentence(PACKS) == (
        "Published price, as of 13 Nov 2025, from the vendor: https://example.com/pricing"
    )
    assert source_sentence(Plan(name="own", currency="USD")) == ""
