"""Plans of the demo account."""

from decimal import Decimal
from typing import Final

from botmeter.billing.plan import Allowance, Beyond, Meter, Pack, Plan, Recharge
from botmeter.billing.shipped_plans import shipped_plan
from botmeter.demo.retailer import ACCOUNT, TITLE
from botmeter.metering.policy import FRESHCHAT

_PRICE_IN_PACK: Final = Decimal("0.09")
_PRICE_BEYOND: Final = Decimal("0.15")
_FEE: Final = Decimal(250)
_TAX_RATE: Final = Decimal("0.20")
_LEAST_ALLOWANCE: Final = 10


def first_plan() -> Plan:
    """Plan of the first year, with packs bought by hand."""
    return shipped_plan("freshchat.2021-growth").plan


def contract(session_count: int) -> Plan:
    """Plan since then, with recharged packs, for so many sessions a month."""
    # One digit and zeros: 3,431 sessions give an allowance of 3,000, and packs of 1,000.
    power = 10 ** (len(str(max(session_count, _LEAST_ALLOWANCE))) - 1)
    allowance = max(1, (session_count + power // 2) // power) * power
    meter = Meter(
        policies=(FRESHCHAT.name,),
        allowance=Allowance(sessions=allowance, per="month"),
        pack=Pack(sessions=power, price=power * _PRICE_IN_PACK),
        recharge=Recharge(below=power * 3 // 10, most_per_cycle=2),
        beyond=Beyond(kind="price", price=_PRICE_BEYOND),
    )
    return Plan(
        name=f"{ACCOUNT}.contract",
        currency="USD",
        title=f"Contract of {TITLE} with its bot platform",
        meters=(meter,),
        fee=_FEE,
        tax_rate=_TAX_RATE,
    )
