"""Streams sent at the client's pace, but not too slowly."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from botmeter.server.front.body import ClientDisconnected
from botmeter.server.front.protocol import Send
from botmeter.server.front.spool import SpooledStream

PIECE_BYTES: Final = 1 << 16
"""The server takes four pieces ahead of a client, however large they are (measured with granian 2.8)."""

_log: Final = logging.getLogger("botmeter.front")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLimits:
    """Least speed of a client: it takes `bytes_min` within `seconds`, or is cut off.

    17 KB/s is slower than any network over which a file is worth a download.
    """

    bytes_min: int = 1 << 20
    seconds: float = 60.0


SEND_LIMITS: Final = SendLimits()


async def send_stream(stream: SpooledStream, send: Send, *, start: dict[str, Any], limits: SendLimits) -> None:
    """Send a stream and close it. One that fails, or whose client is too slow, is cut off."""
    try:
        await _sent(stream, send, start=start, limits=limits)
    except TimeoutError:
        _log.warning(
            "A file was cut off: its client took less than %d bytes in %g seconds.", limits.bytes_min, limits.seconds
        )
    except (ClientDisconnected, OSError):
        return
    finally:
        await stream.close()


async def _sent(stream: SpooledStream, send: Send, *, start: dict[str, Any], limits: SendLimits) -> None:
    loop = asyncio.get_running_loop()
    has_started, left_bytes, left_seconds = False, limits.bytes_min, limits.seconds
    while data := await stream.read():
        if not has_started:
            await send(start)
            has_started = True
        for first in range(0, len(data), PIECE_BYTES):
            piece, began = data[first : first + PIECE_BYTES], loop.time()
            async with asyncio.timeout(left_seconds):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Only the client's time counts, not the time in which the file is made.
            left_seconds -= loop.time() - began
            left_bytes -= len(piece)
            if left_bytes <= 0:
                left_bytes, left_seconds = limits.bytes_min, limits.seconds
    if not has_started:
        await send(start)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
