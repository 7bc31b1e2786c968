"""Kinds of differences and their likely reasons."""

from enum import StrEnum
from typing import Final

import pyarrow as pa

AMOUNT_TYPE: Final = pa.decimal128(38, 12)


class Kind(StrEnum):
    """Outcome of a row or a session; each has exactly one."""

    SAME = "same"
    OTHER_DAY = "other_day"
    ONLY_THEIRS = "only_theirs"
    ONLY_OURS = "only_ours"


class Reason(StrEnum):
    """Likely reason of a difference."""

    DUPLICATE = "duplicate"
    ZONE = "zone"
    CORRECTED = "corrected"
    PREVIEW = "preview"
    LATE = "late"
    WINDOW = "window"
    SCOPE = "scope"
    PERIOD = "period"
    NONE = "none"


# By time, ours before theirs. A row has their columns, or else those of our session. Our session is the paired one, or
# the one that the reason refers to. Amounts have as many decimals as their list.
DIFFERENCES_SCHEMA: Final = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("their_row", pa.int64()),
        pa.field("their_started_at", pa.timestamp("us", tz="UTC")),
        pa.field("our_session_id", pa.string()),
        pa.field("our_started_at", pa.timestamp("us", tz="UTC")),
        pa.field("customer_id", pa.string()),
        pa.field("conversation_id", pa.string()),
        pa.field("bot_id", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("amount", AMOUNT_TYPE),
    ]
)
