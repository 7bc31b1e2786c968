"""A request's body, read before anything else is done with it: bounded in size and in patience.

A sender that is slow keeps a connection and what it has sent so far, and nothing else; all bodies together have a limit
too. A body that is packed is unpacked piece by piece, and not beyond its limit.
"""

import asyncio
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import Refused, TooMuch, Unavailable
from botmeter.server.front.protocol import Receive

PATIENCE_SECONDS: Final = 20.0
"""How long a body may stand still."""
WHOLE_SECONDS: Final = 120.0
"""How long a body may take in all: at the limit of 10 MiB that is 87 KiB a second."""

EVENT_BODIES_BYTES_MAX: Final = 192 << 20
PAGE_BODIES_BYTES_MAX: Final = 64 << 20
"""Apart from those of events, because anybody may send a form, and only who has a key sends events."""

_LENGTH_DIGITS_MAX: Final = 18
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_PACKED: Final = frozenset({"gzip", "x-gzip"})
# A body is cut before it is unpacked: what follows a member's end is copied once for each member.
_GZIP_PIECE_BYTES: Final = 1 << 16
_GZIP_MEMBERS_MAX: Final = 1_000


class SenderGone(Exception):
    """The connection ended before the body did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLimits:
    """How large a body may be, and what to do about one that is larger.

    Attributes:
        size_bytes: Packed and unpacked.
        advice: A sentence for who sent more.
        patience_seconds: How long it may stand still.
        whole_seconds: How long it may take in all.
    """

    size_bytes: int
    advice: str = ""
    patience_seconds: float = PATIENCE_SECONDS
    whole_seconds: float = WHOLE_SECONDS


class BodyMemory:
    """What the bodies of requests that are not answered yet may take together. One event loop uses it."""

    def __init__(self, size_bytes: int) -> None:
        """Of `size_bytes` at most."""
        self._most_bytes = size_bytes
        self.taken_bytes = 0

    def share(self) -> "BodyShare":
        """What one request takes of it: nothing yet."""
        return BodyShare(self)

    def take(self, size_bytes: int) -> None:
        """Takes so much more.

        Raises:
            Unavailable: `server_busy` if there is not so much left.
        """
        if self.taken_bytes + size_bytes > self._most_bytes:
            raise Unavailable(
                "server_busy",
                f"The bodies of {self.taken_bytes:,} bytes are being read; the most at once is {self._most_bytes:,}. "
                "Nothing of this one was taken; send it again.",
            )
        self.taken_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """So much is free again."""
        self.taken_bytes -= size_bytes


class BodyShare:
    """What one request takes of the memory for bodies, until it is closed."""

    def __init__(self, memory: BodyMemory) -> None:
        self._memory = memory
        self._taken_bytes = 0

    def take(self, size_bytes: int) -> None:
        """Takes so much more; raises what `BodyMemory.take` raises."""
        self._memory.take(size_bytes)
        self._taken_bytes += size_bytes

    def close(self) -> None:
        """The request is answered: its body is no more."""
        self._memory.give_back(self._taken_bytes)
        self._taken_bytes = 0


async def read_body(receive: Receive, *, headers: Mapping[str, str], limits: BodyLimits, share: BodyShare) -> bytes:
    """The body as it was sent; `share` counts it from its first piece on.

    Raises:
        TooMuch: `body_too_large`.
        Unavailable: `server_busy`.
        Refused: `body_too_slow`.
        SenderGone: The connection ended first.
    """
    if _announced_bytes(headers.get("content-length", "")) > limits.size_bytes:
        raise _too_large(limits)
    pieces: list[bytes] = []
    size_bytes = 0
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.whole_seconds
    with suppress(TimeoutError):
        while loop.time() < end:
            # No `wait_for`: it loses the end where that comes together with a piece (before Python 3.12).
            async with asyncio.timeout_at(min(end, loop.time() + limits.patience_seconds)):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise SenderGone
            piece = message.get("body", b"")
            size_bytes += len(piece)
            if size_bytes > limits.size_bytes:
                raise _too_large(limits)
            share.take(len(piece))
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)
    raise Refused(
        "body_too_slow",
        f"The body stopped after {size_bytes:,} bytes; it can stand still for {limits.patience_seconds:g} seconds, "
        f"and take {limits.whole_seconds:g} in all.",
    )


def unpacked(body: bytes, *, headers: Mapping[str, str], limits: BodyLimits) -> bytes:
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
    try:
        return _gunzipped(body, limits=limits)
    except zlib.error:
        raise Refused("body_not_gzip", "The body is said to be gzip, and is not.") from None


def _gunzipped(body: bytes, *, limits: BodyLimits) -> bytes:
    reader = zlib.decompressobj(_GZIP_WINDOW)
    member_count, size_bytes = 1, 0
    found: list[bytes] = []
    for start in range(0, len(body), _GZIP_PIECE_BYTES):
        left = body[start : start + _GZIP_PIECE_BYTES]
        while left:
            if reader.eof:
                # The next member of a file of several.
                reader, member_count = zlib.decompressobj(_GZIP_WINDOW), member_count + 1
                if member_count > _GZIP_MEMBERS_MAX:
                    raise TooMuch(
                        "body_too_large", f"The gzip of the body has more than {_GZIP_MEMBERS_MAX:,} members."
                    )
            # One byte more than there may be tells that there is more.
            found.append(reader.decompress(left, limits.size_bytes - size_bytes + 1))
            size_bytes += len(found[-1])
            if size_bytes > limits.size_bytes:
                raise _too_large(limits)
            left = reader.unused_data if reader.eof else reader.unconsumed_tail
    if not reader.eof:
        raise Refused("body_not_gzip", "The gzip of the body is cut off.")
    return b"".join(found)


def _announced_bytes(text: str) -> int:
    """What Content-Length says; 0 for nothing that can be understood, which the body itself will tell."""
    if not (text.isascii() and text.isdigit()):
        return 0
    return int(text[:_LENGTH_DIGITS_MAX])


def _too_large(limits: BodyLimits) -> TooMuch:
    return TooMuch(
        "body_too_large", f"The body is larger than {limits.size_bytes:,} bytes, the most. {limits.advice}".rstrip()
    )
