"""Records: some rows of a file on their way from a format to the rule.

A format gives whole columns, so that the good rows cost no Python each, and a way to read any one
row again as it was sent, for the rows that are not plainly good.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.receipt import Rejection
from botmeter.sources.clock import RFC3339, Clock

# Stands in a column for a value that the column can't hold. No good text contains NUL, so the
# screen sends the row to the rule, which reads it again as it was sent.
DOUBTFUL = "\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Some records of a file, in order.

    Attributes:
        columns: Field of the event → its value in each record, of any Arrow type. A field that
            the file lacks is left out.
        record: The record at a row: field → value as sent. Raises `Refused` if it can't be read.
        raw: The record at a row, as it was sent.
        positions: Place of each row in the file, from 0.
        clock: How times are written.
        rejections: Records that could not even become a row.
        bytes_read: How far the stored file has been read.
        notes: What the reader of the file wants to say to a person.
    """

    columns: Mapping[str, pa.Array]
    record: Callable[[int], Mapping[str, object]]
    raw: Callable[[int], bytes]
    positions: npt.NDArray[np.int64]
    clock: Clock = RFC3339
    rejections: tuple[Rejection, ...] = ()
    bytes_read: int = 0
    notes: tuple[str, ...] = ()
