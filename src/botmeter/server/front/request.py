"""Requests of the front's own routes."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from django.conf import settings

from botmeter.domain.client_address import client_address, client_network
from botmeter.domain.errors import Refused, TooMuch, Unavailable
from botmeter.server.front.body import BodyLimits, decompressed, too_large
from botmeter.server.front.protocol import Receive, Scope, header_values
from botmeter.web.request_ids import HEADER, request_id

_QUERY_FIELDS_MAX: Final = 20
_LENGTH_DIGITS_MAX: Final = 18
_DISCARDED_BYTES_MAX: Final = 32 << 20
_DISCARDED_SECONDS: Final = 10.0
_LARGE_BYTES: Final = 1 << 16
"""Larger bodies, and compressed ones, are decompressed and parsed in threads."""
# One for each core of the smallest machine; decompression and signatures release the interpreter. The loop's own
# threads look up keys: requests with invalid keys must not delay bodies.
_body_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="body")
_Parsed = TypeVar("_Parsed")


async def in_body_thread(work: Callable[[], _Parsed]) -> _Parsed:
    """Run what takes long with a body."""
    return await asyncio.get_running_loop().run_in_executor(_body_threads, work)


class BodyBudget:
    """Memory of bodies in flight; each holder (a client's network, user or account) has a share.

    Attributes:
        receiving: Requests with incomplete bodies, oldest first.
    """

    def __init__(self, *, bytes_max: int, holder_bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.holder_bytes_max = holder_bytes_max
        self.used_bytes = 0
        self.used_bytes_of: Counter[str] = Counter()
        self.receiving: dict[Request, None] = {}

    def make_room(self, size_bytes: int, *, request: "Request") -> None:
        """Refuse the oldest incomplete bodies; raises as `Request.body`."""
        while True:
            if self.used_bytes_of[request.holder] + size_bytes > self.holder_bytes_max:
                holder = request.holder
            elif self.used_bytes + size_bytes > self.bytes_max:
                holder = max(self.used_bytes_of, key=self.used_bytes_of.__getitem__, default=request.holder)
            else:
                return
            slow = (each for each in self.receiving if each is not request and each.holder == holder)
            oldest = next((each for each in slow if each.body_bytes), None)
            if oldest is None:
                raise self.refusal(request.holder)
            oldest.refuse_body()

    def refusal(self, holder: str) -> Unavailable:
        what, used_bytes, bytes_max = "Too many request bodies", self.used_bytes, self.bytes_max
        if self.used_bytes_of[holder] * self.bytes_max > self.used_bytes * self.holder_bytes_max:
            what, used_bytes, bytes_max = f"{what} of one sender", self.used_bytes_of[holder], self.holder_bytes_max
        return Unavailable(
            "server_busy",
            f"{what} in flight ({used_bytes:,} of {bytes_max:,} bytes). Nothing of this request was stored; send it "
            "again.",
        )

    def give_back(self, size_bytes: int, *, holder: str) -> None:
        self.used_bytes -= size_bytes
        self.used_bytes_of[holder] -= size_bytes
        if self.used_bytes_of[holder] <= 0:
            del self.used_bytes_of[holder]


class Request:
    """Request whose body is still to be received. Close it once answered.

    Attributes:
        headers: Lower-case name → value.
        number: Id in logs and receipts.
        announced_bytes: Valid Content-Length; None without one.
        body_bytes: Received so far, in memory; `streamed_bytes` were passed on too.
        budget: Of the body, which counts under `holder`; by default the client's network.
        notes: For Django, in its environment.
    """

    def __init__(self, scope: Scope, receive: Receive, *, budget: BodyBudget) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: Mapping[str, str] = header_values(scope)
        self.number = request_id(self.headers.get(HEADER.lower()))
        self.budget = budget
        self.holder = ""
        self.body_bytes = 0
        self.streamed_bytes = 0
        self.notes: dict[str, object] = {}
        self._is_received = False
        self._pause: asyncio.Timeout | None = None
        self._refusal: Unavailable | None = None
        announced = self.headers.get("content-length", "")
        is_number = announced.isascii() and announced.isdigit()
        self.announced_bytes = int(announced[:_LENGTH_DIGITS_MAX]) if is_number else None

    def network(self) -> str:
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
            Refused: `body_too_slow`, `body_incomplete`.
        """
        if (self.announced_bytes or 0) > limits.bytes_max:
            raise too_large(limits)
        self.holder, budget = self.holder or self.network(), self.budget
        pieces: list[bytes] = []
        loop = asyncio.get_running_loop()
        end = loop.time() + limits.total_seconds
        budget.receiving[self] = None
        with suppress(TimeoutError):
            while loop.time() < end:
                # Not `wait_for`: before Python 3.12 it loses a timeout that coincides with a piece.
                async with asyncio.timeout_at(min(end, loop.time() + limits.idle_seconds)) as self._pause:
                    message = await self.receive()
                self._is_received = not message.get("more_body", False)
                if message["type"] == "http.disconnect":
                    # Also if the connection is open, but the body's chunks are not valid.
                    raise self._incomplete()
                piece = message.get("body", b"")
                if self.body_bytes + len(piece) > limits.bytes_max:
                    raise too_large(limits)
                used_bytes = budget.used_bytes + len(piece)
                held_bytes = budget.used_bytes_of[self.holder] + len(piece)
                if used_bytes > budget.bytes_max or held_bytes > budget.holder_bytes_max:
                    budget.make_room(len(piece), request=self)
                budget.used_bytes += len(piece)
                budget.used_bytes_of[self.holder] += len(piece)
                self.body_bytes += len(piece)
                pieces.append(piece)
                if self._is_received:
                    del budget.receiving[self]
                    return b"".join(pieces)
        if self._refusal is not None:
            raise self._refusal
        raise self._too_slow(limits)

    async def next_pieces(self, limits: BodyLimits, *, end: float, bytes_max: int) -> bytes:
        """Receive the next bytes of a body that is not kept in memory, empty after the last.

        Args:
            end: Of the whole body, as the loop's time.

        Raises:
            Refused: `body_too_slow`, `body_incomplete`.
        """
        pieces: list[bytes] = []
        size_bytes = 0
        loop = asyncio.get_running_loop()
        while not self._is_received and size_bytes < bytes_max:
            try:
                async with asyncio.timeout_at(min(end, loop.time() + limits.idle_seconds)):
                    message = await self.receive()
            except TimeoutError:
                raise self._too_slow(limits) from None
            self._is_received = not message.get("more_body", False)
            if message["type"] == "http.disconnect":
                raise self._incomplete()
            pieces.append(message.get("body", b""))
            size_bytes += len(pieces[-1])
            self.streamed_bytes += len(pieces[-1])
        return b"".join(pieces)

    async def discard_body(
        self, *, bytes_max: int = _DISCARDED_BYTES_MAX, within_seconds: float = _DISCARDED_SECONDS
    ) -> None:
        """Drop the rest of a known sender's body."""
        # Who is still sending when the connection ends can miss the answer.
        size_bytes = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                while not self._is_received and size_bytes <= bytes_max:
                    message = await self.receive()
                    size_bytes += len(message.get("body", b""))
                    # Neither does a disconnection have more.
                    self._is_received = not message.get("more_body", False)

    async def parsed_body(self, limits: BodyLimits, parse: Callable[[bytes], _Parsed]) -> _Parsed:
        """Receive, decompress and parse the body; raises as these."""
        body = await self.body(limits)
        if len(body) <= _LARGE_BYTES and "content-encoding" not in self.headers:
            return parse(body)

        def parse_compressed() -> _Parsed:
            return parse(decompressed(body, headers=self.headers, limits=limits))

        return await in_body_thread(parse_compressed)

    def query(self, *, known: tuple[str, ...] | None = None) -> dict[str, str]:
        """Query parameters; `known` ones are allowed once, with None any, the last value counting.

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

    def _incomplete(self) -> Refused:
        size_bytes = self.body_bytes + self.streamed_bytes
        return Refused(
            "body_incomplete",
            f"The body ended after {size_bytes:,} bytes without being complete, or its chunks are not valid.",
        )

    def _too_slow(self, limits: BodyLimits) -> Refused:
        size_bytes = self.body_bytes + self.streamed_bytes
        return Refused(
            "body_too_slow",
            f"The body stalled after {size_bytes:,} bytes. It may pause for {limits.idle_seconds:g} seconds and "
            f"take {limits.total_seconds:g} seconds in total.",
        )

    def refuse_body(self) -> None:
        self._refusal = self.budget.refusal(self.holder)
        if self._pause is not None:
            self._pause.reschedule(asyncio.get_running_loop().time())
        self.close()

    def close(self) -> None:
        self.budget.receiving.pop(self, None)
        if self.body_bytes:
            self.budget.give_back(self.body_bytes, holder=self.holder)
        self.body_bytes = 0
