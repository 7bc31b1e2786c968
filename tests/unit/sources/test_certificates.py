"""Certificates of platforms: from a trusted authority, and for the host that was entered."""

from pathlib import Path

import pytest

from botmeter.domain.errors import Unavailable
from botmeter.outgoing.endpoint import Endpoint
from botmeter.sources.platform_api.api_client import ApiClient, Bounds, Clocks
from support.certified_server import certificate_in, certified_server

HOST = "platform.example"


def answer_of(port: int) -> bytes:
    endpoint = Endpoint(scheme="https", host=HOST, port=port, addresses=("127.0.0.1",), prefix="")
    client = ApiClient(endpoint=endpoint, headers={}, bounds=Bounds(), clocks=Clocks(pause=lambda _: None))
    try:
        return client.get("/")
    finally:
        client.close()


def test_a_certificate_of_a_trusted_authority_for_the_host_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = certificate_in(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with certified_server(certificate) as port:
        assert answer_of(port) == b"yes"


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    untrusted = "has no certificate that this server trusts"
    with certified_server(certificate_in(tmp_path, HOST)) as port, pytest.raises(Unavailable, match=untrusted):
        answer_of(port)


def test_a_certificate_for_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = certificate_in(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with certified_server(certificate) as port, pytest.raises(Unavailable):
        answer_of(port)
