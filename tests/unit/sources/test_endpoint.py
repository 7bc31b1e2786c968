"""Allowed addresses of an API: public ones, and those the operator names; encrypted unless the source says so."""

import pytest

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.domain.setting_values import networks
from botmeter.outgoing.endpoint import Endpoint, resolve
from botmeter.sources.platform_api.endpoint import endpoint_of

PUBLIC = "93.184.215.14"


def endpoint(url: str, *addresses: str, may_be_plain: bool = False, allowed: str = "") -> Endpoint:
    def resolver(host: str, port: int) -> list[str]:
        return list(addresses)

    return endpoint_of(url, may_be_plain=may_be_plain, networks=networks(allowed), resolver=resolver)


def named_endpoint(address: str, *, allowed: str = "") -> Endpoint:
    return endpoint("https://desk.example.org", PUBLIC, address, allowed=allowed)


def test_an_endpoint_has_the_addresses_and_the_name_of_its_host() -> None:
    result = endpoint("https://desk.example.org:8443/chat", PUBLIC, PUBLIC, "2606:4700::1111")
    assert (result.host, result.port, result.prefix) == ("desk.example.org", 8443, "/chat")
    assert result.addresses == (PUBLIC, "2606:4700::1111")
    assert result.named == "desk.example.org:8443"
    assert endpoint("https://desk.example.org", PUBLIC).named == "desk.example.org"
    assert endpoint("https://[2606:4700::1111]", "2606:4700::1111").named == "[2606:4700::1111]"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.1.2", "10.1.2.3", "172.16.0.5", "192.168.7.4",  # noqa: S104 - refused
        "100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", f"::ffff:{PUBLIC}",
        "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:1:2:3:4:5:6",
        "2001:db8::1", "2001:10::1", "2002:7f00:1::1", "2002:5db8:d70e::1", "3fff::1", "5f00::1", "fc00::1", "fd12::5",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "168.63.129.16", "::ffff:168.63.129.16",
    ],
)  # fmt: skip
def test_no_name_leads_to_an_address_that_is_not_public(address: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        named_endpoint(address)
    assert refused.value.code == "pull_address_forbidden"
    # It would tell what is in the server's network.
    assert address not in refused.value.message


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("10.1.2.3", "10.1.0.0/16"), ("10.1.2.3", "192.168.0.0/16, 10.1.2.3"), ("127.0.0.1", "127.0.0.0/8"),
        ("::1", "::1"), ("fd12::5", "fd00::/8"), ("fec0::1", "fec0::/10"), ("169.254.7.7", "169.254.0.0/16"),
        ("169.254.169.254", "169.254.169.254"), ("fd00:ec2::254", "fd00:ec2::254/128"),
        ("::ffff:10.0.0.1", "10.0.0.0/8"), ("64:ff9b::5db8:d70e", "64:ff9b::/96"),
        ("64:ff9b::a00:1", "64:ff9b::/96,10.0.0.0/8"),
    ],
)  # fmt: skip
def test_an_address_in_a_network_that_the_operator_names_may_be_called(address: str, named: str) -> None:
    assert named_endpoint(address, allowed=named).addresses == (PUBLIC, address)


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("10.2.0.1", "10.1.0.0/16"), ("::1", "127.0.0.0/8"), ("64:ff9b::a00:1", "64:ff9b::/96"),
        ("64:ff9b::a00:1", "10.0.0.0/8"), ("2002:7f00:1::1", "2002::/16"), ("::ffff:10.0.0.1", "10.1.0.0/16"),
        ("169.254.169.254", "169.254.0.0/16"), ("100.100.100.200", "100.64.0.0/10"), ("fd00:ec2::254", "fd00::/8"),
        ("168.63.129.16", "168.63.0.0/16"), ("169.254.170.23", "169.254.0.0/16"), ("fd20:ce::254", "fd00::/8"),
        ("::ffff:169.254.169.254", "::ffff:0:0/96, 169.254.0.0/16"),
    ],
)  # fmt: skip
def test_a_named_network_opens_no_other_and_no_metadata_service_in_it(address: str, named: str) -> None:
    with pytest.raises(NotAllowed):
        named_endpoint(address, allowed=named)


def test_http_is_called_only_if_the_source_allows_it() -> None:
    with pytest.raises(NotAllowed) as refused:
        endpoint("http://chatwoot:3000", "10.0.0.7", allowed="10.0.0.7")
    assert (refused.value.code, "plain_http" in refused.value.message) == ("pull_address_forbidden", True)
    assert endpoint("http://chatwoot:3000", "10.0.0.7", may_be_plain=True, allowed="10.0.0.7").port == 3000


@pytest.mark.parametrize(("url", "address"), [("http://127.0.0.1:3000", "127.0.0.1"), ("http://localhost", "::1")])
def test_this_machine_is_called_over_http_if_the_operator_names_it(url: str, address: str) -> None:
    assert endpoint(url, address, allowed="127.0.0.0/8, ::1").scheme == "http"
    with pytest.raises(NotAllowed):
        endpoint(url, address)


def test_a_name_without_an_address_is_an_error() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError

    with pytest.raises(Unavailable) as refused:
        endpoint_of("https://desk.example.org", may_be_plain=False, networks=(), resolver=fails)
    assert refused.value.code == "pull_failed"
    with pytest.raises(Unavailable):
        endpoint("https://desk.example.org")
    assert "127.0.0.1" in resolve("127.0.0.1", 80)
