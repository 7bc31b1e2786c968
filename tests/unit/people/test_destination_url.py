"""URLs of destinations: encrypted, public, and private only if the operator names the host."""

import pytest

from botmeter.domain.errors import BotmeterError, NotAllowed, Refused
from botmeter.domain.setting_values import private_hosts
from botmeter.people.notifications.destination_url import checked_url, endpoint_of, shown_url, target_of

PUBLIC = "93.184.215.14"
NEVER = [
    "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::a9fe:a9fe", "224.0.0.1", "ff02::1", "ff0e::1", "0.0.0.0",  # noqa: S104 - refused
    "::", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:224.0.0.1",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
]  # fmt: skip
NETWORKS = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, 100.64.0.0/10, ::1, fd00::/8, ::ffff:0:0/96"
PRIVATE = ["10.1.2.3", "172.16.0.9", "192.168.7.4", "127.0.0.1", "100.64.0.1", "::1", "fd12::5", "::ffff:10.1.2.3"]


def code_of(url: str, *addresses: str, named: str = "") -> str:
    """The refusal's code; empty if the URL may be called."""
    hosts = private_hosts(named)
    try:
        text = checked_url(url, private_hosts=hosts)
        found = endpoint_of(text, private_hosts=hosts, resolver=lambda _host, _port: list(addresses))
    except BotmeterError as refused:
        # An address would tell what is in the server's network.
        return f"{refused.code} {[each for each in addresses if each in refused.message] or ''}".strip()
    assert found.addresses == addresses
    return ""


def test_a_public_host_may_be_called_with_https_alone() -> None:
    assert code_of("https://hooks.example.org/a?b=c", PUBLIC, "2606:4700::1111") == ""
    assert code_of("http://hooks.example.org/a", PUBLIC) == "destination_address_forbidden"
    assert code_of("https://hooks.example.org") == "destination_unknown_host"


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_called_only_if_the_operator_names_its_host_or_network(address: str) -> None:
    url = "https://hooks.internal/x"
    assert code_of(url, PUBLIC, address) == "destination_address_forbidden"
    assert code_of(url, address, named="other.internal, 203.0.113.0/24") == "destination_address_forbidden"
    assert code_of(url, address, named="HOOKS.internal.") == ""
    assert code_of("https://Hooks.Internal./x", address, named=".internal") == ""
    assert code_of(url, address, named=NETWORKS) == ""
    assert code_of("http://hooks.internal/x", address, named="hooks.internal") == ""


@pytest.mark.parametrize("address", NEVER)
def test_link_local_multicast_and_metadata_addresses_are_never_called(address: str) -> None:
    for named in ("", "hooks.internal", ".internal", address, "0.0.0.0/0, ::/0"):
        assert code_of("https://hooks.internal/x", address, named=named) == "destination_address_forbidden"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "[::ffff:10.0.0.7]"])
def test_a_written_out_private_address_is_refused_when_it_is_entered(host: str) -> None:
    with pytest.raises(NotAllowed, match="is not a public address"):
        checked_url(f"https://{host}:8443/hook", private_hosts=())


def test_an_address_that_the_operator_names_may_use_http() -> None:
    hosts = private_hosts("127.0.0.0/8, [::1]")
    assert checked_url(" http://127.0.0.1:9000/x ", private_hosts=hosts) == "http://127.0.0.1:9000/x"
    assert checked_url("http://[::1]:9000/x", private_hosts=hosts)


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.org/x", "ftp://hooks.example.org", "https://", "https://user:pw@hooks.example.org/",
        "https://hooks.example.org/#part", "https://hooks.example.org/a b", "https://hooks.example.org/\ta",
        "https://höoks.example.org/", "https://hooks.example.org:0/", "https://hooks.example.org:70000/",
        "https://hooks.example.org/" + "x" * 1_000, "https://[::1/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_invalid_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_url(url, private_hosts=())
    assert refused.value.code == "destination_url_invalid"
    assert len(url) < 12 or url not in refused.value.message


def test_what_is_shown_of_a_url_has_no_secret() -> None:
    assert (
        shown_url("https://hooks.slack.example/services/T0/B1/xyz", has_path=False) == "https://hooks.slack.example/…"
    )
    assert shown_url("https://a.example:8443/hook?token=xyz", has_path=True) == "https://a.example:8443/hook…"
    assert shown_url("https://a.example/hook", has_path=True) == "https://a.example/hook"
    assert shown_url("https://a.example", has_path=False) == "https://a.example/"


def test_the_query_of_a_url_is_sent() -> None:
    assert target_of("https://a.example/hook?token=x") == "/hook?token=x"
    assert target_of("https://a.example") == "/"


@pytest.mark.parametrize("text", ["http://hooks.internal", "a b", "10.0.0.0/40", "*"])
def test_a_setting_that_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a host name nor an IP address or network"):
        private_hosts(text)
