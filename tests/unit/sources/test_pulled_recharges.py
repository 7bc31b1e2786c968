"""Pulled sessions buy packs in order, and the history of a first pull does not."""

from decimal import Decimal

import pytest
from tests.support import stand_in_chatwoot as chatwoot
from tests.support.pulls import ledger_with, pulled, source_of
from tests.support.stand_in_api import StandInApi

from botmeter.billing.plan import Allowance, CycleRule, Meter, Pack, Plan, Recharge
from botmeter.billing.plan_actions import set_plan
from botmeter.domain.instant import DAY_US, now_us
from botmeter.ledger.billing.purchases import purchases

pytestmark = pytest.mark.slow

HOUR_US = DAY_US // 24
NOW_US = now_us() // 1_000_000 * 1_000_000


def conversation(number: int, *, hours_ago: int) -> chatwoot.Conversation:
    began_us = NOW_US - hours_ago * HOUR_US
    made = chatwoot.Conversation(number=number, contact=number, began_us=began_us)
    made.messages = [chatwoot.Message(number=1_000 * number, at_us=began_us)]
    return made


def test_a_pull_buys_for_sessions_of_the_last_day_that_come_in_order() -> None:
    ledger, account = ledger_with(source_of("chatwoot")), chatwoot.Account(page_size=2)
    meter = Meter(allowance=Allowance(sessions=2), pack=Pack(sessions=1, price=Decimal(1)), recharge=Recharge(below=1))
    plan = Plan(name="simple", currency="EUR", cycle=CycleRule(), meters=(meter,))
    set_plan(ledger, plan, from_us=NOW_US - 4 * DAY_US, now_us=NOW_US)
    with StandInApi().serving() as api:
        api.answer = account.answer
        account.conversations += [conversation(1, hours_ago=70), conversation(2, hours_ago=50)]
        pulled(ledger, api, platform="chatwoot")
        assert purchases(ledger) == []
        account.conversations.append(conversation(3, hours_ago=5))
        pulled(ledger, api, platform="chatwoot")
        account.conversations.append(conversation(4, hours_ago=8))
        pulled(ledger, api, platform="chatwoot")
    assert [(NOW_US - each.purchase.from_at) // HOUR_US for each in purchases(ledger)] == [5]
