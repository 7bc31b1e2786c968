"""Limits of request bodies, also while decompressing."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import Refused, TooMuch

IDLE_SECONDS: Final = 20.0
"""Maximum pause between two pieces of a body."""
TOTAL_SECONDS: Final = 120.0
"""Maximum time for a whole body: 87 KiB/s at the limit of 10 MiB."""

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_GZIP_NAMES: Final = frozenset({"gzip", "x-gzip"})
# Decompressed in pieces, since zlib copies what follows a member's end once for each member.
_GZIP_PIECE_BYTES: Final = 1 << 16
_GZIP_MEMBERS_MAX: Final = 1_000


class ClientDisconnected(Exception):
    """Connection closed before the body was complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """Limits of a request body.

    Attributes:
        bytes_max: Compressed and decompressed.
        advice: Sentence for senders of larger bodies.
        idle_seconds: Maximum pause between pieces.
    """

    bytes_max: int
    advice: str = ""
    idle_seconds: float = IDLE_SECONDS
    total_seconds: float = TOTAL_SECONDS


def decompressed(body: bytes, *, headers: Mapping[str, str], limits: BodyLimits) -> bytes:
    """Undo the body's `Content-Encoding`.

    Raises:
        Refused: `content_encoding_unknown`, `body_not_gzip`.
        TooMuch: `body_too_large`.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _GZIP_NAMES:
        raise Refused(
            "content_encoding_unknown", f"Unknown Content-Encoding {encoding[:40]!r}. Send gzip, or no encoding."
        )
    try:
        return _gunzipped(body, limits=limits)
    except zlib.error:
        raise Refused("body_not_gzip", "The body is not gzip, although Content-Encoding says so.") from None


def _gunzipped(body: bytes, *, limits: BodyLimits) -> bytes:
    reader = zlib.decompressobj(_GZIP_WINDOW)
    member_count, size_bytes = 1, 0
    pieces: list[bytes] = []
    for start in range(0, len(body), _GZIP_PIECE_BYTES):
        left = body[start : start + _GZIP_PIECE_BYTES]
        while left:
            if reader.eof:
                # The next member of a file of several.
                reader, member_count = zlib.decompressobj(_GZIP_WINDOW), member_count + 1
                if member_count > _GZIP_MEMBERS_MAX:
                    raise TooMuch("body_too_large", f"The gzip body has more than {_GZIP_MEMBERS_MAX:,} members.")
            # One byte beyond the limit shows that there is more.
            pieces.append(reader.decompress(left, limits.bytes_max - size_bytes + 1))
            size_bytes += len(pieces[-1])
            if size_bytes > limits.bytes_max:
                raise too_large(limits)
            left = reader.unused_data if reader.eof else reader.unconsumed_tail
    if not reader.eof:
        raise Refused("body_not_gzip", "The gzip body is incomplete.")
    return b"".join(pieces)


def too_large(limits: BodyLimits) -> TooMuch:
    """Error of a body over the limit."""
    return TooMuch(
        "body_too_large", f"The body is larger than the limit of {limits.bytes_max:,} bytes. {limits.advice}".rstrip()
    )
