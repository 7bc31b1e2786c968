"""Session ids in bulk: the first half of SHA-256(policy, source, opening event id) as a UUID of version 8."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.metering.compiled import compiled
from botmeter.metering.sha256_lanes import DIGEST_BYTES, digests
from botmeter.metering.text_column import PIECE_BYTES_MAX, TextColumn

_TEXT_BYTES: Final = 36
_IDS_MAX: Final = PIECE_BYTES_MAX // _TEXT_BYTES


def session_ids(
    policy: str,
    *,
    sources: pa.DictionaryArray,
    opening_event_ids: pa.ChunkedArray | pa.Array,
    threads: ThreadPoolExecutor | None = None,
) -> pa.ChunkedArray:
    """Ids of sessions under a policy (`name@version`)."""
    # Holds the memory that its texts are read from.
    column = TextColumn(opening_event_ids)
    names, codes = sources.dictionary.to_pylist(), sources.indices.to_numpy()
    digest_of = np.empty((len(sources), DIGEST_BYTES), np.uint8)
    for code, source in enumerate(names):
        rows = np.arange(len(codes)) if len(names) == 1 else np.flatnonzero(codes == code)
        prefix = np.frombuffer(f"{policy}\0{source}\0".encode(), np.uint8)
        halves = [rows] if threads is None else np.array_split(rows, 2)
        each = map if threads is None else threads.map
        for half, own in zip(halves, each(partial(digests, column.texts, prefix=prefix), halves), strict=True):
            digest_of[half] = own
    pieces = [_as_text(digest_of[first : first + _IDS_MAX]) for first in range(0, len(digest_of), _IDS_MAX)]
    return pa.chunked_array(pieces, pa.string())


def _as_text(digest_of: npt.NDArray[np.uint8]) -> pa.StringArray:
    count = len(digest_of)
    content = np.empty((count, _TEXT_BYTES), np.uint8)
    _write_uuids(digest_of, content)
    offsets = np.arange(0, (count + 1) * _TEXT_BYTES, _TEXT_BYTES, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(content))


@compiled
def _write_uuids(digest_of, content):  # type: ignore[no-untyped-def]
    for row in range(len(digest_of)):
        position = 0
        for index in range(16):
            byte = digest_of[row, index]
            if index == 6:
                byte = byte & 0x0F | 0x80
            elif index == 8:
                byte = byte & 0x3F | 0x80
            if index == 4 or index == 6 or index == 8 or index == 10:  # noqa: PLR1714 - for the compiler.
                content[row, position] = 45
                position += 1
            high, low = byte >> 4, byte & 15
            content[row, position] = high + (48 if high < 10 else 87)
            content[row, position + 1] = low + (48 if low < 10 else 87)
            position += 2
