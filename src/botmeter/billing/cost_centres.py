"""Cost centres of sessions, by what opened each of them."""

from datetime import date

import numpy as np
import pyarrow as pa

from botmeter.billing.shares import code_numbers, dictionary_of, encoded, renumbered
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
    (bot_ids, bot_codes), (channel_names, channel_codes) = code_numbers(bots), code_numbers(channels)
    shape = (len(changes) + 1, len(bot_ids), len(channel_names))
    used, cases = renumbered(np.ravel_multi_index((spans, bot_codes, channel_codes), shape))
    days = [date.min, *centres.change_days]
    names = [
        centres.at(bot_ids[bot], channel_names[channel], on=days[span])
        for span, bot, channel in zip(*np.unravel_index(used, shape), strict=True)
    ]
    known = sorted(set(filter(None, names)))
    of_case = np.array([known.index(name) if name else -1 for name in names], np.int32)
    return dictionary_of(of_case[cases], known)
