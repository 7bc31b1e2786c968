"""The address of a client, which limits count and the audit log records."""

import pytest

from botmeter.domain.client_address import TrustedProxies, client_address, client_network
from botmeter.domain.errors import Refused
from botmeter.domain.settings import Settings

THIS_MACHINE = TrustedProxies.from_text("127.0.0.0/8, ::1")
DECLARED = TrustedProxies.from_text("10.0.0.5, 172.16.0.0/12,2001:db8:1::/48")


def seen(peer: str, forwarded_for: str = "", *, proxies: TrustedProxies = DECLARED) -> str:
    return client_address(peer, forwarded_for=forwarded_for, proxies=proxies)


def test_a_peer_that_is_no_trusted_proxy_is_the_client() -> None:
    assert seen("203.0.113.9", "6.6.6.6") == "203.0.113.9"
    assert seen("127.0.0.1", "6.6.6.6") == "127.0.0.1"


def test_only_a_proxy_on_this_machine_is_trusted_by_default() -> None:
    for peer in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert seen(peer, "203.0.113.9", proxies=THIS_MACHINE) == "203.0.113.9"
    assert seen("10.0.0.5", "203.0.113.9", proxies=THIS_MACHINE) == "10.0.0.5"


def test_no_proxy_is_trusted_if_the_setting_says_none() -> None:
    assert seen("127.0.0.1", "203.0.113.9", proxies=TrustedProxies.from_text(" None ")) == "127.0.0.1"


def test_what_a_client_claims_to_the_first_proxy_is_not_believed() -> None:
    assert seen("10.0.0.5", "6.6.6.6, 203.0.113.9") == "203.0.113.9"
    assert seen("10.0.0.5", "6.6.6.6, 203.0.113.9, 172.17.0.2") == "203.0.113.9"


def test_if_all_hops_are_trusted_the_first_is_the_client() -> None:
    assert seen("10.0.0.5", "172.17.0.3, 172.17.0.2") == "172.17.0.3"


@pytest.mark.parametrize("junk", ["unknown", "", "_hidden", "1.2.3", "010.0.0.1", "1.2.3.4.5", "é", "9" * 5_000])
def test_an_unreadable_entry_counts_as_the_proxy_that_wrote_it(junk: str) -> None:
    assert seen("10.0.0.5", f"6.6.6.6, {junk}") == "10.0.0.5"
    assert seen("10.0.0.5", f"6.6.6.6, {junk}, 172.17.0.2") == "172.17.0.2"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("203.0.113.9:51234", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
    ],
)
def test_an_address_has_one_spelling_without_port_and_zone(written: str, read: str) -> None:
    assert seen(written) == read
    assert seen("10.0.0.5", written) == read


def test_a_chain_of_thousands_of_trusted_hops_is_read_to_a_limit() -> None:
    assert seen("10.0.0.5", "6.6.6.6," + ",".join(["172.17.0.2"] * 10_000)) == "172.17.0.2"


def test_a_connection_without_an_address_has_no_client() -> None:
    assert seen("", "203.0.113.9") == ""
    assert client_network("") == ""


def test_ipv4_counts_by_address_and_ipv6_by_its_64_bits() -> None:
    assert client_network("203.0.113.9") == client_network("::ffff:203.0.113.9") == "203.0.113.9"
    assert client_network("2001:db8::1") == client_network("2001:db8::ffff:1:2:3") == "2001:db8::/64"
    assert client_network("2001:db8:0:1::1") == "2001:db8:0:1::/64"


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.0/33", "10.0.0.1, x", "0.0.0.0/0", "10.0.0.5, ::/0"])
def test_a_proxy_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="BOTMETER_TRUSTED_PROXIES") as caught:
        Settings.from_environment({"BOTMETER_TRUSTED_PROXIES": text})
    assert caught.value.code == "setting_invalid"
