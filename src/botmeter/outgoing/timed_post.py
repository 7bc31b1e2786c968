"""One POST request to a checked address, within a total time limit."""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from botmeter.outgoing.endpoint import Endpoint

_PIECE_BYTES: Final = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRequest:
    """Request to an endpoint; `target` is its path and query."""

    endpoint: Endpoint
    address: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLimits:
    """Limits of a request: its time, and the bytes that are read of its answer."""

    seconds: float
    answer_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswer:
    """Answer to a request; the body may be cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def post(request: PostRequest, limits: PostLimits) -> PostAnswer:
    """Send a request, without following redirects.

    Raises:
        OSError: No answer; `ssl.SSLCertVerificationError` for a wrong certificate.
    """
    limit = _TimeLimit(limits.seconds)
    connection = _connection(request, limit)
    try:
        response = _response(connection, request)
        # A connection that was shut down looks like the end of the head.
        if limit.is_over:
            raise TimeoutError
        return PostAnswer(
            status=response.status, headers=response.headers, body=_start_of(response, limits.answer_bytes)
        )
    except (urllib3.exceptions.HTTPError, HTTPException) as fault:
        raise ConnectionError(type(fault).__name__) from fault
    finally:
        limit.close()
        connection.close()


class _TimeLimit:
    """Shuts a connection down when its time is over: a byte now and then never exceeds the limit of one read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._lock = threading.Lock()
        self._watched: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connection: socket.socket) -> None:
        # A copy, since TLS takes the connection over before its handshake, which can be slow, too.
        with self._lock:
            self._watched = connection.dup()
        if self.is_over:
            self._end()

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._watched is not None:
                self._watched.close()
                self._watched = None

    def _end(self) -> None:
        self.is_over = True
        with self._lock, suppress(OSError):
            if self._watched is not None:
                self._watched.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    limit: _TimeLimit

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        self.limit.watch(connection)
        return connection


class _TlsConnection(HTTPSConnection):
    limit: _TimeLimit

    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        self.limit.watch(connection)
        return connection


def _connection(request: PostRequest, limit: _TimeLimit) -> _Connection | _TlsConnection:
    endpoint = request.endpoint
    # To the address that was checked, so that no later answer of a name server leads elsewhere.
    if endpoint.scheme == "http":
        plain = _Connection(request.address, endpoint.port, timeout=limit.seconds)
        plain.limit = limit
        return plain
    secured = _TlsConnection(
        request.address,
        endpoint.port,
        timeout=limit.seconds,
        cert_reqs=ssl.CERT_REQUIRED,
        server_hostname=endpoint.host,
    )
    secured.limit = limit
    return secured


def _response(connection: _Connection | _TlsConnection, request: PostRequest) -> urllib3.HTTPResponse:
    connection.request(
        "POST",
        request.target,
        body=request.body,
        # Compressed content can be far larger than it looks.
        headers={"Host": request.endpoint.named, "Accept-Encoding": "identity", **request.headers},
        preload_content=False,
        decode_content=False,
    )
    return connection.getresponse()


def _start_of(response: urllib3.HTTPResponse, bytes_max: int) -> bytes:
    body = bytearray()
    # The status is known; a body that is slow or cut changes nothing.
    with suppress(OSError, urllib3.exceptions.HTTPError, HTTPException):
        while len(body) < bytes_max and (piece := response.read1(min(_PIECE_BYTES, bytes_max - len(body)))):
            body += piece
    return bytes(body)
