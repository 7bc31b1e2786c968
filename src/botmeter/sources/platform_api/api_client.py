"""Bounded HTTP client for platform APIs, with retries and without redirects."""

import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

import urllib3

from botmeter import __version__
from botmeter.domain.errors import Missing, NotAllowed, Refused, TooMuch, Unavailable
from botmeter.outgoing.endpoint import Endpoint
from botmeter.outgoing.timed_connections import TIMED_POOLS, cut_off_late

ANSWER_BYTES_MAX: Final = 32 << 20
"""About a thousand times the size of a page."""
TRIES: Final = 5
_TIMEOUT_SECONDS: Final = 10.0
_WAIT_SECONDS_MAX: Final = 120.0
_PIECE_BYTES: Final = 1 << 16
_TRIED_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of one pull.

    Attributes:
        requests_max: Including retries.
    """

    requests_max: int = 5_000
    seconds_max: float = 1_800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Time and chance, replaceable in tests.

    Attributes:
        pause: Waits this many seconds; raises when the process stops.
        clock: Monotonic seconds.
    """

    pause: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


@dataclass(slots=True, kw_only=True)
class ApiClient:
    """Client of one platform's API."""

    endpoint: Endpoint
    headers: Mapping[str, str] = field(repr=False)
    bounds: Bounds
    clocks: Clocks
    request_count: int = 0
    _began: float = field(init=False)
    _pools: urllib3.PoolManager = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._began = self.clocks.clock()
        host = self.endpoint.host
        timeout = urllib3.Timeout(connect=_TIMEOUT_SECONDS, read=_TIMEOUT_SECONDS)
        # To the addresses that were checked, so that no later answer of a name server leads elsewhere.
        self._pools = urllib3.PoolManager(maxsize=1, timeout=timeout, server_hostname=host, assert_hostname=host)
        self._pools.pool_classes_by_scheme = TIMED_POOLS

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """Get a path and return the body.

        Raises:
            Missing: `pull_gone`.
            NotAllowed: `pull_token_wrong`.
            Refused: `pull_answer_odd`.
            TooMuch: `pull_answer_too_long`, `pull_bound`.
            Unavailable: `pull_failed` after the last try.
        """
        target = self.endpoint.prefix + path + (f"?{urlencode(query)}" if query else "")
        problem = ""
        for attempt in range(TRIES):
            self._check_bounds()
            self.request_count += 1
            try:
                address = self.endpoint.addresses[attempt % len(self.endpoint.addresses)]
                status, headers, body = self._answer(target, address=address)
            except (OSError, urllib3.exceptions.HTTPError) as fault:
                problem, wait = _connection_problem(fault), None
            else:
                if status == 200:
                    return body
                self._check_final(status, headers, path=path)
                problem, wait = f"answers {status}", _retry_after_seconds(headers)
            if attempt < TRIES - 1:
                self._wait(wait, attempt=attempt, problem=problem)
        raise Unavailable("pull_failed", f"{self.endpoint.host} {problem}, {TRIES} times in a row.")

    def close(self) -> None:
        self._pools.clear()

    def _check_bounds(self) -> None:
        self.clocks.pause(0.0)
        bounds, spent = self.bounds, self.clocks.clock() - self._began
        if self.request_count < bounds.requests_max and spent < bounds.seconds_max:
            return
        raise TooMuch(
            "pull_bound",
            f"The pull made {self.request_count:,} requests in {spent:,.0f} seconds; the limits are "
            f"{bounds.requests_max:,} requests and {bounds.seconds_max:,.0f} seconds. The next pull continues.",
        )

    def _check_final(self, status: int, headers: Mapping[str, str], *, path: str) -> None:
        if status in _TRIED_AGAIN:
            return
        if status in {401, 403}:
            raise NotAllowed(
                "pull_token_wrong", f"{self.endpoint.host} answers {status}: the token has no access to {path[:80]}."
            )
        if status in {404, 410}:
            raise Missing("pull_gone", f"{self.endpoint.host} has nothing at {path[:80]}.")
        if 300 <= status < 400:
            to = headers.get("Location", "nowhere")[:80]
            raise Refused(
                "pull_answer_odd",
                f"{self.endpoint.host} redirects to {to}. Enter that address; redirects are not followed.",
            )
        raise Refused("pull_answer_odd", f"{self.endpoint.host} answers {status} for {path[:80]}.")

    def _wait(self, seconds: float | None, *, attempt: int, problem: str) -> None:
        if seconds is not None and seconds > _WAIT_SECONDS_MAX:
            raise Unavailable(
                "pull_failed",
                f"{self.endpoint.host} {problem} and asks to wait {seconds:,.0f} seconds; the limit is "
                f"{_WAIT_SECONDS_MAX:g}.",
            )
        grown = float(2**attempt) * (0.5 + self.clocks.chance() / 2)
        self.clocks.pause(grown if seconds is None else seconds)

    def _answer(self, target: str, *, address: str) -> tuple[int, Mapping[str, str], bytes]:
        pool = self._pools.connection_from_host(address, self.endpoint.port, self.endpoint.scheme)
        response = pool.request(
            "GET",
            target,
            headers={
                "Host": self.endpoint.named,
                "Accept": "application/json",
                # Compressed content can be far larger than it looks.
                "Accept-Encoding": "identity",
                "User-Agent": f"botmeter/{__version__}",
                **self.headers,
            },
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            with cut_off_late(response.shutdown):
                return response.status, response.headers, self._body(response)
        finally:
            # A body read to its end has returned to the pool; an endless one is cut off.
            response.close()

    def _body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        body = bytearray()
        while piece := response.read1(_PIECE_BYTES):
            body += piece
            if len(body) > ANSWER_BYTES_MAX:
                raise TooMuch(
                    "pull_answer_too_long",
                    f"An answer of {self.endpoint.host} exceeds the limit of {ANSWER_BYTES_MAX:,} bytes.",
                )
        return bytes(body)


def _connection_problem(fault: Exception) -> str:
    # Say the same of a refused, a reset and a silent port, which is all that a scan of ports asks.
    is_untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in fault.args)
    return "has no certificate that this server trusts" if is_untrusted else "does not answer"


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    try:
        return urllib3.Retry().parse_retry_after(headers.get("Retry-After", ""))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
