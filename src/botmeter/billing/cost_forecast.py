"""Cost of a cycle at its end, with the sessions to come spread evenly over its rest."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from botmeter.billing.account_bill import Bill
from botmeter.billing.forecast import Forecast
from botmeter.billing.rated import Carried, RatedCycle
from botmeter.billing.rating import rate_cycle
from botmeter.billing.recharge import recharges_due


@dataclass(frozen=True, slots=True, kw_only=True)
class CostForecast:
    """Total of a cycle at its end, as expected and for the 80 % band; a straight line has none."""

    expected: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


def cost_forecast(bill: Bill, forecast: Forecast, *, carried: Carried, now_us: int) -> CostForecast:
    """Rate the cycle with the sessions to come, whose recharges are bought.

    Under a volume price, low and high are the least and the greatest cost over the counts of the band.

    Args:
        now_us: Instant after which sessions are to come (µs UTC).
    """

    def cost(count: int) -> Decimal:
        more = max(0, count - forecast.counted_count)
        return rated_with_more(bill, more, carried=carried, now_us=now_us).total

    end = forecast.end
    expected = cost(end.expected_count)
    if end.low_count is None or end.high_count is None:
        return CostForecast(expected=expected)
    counts = {end.low_count, end.high_count, *_volume_bounds(bill, end.low_count, high=end.high_count)}
    costs = [expected, *(cost(count) for count in sorted(counts))]
    return CostForecast(expected=expected, low=min(costs), high=max(costs))


def rated_with_more(bill: Bill, more: int, *, carried: Carried, now_us: int) -> RatedCycle:
    """Rate the cycle with a number of sessions to come."""
    counted = max((len(table) for table in bill.sessions), default=0)
    tables = [
        _with_more(table, round(more * len(table) / counted) if counted else more, bill=bill, now_us=now_us)
        for table in bill.sessions
    ]
    facts = bill.facts
    due = recharges_due(bill.account_cycle, tables, facts=facts, carried=carried, after_us=now_us)
    facts = replace(facts, purchases=(*facts.purchases, *due))
    return rate_cycle(bill.account_cycle, tables, facts=facts, carried=carried)[0]


def rated_until(bill: Bill, at_us: int, *, carried: Carried) -> RatedCycle:
    """Rate the cycle as it was at an instant (µs UTC)."""
    tables = []
    for table in bill.sessions:
        starts = table["started_at"].to_numpy()
        tables.append(table.slice(0, int(np.searchsorted(starts, at_us))))
    purchases = tuple(each for each in bill.facts.purchases if each.from_us < at_us)
    facts = replace(bill.facts, purchases=purchases)
    return rate_cycle(bill.account_cycle, tables, facts=facts, carried=carried, now_us=at_us)[0]


def _with_more(table: pa.Table, more: int, *, bill: Bill, now_us: int) -> pa.Table:
    end_us = bill.account_cycle.cycle.end_us
    first_us = min(max(now_us, *table["started_at"][-1:].to_pylist(), 0) + 1, end_us - 1)
    starts = np.linspace(first_us, end_us - 1, num=more, dtype=np.int64)
    columns = {
        "started_at": pa.array(starts),
        "charge": pa.array(np.zeros(more, np.uint8)),
        "preview": pa.array(np.zeros(more, np.bool_)),
    }
    to_come = pa.table(columns)
    return pa.concat_tables([table.select(to_come.column_names).cast(to_come.schema), to_come])


def _volume_bounds(bill: Bill, low: int, *, high: int) -> Iterator[int]:
    for rule, rated in zip(bill.rated.plan.meters, bill.rated.meters, strict=False):
        if rule.beyond.kind != "volume":
            continue
        granted = sum((use.used + use.left for use in rated.grants), Decimal(0))
        for tier in rule.beyond.tiers:
            if tier.up_to is not None:
                last = int((granted + tier.up_to) // rule.weight)
                yield from (count for count in (last, last + 1) if low < count < high)


def first_day_of(forecast: Forecast, is_reached: Callable[[int], bool]) -> date | None:
    """First day to come at whose end a condition on the expected count holds; it holds from then on. None: on none."""
    days = forecast.days
    at = bisect_left(range(len(days)), 1, key=lambda number: is_reached(days[number].expected_count))
    return days[at].on if at < len(days) else None
