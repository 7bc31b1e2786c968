"""Allowed addresses of an API: not inside the machine or its cloud; encrypted unless the source says so."""

import pytest

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.sources.endpoint import Endpoint, endpoint_of, resolve


def endpoint(url: str, *addresses: str, may_be_plain: bool = False) -> Endpoint:
    def resolver(host: str, port: int) -> list[str]:
        return list(addresses)

    return endpoint_of(url, may_be_plain=may_be_plain, resolver=resolver)


def test_an_endpoint_has_the_addresses_and_the_name_of_its_host() -> None:
    result = endpoint("https://desk.example.org:8443/chat", "203.0.113.9", "203.0.113.9", "2001:db8::9")
    assert (result.host, result.port, result.prefix) == ("desk.example.org", 8443, "/chat")
    assert result.addresses == ("203.0.113.9", "2001:db8::9")
    assert result.named == "desk.example.org:8443"
    assert endpoint("https://desk.example.org", "203.0.113.9").named == "desk.example.org"
    assert endpoint("https://[2001:db8::9]", "2001:db8::9").named == "[2001:db8::9]"


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "169.254.0.1", "fe80::1", "0.0.0.0", "::",  # noqa: S104 - refused, not bound to
         "224.0.0.1", "ff02::1", "127.0.0.1", "::1",
        "::ffff:169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "100.100.100.200", "fd00:ec2::254",
        "240.0.0.1", "192.0.0.192",
    ],
)  # fmt: skip
def test_no_name_leads_inside_the_machine_or_its_cloud(address: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        endpoint("https://desk.example.org", "203.0.113.9", address, may_be_plain=True)
    assert refused.value.code == "pull_address_forbidden"
    assert address in refused.value.message


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.7.4", "172.20.0.5", "fd12::5", "64:ff9b::cb00:7109"])
def test_a_private_network_may_be_called(address: str) -> None:
    assert endpoint("https://chatwoot.internal", address).addresses == (address,)


@pytest.mark.parametrize(("url", "address"), [("http://127.0.0.1:3000", "127.0.0.1"), ("http://localhost", "::1")])
def test_this_machine_may_be_called_by_name(url: str, address: str) -> None:
    assert endpoint(url, address).scheme == "http"


def test_http_is_called_only_if_the_source_allows_it() -> None:
    with pytest.raises(NotAllowed) as refused:
        endpoint("http://chatwoot:3000", "10.0.0.7")
    assert (refused.value.code, "plain_http" in refused.value.message) == ("pull_address_forbidden", True)
    assert endpoint("http://chatwoot:3000", "10.0.0.7", may_be_plain=True).port == 3000


def test_localhost_alone_does_not_open_the_cloud() -> None:
    with pytest.raises(NotAllowed):
        endpoint("http://localhost", "169.254.169.254")


def test_a_name_without_an_address_is_an_error() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError

    with pytest.raises(Unavailable) as refused:
        endpoint_of("https://desk.example.org", may_be_plain=False, resolver=fails)
    assert refused.value.code == "pull_failed"
    with pytest.raises(Unavailable):
        endpoint("https://desk.example.org")
    assert "127.0.0.1" in resolve("127.0.0.1", 80)
