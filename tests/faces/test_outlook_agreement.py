"""Page = API = command, for the forecast, another plan, and advice on packs."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from tests.support.ledgers import append_events, event_at
from tests.support.served import served

from botmeter.billing.closing import close_ended
from botmeter.billing.plan import Beyond, CycleRule, Meter, Pack, Plan
from botmeter.billing.plan_actions import PackOrder, buy_packs, set_plan
from botmeter.domain.instant import DAY_US, now_us
from botmeter.domain.money_text import money_text
from botmeter.domain.period import day_of_us
from botmeter.ledger.open_ledgers import OpenLedgers
from faces.conftest import Ask

pytestmark = pytest.mark.slow
DAYS = 130


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLedgers]:
    """An account that has bought five packs in each of its cycles of about thirty days."""
    first_us = (now_us() // DAY_US - DAYS) * DAY_US
    events = [
        event_at(f"{day}-{number}", first_us + day * DAY_US + number * 60_000_000, customer_id=f"{day}-{number}")
        for day in range(DAYS)
        for number in range(3 + day % 7 % 3)
    ]
    with served(tmp_path_factory.mktemp("outlook") / "data", {"acme": events[:1]}) as ledgers:
        with ledgers.writing("acme") as ledger:
            append_events(ledger, *events[1:], now_us=now_us())
            pack = Pack(sessions=30, price=Decimal(12), lapses="cycle_end")
            beyond = Beyond(kind="price", price=Decimal("0.50"))
            plan = Plan(
                name="packs",
                currency="EUR",
                cycle=CycleRule(anchor=day_of_us(first_us)),
                meters=(Meter(pack=pack, beyond=beyond),),
            )
            set_plan(ledger, plan, from_us=first_us, now_us=now_us())
            for cycle in range(4):
                buy_packs(ledger, PackOrder(packs=5, at_us=first_us + (31 * cycle + 1) * DAY_US), now_us=now_us())
            close_ended(ledger, through=day_of_us(now_us() - 10 * DAY_US), now_us=now_us())
        yield ledgers


def test_the_forecast_is_the_same_by_page_api_and_command(api: Ask, command: Ask, page: Ask) -> None:
    forecast = api("forecast")
    assert forecast == command("plan", "forecast")
    html = page("admin/billing")
    assert forecast["method"] == "pace"
    assert f"{forecast['expected_sessions']:,} expected" in html
    for name in ("total", "expected_total", "low_total", "high_total"):
        assert money_text(Decimal(forecast[name]), "EUR") in html, name


def test_another_plan_costs_the_same_by_page_api_and_command(api: Ask, command: Ask, page: Ask) -> None:
    compared = api("what-if", plan="freshworks.new")
    assert compared == command("plan", "what-if", "freshworks.new")
    first_on = compared["cycle"]["first_day"]
    assert compared == api("what-if", plan="freshworks.new", cycle=first_on)
    assert date.fromisoformat(first_on) < day_of_us(now_us() - 30 * DAY_US)
    html = page("admin/billing/what-if", plan="freshworks.new", cycle=first_on)
    assert compared["packs"] > 0
    assert compared["note"] in html
    for side in (compared["own"], compared["other"]):
        assert sum(Decimal(line["amount"]) for line in side["lines"]) == Decimal(side["total"])
        assert money_text(Decimal(side["total"]), side["currency"]) in html


def test_advice_on_packs_is_the_same_by_page_api_and_command(api: Ask, command: Ask, page: Ask) -> None:
    answer = api("pack-advice")
    assert answer == command("plan", "advise")
    assert (answer["advice"]["least_bought"], answer["advice"]["most_bought"]) == (5, 5)
    assert 0 < answer["advice"]["packs"] < 5
    assert answer["advice"]["sentence"] in page("admin/billing")
