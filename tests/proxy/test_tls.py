"""TLS of the guide's files: recent ciphers only."""

import socket
import ssl
from urllib.parse import urlsplit

import pytest

from support.browsing import Server
from support.proxies import Certificate

pytestmark = pytest.mark.browser


def cipher_of(server: Server, certificate: Certificate, *, offered: str) -> str:
    """Name of the cipher that the proxy chooses of those offered with TLS 1.2."""
    context = certificate.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(offered)
    with (
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        cipher = secured.cipher()
        assert cipher is not None
        return cipher[0]


def test_ciphers_have_forward_secrecy_and_authenticated_encryption(demo: Server, certificate: Certificate) -> None:
    assert cipher_of(demo, certificate, offered="ALL") in {
        f"ECDHE-ECDSA-{cipher}" for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    }
    for old in ("AES128-SHA:AES256-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            cipher_of(demo, certificate, offered=old)
