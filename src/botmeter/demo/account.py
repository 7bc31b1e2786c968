"""Events of the demo account."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from botmeter.demo.assembly import events_table
from botmeter.demo.columns import Numbers
from botmeter.demo.conversations import joined
from botmeter.demo.demand import (
    FIRST_DAY,
    campaign_names,
    campaign_of,
    demand,
    draws,
    mailings,
    scale,
)
from botmeter.demo.retailer import ACCOUNT, TITLE
from botmeter.demo.timeline import timeline
from botmeter.demo.visits import Population, follow_ups, mailings_sent, visits
from botmeter.domain.instant import DAY_US
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch

DEMO_ACCOUNT = ACCOUNT
DEMO_TITLE = TITLE
DEMO_SEED = 20220204

_BATCH_EVENTS = 250_000
# Enough days to work on columns, few enough to stay in the processor's cache.
_DAYS_AT_ONCE = 30
_MILLION = 1_000_000


def demo_batches(*, seed: int, now_us: int, events: int = _MILLION) -> Iterator[EventBatch]:
    """Yield events from 2022-02-04 to `now_us`, in order of time, a quarter million a batch.

    The same seed gives the same events. Within a month a later day only adds; a later month has fewer, but unchanged,
    conversations on earlier days.

    Args:
        events: Within 5 % after three years of history.
    """
    position = 0
    waiting = EVENTS_SCHEMA.empty_table()
    for table in _months(seed, now_us=now_us, events=events):
        waiting = pa.concat_tables([waiting, table])
        while len(waiting) >= _BATCH_EVENTS:
            yield _batch(waiting.slice(0, _BATCH_EVENTS), position)
            waiting = waiting.slice(_BATCH_EVENTS)
            position += _BATCH_EVENTS
    if len(waiting):
        yield _batch(waiting, position)


def _batch(events: pa.Table, position: int) -> EventBatch:
    return EventBatch(
        events=events.combine_chunks(), positions=pa.array(np.arange(position, position + len(events), dtype=np.int64))
    )


def _months(seed: int, *, now_us: int, events: int) -> Iterator[pa.Table]:
    now_day = now_us // DAY_US
    if now_day < FIRST_DAY:
        return
    factor = scale(events, now_day=now_day)
    population = Population(seed=seed, known=demand(np.arange(FIRST_DAY, now_day + 1)) * (events / _MILLION))
    lasting = EVENTS_SCHEMA.empty_table()
    for first in range(FIRST_DAY, now_day + 1, _DAYS_AT_ONCE):
        after = min(first + _DAYS_AT_ONCE, now_day + 1)
        table = _events_of(np.arange(first, after), factor=factor, population=population)
        table = _in_order(pa.concat_tables([lasting, table]))
        end_us = after * DAY_US if after <= now_day else now_us + 1
        split = int(np.searchsorted(table["occurred_at"].to_numpy(), end_us))
        yield table.slice(0, split)
        lasting = table.slice(split)


def _events_of(days: Numbers, *, factor: float, population: Population) -> pa.Table:
    seed = population.seed
    draws_of_days = draws(days, expected=demand(days) * factor, seed=(seed, 0))
    first = visits(draws_of_days, population=population)
    parts = [first, follow_ups(first, draws_of_days)]
    names = campaign_names(int(days[-1]))
    sent = draws(days, expected=mailings(days) * factor, seed=(seed, 1))
    if len(sent.day):
        running = [campaign_of(day) for day in sent.day.tolist()]
        campaign = np.array([-1 if each is None else names.index(each.name) for each in running])
        parts.append(mailings_sent(sent, population=population, campaign=campaign))
    conversations = joined(parts)
    return events_table(conversations, timeline(conversations), campaign_names=names, seed=seed)


def _in_order(table: pa.Table) -> pa.Table:
    order = np.argsort(table["occurred_at"].to_numpy(), kind="stable")
    return table.take(pa.array(order))
