"""Forecast of the open cycle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from botmeter.billing.cycle_days import CycleDays
from botmeter.billing.forecast import Crossing, Forecast, ForecastDay
from botmeter.billing.rated import Funding, GrantUse, RatedCycle, RatedMeter
from botmeter.charts.cycle import CycleLine, CycleMark, CyclePoint, MarkKind, cycle_chart
from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.ledger.billing.budgets import BudgetPer, BudgetScope, BudgetUnit, StoredBudget
from botmeter.web.components import Key
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.web.pages.report.report_urls import ReportUrls

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """Day of the chart's table."""

    day: str
    href: str
    sessions: str
    total: str
    expected: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleChart:
    """Cycle's cumulative chart, with its table."""

    keys: tuple[Key, ...]
    chart: Chart
    lines: tuple[DayLine, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Number of sessions, and the day on which the cycle reaches it."""

    label: str
    amount: str
    reached: str
    detail: str


def cycle_chart_card(
    days: CycleDays, rated: RatedCycle, *, budgets: Sequence[StoredBudget], urls: "ReportUrls"
) -> CycleChart:
    """Draw the cycle, its forecast and the cycle before."""
    points, lines = [], []
    compared = list(accumulate(days.before))
    expected = {} if days.forecast is None else {each.on: each for each in days.forecast.days}
    total = 0
    for number in range(rated.cycle.day_count):
        on = rated.cycle.first_on + number * _DAY
        count, ahead = days.count_on(on), expected.get(on)
        total += count
        before = compared[number] if number < len(compared) else None
        points.append(_point(on, total, days=days, ahead=ahead, before=before, urls=urls))
        lines.append(_line(on, (count, total), days=days, ahead=ahead, before=before, urls=urls))
    is_open = days.today_on <= rated.cycle.last_on
    line = CycleLine(
        name=_name(days, total),
        points=tuple(points),
        marks=tuple(CycleMark(count=each.count, label=each.label, kind=_kind(each)) for each in marks(rated, budgets)),
        today_label="Today" if is_open else "",
        partial_label=f"{text.count_text(total)} so far" if is_open else "",
        end_label="" if days.forecast is None else f"{text.count_text(days.forecast.end.expected_count)} expected",
    )
    keys = [Key(label="Sessions")]
    if any(each.compared_count is not None for each in points):
        keys.append(Key(label="Cycle before", kind="dash"))
    return CycleChart(keys=tuple(keys), chart=cycle_chart(line), lines=tuple(lines), note=method_sentence(days))


def thresholds(days: CycleDays, rated: RatedCycle, *, budgets: Sequence[StoredBudget]) -> tuple[Threshold, ...]:
    """Days on which the cycle reaches what it has in sessions."""
    return tuple(
        Threshold(
            label=each.label,
            amount=text.counted(each.count if each.units is None else each.units, "session"),
            reached=_reached(days.forecast, each.count),
            detail=_between(days.forecast, each.count),
        )
        for each in marks(rated, budgets)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Number of sessions with a meaning; `units`: how many of them it funds, unless all."""

    label: str
    count: int
    units: int | None = None
    is_limit: bool = False


def marks(rated: RatedCycle, budgets: Sequence[StoredBudget]) -> tuple[Mark, ...]:
    """Sessions for which allowance, packs and budgets last."""
    found = list(_grant_marks(rated))
    for each in budgets:
        budget = each.budget
        is_own = budget.scope is BudgetScope.ACCOUNT and budget.per is BudgetPer.CYCLE
        if is_own and budget.unit is BudgetUnit.SESSIONS:
            found.append(Mark(label="Brake" if budget.is_brake else "Budget", count=int(budget.amount), is_limit=True))
    return tuple(found)


def method_sentence(days: CycleDays) -> str:
    """Describe the method of the forecast."""
    if days.forecast is None:
        return "There is no forecast before a whole day with data."
    if days.forecast.method == "line":
        count = text.counted(days.forecast.data_day_count, "whole day")
        return f"Forecast by a straight line, as only {count} have data; from 14 on it knows weekdays and has a band."
    return (
        "Forecast from the level of the last days and the weekdays of eight weeks; today counts once it is over. "
        f"The end is within the band in 80{text.THIN}% of cycles like this."
    )


def _grant_marks(rated: RatedCycle) -> Iterable[Mark]:
    if len(rated.meters) != 1:
        return
    meter, weight = rated.meters[0], rated.plan.meters[0].weight
    allowance = [use for use in meter.grants if use.grant.kind == "allowance"]
    if units := _units(allowance):
        yield Mark(label="Allowance", count=_lasts(meter, allowance, weight=weight), units=int(units // weight))
    if len(allowance) < len(meter.grants) and (units := _units(meter.grants)):
        label = "Allowance and packs" if allowance else "Packs"
        yield Mark(label=label, count=_lasts(meter, meter.grants, weight=weight), units=int(units // weight))


def _units(uses: Iterable[GrantUse]) -> Decimal:
    return sum((use.used + use.left for use in uses), Decimal(0))


def _lasts(meter: RatedMeter, uses: Sequence[GrantUse], *, weight: Decimal) -> int:
    """Sessions up to the last one that these grants fund, with others among them, such as void ones."""
    left = sum((use.left for use in uses), Decimal(0))
    if left:
        return len(meter.funding) + int(left // weight)
    kinds = [Funding[use.grant.kind.upper()] for use in uses]
    return int(np.flatnonzero(np.isin(meter.funding, kinds))[-1:].sum()) + 1


def _kind(mark: Mark) -> MarkKind:
    return "limit" if mark.is_limit else "grant"


def _point(
    on: date,
    total: int,
    *,
    days: CycleDays,
    ahead: ForecastDay | None,
    before: int | None,
    urls: "ReportUrls",
) -> CyclePoint:
    is_over, is_today, zone = on < days.today_on, on == days.today_on, days.zone
    title = f"{text.day_text(on, year=False)}: {text.counted(total, 'session')} until then"
    if not is_over and ahead is not None:
        title = f"{text.day_text(on, year=False)}: {text.count_text(ahead.expected_count)} expected"
    return CyclePoint(
        on=on,
        title=title,
        href=urls.rows(ReportAddress(timezone=zone).between(on, on)) if is_over or is_today else "",
        count=total if is_over or is_today else None,
        is_partial=is_today,
        expected_count=None if ahead is None else ahead.expected_count,
        low_count=None if ahead is None else ahead.low_count,
        high_count=None if ahead is None else ahead.high_count,
        compared_count=before,
    )


def _line(
    on: date,
    counts: tuple[int, int],
    *,
    days: CycleDays,
    ahead: ForecastDay | None,
    before: int | None,
    urls: "ReportUrls",
) -> DayLine:
    is_begun, (count, total) = on <= days.today_on, counts
    expected = ""
    if ahead is not None:
        expected = text.count_text(ahead.expected_count)
        if ahead.low_count is not None and ahead.high_count is not None:
            expected += f" ({text.count_text(ahead.low_count)} to {text.count_text(ahead.high_count)})"
    return DayLine(
        day=text.day_text(on),
        href=urls.rows(ReportAddress(timezone=days.zone).between(on, on)) if is_begun and count else "",
        sessions=text.count_text(count) if is_begun else "",
        total=text.count_text(total) if is_begun else "",
        expected=expected,
        before="" if before is None else text.count_text(before),
    )


def _name(days: CycleDays, total: int) -> str:
    sentence = f"{text.counted(total, 'session')} in this cycle so far"
    if days.forecast is None:
        return f"{sentence}."
    return f"{sentence}, {text.count_text(days.forecast.end.expected_count)} expected at its end."


def _reached(forecast: Forecast | None, count: int) -> str:
    if forecast is None:
        return "Unknown"
    on = forecast.crossing(count).expected_on
    if on is None:
        return "Not in this cycle"
    return f"Reached on {text.day_text(on)}" if forecast.counted_count >= count else text.day_text(on)


def _between(forecast: Forecast | None, count: int) -> str:
    if forecast is None or forecast.counted_count >= count:
        return ""
    crossing: Crossing = forecast.crossing(count)
    if not forecast.has_band or crossing.earliest_on is None:
        return ""
    first = text.day_text(crossing.earliest_on, year=False)
    if crossing.latest_on is None:
        return f"not before {first}"
    last = text.day_text(crossing.latest_on, year=False)
    return "" if first == last else f"between {first} and {last}"
