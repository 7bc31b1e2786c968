"""A request's body, read before anything else is done with it: bounded in size and in patience.

A sender that is slow keeps a connection and what it has sent so far, and nothing else; a body that is packed is
unpacked piece by piece, and not beyond its limit.
"""

import asyncio
import zlib
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import Refused, TooMuch
from botmeter.web.front.asgi import Receive

PATIENCE_SECONDS: Final = 20.0
"""How long a body may stand still."""
WHOLE_SECONDS: Final = 120.0
"""How long a body may take in all: at the limit of 10 MiB that is 87 KiB a second."""

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_PACKED: Final = frozenset({"gzip", "x-gzip"})


class SenderGone(Exception):
    """The connection ended before the body did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How large a body may be, and what to do about one that is larger.

    Attributes:
        size_bytes: Packed and unpacked.
        advice: A sentence for who sent more.
    """

    size_bytes: int
    advice: str = ""


async def read_body(receive: Receive, *, headers: dict[str, str], limits: BodyLimits) -> bytes:
    """The body as it was sent.

    Raises:
        TooMuch: `body_too_large`.
        Refused: `body_too_slow`.
        SenderGone: The connection ended first.
    """
    announced = headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > limits.size_bytes:
        raise _too_large(limits)
    pieces: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            while True:
                message = await asyncio.wait_for(receive(), PATIENCE_SECONDS)
                if message["type"] == "http.disconnect":
                    raise SenderGone
                piece = message.get("body", b"")
                size_bytes += len(piece)
                if size_bytes > limits.size_bytes:
                    raise _too_large(limits)
                pieces.append(piece)
                if not message.get("more_body", False):
                    return b"".join(pieces)
    except TimeoutError:
        raise Refused(
            "body_too_slow",
            f"The body stopped after {size_bytes:,} bytes; it can stand still for {PATIENCE_SECONDS:g} seconds, and "
            f"take {WHOLE_SECONDS:g} in all.",
        ) from None


def unpacked(body: bytes, *, headers: dict[str, str], limits: BodyLimits) -> bytes:
    """The body without its `Content-Encoding`.

    Raises:
        Refused: `content_encoding_unknown`, `body_not_gzip`.
        TooMuch: `body_too_large`, however little was sent.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _PACKED:
        raise Refused(
            "content_encoding_unknown", f"Content-Encoding {encoding[:40]!r} is not known here; send gzip or nothing."
        )
    reader = zlib.decompressobj(_GZIP_WINDOW)
    found: list[bytes] = []
    left, size_bytes = body, 0
    try:
        while left:
            # One byte more than there may be tells that there is more.
            found.append(reader.decompress(left, limits.size_bytes - size_bytes + 1))
            size_bytes += len(found[-1])
            if size_bytes > limits.size_bytes:
                raise _too_large(limits)
            left = reader.unconsumed_tail
            if reader.eof and reader.unused_data:
                # The next member of a file of several.
                left, reader = reader.unused_data, zlib.decompressobj(_GZIP_WINDOW)
    except zlib.error:
        raise Refused("body_not_gzip", "The body is said to be gzip, and is not.") from None
    if not reader.eof:
        raise Refused("body_not_gzip", "The gzip of the body is cut off.")
    return b"".join(found)


def _too_large(limits: BodyLimits) -> TooMuch:
    return TooMuch(
        "body_too_large", f"The body is larger than {limits.size_bytes:,} bytes, the most. {limits.advice}".rstrip()
    )
