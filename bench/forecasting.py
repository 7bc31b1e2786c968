"""(k) Forecasts of months as of the days after their 10th and 20th, beside a straight line.

Each month of each series is forecast from at most 400 days before it. The error is |forecast - truth| ÷ truth of the
month's sessions. The line goes on as the month has begun.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean
from typing import Final

from bench.daily_series import DailySeries, demo_counts, demo_series, shape_series
from bench.figure import Figure, quantile
from bench.fresh import fresh
from bench.starting import DEMO_EVENTS
from botmeter.billing.forecast import forecast
from botmeter.domain.period import month_last_on

ORIGINS: Final = (10, 20)
HISTORY_DAYS: Final = 400
# A month with fewer days before it is not forecast.
BEFORE_DAYS: Final = 14
RUNS: Final = 200
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Means over the months of a series, as shares."""

    month_count: int
    pace_error: float
    line_error: float
    cover: float
    width: float


def figures(scale: float) -> Iterator[Figure]:
    """Figures at `scale` of the full size."""
    demo = demo_series(fresh(demo_counts, events=round(DEMO_EVENTS * scale)).answer)
    for group, series in (("demo", demo), ("shapes", shape_series())):
        for elapsed in ORIGINS:
            scores = [back_test(one, elapsed=elapsed) for one in series]
            yield from (_figure(one, score, elapsed=elapsed) for one, score in zip(series, scores, strict=True))
            yield from _promises(group, scores, elapsed=elapsed)
    yield _cost(demo[0])


def _figure(series: DailySeries, score: Score, *, elapsed: int) -> Figure:
    return Figure(
        subject=f"(k) {series.name} from day {elapsed}: error of a month",
        value=100 * score.pace_error,
        unit="%",
        detail=f"line {100 * score.line_error:.1f} %; band holds {100 * score.cover:.0f} % of "
        f"{score.month_count} months, {100 * score.width:.0f} % wide",
    )


def _promises(group: str, scores: Sequence[Score], *, elapsed: int) -> Iterator[Figure]:
    pace, line = fmean(one.pace_error for one in scores), fmean(one.line_error for one in scores)
    yield Figure(
        subject=f"(k) {group} from day {elapsed}: error of the forecast ÷ line",
        value=pace / line,
        unit="×",
        promise=1,
        detail=f"{100 * pace:.1f} % to {100 * line:.1f} %, means of {len(scores)} series",
    )
    cover = 100 * fmean(one.cover for one in scores)
    covers = ", ".join(f"{100 * one.cover:.0f}" for one in scores)
    for promise, is_least in ((70, True), (95, False)):
        yield Figure(
            subject=f"(k) {group} from day {elapsed}: the 80 % band holds",
            value=cover,
            unit="%",
            promise=promise,
            is_least=is_least,
            detail=covers,
        )


def back_test(series: DailySeries, *, elapsed: int) -> Score:
    """Forecast each whole month as of the day after `elapsed` of its days."""
    pace_errors, line_errors, held, widths = [], [], [], []
    for first_on in _months(series):
        last_on = month_last_on(first_on)
        start, end = (first_on - series.first_on).days, (last_on - series.first_on).days + 1
        now = start + elapsed
        truth = sum(series.counts[start:end])
        oldest = max(0, now - HISTORY_DAYS)
        made = forecast(
            series.counts[oldest:now],
            first_on=series.first_on + oldest * DAY,
            as_of_on=first_on + elapsed * DAY,
            cycle_first_on=first_on,
            cycle_last_on=last_on,
        )
        if made is None or made.end.low_count is None or made.end.high_count is None or not truth:
            raise RuntimeError(f"No forecast with a band of {series.name} in {first_on:%B %Y}.")
        pace_errors.append(abs(made.end.expected_count - truth) / truth)
        line_errors.append(abs(made.counted_count * (end - start) / elapsed - truth) / truth)
        held.append(made.end.low_count <= truth <= made.end.high_count)
        widths.append((made.end.high_count - made.end.low_count) / truth)
    return Score(
        month_count=len(held),
        pace_error=fmean(pace_errors),
        line_error=fmean(line_errors),
        cover=fmean(held),
        width=fmean(widths),
    )


def _months(series: DailySeries) -> Iterator[date]:
    days = (series.first_on + number * DAY for number in range(len(series.counts)))
    last_on = series.first_on + (len(series.counts) - 1) * DAY
    for on in days:
        if on.day == 1 and (on - series.first_on).days >= BEFORE_DAYS and month_last_on(on) <= last_on:
            yield on


def _cost(series: DailySeries) -> Figure:
    counts, first_on = series.counts[-HISTORY_DAYS:], date(2026, 1, 1)
    as_of_on = first_on + HISTORY_DAYS * DAY
    times_ms = []
    for _ in range(RUNS):
        began = time.perf_counter()
        forecast(
            counts, first_on=first_on, as_of_on=as_of_on, cycle_first_on=as_of_on, cycle_last_on=as_of_on + 29 * DAY
        )
        times_ms.append((time.perf_counter() - began) * 1e3)
    return Figure(
        subject=f"(k) a forecast from {HISTORY_DAYS} days, p95",
        value=quantile(times_ms, 0.95),
        unit="ms",
        promise=10,
        detail=f"{RUNS} runs, median {quantile(times_ms, 0.5):.2f} ms",
    )
