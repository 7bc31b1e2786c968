"""Cost centres of sessions, by what opened each of them."""

import numpy as np
import pyarrow as pa

from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.period import day_of_us, day_start_us


def cost_centres_of(sessions: pa.Table, centres: CostCentres) -> pa.DictionaryArray:
    """Cost centre by session; null: none.

    Args:
        sessions: With `started_at` (µs UTC), `bot_id` and `channel` of the opening event.
    """
    bots, channels = (sessions[name].combine_chunks() for name in ("bot_id", "channel"))
    bots, channels = (each if _is_encoded(each) else each.dictionary_encode() for each in (bots, channels))
    # Between two days of change nothing but bot and channel matters: few cases, however many sessions.
    changes = np.array([day_start_us(day) for day in centres.change_days], np.int64)
    spans = np.searchsorted(changes, sessions["started_at"].to_numpy(), side="right")
    bot_codes, channel_codes = (np.asarray(each.indices.fill_null(-1), np.int64) + 1 for each in (bots, channels))
    cases = (spans * (len(bots.dictionary) + 1) + bot_codes) * (len(channels.dictionary) + 1) + channel_codes
    _, firsts, case_of = np.unique(cases, return_index=True, return_inverse=True)
    names = [
        centres.at(bots[first].as_py(), channels[first].as_py(), on=day_of_us(sessions["started_at"][first].as_py()))
        for first in firsts.tolist()
    ]
    known = sorted(set(filter(None, names)))
    codes = pa.array([known.index(name) if name else None for name in names], pa.int32())
    return pa.DictionaryArray.from_arrays(codes.take(pa.array(case_of)), pa.array(known, pa.string()))


def _is_encoded(column: pa.Array) -> bool:
    return pa.types.is_dictionary(column.type)
