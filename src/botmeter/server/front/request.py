"""Requests of the front's own routes."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from django.conf import settings

from botmeter.domain.client_address import client_address, client_network
from botmeter.domain.errors import Refused, TooMuch, Unavailable
from botmeter.server.front.body import BodyLimits, ClientDisconnected, decompressed, too_large
from botmeter.server.front.protocol import Receive, Scope, header_values
from botmeter.web.request_ids import HEADER, request_id

_QUERY_FIELDS_MAX: Final = 20
_LENGTH_DIGITS_MAX: Final = 18
_LARGE_BYTES: Final = 1 << 16
"""Larger bodies, and compressed ones, are decompressed and parsed in threads."""
# One for each core of the smallest machine; decompression and signatures release the interpreter. The loop's own
# threads look up keys: requests with invalid keys must not delay bodies.
_body_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")
_Parsed = TypeVar("_Parsed")


class BodyMemory:
    """Memory of all request bodies."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.used_bytes = 0


class Request:
    """Request whose body is still to be received. Close it once answered.

    Attributes:
        headers: Lower-case name → value.
        number: Id in logs and receipts.
    """

    def __init__(self, scope: Scope, receive: Receive, *, memory: BodyMemory) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: Mapping[str, str] = header_values(scope)
        self.number = request_id(self.headers.get(HEADER.lower()))
        self._memory = memory
        self._body_bytes = 0

    def network(self) -> str:
        """Network of the client, for limits; empty if unknown."""
        peer = self.scope.get("client")
        forwarded_for = self.headers.get("x-forwarded-for", "")
        return client_network(
            client_address(peer[0] if peer else "", forwarded_for=forwarded_for, proxies=settings.TRUSTED_PROXIES)
        )

    @property
    def raw_path(self) -> bytes:
        return bytes(self.scope.get("raw_path") or self.path.encode())

    async def body(self, limits: BodyLimits) -> bytes:
        """Receive the body, once.

        Raises:
            TooMuch: `body_too_large`.
            Unavailable: `server_busy`.
            Refused: `body_too_slow`.
            ClientDisconnected: The connection ended first.
        """
        announced = self.headers.get("content-length", "")
        # Invalid numbers are ignored: the body itself is counted.
        if announced.isascii() and announced.isdigit() and int(announced[:_LENGTH_DIGITS_MAX]) > limits.bytes_max:
            raise too_large(limits)
        pieces: list[bytes] = []
        loop = asyncio.get_running_loop()
        end = loop.time() + limits.total_seconds
        with suppress(TimeoutError):
            while loop.time() < end:
                # Not `wait_for`: before Python 3.12 it loses a timeout that coincides with a piece.
                async with asyncio.timeout_at(min(end, loop.time() + limits.idle_seconds)):
                    message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnected
                piece = message.get("body", b"")
                if self._body_bytes + len(piece) > limits.bytes_max:
                    raise too_large(limits)
                memory = self._memory
                if memory.used_bytes + len(piece) > memory.bytes_max:
                    raise Unavailable(
                        "server_busy",
                        f"Too many request bodies in flight ({memory.used_bytes:,} of {memory.bytes_max:,} bytes). "
                        "Nothing of this request was stored; send it again.",
                    )
                memory.used_bytes += len(piece)
                self._body_bytes += len(piece)
                pieces.append(piece)
                if not message.get("more_body", False):
                    return b"".join(pieces)
        raise Refused(
            "body_too_slow",
            f"The body stalled after {self._body_bytes:,} bytes. It may pause for {limits.idle_seconds:g} seconds and "
            f"take {limits.total_seconds:g} seconds in total.",
        )

    async def parsed_body(self, limits: BodyLimits, parse: Callable[[bytes], _Parsed]) -> _Parsed:
        """Receive, decompress and parse the body; raises as `body`, `decompressed` and `parse`."""
        body = await self.body(limits)
        if len(body) <= _LARGE_BYTES and "content-encoding" not in self.headers:
            return parse(body)

        def parse_compressed() -> _Parsed:
            return parse(decompressed(body, headers=self.headers, limits=limits))

        return await asyncio.get_running_loop().run_in_executor(_body_threads, parse_compressed)

    def query(self, *, known: tuple[str, ...] | None = None) -> dict[str, str]:
        """Return the query parameters; `known` ones are allowed once, with None any, the last value counting.

        Raises:
            Refused: `parameter_unknown`, `parameter_repeated`, `parameter_invalid`.
            TooMuch: `parameters_too_many`.
        """
        parameters: dict[str, str] = {}
        try:
            pairs = parse_qsl(
                self.scope["query_string"].decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_QUERY_FIELDS_MAX,
            )
        except UnicodeError:
            raise Refused("parameter_invalid", "The query string is not valid UTF-8.") from None
        except ValueError:
            raise TooMuch(
                "parameters_too_many", f"The request has too many parameters; the limit is {_QUERY_FIELDS_MAX}."
            ) from None
        for name, value in pairs:
            if known is not None and name not in known:
                names = ", ".join(known) or "none"
                raise Refused("parameter_unknown", f"Unknown parameter {name[:40]!r}. Known parameters: {names}.")
            if known is not None and name in parameters:
                raise Refused("parameter_repeated", f"Parameter {name} was given more than once; give it once.")
            parameters[name] = value
        return parameters

    def close(self) -> None:
        self._memory.used_bytes -= self._body_bytes
        self._body_bytes = 0
