"""Forecast, another plan's price and advice on packs as JSON values."""

from decimal import Decimal
from typing import Final, TypedDict

from botmeter.billing.account_bill import Bill, account_plans, bill_of, open_cycle_bill, plan_missing
from botmeter.billing.account_plans import cycle_of_day
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.canonical import amount_text
from botmeter.billing.cost_forecast import cost_forecast
from botmeter.billing.cycle import Cycle
from botmeter.billing.cycle_days import cycle_days
from botmeter.billing.forecast import ForecastDay
from botmeter.billing.pack_advice import account_pack_advice, advice_sentence
from botmeter.billing.plan import Plan
from botmeter.billing.plan_terms import account_cycle_at, timeline
from botmeter.billing.price_document import Priced, priced
from botmeter.billing.what_if_effect import Turn, effect_of, unlimited
from botmeter.domain.period import day_from_text
from botmeter.ledger.readable import ReadableLedger

_MINUTE_US: Final = 60_000_000


class CycleDates(TypedDict):
    """Both days included, in the plan's zone."""

    first_day: str
    last_day: str
    timezone: str


class ForecastDates(TypedDict):
    """Sessions of the cycle up to the end of a day; None: a straight line has no band."""

    day: str
    sessions: int
    low: int | None
    high: int | None


class ForecastDocument(TypedDict):
    """Open cycle at its end; amounts are with tax, and None without a forecast or band."""

    cycle: CycleDates
    plan: str
    currency: str
    sessions: int
    total: str
    method: str | None
    data_days: int
    expected_sessions: int | None
    low_sessions: int | None
    high_sessions: int | None
    expected_total: str | None
    low_total: str | None
    high_total: str | None
    days: list[ForecastDates]


class WhatIfDocument(TypedDict):
    """Cycle as it was, and under another plan."""

    cycle: CycleDates
    own_plan: str
    own: Priced
    plan: str
    other: Priced
    packs: int
    note: str


class PackAdviceDocument(TypedDict):
    """Fewest packs that would have covered each of the last cycles; `sentence` None: others were no better."""

    packs: int
    least_bought: int
    most_bought: int
    cycles: int
    sentence: str | None


def forecast_document(ledger: ReadableLedger, *, now_us: int, cache: BillCache | None = None) -> ForecastDocument:
    """Forecast the open cycle, as of the present minute.

    Raises:
        Missing: `plan_missing`.
    """
    now_us = now_us // _MINUTE_US * _MINUTE_US
    bill = _open_bill(ledger, now_us=now_us, cache=cache)
    rated = bill.rated
    forecast = cycle_days(ledger, rated.cycle, before=None, now_us=now_us, cache=cache).forecast
    end = None if forecast is None else forecast.end
    cost = None if forecast is None else cost_forecast(bill, forecast, carried=bill.carried_in, now_us=now_us)
    return ForecastDocument(
        cycle=_dates(rated.cycle),
        plan=rated.plan.label,
        currency=rated.plan.currency,
        sessions=max((len(meter.funding) for meter in rated.meters), default=0),
        total=amount_text(rated.total, rated.plan.currency),
        method=None if forecast is None else forecast.method,
        data_days=0 if forecast is None else forecast.data_day_count,
        expected_sessions=None if end is None else end.expected_count,
        low_sessions=None if end is None else end.low_count,
        high_sessions=None if end is None else end.high_count,
        expected_total=_amount(None if cost is None else cost.expected, rated.plan),
        low_total=_amount(None if cost is None else cost.low, rated.plan),
        high_total=_amount(None if cost is None else cost.high, rated.plan),
        days=[
            ForecastDates(
                day=each.on.isoformat(), sessions=each.expected_count, low=each.low_count, high=each.high_count
            )
            for each in (() if forecast is None else forecast.days)
        ],
    )


def what_if_document(
    ledger: ReadableLedger, plan: Plan, *, day: str | None, now_us: int, turn: Turn = unlimited
) -> WhatIfDocument:
    """Rate the cycle of a day, or else the last completed one, under another plan.

    Raises:
        Missing: `plan_missing` or `cycle_unknown`.
    """
    plans = account_plans(ledger)
    if plans is None or now_us < plans.terms[0].from_us:
        raise plan_missing(ledger.account.name)
    cycles = timeline(plans.terms, now_us + 1)
    chosen = cycles[max(0, len(cycles) - 2)] if day is None else cycle_of_day(plans, day_from_text(day), now_us=now_us)
    own = bill_of(ledger, chosen, plans=plans, now_us=now_us).rated
    other = effect_of(ledger, plan, cycle=chosen.cycle, now_us=now_us, turn=turn)
    return WhatIfDocument(
        cycle=_dates(chosen.cycle),
        own_plan=own.plan.label,
        own=priced(own),
        plan=plan.label,
        other=priced(other.rated),
        packs=other.packs,
        note=other.note,
    )


def pack_advice_document(
    ledger: ReadableLedger, *, now_us: int, cache: BillCache | None = None
) -> PackAdviceDocument | None:
    """Advise on packs of the plan in force; None: with too few closed cycles, or packs that outlive a cycle.

    Raises:
        Missing: `plan_missing`.
    """
    plans = account_plans(ledger, cache=cache)
    if plans is None or now_us < plans.terms[0].from_us:
        raise plan_missing(ledger.account.name)
    meters = account_cycle_at(plans.terms, now_us).plan.meters
    advice = account_pack_advice(ledger, meters, cache=cache)
    if advice is None:
        return None
    return PackAdviceDocument(
        packs=advice.enough,
        least_bought=advice.bought[0],
        most_bought=advice.bought[1],
        cycles=advice.cycles,
        sentence=advice_sentence(advice, meters[0]),
    )


def _open_bill(ledger: ReadableLedger, *, now_us: int, cache: BillCache | None) -> Bill:
    bill = open_cycle_bill(ledger, now_us, cache=cache)
    if bill is None:
        raise plan_missing(ledger.account.name)
    return bill


def _dates(cycle: Cycle) -> CycleDates:
    return CycleDates(first_day=cycle.first_on.isoformat(), last_day=cycle.last_on.isoformat(), timezone=cycle.timezone)


def _forecast_dates(day: ForecastDay) -> ForecastDates:
    return ForecastDates(day=day.on.isoformat(), sessions=day.expected_count, low=day.low_count, high=day.high_count)


def _amount(amount: Decimal | None, plan: Plan) -> str | None:
    return None if amount is None else amount_text(amount, plan.currency)
