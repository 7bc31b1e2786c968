"""Requests to webhooks over TLS: for the host that was entered, at the address that was checked, and in time."""

import socket
import ssl
import time
from pathlib import Path

import pytest

from botmeter.outgoing.endpoint import Endpoint
from botmeter.outgoing.timed_post import PostAnswer, PostLimits, PostRequest, post
from support.certified_server import certificate_in, certified_server

pytestmark = pytest.mark.slow
HOST = "hooks.example"


def answer_of(port: int, *, seconds: float = 5.0) -> PostAnswer:
    endpoint = Endpoint(scheme="https", host=HOST, port=port, addresses=("127.0.0.1",), prefix="")
    request = PostRequest(endpoint=endpoint, address="127.0.0.1", target="/", headers={}, body=b"")
    return post(request, PostLimits(seconds=seconds, answer_bytes=100))


def test_a_trusted_certificate_for_the_host_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_in(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with certified_server(certificate) as port:
        answer = answer_of(port)
    assert (answer.status, answer.body) == (200, b"yes")


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    with certified_server(certificate_in(tmp_path, HOST)) as port, pytest.raises(ssl.SSLCertVerificationError):
        answer_of(port)


def test_a_certificate_for_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_in(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with certified_server(certificate) as port, pytest.raises(ssl.SSLCertVerificationError):
        answer_of(port)


def test_a_handshake_that_does_not_end_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(OSError, match=r".*"):
            answer_of(silent.getsockname()[1], seconds=0.2)
    assert time.monotonic() - began < 10
