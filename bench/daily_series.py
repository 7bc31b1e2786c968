"""Sessions by day to forecast: those of the demo account, and five generated series in the shape of public ones.

The public ones are logs of chat rooms, births, views of a page, pedestrians in a street, and a small team's questions.
Each has ten years from a Sunday on, drawn from its own seed.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from botmeter.demo import DEMO_ACCOUNT, DEMO_SEED, DEMO_TITLE, demo_batches
from botmeter.demo.retailer import FIRST_ON
from botmeter.domain.account import Account
from botmeter.domain.period import Period
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import FRESHCHAT
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.query import RequestedDays, usage_query
from botmeter.reports.usage import usage_report

Floats = NDArray[np.float64]

# The same days in every run, because a demo account of another day has other sessions.
DEMO_LAST_ON: Final = date(2026, 11, 28)
SHAPES_FIRST_ON: Final = date(2017, 1, 1)
SHAPE_DAYS: Final = 3652
YEAR_DAYS: Final = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """Counts by day from `first_on`."""

    name: str
    first_on: date
    counts: list[int]


def demo_series(counts: dict[str, list[int]]) -> list[DailySeries]:
    """Series of `demo_counts`, each from its first session on: bots begin one after another."""
    series = []
    for name, of_days in counts.items():
        start = next(day for day, count in enumerate(of_days) if count)
        series.append(
            DailySeries(name=f"demo {name}", first_on=FIRST_ON + timedelta(days=start), counts=of_days[start:])
        )
    return series


def demo_counts(events: int) -> dict[str, Any]:
    """Fill a demo account; its sessions by day, in all, by bot and on WhatsApp."""
    now_us = Period(first_on=DEMO_LAST_ON, last_on=DEMO_LAST_ON).end_us
    with tempfile.TemporaryDirectory() as data, Folder.owned(Path(data), purpose="bench") as folder:
        folder.create(Account(name=DEMO_ACCOUNT, title=DEMO_TITLE), policy=FRESHCHAT, now_us=now_us)
        with folder.ledger(DEMO_ACCOUNT) as ledger:
            batches = demo_batches(seed=DEMO_SEED, now_us=now_us, events=events)
            append(ledger, [Submission(source="demo", batches=batches, label="demo")], now_us=now_us)
            filters = {"all": NO_FILTERS, "whatsapp": Filters(channel=("whatsapp",))}
            bots = sorted(bot.bot_id for bot in _report(ledger, NO_FILTERS, now_us=now_us).by_bot if bot.bot_id)
            filters |= {bot_id.removeprefix("bot_"): Filters(bot=(bot_id,)) for bot_id in bots}
            return {
                name: [day.session_count or 0 for day in _report(ledger, one, now_us=now_us).trend]
                for name, one in filters.items()
            }


def _report(ledger: Ledger, filters: Filters, *, now_us: int) -> Any:
    days = RequestedDays(first_on=FIRST_ON, last_on=DEMO_LAST_ON)
    return usage_report(ledger, usage_query(ledger.account, now_us=now_us, days=days, filters=filters))


def shape_series() -> list[DailySeries]:
    """Five generated series."""
    shapes: dict[str, Callable[[np.random.Generator], Floats]] = {
        "chat rooms": _chat_rooms,
        "births": _births,
        "page with spikes": _page,
        "pedestrians": _pedestrians,
        "six a day": _few,
    }
    return [
        DailySeries(
            name=name,
            first_on=SHAPES_FIRST_ON,
            counts=shape(np.random.default_rng(seed)).astype(int).tolist(),
        )
        for seed, (name, shape) in enumerate(shapes.items())
    ]


def _chat_rooms(rng: np.random.Generator) -> Floats:
    """Some 30 a day: weekends are quieter, interest comes and goes over weeks, and years have no pattern."""
    level = 30 * np.exp(_drift(rng, days=60, spread=0.30))
    return _counts(rng, level * _weekly(0.95, 1.05, 1.08, 1.10, 1.08, 1.02, 0.72), variance=2.0)


def _births(rng: np.random.Generator) -> Floats:
    """11,000 a day: a quarter fewer at weekends and on ten holidays a year, a little more in late summer."""
    level = 11_000 * (1 + 0.04 * _season(day=240)) * np.exp(_drift(rng, days=15, spread=0.01))
    holidays = np.where(rng.random(SHAPE_DAYS) < 10 / YEAR_DAYS, 0.75, 1.0)
    return _counts(rng, level * holidays * _weekly(0.72, 1.03, 1.12, 1.10, 1.10, 1.09, 0.84), variance=4.0)


def _page(rng: np.random.Generator) -> Floats:
    """2,000 a day: twice as many in some weeks of a season, and news that bring up to 30 times as many for days."""
    level = 2_000 * (1 + 0.3 * _season(day=330)) * np.exp(_drift(rng, days=20, spread=0.25))
    news = np.where(rng.random(SHAPE_DAYS) < 1 / 45, np.minimum(rng.pareto(1.5, SHAPE_DAYS) + 0.3, 30.0), 0.0)
    fade = np.exp(-np.arange(12) / 2)
    spikes = np.convolve(news, fade)[:SHAPE_DAYS]
    return _counts(rng, level * (1 + spikes) * _weekly(1.05, 1.15, 1.00, 0.95, 0.95, 0.95, 0.95), variance=60.0)


def _pedestrians(rng: np.random.Generator) -> Floats:
    """25,000 a day: more on Fridays, fewer on Sundays, less in winter, and weather that lasts for days."""
    level = 25_000 * (1 + 0.08 * _season(day=190)) * np.exp(_drift(rng, days=3, spread=0.09))
    return _counts(rng, level * _weekly(0.75, 0.98, 1.02, 1.04, 1.08, 1.18, 0.95), variance=20.0)


def _few(rng: np.random.Generator) -> Floats:
    """Six a day, with days without any; questions come in bursts."""
    level = 6 * np.exp(_drift(rng, days=25, spread=0.25))
    return _counts(rng, level * _weekly(0.5, 1.15, 1.2, 1.2, 1.2, 1.15, 0.6), variance=3.0)


def _weekly(*factors: float) -> Floats:
    """Factors of weekdays, from Sunday on."""
    return np.resize(np.array(factors), SHAPE_DAYS)


def _season(*, day: int) -> Floats:
    """Wave of a year with its crest on a day."""
    return np.cos(2 * np.pi * (np.arange(SHAPE_DAYS) - day) / YEAR_DAYS)


def _drift(rng: np.random.Generator, *, days: int, spread: float) -> Floats:
    """Logarithm of a level that forgets itself within `days`, and has this spread (autoregressive, order 1)."""
    memory = np.exp(-1 / days)
    steps = rng.normal(0, spread * np.sqrt(1 - memory**2), SHAPE_DAYS)
    level, drift = rng.normal(0, spread), np.empty(SHAPE_DAYS)
    for day, step in enumerate(steps):
        level = memory * level + step
        drift[day] = level
    return drift


def _counts(rng: np.random.Generator, means: Floats, *, variance: float) -> Floats:
    """Whole numbers around the means, with `variance` times that of independent ones (negative binomial)."""
    shape = means / (variance - 1)
    return rng.negative_binomial(shape, 1 / variance).astype(np.float64)
