"""RFC 3339 text → µs UTC for whole columns; a test proves that `domain.instant` agrees."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Exactly the texts that Arrow and `domain.instant` read alike; Arrow reads many others, and raises for a day or an
# hour that does not exist.
_LEAP_YEAR = r"\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00"
_DAY = (
    r"(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8])"
)
_MINUTES = r"(?:[01]\d|2[0-3]):[0-5]\d"
_RFC3339 = rf"^(?:\d{{4}}-(?:{_DAY})|(?:{_LEAP_YEAR})-02-29)T{_MINUTES}:[0-5]\d(?:\.\d{{1,9}})?(?:Z|[+-]{_MINUTES})$"
_MICROSECONDS_LENGTH = len("2026-11-22T10:00:00.123456Z")


def us_from_texts(texts: pa.StringArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """µs UTC (0 if unread) and flags of texts read; `domain.instant` reads the others."""
    is_read = pc.fill_null(pc.match_substring_regex(texts, _RFC3339), False)
    times = pc.if_else(is_read, texts, pa.scalar(None, pa.string()))
    if (pc.max(pc.binary_length(times)).as_py() or 0) > _MICROSECONDS_LENGTH:
        times = pc.replace_substring_regex(times, r"(\.\d{6})\d+", r"\1")
    instants = times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).fill_null(0)
    return instants.to_numpy(), is_read.to_numpy(zero_copy_only=False)
