"""The price of a plan as JSON: lines with their tax, which add up to the total."""

from decimal import Decimal
from pathlib import Path

import pytest

from botmeter.billing.plan import Beyond, Meter, Plan
from botmeter.billing.plan_price import price_of
from botmeter.billing.plan_text import plan_from_text
from botmeter.billing.price_document import priced
from botmeter.billing.shipped_plans import plan_named
from botmeter.domain.errors import Refused

PUBLISHED = Path(__file__).parent / "plans"


def published(name: str) -> Plan:
    return plan_from_text((PUBLISHED / f"{name}.toml").read_text("utf-8"))


def test_the_tax_is_a_line_and_the_lines_add_up_to_the_total() -> None:
    plan = Plan(
        name="x",
        currency="EUR",
        meters=(Meter(beyond=Beyond(kind="price", price=Decimal("0.0075"))),),
        fee=Decimal(10),
        minimum=Decimal(20),
        tax_rate=Decimal("0.19"),
    )
    assert priced(price_of(plan, sessions=3)) == {
        "currency": "EUR",
        "lines": [
            {"label": "Fee", "quantity": "1", "unit_price": "10", "amount": "10.00"},
            {"label": "Sessions", "quantity": "3", "unit_price": "0.0075", "amount": "0.02"},
            {"label": "Top-up to the minimum of 20.00 EUR", "quantity": "1", "unit_price": None, "amount": "9.98"},
            {"label": "Tax 19%", "quantity": "1", "unit_price": None, "amount": "3.80"},
        ],
        "subtotal": "20.00",
        "tax": "3.80",
        "total": "23.80",
    }


@pytest.mark.parametrize(
    ("name", "sessions", "total"),
    [
        ("redo", 253, "222.55"),
        ("redo", 50, "47.50"),
        # A price of 0.10 and a cap of 25 over 2,500: stops at 2,750.
        ("aichat4b", 2_749, "24.90"),
        ("aichat4b", 2_750, "25.00"),
        ("aichat4b", 9_999, "25.00"),
        ("hubspot.conversation", 30, "0.00"),
        ("hubspot.conversation", 31, "10.00"),
        ("liveperson.dar", 1_334, "39.00"),
        ("intercom.fin", 0, "49.50"),
        ("intercom.fin", 51, "50.49"),
        ("landbot", 501, "65.00"),
        ("eocean", 1_001, "0.04"),
    ],
)
def test_published_examples_cost_what_they_say(name: str, sessions: int, total: str) -> None:
    assert priced(price_of(published(name), sessions=sessions))["total"] == total


@pytest.mark.parametrize(
    ("name", "sessions", "total"),
    [
        ("freshworks.old", 0, "100.00"),
        ("freshchat.2021-growth", 2_000, "0.00"),
        ("freshchat.2021-growth", 2_001, "100.00"),
        ("agentforce.conversation", 7, "14.00"),
        ("lex.request", 1_000, "0.75"),
        ("dialogflow.request", 1_000, "7.00"),
        ("google.agentassist-enterprise", 100, "8.00"),
        ("gorgias.starter", 51, "10.40"),
        ("gorgias.basic", 401, "140.00"),
        ("gorgias.advanced", 5_000, "900.00"),
        ("session.price", 3, "0.30"),
    ],
)
def test_shipped_plans_cost_what_was_published(name: str, sessions: int, total: str) -> None:
    assert priced(price_of(plan_named(name), sessions=sessions))["total"] == total


def test_a_recharge_buys_at_499_left_and_not_at_500() -> None:
    plan = plan_named("freshworks.new")
    once = [price_of(plan, sessions=count, first_cycle=True).lines[0].quantity for count in (0, 1, 2, 100, 101)]
    assert once == [0, 1, 1, 1, 2]


def test_what_can_not_be_priced_is_refused() -> None:
    for name, options, code in (
        ("session.price", {"meter": 1}, "meter_unknown"),
        ("session.price", {"bought": 1}, "plan_without_packs"),
        ("freshworks.old", {"bought": -1}, "plan_price_too_much"),
        ("freshworks.old", {"sessions": -1}, "plan_price_too_much"),
    ):
        with pytest.raises(Refused) as refused:
            price_of(plan_named(name), **{"sessions": 1, **options})
        assert refused.value.code == code
