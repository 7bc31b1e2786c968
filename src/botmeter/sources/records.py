"""Records of a file between reading and validation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.receipt import Rejection
from botmeter.sources.times.clock import RFC3339, Clock

# Marks a value that its column can't hold. Valid text never contains NUL, so the vectorized
# check sends the row to `validation`, which reads it again as sent.
DOUBTFUL = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Records of a file, in order.

    Attributes:
        columns: Of any Arrow type; missing fields are left out.
        record: Row → fields as sent; raises `Refused`.
        raw: Row → bytes as sent.
        positions: In the file, from 0.
        rejections: Records without a row.
        bytes_read: Of the stored file, so far.
    """

    columns: Mapping[str, pa.Array]
    record: Callable[[int], Mapping[str, object]]
    raw: Callable[[int], bytes]
    positions: npt.NDArray[np.int64]
    clock: Clock = RFC3339
    rejections: tuple[Rejection, ...] = ()
    bytes_read: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRecords:
    """Records of a file that are checked already, and those between them that are not.

    Attributes:
        columns: As in an event batch, but a missing channel is null.
    """

    columns: Mapping[str, pa.Array]
    positions: npt.NDArray[np.int64]
    doubtful: Records | None
    bytes_read: int
