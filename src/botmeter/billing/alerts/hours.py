"""Sessions of the present hour, and those usual in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.alerts.alert import Alert
from botmeter.billing.day_counts import first_event_us_of
from botmeter.billing.session_scopes import named_sessions
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.instant import MICROSECONDS_PER_SECOND
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.reports.billed_sessions import billed_sessions

USUAL_WEEKS: Final = 8
"""As many as the forecast takes for its weekdays."""
_HOUR_US: Final = 3_600 * MICROSECONDS_PER_SECOND
_WEEK_US: Final = 7 * 24 * _HOUR_US
_COLUMNS: Final = ["started_at", "bot_id", "channel"]
# Sessions of eight hours of an account with 10 million: 12,000 rows of 20 bytes. They are read once an hour.
_past: Final[BoundedCache[tuple[str, int], tuple[pa.Table, ...]]] = BoundedCache(32 << 20, lasts_seconds=3_600)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCounts:
    """Sessions of the present hour so far, and of that hour in earlier weeks with data."""

    count: int
    earlier: tuple[int, ...]

    @property
    def usual(self) -> Decimal:
        return Decimal(sum(self.earlier)) / max(len(self.earlier), 1)

    @property
    def times(self) -> Decimal | None:
        """Times the usual; where that is none, as if the weeks had one session together. None: there are no weeks."""
        weeks = len(self.earlier)
        return Decimal(self.count * weeks) / max(sum(self.earlier), 1) if weeks else None


def hour_counts(alert: Alert, figures: AccountFigures) -> HourCounts:
    """Count watched sessions in the present hour of the week, in UTC."""
    present, *earlier = hours_of(figures)
    centres = cost_centres(figures.ledger)
    counts = (_count(alert, each, centres=centres) for each in earlier)
    return HourCounts(count=_count(alert, present, centres=centres), earlier=tuple(counts))


def hours_of(figures: AccountFigures) -> Iterator[pa.Table]:
    """Sessions of the present hour, then of that hour in earlier weeks with data."""
    start_us = figures.now_us // _HOUR_US * _HOUR_US
    yield _sessions(figures, start_us)
    yield from _past.find_or_make((figures.ledger.account.name, start_us), lambda: _earlier(figures, start_us))


def _earlier(figures: AccountFigures, start_us: int) -> tuple[pa.Table, ...]:
    # A week before the first event has no data, rather than no sessions.
    first_us = first_event_us_of(figures.ledger, cache=figures.cache)
    starts = (start_us - week * _WEEK_US for week in range(1, USUAL_WEEKS + 1))
    return tuple(_sessions(figures, at) for at in starts if first_us is not None and first_us < at + _HOUR_US)


def _sessions(figures: AccountFigures, start_us: int) -> pa.Table:
    bill = figures.bill
    if bill is not None and bill.sessions and bill.account_cycle.cycle.start_us <= start_us:
        # In memory already, in order.
        rows = bill.sessions[0]
        first, end = np.searchsorted(rows["started_at"].to_numpy(), [start_us, start_us + _HOUR_US])
        return rows.slice(int(first), int(end - first)).select(_COLUMNS)
    return billed_sessions(figures.ledger, start_us, end_us=start_us + _HOUR_US).select(_COLUMNS)


def _count(alert: Alert, sessions: pa.Table, *, centres: CostCentres) -> int:
    if alert.scope is None:
        return len(sessions)
    return int(named_sessions(sessions, alert.scope, name=alert.name or "", centres=centres).sum())
