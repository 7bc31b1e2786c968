"""Recharges of sessions that were settled before the first plan was set are recorded once, if that is asked for."""

from decimal import Decimal

from botmeter.billing.account_facts import account_facts
from botmeter.billing.plan import Allowance, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_actions import set_plan
from botmeter.billing.recharge_replay import replay_recharges
from botmeter.billing.recharge_watch import RechargeWatch
from botmeter.domain.instant import us_from_text
from support.ledgers import append_events, event, ledger_in_memory

MARCH, NOW = us_from_text("2026-03-01T00:00:00Z"), us_from_text("2026-04-20T00:00:00Z")
PLAN = Plan(
    name="recharging",
    currency="USD",
    meters=(
        Meter(
            allowance=Allowance(sessions=3, per="account"),
            pack=Pack(sessions=2, price=Decimal(10)),
            recharge=Recharge(below=2),
        ),
    ),
)


def test_recharges_are_replayed_in_the_order_of_the_sessions() -> None:
    ledger = ledger_in_memory()
    days = ("2026-03-02", "2026-03-04", "2026-03-06", "2026-03-08", "2026-04-02", "2026-04-04")
    append_events(ledger, *(event(f"e{day}", f"{day}T10:00", customer_id=day) for day in days))
    set_plan(ledger, PLAN, from_us=MARCH, now_us=NOW)
    assert RechargeWatch().buy(ledger, now_us=NOW) == 0, "what was settled before never buys"
    assert replay_recharges(ledger, now_us=NOW) == 4
    bought = account_facts(ledger).purchases
    # The second session leaves 1 of 3, the fourth 1 of the allowance and a pack. What is left lapses with March, so
    # that each session of April finds or leaves fewer than 2.
    assert [(each.how, each.packs, each.from_us) for each in bought] == [
        ("recharge", 1, us_from_text(f"{day}T10:00:00Z"))
        for day in ("2026-03-04", "2026-03-08", "2026-04-02", "2026-04-04")
    ]
    assert replay_recharges(ledger, now_us=NOW) == 0
