"""Cost centres of sessions, by what opened each of them."""

from datetime import date

import numpy as np
import pyarrow as pa

from botmeter.billing.shares import encoded
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.period import day_start_us


def cost_centres_of(sessions: pa.Table, centres: CostCentres) -> pa.DictionaryArray:
    """Cost centre by session; null: none.

    Args:
        sessions: With `started_at` (µs UTC), `bot_id` and `channel` of the opening event.
    """
    bots, channels = (encoded(sessions[name]) for name in ("bot_id", "channel"))
    # Between two days of change nothing but bot and channel matters: few cases, however many sessions.
    changes = np.array([day_start_us(day) for day in centres.change_days], np.int64)
    spans = np.searchsorted(changes, sessions["started_at"].to_numpy(), side="right")
    bot_ids, channel_names = ([None, *each.dictionary.to_pylist()] for each in (bots, channels))
    bot_codes, channel_codes = (np.asarray(each.indices.fill_null(-1), np.int64) + 1 for each in (bots, channels))
    shape = (len(changes) + 1, len(bot_ids), len(channel_names))
    cases = pa.array(np.ravel_multi_index((spans, bot_codes, channel_codes), shape)).dictionary_encode()
    days = [date.min, *centres.change_days]
    names = [
        centres.at(bot_ids[bot], channel_names[channel], on=days[span])
        for span, bot, channel in zip(*np.unravel_index(cases.dictionary.to_numpy(), shape), strict=True)
    ]
    known = sorted(set(filter(None, names)))
    codes = pa.array([known.index(name) if name else None for name in names], pa.int32())
    return pa.DictionaryArray.from_arrays(codes.take(cases.indices), pa.array(known, pa.string()))
