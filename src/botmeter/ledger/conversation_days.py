"""Rows of `conversation_day` from participations in memory, in a third of the time that DuckDB needs to group them."""

from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.metering.touchpoints import Footprints

# A row as one integer: the day, the conversation's code, and whether it is a preview.
_CODE_SHIFT: Final = 1
_DAY_SHIFT: Final = 33


def conversation_days(participations: pa.Table, *, footprints: Footprints) -> pa.Table:
    """Rows of `conversation_day` by day.

    Args:
        participations: `conversation_id`, `touchpoint`, `started_at` and `preview` of all that there are, at least one.

    Returns:
        `day` (from 1970-01-01), `conversation_id`, `preview`, `footprint`, `has_other_rows`.
    """
    # Imported here because it loads the compiler.
    from botmeter.metering.text_column import TextColumn

    conversations = TextColumn(participations["conversation_id"])
    codes, entries = conversations.codes()
    previews, days = participations["preview"].to_numpy(), participations["started_at"].to_numpy() // DAY_US
    keys = (days << _DAY_SHIFT) | (codes.astype(np.int64) << _CODE_SHIFT) | previews
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    own = order[firsts]
    own_codes = codes[own]
    has_several = np.bincount(own_codes) > 1
    columns = {
        "day": pa.array(days[own].astype(np.int32)),
        "conversation_id": conversations.gathered(entries[own_codes]),
        "preview": pa.array(previews[own]),
        "footprint": pa.array(footprints.numbers(firsts, participations["touchpoint"].to_numpy()[order])),
        "has_other_rows": pa.array(has_several[own_codes]),
    }
    return pa.table(columns)
