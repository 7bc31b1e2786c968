"""Rows of a file between its format and validation: whole columns, and any row as sent on demand."""

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
        columns: Event field → values, of any Arrow type; fields that the file lacks are left out.
        record: Row → field → value as sent. Raises `Refused` if it can't be read.
        raw: Row → the record as sent.
        positions: Position of each row in the file, from 0.
        clock: Format of the times.
        rejections: Records that could not become a row.
        bytes_read: Bytes of the stored file read so far.
        notes: For a person.
    """

    columns: Mapping[str, pa.Array]
    record: Callable[[int], Mapping[str, object]]
    raw: Callable[[int], bytes]
    positions: npt.NDArray[np.int64]
    clock: Clock = RFC3339
    rejections: tuple[Rejection, ...] = ()
    bytes_read: int = 0
    notes: tuple[str, ...] = ()
